"""Shipments over HTTP, for the staff."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.orders import service, shipping
from transactional.orders.schemas import ShipmentIn, ShipmentsView, ShipmentView, ShippedLineView
from transactional.stock import warehousing
from transactional.unit_of_work import Reading, UnitOfWork

router = APIRouter(prefix=f"{API}/staff/orders", tags=["staff"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(400, 401, 404, 409)
_SHOWN = ShipmentView.model_fields.keys() - {"lines"}
_SHOWN_OF_LINE = ShippedLineView.model_fields.keys()


def _view(db: Reading, order_id: str) -> ShipmentsView:
    order = service.header(db, order_id)
    items = [
        ShipmentView(
            lines=[ShippedLineView(**{name: line[name] for name in _SHOWN_OF_LINE}) for line in lines],
            **{name: shipment[name] for name in _SHOWN},
        )
        for shipment, lines in shipping.of_order(db, order_id)
    ]
    return ShipmentsView(order_status=order["status"], items=items)


@router.post("/{order_id}/shipments", status_code=201, response_model=ShipmentsView, responses=_REFUSALS)
async def ship_part(request: Request, key: IdempotencyKey, order_id: UUID, body: ShipmentIn) -> Response:
    """Units of the order leave the house, one shipment from each warehouse that holds some of them."""

    def work(uow: UnitOfWork) -> ShipmentsView:
        shipping.ship(
            uow,
            str(order_id),
            body.quantities(),
            warehouse_id=warehousing.find(uow, body.warehouse)["id"] if body.warehouse else None,
            carrier=body.carrier,
            tracking=body.tracking,
        )
        return _view(uow, str(order_id))

    return await once(request, key, "staff", work)


@router.get("/{order_id}/shipments", response_model=ShipmentsView, responses=problems(401, 404))
async def get_shipments(request: Request, order_id: UUID) -> Response:
    """What of the order left the house, and what of that arrived."""
    with shop_of(request).database.read() as db:
        return respond(_view(db, str(order_id)))


@router.post("/{order_id}/shipments/{number}/deliver", response_model=ShipmentsView, responses=_REFUSALS)
async def deliver_shipment(request: Request, key: IdempotencyKey, order_id: UUID, number: str) -> Response:
    """A shipment has arrived; the order has, when nothing else of it is to come."""

    def work(uow: UnitOfWork) -> ShipmentsView:
        shipping.deliver_shipment(uow, str(order_id), number)
        return _view(uow, str(order_id))

    return await once(request, key, "staff", work, 200)
