"""The basket's pages, and how a basket is shown wherever it is."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from transactional.api import request_id, shop_of
from transactional.checkout import service as checkout
from transactional.checkout.priced import PricedCart
from transactional.errors import NotFound, ShopError
from transactional.pages.rendering import (
    CART_COOKIE,
    VISITOR_COOKIE,
    Problem,
    cart_id,
    money_text,
    page,
    see_other,
    see_problem,
)
from transactional.promotions.views import discounts_of, hints
from transactional.shop import Shop
from transactional.stock.rules import Supply
from transactional.unit_of_work import Row

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

MAX_SELECTABLE = 10
CART_DAYS = 30


@router.get("/cart")
async def cart(request: Request, problem: Problem = "") -> HTMLResponse:
    shop = shop_of(request)
    with shop.database.read() as db:
        basket = open_basket(request, shop)
        lines = [] if basket is None else basket.lines
        events = [{"event_name": "view_cart", **value_of_basket(basket)}] if basket and lines else []
        return page(
            request,
            shop,
            db,
            "cart.html",
            currency=basket.cart["currency"] if basket else None,
            problem=problem,
            lines=lines_view(basket, db.now) if basket else [],
            amounts=amounts_view(basket) if basket else None,
            promotions=promotions_view(basket, shop) if basket else None,
            quantities=lambda chosen: range(1, max(MAX_SELECTABLE, chosen) + 1),
            events=events,
        )


@router.post("/cart/lines")
async def add_line(
    request: Request,
    sku: Annotated[str, Form(max_length=64)],
    quantity: Annotated[int, Form(ge=1, le=99)] = 1,
    back: Annotated[str, Form(max_length=200)] = "/",
) -> RedirectResponse:
    shop = shop_of(request)
    known = cart_id(request, shop)
    try:
        async with shop.database.request("shopper", request_id(request)) as uow:
            if known is None or not checkout.is_open(uow, known):
                known = checkout.create(uow, shop.terms, request.cookies.get(VISITOR_COOKIE))
            checkout.add(uow, known, {sku: quantity})
    except ShopError as refused:
        path = back if back.startswith("/p/") else "/cart"
        return see_problem(path, refused.message)
    answer = see_other("/cart")
    answer.set_cookie(
        CART_COOKIE,
        shop.keys.token("cart", known),
        max_age=CART_DAYS * 86_400,
        httponly=True,
        samesite="lax",
        secure=shop.settings.shop_url.startswith("https:"),
    )
    return answer


@router.post("/cart/lines/{line_id}")
async def change_line(
    request: Request, line_id: str, quantity: Annotated[int, Form(ge=0, le=99)]
) -> RedirectResponse:
    shop = shop_of(request)
    known = cart_id(request, shop)
    if known is None:
        return see_other("/cart")
    try:
        async with shop.database.request("shopper", request_id(request)) as uow:
            if quantity:
                checkout.set_quantity(uow, known, line_id, quantity)
            else:
                checkout.remove(uow, known, line_id)
    except ShopError as refused:
        return see_problem("/cart", refused.message)
    return see_other("/cart")


@router.post("/cart/coupons")
async def add_coupon(request: Request, coupon: Annotated[str, Form(max_length=40)]) -> RedirectResponse:
    problem = await type_coupon(request, coupon)
    return see_problem("/cart", problem) if problem else see_other("/cart")


@router.post("/cart/coupons/remove")
async def remove_coupon(request: Request, coupon: Annotated[str, Form(max_length=40)]) -> RedirectResponse:
    shop = shop_of(request)
    known = cart_id(request, shop)
    try:
        if known is not None:
            async with shop.database.request("shopper", request_id(request)) as uow:
                checkout.remove_coupon(uow, known, coupon)
    except ShopError as refused:
        return see_problem("/cart", refused.message)
    return see_other("/cart")


async def type_coupon(request: Request, coupon: str) -> str:
    """Keep a code with the browser's cart; what is wrong with it, or nothing."""
    shop = shop_of(request)
    known = cart_id(request, shop)
    if known is None or not coupon.strip():
        return ""
    try:
        async with shop.database.request("shopper", request_id(request)) as uow:
            checkout.add_coupon(uow, known, coupon.strip().upper())
    except ShopError as refused:
        return refused.message
    return ""


def open_basket(request: Request, shop: Shop) -> PricedCart | None:
    """The browser's basket; None when there is none, or it is ordered."""
    known = cart_id(request, shop)
    if known is None:
        return None
    with shop.database.read() as db:
        try:
            basket = checkout.priced(db, shop.terms, known)
        except NotFound:
            return None
    return basket if basket.cart["status"] == "open" else None


def lines_view(basket: PricedCart, now: datetime) -> list[dict[str, Any]]:
    """The lines as pages show them: at their price, what promotions leave of it, and what comes later."""
    return [
        {
            **_line_view(line),
            "later": _later(line, now),
            "total": amounts.total,
            "full": amounts.full,
            "discounts": discounts_of(basket.promotions, line["id"]),
        }
        for line, amounts in zip(basket.lines, basket.amounts.lines, strict=True)
    ]


def promotions_view(basket: PricedCart, shop: Shop) -> dict[str, Any]:
    """Codes and hints of a basket."""
    return {
        "coupons": basket.cart["coupons"] or [],
        "hints": hints(basket.promotions, money_text(shop, basket.cart["currency"])),
    }


def _line_view(line: Row) -> dict[str, Any]:
    return {
        "id": line["id"],
        "slug": line["product"],
        "name": line["name"],
        "variant": " / ".join(line["options"].values()),
        "image": line["image"],
        "unit_price": line["price"],
        "quantity": line["quantity"],
        "available": line["available"],
        "short": line["available"] < line["quantity"],
        "for_sale": line["status"] == "live" and "unpriced" not in line,
        "removal": {"event_name": "remove_from_cart", "items": [_item(line)]},
    }


def _later(line: Row, now: datetime) -> Supply | None:
    """How the units of a line are promised that are not there yet; None when all are, or cannot be had."""
    supply: Supply | None = line.get("supply")
    there = line["available"] - supply.beyond(now) if supply else 0
    return supply if supply and there < line["quantity"] <= line["available"] else None


def _item(line: Row) -> dict[str, Any]:
    return {
        "item_id": line["sku"],
        "item_name": line["name"],
        "item_variant": " / ".join(line["options"].values()) or None,
        "price": line["price"],
        "quantity": line["quantity"],
    }


def value_of_basket(basket: PricedCart) -> dict[str, Any]:
    return {
        "items": [_item(line) for line in basket.lines],
        "value": sum(line.total for line in basket.amounts.lines),
        "currency": basket.cart["currency"],
    }


def amounts_view(basket: PricedCart) -> dict[str, int]:
    """The sums as the shopper reads them: with tax, whether or not prices contain it."""
    amounts = basket.amounts
    goods = sum(line.total for line in amounts.lines)
    full = sum(line.full for line in amounts.lines)
    return {
        "items": full,
        "saved": full - goods,
        "delivery": amounts.total - goods,
        "tax": amounts.tax,
        "total": amounts.total,
    }
