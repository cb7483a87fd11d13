"""Checkout and the order's own page: forms only; nothing here needs JavaScript."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid5

import uuid_utils
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from transactional import idempotency
from transactional.api import request_id, shop_of
from transactional.errors import (
    OutOfStock,
    PaymentMethodUnknown,
    PaymentRefused,
    PriceChanged,
    PromotionUsedUp,
    ProviderUnavailable,
    ShopError,
)
from transactional.idempotency import Answer
from transactional.orders import service as orders
from transactional.orders.schemas import BuyerIn
from transactional.orders.service import OrderWithLines
from transactional.pages.basket import (
    amounts_view,
    lines_view,
    open_basket,
    promotions_view,
    type_coupon,
    value_of_basket,
)
from transactional.pages.rendering import SEE_OTHER, cart_id, countries, page, see_other
from transactional.payments import cashier, methods
from transactional.payments import service as payments
from transactional.payments.methods import Choice
from transactional.shop import Shop
from transactional.unit_of_work import Row

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

FIELDS = {
    "email": "Enter an e-mail address like name@example.com.",
    "name": "Enter your name.",
    "address": "Enter a street and number.",
    "city": "Enter a town or city.",
    "postal_code": "Enter a postcode.",
    "country": "Choose a country.",
}
NEW_PRICES = "Prices have changed since this page was made. The new total is shown below: pay if you agree."


@router.get("/checkout", response_model=None)
async def checkout_form(request: Request) -> HTMLResponse | RedirectResponse:
    form = dict.fromkeys((*FIELDS, "pay_with"), "") | {"country": "GB"}
    return _checkout_page(request, form, {}, "", str(uuid_utils.uuid7()), 200)


def _checkout_page(
    request: Request, form: dict[str, str], errors: dict[str, str], problem: str, attempt: str, status: int
) -> HTMLResponse | RedirectResponse:
    shop = shop_of(request)
    basket = open_basket(request, shop, form["email"])
    if basket is None or not basket.lines:
        return see_other("/cart")
    with shop.database.read() as db:
        return page(
            request,
            shop,
            db,
            "checkout.html",
            status,
            form=form,
            errors=errors,
            problem=problem,
            attempt=attempt,
            countries=countries(shop.terms.locale),
            expiry_minutes=shop.settings.order_expiry_minutes,
            lines=lines_view(basket),
            amounts=amounts_view(basket),
            promotions=promotions_view(basket, shop),
            ways=methods.offered(shop.providers, shop.terms.currency),
            paying={"event_name": "add_payment_info", **value_of_basket(basket)},
            events=[{"event_name": "begin_checkout", **value_of_basket(basket)}] if status == 200 else [],
        )


@router.post("/checkout/coupon", response_model=None)
async def type_coupon_at_checkout(request: Request) -> HTMLResponse | RedirectResponse:
    """Type a code on the checkout page, which keeps what else was typed."""
    sent = await request.form()
    form = {name: str(sent.get(name, ""))[:400] for name in (*FIELDS, "attempt", "pay_with")}
    problem = type_coupon(request, str(sent.get("coupon", ""))[:40])
    return _checkout_page(request, form, {}, problem, form["attempt"] or str(uuid_utils.uuid7()), 200)


@router.post("/checkout", response_model=None)
async def place(request: Request) -> HTMLResponse | RedirectResponse:
    """Place the order once, however often the button is pressed, and send the shopper to pay."""
    shop = shop_of(request)
    sent = await request.form()
    form = {
        name: str(sent.get(name, ""))[:400] for name in (*FIELDS, "attempt", "expected_total", "pay_with")
    }
    attempt = form["attempt"]
    try:
        buyer = BuyerIn.model_validate({name: form[name] for name in FIELDS}).buyer()
    except ValidationError as invalid:
        wrong = {str(error["loc"][0]) for error in invalid.errors()}
        errors = {name: FIELDS[name] for name in FIELDS if name in wrong}
        return _checkout_page(request, form, errors, "", attempt, 422)
    known = cart_id(request, shop)
    if known is None or len(attempt) != 36:
        return see_other("/cart")
    total = int(form["expected_total"]) if form["expected_total"].isdecimal() else None
    print_of = idempotency.fingerprint("POST", "/checkout", known.encode())
    try:
        choice = _choice(shop, form["pay_with"])
        with shop.database.transaction("shopper", request_id(request)) as uow:
            before = idempotency.claim(uow, f"page:{attempt}", print_of)
            if before is None:
                order_id = orders.place(
                    uow, shop.terms, known, buyer, expected_total=total, **vars(choice)
                ).order_id
                idempotency.keep(uow, f"page:{attempt}", Answer(SEE_OTHER, order_id))
            else:
                order_id = before.body
    except (OutOfStock, PriceChanged, PromotionUsedUp) as refused:
        told = NEW_PRICES if isinstance(refused, PriceChanged) else refused.message
        return _checkout_page(request, form, {}, told, str(uuid_utils.uuid7()), refused.status)
    except ShopError as refused:
        return see_other(f"/cart?{urlencode({'problem': refused.message})}")
    return await _send_to_pay(request, shop, order_id)


async def _send_to_pay(
    request: Request, shop: Shop, order_id: str, choice: Choice | None = None
) -> RedirectResponse:
    address = f"/orders/{shop.keys.token('order', order_id)}"
    try:
        remote = await cashier.start(shop, order_id, f"{shop.settings.shop_url}{address}/thanks", choice)
    except (PaymentRefused, ProviderUnavailable) as refused:
        return see_other(f"{address}?{urlencode({'problem': refused.message})}")
    except ShopError:
        return see_other(address)  # it is paid or over: the order's page says which
    with shop.database.transaction("shopper", request_id(request)) as uow:
        payments.note_external_id(uow, remote.reference, remote.external_id)
    return see_other(remote.redirect_url)


@router.post("/orders/{token}/pay")
async def pay(request: Request, token: str) -> RedirectResponse:
    shop = shop_of(request)
    pay_with = str((await request.form()).get("pay_with", ""))[:80]
    order_id = shop.keys.row_id("order", token)
    try:
        choice = _choice(shop, pay_with) if pay_with else None
    except PaymentMethodUnknown as refused:
        return see_other(f"/orders/{token}?{urlencode({'problem': refused.message})}")
    return await _send_to_pay(request, shop, order_id, choice)


def _choice(shop: Shop, pay_with: str) -> Choice:
    """The way to pay that a form names as provider:method; the default one when it names none."""
    provider, _, method = pay_with.partition(":")
    return methods.choose(shop.providers, shop.terms.currency, method or None, provider or None)


@router.get("/orders/{token}/thanks")
async def thanks(request: Request, token: str) -> HTMLResponse:
    """Where the payment provider sends the shopper back to."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    await cashier.confirm(shop, order_id)
    return _order_page(request, shop, token, order_id, back_from_provider=True, problem="")


