"""Changes of orders over HTTP: the staff makes them for a buyer, who sees them and pays what is due."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.orders import change_entry, change_plan, changes, service
from transactional.orders.change_schemas import (
    ChangeIn,
    ChangesView,
    PlannedChangeView,
    ProposalIn,
    ProposedChangeView,
    change_view,
    planned_view,
)
from transactional.payments import methods
from transactional.unit_of_work import Reading, UnitOfWork

router = APIRouter(prefix=API, tags=["orders"])
staff_router = APIRouter(prefix=f"{API}/staff/orders", tags=["staff"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(400, 401, 404, 409)


def changes_view(db: Reading, order_id: str) -> ChangesView:
    """The changes of an order, the oldest first."""
    found = changes.of_order(db, order_id)
    ids = [row["id"] for row in found]
    additions, removals = changes.additions_of(db, ids), changes.removals_of(db, ids)
    return ChangesView(items=[change_view(row, additions, removals) for row in found])


@router.get("/orders/{token}/changes", response_model=ChangesView, responses=problems(404))
async def list_own_changes(request: Request, token: str) -> Response:
    """How an order was changed, and what is still to be paid for it: paying it takes what is due."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    with shop.database.read() as db:
        service.header(db, order_id)
        return respond(changes_view(db, order_id))


@staff_router.get("/{order_id}/changes", response_model=ChangesView, responses=problems(401, 404))
async def list_changes(request: Request, order_id: UUID) -> Response:
    """The changes of an order, the oldest first."""
    with shop_of(request).database.read() as db:
        service.header(db, str(order_id))
        return respond(changes_view(db, str(order_id)))


@staff_router.post(
    "/{order_id}/changes/preview", response_model=PlannedChangeView, responses=problems(400, 401, 404, 409)
)
async def preview_change(request: Request, order_id: UUID, body: ChangeIn) -> Response:
    """What a change would add, take off and cost; nothing is changed."""
    shop = shop_of(request)
    with shop.database.read() as db:
        order = service.header(db, str(order_id))
        made = change_plan.plan(db, shop.terms, order, body.wish())
    removals = [
        {"order_line_id": line_id, "quantity": quantity} for line_id, quantity in made.removals.items()
    ]
    return respond(planned_view(made.change, made.additions, removals))


@staff_router.post(
    "/{order_id}/changes", status_code=201, response_model=ProposedChangeView, responses=_REFUSALS
)
async def change_order(request: Request, key: IdempotencyKey, order_id: UUID, body: ProposalIn) -> Response:
    """Change an order for its buyer: at once when nothing is due, else when the buyer has paid it.

    Until then what is added is kept for the order, and nothing of it is sent.
    """
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> ProposedChangeView:
        change = change_entry.propose(
            uow,
            shop.terms,
            str(order_id),
            body.wish(),
            way=partial(methods.choose, shop.providers),
            wanted=[each.wanted(shop.keys) for each in body.tenders],
            expected_due=body.expected_due,
        )
        view = change_view(
            change, changes.additions_of(uow, [change["id"]]), changes.removals_of(uow, [change["id"]])
        )
        page = f"{shop.settings.shop_url}/orders/{shop.keys.token('order', str(order_id))}"
        return ProposedChangeView(page=page, **vars(view))

    answer = await once(request, key, "staff", work)
    request.app.state.refunds_waiting.set()
    return answer


@staff_router.post("/{order_id}/changes/{number}/cancel", response_model=ChangesView, responses=_REFUSALS)
async def cancel_change(
    request: Request, key: IdempotencyKey, order_id: UUID, number: str = Path(max_length=64)
) -> Response:
    """Give up a change that is not paid; the order stays as it is."""

    def work(uow: UnitOfWork) -> ChangesView:
        changes.cancel(uow, str(order_id), number)
        return changes_view(uow, str(order_id))

    return await once(request, key, "staff", work, 200)
