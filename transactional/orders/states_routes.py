"""The staff's part of an order's life over HTTP: review, completion, and its history."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.orders import review, service, transitions
from transactional.orders.routes import view_of
from transactional.orders.schemas import HistoryView, OrderView, ReasonIn, TransitionView
from transactional.stock import backorders
from transactional.stock.supply_schemas import BackordersView, BackorderView
from transactional.unit_of_work import UnitOfWork

router = APIRouter(prefix=f"{API}/staff/orders", tags=["staff"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(400, 401, 404, 409)
_SHOWN = TransitionView.model_fields.keys()
_SHOWN_OF_WAITING = BackorderView.model_fields.keys()


@router.post("/{order_id}/hold", response_model=OrderView, responses=_REFUSALS)
async def hold(request: Request, key: IdempotencyKey, order_id: UUID, body: ReasonIn) -> Response:
    """Keep the order from being sent until it is approved; one that is not paid yet, once it is."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> OrderView:
        review.hold(uow, str(order_id), body.reason)
        return view_of(shop, uow, str(order_id))

    return await once(request, key, "staff", work, 200)


@router.post("/{order_id}/approve", response_model=OrderView, responses=_REFUSALS)
async def approve(request: Request, key: IdempotencyKey, order_id: UUID, body: ReasonIn) -> Response:
    """The order was looked at and may be sent; one that may not is cancelled with a reason."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> OrderView:
        review.approve(uow, str(order_id), body.reason)
        return view_of(shop, uow, str(order_id))

    return await once(request, key, "staff", work, 200)


@router.post("/{order_id}/complete", response_model=OrderView, responses=_REFUSALS)
async def complete(request: Request, key: IdempotencyKey, order_id: UUID) -> Response:
    """Nothing more is expected to happen to an order that has arrived."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> OrderView:
        review.complete(uow, str(order_id))
        return view_of(shop, uow, str(order_id))

    return await once(request, key, "staff", work, 200)


@router.get("/{order_id}/history", response_model=HistoryView, responses=problems(401, 404))
async def history(request: Request, order_id: UUID) -> Response:
    """What happened to the order, by whom and why, the newest last."""
    with shop_of(request).database.read() as db:
        order = service.header(db, str(order_id))
        rows = transitions.history(db, order["id"])
    items = [TransitionView(**{name: row[name] for name in _SHOWN}) for row in rows]
    return respond(HistoryView(placed_at=order["placed_at"], items=items))


@router.get("/{order_id}/backorders", response_model=BackordersView, responses=problems(401, 404))
async def why_it_waits(request: Request, order_id: UUID) -> Response:
    """Why the order waits: units that were sold before they were there, and who gets theirs before."""
    with shop_of(request).database.read() as db:
        rows = backorders.of_order(db, service.header(db, str(order_id))["number"])
    items = [BackorderView(**{name: row[name] for name in _SHOWN_OF_WAITING}) for row in rows]
    return respond(BackordersView(is_waiting=any(item.waiting for item in items), items=items))
