"""Carts over HTTP. A cart is addressed by its token, which only its owner has."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from iso import Country
from transactional.api import API, IdempotencyKey, once, problems, request_id, respond, shop_of
from transactional.checkout import service
from transactional.checkout.requirements import Wishes
from transactional.checkout.review import review
from transactional.checkout.sale_schemas import SaleIn
from transactional.checkout.schemas import (
    CartIn,
    CartView,
    CheckoutView,
    CustomerIn,
    DeliveryView,
    LinesIn,
    QuantityIn,
)
from transactional.checkout.tenders import wanted
from transactional.checkout.views import cart_view, checkout_view, delivery_view
from transactional.members.schemas import AddressesView
from transactional.members.service import Buyer
from transactional.members.views import addresses_view
from transactional.payments.tenders import Wanted
from transactional.promotions.schemas import Code, CouponIn
from transactional.shop import Shop
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, UnitOfWork

router = APIRouter(prefix=API, tags=["cart"])


def _view(shop: Shop, db: Reading, cart_id: str) -> CartView:
    return cart_view(service.priced(db, shop.terms, cart_id), shop.keys)


@router.post("/carts", status_code=201, response_model=CartView, responses=problems(400, 409))
async def create_cart(request: Request, key: IdempotencyKey, body: CartIn) -> Response:
    """Open an empty cart, whose currency it and its order keep."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> CartView:
        return cart_view(service.opened(uow, shop.terms, body.visitor_id, "api", body.currency), shop.keys)

    return await once(request, key, "shopper", work)


@router.get("/carts/{token}", response_model=CartView, responses=problems(404))
async def get_cart(request: Request, token: str) -> Response:
    """The cart at today's prices."""
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", token)
    with shop.database.read() as db:
        return respond(_view(shop, db, cart_id))


@router.post(
    "/carts/{token}/lines", status_code=201, response_model=CartView, responses=problems(400, 404, 409)
)
async def add_lines(request: Request, key: IdempotencyKey, token: str, body: LinesIn) -> Response:
    """Put one or more SKUs into the cart, on top of what is there."""
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", token)
    quantities: Counter[str] = Counter()
    for line in body.lines:
        quantities[line.sku] += line.quantity

    def work(uow: UnitOfWork) -> CartView:
        service.add(uow, cart_id, quantities)
        return _view(shop, uow, cart_id)

    return await once(request, key, "shopper", work)


@router.put("/carts/{token}/lines/{line_id}", response_model=CartView, responses=problems(404, 409))
async def set_quantity(request: Request, token: str, line_id: UUID, body: QuantityIn) -> Response:
    """Change the units of a line."""
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", token)
    async with shop.database.request("shopper", request_id(request)) as uow:
        service.set_quantity(uow, cart_id, str(line_id), body.quantity)
        view = _view(shop, uow, cart_id)
    return respond(view)


@router.delete("/carts/{token}/lines/{line_id}", response_model=CartView, responses=problems(404, 409))
async def remove_line(request: Request, token: str, line_id: UUID) -> Response:
    """Take a line out."""
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", token)
    async with shop.database.request("shopper", request_id(request)) as uow:
        service.remove(uow, cart_id, str(line_id))
        view = _view(shop, uow, cart_id)
    return respond(view)


@router.post(
    "/carts/{token}/coupons", status_code=201, response_model=CartView, responses=problems(400, 404, 409)
)
async def add_coupon(request: Request, key: IdempotencyKey, token: str, body: CouponIn) -> Response:
    """Type a coupon code into the cart; its hints say why it gives nothing, if so."""
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", token)

    def work(uow: UnitOfWork) -> CartView:
        service.add_coupon(uow, cart_id, body.code)
        return _view(shop, uow, cart_id)

    return await once(request, key, "shopper", work)


@router.delete("/carts/{token}/coupons/{code}", response_model=CartView, responses=problems(404, 409))
async def remove_coupon(request: Request, token: str, code: Code) -> Response:
    """Take a code out of the cart again."""
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", token)
    async with shop.database.request("shopper", request_id(request)) as uow:
        service.remove_coupon(uow, cart_id, code)
        view = _view(shop, uow, cart_id)
    return respond(view)


PostalCode = Annotated[str, Query(max_length=32)]


@router.get("/carts/{token}/delivery", response_model=DeliveryView, responses=problems(404))
async def list_deliveries(
    request: Request, token: str, country: Country | None = None, postal_code: PostalCode = ""
) -> Response:
    """How the cart can be delivered to an address, and for what; without a country to the shop's own."""
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", token)
    to = Place(country or shop.terms.country, postal_code)
    with shop.database.read() as db:
        return respond(delivery_view(service.priced(db, shop.terms, cart_id, to=to)))


def _preview(
    shop: Shop, token: str, typed: Buyer, wishes: Wishes, tenders: Sequence[Wanted] = ()
) -> Response:
    cart_id = shop.keys.row_id("cart", token)
    with shop.database.read() as db:
        seen = review(db, shop.terms, service.find(db, cart_id), typed, wishes, tenders)
    return respond(checkout_view(seen.basket, seen.missing, shop.keys))


@router.post("/carts/{token}/checkout", response_model=CheckoutView, responses=problems(404))
async def preview_checkout(request: Request, token: str, body: SaleIn) -> Response:
    """What the order would cost now, why, and what it must still have: the order itself looks the same way.

    It changes nothing, and is a POST because addresses of requests are written to logs.
    """
    shop = shop_of(request)
    return _preview(shop, token, body.buyer.buyer(), body.wishes(), wanted(body.tenders, shop.keys))


@router.get("/carts/{token}/checkout", response_model=CheckoutView, responses=problems(404))
async def preview_delivery(
    request: Request,
    token: str,
    country: Country | None = None,
    postal_code: PostalCode = "",
    delivery_method: Annotated[str | None, Query(max_length=32)] = None,
) -> Response:
    """The same while only the place is known."""
    typed = Buyer("", "", "", "", postal_code, country or "")
    return _preview(shop_of(request), token, typed, Wishes(delivery_method))


@router.post(
    "/carts/{token}/customer", status_code=201, response_model=CartView, responses=problems(400, 404, 409)
)
async def prove_customer(request: Request, key: IdempotencyKey, token: str, body: CustomerIn) -> Response:
    """Make the cart that of the customer whose wallet is shown: with the prices and offers of its groups."""
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", token)
    customer_id = shop.keys.row_id("wallet", body.wallet)

    def work(uow: UnitOfWork) -> CartView:
        service.give(uow, cart_id, customer_id)
        return _view(shop, uow, cart_id)

    return await once(request, key, "shopper", work)


@router.get("/carts/{token}/addresses", response_model=AddressesView, responses=problems(404))
async def list_saved_addresses(request: Request, token: str) -> Response:
    """The address book of the cart's customer, whose labels an order takes as `saved_address`.

    It is empty while nobody proved to be one.
    """
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", token)
    with shop.database.read() as db:
        return respond(addresses_view(db, service.find(db, cart_id)["customer_id"]))
