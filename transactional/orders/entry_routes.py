"""The staff's entry of orders over HTTP."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, shop_of
from transactional.checkout.tenders import wanted
from transactional.orders import entry
from transactional.orders.entry_schemas import (
    EnteredOrderView,
    GiftListIn,
    GiftListView,
    GivenOrderView,
    GratisOrderIn,
    PhoneOrderIn,
    units_by_sku,
)
from transactional.orders.routes import view_of
from transactional.orders.service import Placed
from transactional.payments import methods
from transactional.shop import Shop
from transactional.unit_of_work import UnitOfWork

router = APIRouter(prefix=f"{API}/staff", tags=["staff"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(400, 401, 404, 409)


def _view(shop: Shop, uow: UnitOfWork, placed: Placed) -> EnteredOrderView:
    order = view_of(shop, uow, placed.order_id)
    return EnteredOrderView(page=f"{shop.settings.shop_url}/orders/{order.token}", **vars(order))


@router.post("/orders", status_code=201, response_model=EnteredOrderView, responses=_REFUSALS)
async def order_by_phone(request: Request, key: IdempotencyKey, body: PhoneOrderIn) -> Response:
    """Order for a customer who rang; the answer has the page where they pay."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> EnteredOrderView:
        placed = entry.by_phone(
            uow,
            shop.terms,
            body.buyer.buyer(),
            units_by_sku(body.lines),
            body.coupons,
            way=partial(methods.choose, shop.providers),
            wishes=body.wishes(),
            expected_total=body.expected_total,
            tenders=wanted(body.tenders, shop.keys),
        )
        return _view(shop, uow, placed)

    return await once(request, key, "staff", work)


@router.post("/gift-lists", status_code=201, response_model=GiftListView, responses=_REFUSALS)
async def order_gift_list(request: Request, key: IdempotencyKey, body: GiftListIn) -> Response:
    """Send the same goods to everybody on a list, without money: an order for each, or none at all."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> GiftListView:
        recipients = [each.buyer() for each in body.recipients]
        placed = entry.gift_list(
            uow, shop.terms, recipients, units_by_sku(body.lines), body.purpose, body.reason, body.wishes()
        )
        return GiftListView(
            items=[
                GivenOrderView(id=each.order_id, number=each.number, email=recipient.email)
                for each, recipient in zip(placed, recipients, strict=True)
            ]
        )

    return await once(request, key, "staff", work)


@router.post("/gratis-orders", status_code=201, response_model=EnteredOrderView, responses=_REFUSALS)
async def order_gratis(request: Request, key: IdempotencyKey, body: GratisOrderIn) -> Response:
    """Send a replacement, a sample or a gift: nobody pays, and it is ready to be sent at once."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> EnteredOrderView:
        placed = entry.gratis(
            uow,
            shop.terms,
            body.buyer.buyer(),
            units_by_sku(body.lines),
            body.purpose,
            body.reason,
            body.wishes(),
        )
        return _view(shop, uow, placed)

    return await once(request, key, "staff", work)
