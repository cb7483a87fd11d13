"""What a change of an order would do, and cost: worked out without changing anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from transactional.checkout import sale_terms
from transactional.checkout.delivery import Offer
from transactional.checkout.rules import LineAmounts
from transactional.checkout.tax import STANDARD, Treatment
from transactional.errors import AmountTooLarge, NotFound
from transactional.invoices import requests as invoice_requests
from transactional.money import MOST_OF_DOCUMENT
from transactional.orders import change_effect, change_pricing, progress, rules, service
from transactional.orders.change_pricing import Addition, Sale
from transactional.orders.change_rules import Difference
from transactional.orders.errors import NothingChanges, NothingIsLeft, TooManyCancelled, UnpaidChange
from transactional.payments.rules import points_earned
from transactional.staff.service import Terms
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row


@dataclass(frozen=True)
class Wish:
    """How an order is to be changed.

    Args:
        remove: units by order line id.
        ship_to: the `ship_` columns of the new address.
        delivery_method: code; None keeps the order's, and its charge unless the address lies elsewhere.
    """

    reason: str
    add: Sequence[Addition] = ()
    remove: Mapping[str, int] = field(default_factory=dict)
    ship_to: Mapping[str, str | None] | None = None
    delivery_method: str | None = None


@dataclass(frozen=True)
class Plan:
    """The rows that a change would have; `change` without its number and its dates."""

    change: Row
    additions: list[Row]
    removals: dict[str, int]
    difference: Difference
    net_units: dict[str, int]


def plan(db: Reading, terms: Terms, order: Row, wish: Wish) -> Plan:
    """Work out a change of an order; a unit of work has locked it, or it is only looked at.

    Units that are added cost what the buyer pays now, without promotions, or what was agreed. What stays
    keeps its price. Delivery is charged anew when another method is wanted, or the address lies in another
    zone; what promotions took off it is taken off again. Where the new address is taxed otherwise, all that
    is still to be sent is taken off and sold again for the same prices.

    Raises:
        IllegalTransition: it cannot be changed any more.
        NotFound: a line is not in it.
        TooManyCancelled: fewer units of a line are still to be sent.
        NotForSale, NoPrice, GiftCardNotAdded: something cannot be added.
        AgreedPriceTooHigh: the buyer pays less than what was agreed.
        OrderIncomplete: the delivery does not serve the address.
        NothingChanges, NothingIsLeft: it is no change, or a cancellation.
        UnpaidChange: the order is not paid, and something else than its address would change.
        AmountTooLarge: what it adds comes to more than a document may.
    """
    rules.after(order["status"], "change")
    sale = _sale(db, terms, order, wish)
    removals = _removals(sale, wish)
    skus_of = change_pricing.skus_of(db, sale.lines)
    new = change_pricing.additions(db, sale, wish.add)
    if sale.is_taxed_anew:
        new += change_pricing.sold_again(sale, skus_of, wish.remove)
    parcel = change_pricing.parcel(sale, skus_of, removals, new)
    offer = change_pricing.offer(sale, wish.delivery_method, parcel)
    charge, credit = change_pricing.delivery(db, sale, offer, is_needed=parcel.goods > 0)
    given = {"delivery_credit": credit.net, "delivery_credit_tax": credit.tax}
    goods = sum(line.amounts.total for line in new)
    credited = change_effect.credits_of(given, sale.sold, removals)
    difference = Difference(goods + charge.total, sum(each.total for each in credited))
    change = {
        "order_id": order["id"],
        "reason": wish.reason,
        "currency": order["currency"],
        "gross": sum(line.amounts.gross for line in new),
        "discount": sum(line.amounts.discount for line in new),
        "shipping": charge.net,
        "tax": sum(line.amounts.tax for line in new) + charge.tax,
        "added": difference.added,
        "credited": difference.credited,
        "kept": difference.kept,
        "due": difference.due,
        "points": points_earned(goods, terms.points_in(order["currency"]), terms.point_value),
        **given,
        **_destination(db, sale, wish, offer),
    }
    additions = [
        {"position": position, **line.row, **_shown(line.amounts)} for position, line in enumerate(new, 1)
    ]
    made = Plan(
        change, additions, removals, difference, change_effect.net_units(sale.lines, additions, removals)
    )
    _check(sale, made)
    return made


def _sale(db: Reading, terms: Terms, order: Row, wish: Wish) -> Sale:
    lines = service.find(db, order["id"]).lines
    sale, day = sale_terms.current(db), sale_terms.shop_day(db, terms)
    there, to = _place(order), _place(wish.ship_to or order)
    asked = invoice_requests.of_order(db, order["id"])
    owed_by_buyer = asked is not None and asked["reverse_charge"]
    listed = sale.treatment(to, day)
    return Sale(
        order,
        lines,
        progress.of_order(db, order, lines),
        sale,
        _charged(sale.treatment(there, day), owed_by_buyer),
        listed,
        _charged(listed, owed_by_buyer),
        to,
    )


def _charged(taxed: Treatment, owed_by_buyer: bool) -> Treatment:
    """How a sale is taxed whose buyer owes the tax where that is possible, or does not."""
    if owed_by_buyer and taxed.reverse_charge:
        return taxed.reversed()
    return replace(taxed, reverse_charge=False)


def _place(columns: Mapping[str, Any]) -> Place:
    return Place(columns["ship_country"], columns["ship_postal_code"])


def _removals(sale: Sale, wish: Wish) -> dict[str, int]:
    """Units that are taken off, by line id; all that are still to be sent when they are taxed anew."""
    for line_id, count in wish.remove.items():
        if line_id not in sale.sold:
            raise NotFound("order line", line_id)
        if count > sale.sold[line_id].open:
            raise TooManyCancelled(line_id, sale.sold[line_id].open, count)
    removals = dict(wish.remove)
    if sale.is_taxed_anew:
        goods = (line["id"] for line in sale.lines if not line["is_gift_card"])
        removals |= {line_id: sale.sold[line_id].open for line_id in goods if sale.sold[line_id].open}
    return removals


def _shown(line: LineAmounts) -> Row:
    return {name: getattr(line, name) for name in ("gross", "discount", "tax", "tax_rate_bp")}


def _destination(db: Reading, sale: Sale, wish: Wish, offer: Offer | None) -> Row:
    """The columns of the order's header that change."""
    told: Row = dict(wish.ship_to or {})
    if offer is not None:
        told |= {
            "delivery_method": offer.code,
            "delivery_name": offer.name,
            "delivery_tax_rate_bp": sale.after.rate(STANDARD),
            "promised_at": db.now + timedelta(days=offer.days_max),
        }
    if sale.is_taxed_anew:
        told["prices_include_tax"] = sale.after.prices_include_tax
    return told


def _check(sale: Sale, made: Plan) -> None:
    order = sale.order
    is_more = bool(made.additions or made.removals or made.difference.added or made.difference.credited)
    columns = (*change_effect.ADDRESS, "delivery_method")
    if not is_more and all(made.change.get(name, order[name]) == order[name] for name in columns):
        raise NothingChanges
    if not made.additions and all(made.removals.get(line.id, 0) == line.open for line in sale.sold.values()):
        raise NothingIsLeft(order["number"])
    if is_more and order["status"] in ("pending_payment", "gathering"):
        raise UnpaidChange(order["status"])
    if (most := max(made.change["gross"], made.change["added"])) > MOST_OF_DOCUMENT:
        raise AmountTooLarge("The change", most, MOST_OF_DOCUMENT)
