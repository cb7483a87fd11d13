"""The order's own page: forms only; nothing here needs JavaScript."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from transactional.api import request_id, shop_of
from transactional.catalog import feedback
from transactional.checkout.tax import Treatment
from transactional.errors import IllegalTransition, ShopError
from transactional.invoices import service as invoices
from transactional.orders import after_sales, changes, progress, shipping
from transactional.orders import service as orders
from transactional.orders.rules import SALE, SoldLine
from transactional.orders.service import OrderWithLines
from transactional.orders.views import explained
from transactional.pages.rendering import Problem, countries, page, see_other, see_problem
from transactional.payments import cashier, gift_cards, methods
from transactional.payments import service as payments
from transactional.payments.errors import (
    InstallmentsNotOffered,
    PaymentMethodUnknown,
    PaymentRefused,
    ProviderUnavailable,
)
from transactional.payments.methods import Choice, Way
from transactional.payments.schemas import TenderView
from transactional.payments.views import tenders_view
from transactional.shop import Shop
from transactional.stock import backorders
from transactional.unit_of_work import Reading, Row

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_ON_ITS_WAY = ("paid", "approved", "partly_shipped", "shipped")


async def send_to_pay(
    request: Request, shop: Shop, order_id: str, way: Way | None = None
) -> RedirectResponse:
    """Start the payment of an order, and go where it is paid."""
    address = f"/orders/{shop.keys.token('order', order_id)}"
    try:
        remote = await cashier.start(shop, order_id, f"{shop.settings.shop_url}{address}/thanks", way)
    except (PaymentMethodUnknown, InstallmentsNotOffered, PaymentRefused, ProviderUnavailable) as refused:
        return see_problem(address, refused.message)
    except ShopError:
        return see_other(
            f"{address}/thanks"
        )  # it is paid, perhaps by a gift card, or over: the page says which
    async with shop.database.request("shopper", request_id(request)) as uow:
        payments.note_external_id(uow, remote.reference, remote.external_id)
    return see_other(remote.redirect_url)


@router.post("/orders/{token}/pay")
async def pay(request: Request, token: str) -> RedirectResponse:
    shop = shop_of(request)
    pay_with = str((await request.form()).get("pay_with", ""))[:80]
    order_id = shop.keys.row_id("order", token)
    way = partial(choice_of, shop, pay_with) if pay_with else None
    return await send_to_pay(request, shop, order_id, way)


def choice_of(shop: Shop, pay_with: str, currency: str) -> Choice:
    """The way to pay that a form names by its code; the default one when it names none."""
    provider, method, number = (*pay_with.split(":"), "", "")[:3]
    installments = int(number) if number.isdecimal() else None
    return methods.choose(shop.providers, currency, method or None, provider or None, installments)


@router.post("/orders/{token}/cancel")
async def cancel(request: Request, token: str) -> RedirectResponse:
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    try:
        async with shop.database.request("shopper", request_id(request)) as uow:
            after_sales.cancel_own(uow, order_id)
    except IllegalTransition as refused:
        return see_problem(f"/orders/{token}", refused.message)
    request.app.state.refunds_waiting.set()
    return see_other(f"/orders/{token}")


@router.get("/orders/{token}/thanks")
async def thanks(request: Request, token: str) -> HTMLResponse:
    """Where the payment provider sends the shopper back to."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    await cashier.confirm(shop, order_id)
    return _order_page(request, shop, token, order_id, back_from_provider=True, problem="")


@router.get("/orders/{token}")
async def order(request: Request, token: str, problem: Problem = "") -> HTMLResponse:
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    return _order_page(request, shop, token, order_id, back_from_provider=False, problem=problem)


def _order_page(
    request: Request, shop: Shop, token: str, order_id: str, *, back_from_provider: bool, problem: str
) -> HTMLResponse:
    with shop.database.read() as db:
        found = orders.find(db, order_id)
        row = found.order
        bought = back_from_provider and row["status"] in ("paid", "gathering", "in_review")
        tenders = tenders_view(db, order_id).items
        paid_with = [tender for tender in tenders if tender.captured]
        return page(
            request,
            shop,
            db,
            "order.html",
            currency=row["currency"],
            token=token,
            # The address opens the order, so neither the tracker nor the next page may learn it.
            secret_path="/orders/thanks" if back_from_provider else "/orders/status",
            order=row,
            lines=_lines(db, found),
            parcels=_parcels(db, found),
            thanks=bought,
            explanation=problem or _explain(row, tenders, back_from_provider),
            due=row["total"] - sum(tender.captured for tender in paid_with),
            country_name=lambda code: countries(shop.terms.locale).get(code, code),
            change=_open_change(db, found),
            may_cancel=row["status"] in after_sales.OWN_TO_CANCEL,
            ways=methods.offered(shop.providers, row["currency"]),
            path=_path(row),
            amounts=_order_amounts(found),
            rows=explained(found),
            invoices=invoices.of_order(db, order_id),
            paid_with=paid_with,
            gift_cards=[shop.keys.gift_card_code(card["number"]) for card in gift_cards.of_order(db, row)],
            events=[_purchase(found)] if bought else [],
        )


