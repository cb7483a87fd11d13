"""What stands on an invoice or a credit note. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transactional.money import divide_half_up
from transactional.unit_of_work import Row

_PREFIX = {"invoice": "INV", "credit_note": "CRN"}


@dataclass(frozen=True)
class DocumentLine:
    """A row of the document; minor units, `net` without tax.

    Args:
        quantity: None for delivery.
        tax_rate_bp: basis points.
        unit_price: at list price, without tax; None for delivery, and where it was not kept.
        discount: off all units together, without tax.
    """

    name: str
    sku: str | None
    quantity: int | None
    net: int
    tax: int
    tax_rate_bp: int
    unit_price: int | None = None
    discount: int | None = None


def number(kind: str, year: int, sequence: int) -> str:
    return f"{_PREFIX[kind]}-{year}-{sequence:06d}"


def of_order(order: Row, lines: Sequence[Row], changes: Sequence[Row]) -> list[DocumentLine]:
    """The lines of an order's invoice, as it was placed: what changes added stands on invoices of its own.

    Args:
        lines: all of the order's; `changes`: those that took effect.
    """
    shipping = order["shipping"] - sum(change["shipping"] for change in changes)
    tax = order["tax"] - sum(change["tax"] for change in changes)
    return _sold(order, [line for line in lines if line["change_id"] is None], shipping, tax)


def of_change(order: Row, lines: Sequence[Row], change: Row) -> list[DocumentLine]:
    """The lines of an invoice of what a change added to an order; they add up to that."""
    mine = [line for line in lines if line["change_id"] == change["id"]]
    return _sold(order, mine, change["shipping"], change["tax"])


def _sold(order: Row, lines: Sequence[Row], shipping: int, tax: int) -> list[DocumentLine]:
    """Lines and delivery; `tax` is that on all of it."""
    found = [_goods(line, line["quantity"], _net(line), line["tax"]) for line in lines]
    return found + _delivery(order, shipping, tax - sum(line["tax"] for line in lines))


def of_credit_note(order: Row, lines: Sequence[Row], credited: Sequence[Row]) -> list[DocumentLine]:
    """The lines of a credit note's document; they add up to what goes back. Delivery is one line."""
    by_id = {line["id"]: line for line in lines}
    found: list[DocumentLine] = []
    delivery = delivery_tax = 0
    for credit in credited:
        delivery, delivery_tax = delivery + credit["shipping"], delivery_tax + credit["shipping_tax"]
        if credit["order_line_id"] is not None:
            line = by_id[credit["order_line_id"]]
            tax = credit["tax"] - credit["shipping_tax"]
            found.append(_goods(line, credit["quantity"], credit["amount"], tax))
    return found + _delivery(order, delivery, delivery_tax)


def taxes(lines: Sequence[DocumentLine]) -> dict[int, tuple[int, int]]:
    """The net amount and its tax by rate, the highest first."""
    found: dict[int, tuple[int, int]] = {}
    for line in lines:
        net, tax = found.get(line.tax_rate_bp, (0, 0))
        found[line.tax_rate_bp] = (net + line.net, tax + line.tax)
    return dict(sorted(found.items(), reverse=True))


def buyer_of(order: Row, asked: Mapping[str, str | None]) -> dict[str, str | None]:
    """Who the document is made out to: as asked for, and the order's address for what was not said."""
    own = {
        "name": order["ship_name"],
        "company": None,
        "tax_number": None,
        "address": order["ship_address"],
        "city": order["ship_city"],
        "postal_code": order["ship_postal_code"],
        "country": order["ship_country"],
    }
    return own | {name: value for name, value in asked.items() if value}


def _net(line: Row) -> int:
    net: int = line["gross"] - line["discount"]
    return net


def _goods(line: Row, quantity: int, net: int, tax: int) -> DocumentLine:
    gross = divide_half_up(line["gross"] * quantity, line["quantity"])
    unit_price, rate = divide_half_up(line["gross"], line["quantity"]), line["tax_rate_bp"] or 0
    return DocumentLine(line["name"], line["sku"], quantity, net, tax, rate, unit_price, max(gross - net, 0))


def _delivery(order: Row, net: int, tax: int) -> list[DocumentLine]:
    if not (net or tax):
        return []
    name = order["delivery_name"] or "Delivery"
    return [DocumentLine(name, None, None, net, tax, order["delivery_tax_rate_bp"] or 0)]