@router.get("/orders/{token}")
async def order(request: Request, token: str, problem: str = Query("", max_length=200)) -> HTMLResponse:
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    return _order_page(request, shop, token, order_id, back_from_provider=False, problem=problem)


def _order_page(
    request: Request, shop: Shop, token: str, order_id: str, *, back_from_provider: bool, problem: str
) -> HTMLResponse:
    with shop.database.read() as db:
        found = orders.find(db, order_id)
        row = found.order
        bought = back_from_provider and row["status"] == "paid"
        return page(
            request,
            shop,
            db,
            "order.html",
            token=token,
            # The address opens the order, so neither the tracker nor the next page may learn it.
            secret_path="/orders/thanks" if back_from_provider else "/orders/status",
            order=row,
            lines=[_line(found, line) for line in found.lines],
            thanks=bought,
            explanation=problem or _explain(row["status"], back_from_provider),
            ways=methods.offered(shop.providers, shop.terms.currency),
            path=_path(row),
            amounts=_order_amounts(found),
            events=[_purchase(found)] if bought else [],
        )


def _explain(status: str, back_from_provider: bool) -> str:
    match status:
        case "pending_payment" if back_from_provider:
            return "We have not heard of your payment yet. If you paid, this page will say so in a moment."
        case "pending_payment":
            return "This order waits for your payment. Your items are kept for you until then."
        case "expired":
            return "This order was not paid in time, and its items went back on the shelf."
        case "cancelled":
            return "This order was cancelled. What you paid goes back the way it came."
        case _:
            return ""


def _path(row: Row) -> list[dict[str, Any]]:
    if row["status"] in ("cancelled", "expired"):
        ended = row["cancelled_at"] or row["expires_at"]
        return [
            {"name": "Ordered", "at": row["placed_at"]},
            {"name": row["status"].capitalize(), "at": ended},
        ]
    names = {"placed_at": "Ordered", "paid_at": "Paid", "shipped_at": "Sent", "delivered_at": "Delivered"}
    return [{"name": label, "at": row[column]} for column, label in names.items()]


def _purchase(found: OrderWithLines) -> dict[str, Any]:
    items = [
        {
            "item_id": line["sku"],
            "item_name": line["name"],
            "price": line["unit_price"],
            "quantity": line["quantity"],
        }
        for line in found.lines
    ]
    order_row = found.order
    return {
        # The same whenever the page is loaded again, so that the warehouse counts it once.
        "event_id": str(uuid5(UUID(order_row["id"]), "purchase")),
        "event_name": "purchase",
        "transaction_id": order_row["number"],
        "value": order_row["total"],
        "currency": order_row["currency"],
        "items": items,
    }


def _line(found: OrderWithLines, line: Row) -> dict[str, Any]:
    total = line["gross"] - line["discount"] + line["tax"]
    given = [row for row in found.promotions if row["order_line_id"] == line["id"]]
    return {
        **line,
        "total": total,
        "full": total + sum(row["amount"] for row in given),
        "discounts": given,
    }


def _order_amounts(found: OrderWithLines) -> dict[str, int]:
    goods = sum(line["gross"] - line["discount"] + line["tax"] for line in found.lines)
    saved = sum(row["amount"] for row in found.promotions if row["order_line_id"] is not None)
    row = found.order
    return {
        "items": goods + saved,
        "saved": saved,
        "delivery": row["total"] - goods,
        "tax": row["tax"],
        "total": row["total"],
    }