def _open_change(db: Reading, found: OrderWithLines) -> dict[str, Any] | None:
    """What the buyer is asked to pay for, because somebody changes the order for them."""
    change = changes.open_of(db, found.order["id"])
    if change is None:
        return None
    names = {line["id"]: line["name"] for line in found.lines}
    removed = changes.removals_of(db, [change["id"]])
    return {
        **change,
        "adds": changes.additions_of(db, [change["id"]]),
        "takes_off": [{"quantity": row["quantity"], "name": names[row["order_line_id"]]} for row in removed],
    }


def _explain(row: Row, tenders: Sequence[TenderView], back_from_provider: bool) -> str:
    match row["status"]:
        case "pending_payment" if tenders and tenders[-1].status == "failed":
            return "Your payment did not go through, and no money was taken. Try again, or pay another way."
        case "pending_payment" if back_from_provider:
            return "We have not heard of your payment yet. If you paid, load this page again in a moment."
        case "pending_payment":
            return "This order waits for your payment."
        case "expired":
            return "This order was not paid in time, and its items went back on the shelf."
        case "cancelled" if not any(tender.captured for tender in tenders):
            return "This order was cancelled before anything was paid."
        case "cancelled":
            return "This order was cancelled. What you paid goes back the way it came."
        case "gathering":
            return "You are in. We send it once enough buyers are; if not, what you paid goes back."
        case "in_review":
            return "We have your payment, and look at this order before we send it."
        case "partly_shipped":
            return "Part of this order is on its way; the rest follows."
        case "returned":
            return "All of this order came back to us."
        case "paid" | "approved" if row["purpose"] != SALE:
            return f"This is a {row['purpose']}: there is nothing to pay."
        case _:
            return ""


def _path(row: Row) -> list[dict[str, Any]]:
    if row["status"] in ("cancelled", "expired"):
        ended = row["cancelled_at"] or row["expires_at"]
        return [
            {"name": "Ordered", "at": row["placed_at"], "expected": None},
            {"name": row["status"].capitalize(), "at": ended, "expected": None},
        ]
    names = {"placed_at": "Ordered", "paid_at": "Paid", "shipped_at": "Sent", "delivered_at": "Delivered"}
    expected = {"delivered_at": row["promised_at"]} if row["status"] in _ON_ITS_WAY else {}
    return [
        {"name": label, "at": row[column], "expected": expected.get(column)}
        for column, label in names.items()
    ]


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


def _lines(db: Reading, found: OrderWithLines) -> list[dict[str, Any]]:
    became = progress.of_order(db, found.order, found.lines)
    slugs = feedback.to_review(db, found.order) if found.order["delivered_at"] else {}
    waiting = {row["sku_id"]: row for row in backorders.waiting_of(db, [found.order["number"]])}
    return [
        {
            **_line(found, line, became[line["id"]]),
            "to_review": slugs.get(line["id"]),
            "waits": waiting.get(line["sku_id"]),
        }
        for line in found.lines
    ]


def _line(found: OrderWithLines, line: Row, became: SoldLine) -> dict[str, Any]:
    return {
        **line,
        "not_sent": became.cancelled,
        "came_back": became.returned,
        "total": line["gross"] - line["discount"] + line["tax"],
        "full": _full(found.order, line),
        "discounts": [row for row in found.promotions if row["order_line_id"] == line["id"]],
    }


def _parcels(db: Reading, found: OrderWithLines) -> list[dict[str, Any]]:
    names = {line["id"]: line["name"] for line in found.lines}
    return [
        {
            **shipment,
            "contents": [
                {"quantity": each["quantity"], "name": names[each["order_line_id"]]} for each in lines
            ],
        }
        for shipment, lines in shipping.of_order(db, found.order["id"])
    ]


def _full(order: Row, line: Row) -> int:
    """What the line cost before promotions, with tax."""
    taxed = Treatment("", order["prices_include_tax"] is not False, {})
    return sum(taxed.split(line["unit_price"] * line["quantity"], line["tax_rate_bp"] or 0))


def _order_amounts(found: OrderWithLines) -> dict[str, int]:
    goods = sum(line["gross"] - line["discount"] + line["tax"] for line in found.lines)
    full = sum(_full(found.order, line) for line in found.lines)
    row = found.order
    return {
        "items": full,
        "saved": full - goods,
        "delivery": row["total"] - goods,
        "tax": row["tax"],
        "total": row["total"],
    }
