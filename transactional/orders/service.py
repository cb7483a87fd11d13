"""Orders from the basket to payment; sending them stands in `shipping`, what comes back in `after_sales`,
and what nobody paid in `expiry`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, exists, select

from transactional.catalog.rules import GIFT_CARD
from transactional.checkout import service as checkout
from transactional.checkout.errors import PriceChanged
from transactional.checkout.models import carts
from transactional.checkout.priced import PricedCart
from transactional.checkout.requirements import NO_WISHES, Wishes, gate
from transactional.checkout.review import review
from transactional.errors import AmountTooLarge, NotFound
from transactional.invoices import requests as invoice_requests
from transactional.members import service as members
from transactional.members.service import Buyer
from transactional.money import MOST_OF_DOCUMENT
from transactional.orders import groups, notes, revival, rules, transitions, waiting
from transactional.orders import lines as order_rows
from transactional.orders.models import order_lines, orders
from transactional.orders.rules import ORDINARY, SALE, Special
from transactional.payments import tenders as payments
from transactional.payments.methods import Way, sandbox_card
from transactional.payments.rules import points_earned
from transactional.payments.tenders import Wanted
from transactional.promotions import budgets, pricing
from transactional.promotions.models import order_promotions
from transactional.staff.service import Terms
from transactional.stock import promises
from transactional.stock import service as stock
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row, UnitOfWork

_order_of_cart = select(orders.c.id).where(orders.c.cart_id == bindparam("cart_id"))
_lines = (
    # A column rather than a query: most orders have no promotions to look for.
    select(
        order_lines,
        exists().where(order_promotions.c.order_id == order_lines.c.order_id).label("has_promotions"),
    )
    .where(order_lines.c.order_id == bindparam("order_id"))
    .order_by(order_lines.c.position)
)


@dataclass(frozen=True)
class Placed:
    """A new order and its last tender, for which it waits unless internal ones have paid it all.

    Args:
        payment_id: None when there was nothing to pay.
    """

    order_id: str
    number: str
    payment_id: str | None
    total: int
    currency: str
    lines: list[Row]
    promotions: list[Row]


@dataclass(frozen=True)
class OrderWithLines:
    order: Row
    lines: list[Row]
    promotions: list[Row]


def place(
    uow: UnitOfWork,
    terms: Terms,
    cart_id: str,
    buyer: Buyer,
    *,
    way: Way = sandbox_card,
    wishes: Wishes = NO_WISHES,
    expected_total: int | None = None,
    tenders: Sequence[Wanted] = (),
    special: Special = ORDINARY,
) -> Placed:
    """Turn a cart into an order that waits for payment: price again, reserve, write order and tenders.

    One that costs nothing is paid at once.

    Args:
        way: how the rest will probably be paid in the cart's currency; paying may choose another way.
        buyer: who orders; a cart of a customer's is that customer's order whatever e-mail address is typed.
        wishes: delivery, note and invoice as the shopper wants them.
        tenders: what the buyer pays with before a provider is asked for the rest.
        expected_total: minor units the shopper was shown.

    Raises:
        NotFound, CartNotOpen, CartEmpty: the cart cannot be ordered.
        NotForSale: a product went off sale meanwhile.
        AmountTooLarge: it comes to more than a document may.
        PriceChanged: the total differs from `expected_total`.
        OutOfStock: fewer units are available than wanted.
        OrderIncomplete: something else is missing, or several things.
        PromotionUsedUp: another order got the last of a promotion.
        NoPrice: a SKU has no price in the cart's currency.
        PaymentMethodUnknown: nobody takes money in it.
        GiftCardNotValid, TenderEmpty, TenderInOtherCurrency: a tender cannot be used.
    """
    cart = checkout.lock_open(uow, cart_id)
    seen = review(uow, terms, cart, buyer, wishes, tenders, special.unit_price)
    gate(seen.missing)
    buyer, basket = seen.buyer, seen.basket
    customer_id = seen.customer_id or members.join(uow, buyer)
    if (most := max(basket.amounts.gross, basket.amounts.total)) > MOST_OF_DOCUMENT:
        raise AmountTooLarge("The order", most, MOST_OF_DOCUMENT)
    if expected_total not in (None, basket.amounts.total):
        raise PriceChanged(expected_total or 0, basket.amounts.total)
    order = uow.insert(orders, _order_row(uow, terms, basket, buyer, customer_id, special))
    wanted = {line["sku_id"]: line["quantity"] for line in basket.lines}
    supplies = {line["sku_id"]: line["supply"] for line in basket.lines if "supply" in line}
    _, backorders = promises.reserve(
        uow,
        stock.lock_for_sale(uow, wanted, supplies),
        wanted,
        order["number"],
        to=Place(buyer.country, buyer.postal_code),
        supplies=supplies,
    )
    order = waiting.promise(uow, order, backorders)
    lines = uow.insert_many(order_lines, order_rows.rows_of(uow, order["id"], basket))
    given = pricing.record(uow, order, lines, basket.lines, basket.amounts, basket.promotions)
    if wishes.note:
        notes.add(uow, order["id"], "shopper", wishes.note)
    if seen.invoice:
        untaxed = basket.taxed.reverse_charge
        invoice_requests.request(uow, order["id"], seen.invoice, reverse_charge=untaxed)
    uow.update(carts, cart, status="ordered", updated_at=uow.now)
    opened = payments.open_all(uow, order, seen.tenders, way)
    if not opened or opened[-1]["kind"] == "internal":
        mark_paid(uow, order, special.reason)
        if special.purpose == SALE:
            payments.settle(uow, order, None)
    last, total, currency = opened[-1]["id"] if opened else None, order["total"], order["currency"]
    return Placed(order["id"], order["number"], last, total, currency, lines, given)


def _order_row(
    uow: UnitOfWork,
    terms: Terms,
    basket: PricedCart,
    buyer: Buyer,
    customer_id: str,
    special: Special,
) -> Row:
    order_id = uow.new_id()
    amounts, chosen, currency = basket.amounts, basket.delivery, basket.cart["currency"]
    lines = list(zip(basket.lines, amounts.lines, strict=True))
    return {
        "id": order_id,
        "number": rules.document_number(order_id, uow.now.date()),
        "cart_id": basket.cart["id"],
        "customer_id": customer_id,
        "status": "pending_payment",
        "channel": basket.cart["channel"],
        "currency": currency,
        "gross": amounts.gross,
        "discount": amounts.discount,
        "shipping": amounts.shipping,
        "tax": amounts.tax,
        "total": amounts.total,
        "visitor_id": basket.cart["visitor_id"],
        "email": buyer.email.strip().lower(),
        "ship_name": buyer.name,
        "ship_address": buyer.address,
        "ship_city": buyer.city,
        "ship_region": buyer.region,
        "ship_postal_code": buyer.postal_code,
        "ship_country": buyer.country,
        "points": points_earned(
            sum(line.total for row, line in lines if row["tax_class"] != GIFT_CARD),
            terms.points_in(currency),
            terms.point_value,
        ),
        "gift_cards": sum(line.gross for row, line in lines if row["tax_class"] == GIFT_CARD),
        "placed_at": uow.now,
        "expires_at": uow.now + terms.order_expiry,
        "promised_at": None if chosen is None else uow.now + timedelta(days=chosen.days_max),
        "delivery_method": None if chosen is None else chosen.code,
        "delivery_name": None if chosen is None else chosen.name,
        "delivery_tax_rate_bp": amounts.shipping_tax_rate_bp,
        "prices_include_tax": basket.taxed.prices_include_tax,
        "needs_review": terms.wants_review(amounts.total, currency),
        "purpose": special.purpose,
        "group_id": special.group_id,
        "steps": 0,
    }


def lock(uow: UnitOfWork, order_id: str) -> Row:
    """Lock an order: whatever concerns one order happens one after the other.

    Raises:
        NotFound: there is no such order.
    """
    order = uow.lock(orders, order_id)
    if order is None:
        raise NotFound("order", order_id)
    return order


def mark_paid(uow: UnitOfWork, order: Row, reason: str | None = None) -> bool:
    """Accept a locked order's money; False when the order cannot be delivered and the money must go back.

    One that expired before its money came lives again when all that it gave back is still there.
    """
    if (order["status"], "pay") not in rules.TRANSITIONS:
        return False
    if order["group_id"] is not None and not groups.accepts(uow, order):
        return False
    if order["status"] == "expired" and not revival.revive(uow, order):
        return False
    paid = transitions.apply(uow, order, "pay", reason, paid_at=uow.now)
    if paid["group_id"] is not None:
        groups.gather(uow, paid)
    elif paid["needs_review"]:
        transitions.hold_all(uow, [paid])
    return True


def header(db: Reading, order_id: str) -> Row:
    """An order without its lines.

    Raises:
        NotFound: there is no such order.
    """
    order = db.get(orders, order_id)
    if order is None:
        raise NotFound("order", order_id)
    return order


def find(db: Reading, order_id: str) -> OrderWithLines:
    """An order with its lines.

    Raises:
        NotFound: there is no such order.
    """
    order, lines = header(db, order_id), db.rows(_lines, order_id=order_id)
    given = budgets.of_order(db, order_id) if lines and lines[0]["has_promotions"] else []
    return OrderWithLines(order, lines, given)


def of_cart(db: Reading, cart_id: str) -> str | None:
    """The id of the order that a cart became; None when it has not been ordered."""
    order_id: str | None = db.value(_order_of_cart, cart_id=cart_id)
    return order_id
