"""Group purchases over HTTP."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.checkout.tenders import wanted
from transactional.orders import group_entry, groups
from transactional.orders.group_schemas import GroupIn, GroupOrderIn, GroupsView, GroupView, group_view
from transactional.orders.routes import view_of
from transactional.orders.schemas import OrderView
from transactional.payments import methods
from transactional.unit_of_work import UnitOfWork

router = APIRouter(prefix=f"{API}/groups", tags=["orders"])
staff_router = APIRouter(prefix=f"{API}/staff/groups", tags=["staff"], dependencies=[STAFF_ONLY])
Code = Annotated[str, Path(max_length=40)]
_LISTED = 100


@staff_router.post("", status_code=201, response_model=GroupView, responses=problems(400, 401, 409))
async def create_group(request: Request, key: IdempotencyKey, body: GroupIn) -> Response:
    """Open a group purchase; who joins it pays at once, and gets the money back if it does not fill up."""

    def work(uow: UnitOfWork) -> GroupView:
        group_entry.create(uow, **vars(body))
        return group_view(groups.find(uow, body.code))

    return await once(request, key, "staff", work)


@staff_router.get("", response_model=GroupsView, responses=problems(401))
async def list_groups(request: Request) -> Response:
    """The latest group purchases, those that close last first."""
    with shop_of(request).database.read() as db:
        return respond(GroupsView(items=[group_view(each) for each in groups.latest(db, _LISTED)]))


@staff_router.post("/{code}/end", response_model=GroupView, responses=problems(400, 401, 404, 409))
async def end_group(request: Request, key: IdempotencyKey, code: Code) -> Response:
    """Give a group up before its time: all that its members paid goes back."""

    def work(uow: UnitOfWork) -> GroupView:
        group_entry.end(uow, code)
        return group_view(groups.find(uow, code))

    return await once(request, key, "staff", work, 200)


@router.get("/{code}", response_model=GroupView, responses=problems(404))
async def get_group(request: Request, code: Code) -> Response:
    """How many are in, how many are missing, and until when one may join."""
    with shop_of(request).database.read() as db:
        return respond(group_view(groups.find(db, code)))


@router.post("/{code}/orders", status_code=201, response_model=OrderView, responses=problems(400, 404, 409))
async def join_group(request: Request, key: IdempotencyKey, code: Code, body: GroupOrderIn) -> Response:
    """Order at the group's price; once it is paid, the order waits until all buyers are in."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> OrderView:
        placed = group_entry.join(
            uow,
            shop.terms,
            code,
            body.buyer.buyer(),
            body.quantity,
            way=partial(methods.choose, shop.providers),
            wishes=body.wishes(),
            expected_total=body.expected_total,
            tenders=wanted(body.tenders, shop.keys),
        )
        return view_of(shop, uow, placed.order_id)

    return await once(request, key, "shopper", work)
