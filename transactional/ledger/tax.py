"""Tax by rate: what the documents posted in a period tell by their lines, beside what the tax account says.

The account knows no rates, so it proves them: both come to the same.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, func, literal, select, union_all

from transactional.ledger import statements
from transactional.ledger.chart import TAX
from transactional.ledger.models import journal_entries
from transactional.ledger.statements import Period, halves, whole
from transactional.orders.change_models import order_changes
from transactional.orders.models import credit_note_lines, credit_notes, order_lines, orders
from transactional.unit_of_work import Reading

_during = and_(
    journal_entries.c.occurred_at >= bindparam("since"), journal_entries.c.occurred_at < bindparam("until")
)


@dataclass
class RateTotals:
    """What was sold and credited at a rate without tax, and the tax on it, in minor units.

    Args:
        rate_bp: basis points; 2000 is 20 %.
    """

    currency: str
    rate_bp: int
    sold: int = 0
    sold_tax: int = 0
    credited: int = 0
    credited_tax: int = 0

    @property
    def tax(self) -> int:
        """What is owed to the tax office for it."""
        return self.sold_tax - self.credited_tax


@dataclass(frozen=True)
class TaxOfPeriod:
    """Totals by currency and rate, the highest first; `posted` is what the tax account moved by currency."""

    rates: list[RateTotals]
    posted: dict[str, int]


def of_period(db: Reading, period: Period) -> TaxOfPeriod:
    """Tax by rate of all sales, changes and credit notes posted in a period; gift cards are no sale."""
    found: dict[tuple[str, int], RateTotals] = {}
    for row in db.rows(_TOLD, **vars(period)):
        key = row["currency"], row["rate_bp"]
        totals = found.setdefault(key, RateTotals(*key))
        net, tax = whole(row, "net"), whole(row, "tax")
        if row["kind"] == "sold":
            totals.sold, totals.sold_tax = net, tax
        else:
            totals.credited, totals.credited_tax = net, tax
    account = statements.statement(db, TAX, period, page_size=1)
    return TaxOfPeriod(
        sorted(found.values(), key=lambda each: (each.currency, -each.rate_bp)),
        {each.currency: each.balance for each in account.totals},
    )


def _lines(
    kind: Literal["sold", "credited"],
    reference: ColumnElement[str],
    number: Column[str],
    rate: ColumnElement[Any],
    net: ColumnElement[int],
    tax: ColumnElement[int],
) -> Select[Any]:
    """What documents, by `number`, tell whose entries, by `reference`, are of the period."""
    columns: list[ColumnElement[Any]] = [
        number.table.c.currency,
        func.coalesce(rate, 0).label("rate_bp"),
        literal(kind).label("kind"),
        net.label("net"),
        tax.label("tax"),
    ]
    # The reference alone would do, but by their numbers documents are found in an index.
    entry = and_(journal_entries.c.document == number, journal_entries.c.reference == reference)
    return select(*columns).select_from(journal_entries).join(number.table, entry).where(_during)


def _sum(column: ColumnElement[int], *where: ColumnElement[bool]) -> ColumnElement[int]:
    found = select(func.coalesce(func.sum(column), 0)).where(*where)
    return found.correlate(orders, order_changes).scalar_subquery()


_is_goods = order_lines.c.is_gift_card.is_(False)
_net = order_lines.c.gross - order_lines.c.discount
_placed = and_(order_lines.c.order_id == orders.c.id, order_lines.c.change_id.is_(None))
_added = order_lines.c.change_id == order_changes.c.id
_applied = order_changes.alias("applied")
_is_applied = and_(_applied.c.order_id == orders.c.id, _applied.c.status == "applied")
_order = literal("order:") + orders.c.number + literal(":paid")
_change = literal("order_change:") + order_changes.c.number
_note = literal("credit_note:") + credit_notes.c.number
# Of the delivery that an order was placed with: a change that replaced it has credited it first.
_first_delivery_rate = (
    select(credit_note_lines.c.shipping_tax_rate_bp)
    .join(credit_notes, credit_notes.c.id == credit_note_lines.c.credit_note_id)
    .where(credit_notes.c.order_id == orders.c.id, credit_note_lines.c.shipping_tax_rate_bp.is_not(None))
    .order_by(credit_notes.c.issued_at, credit_notes.c.id)
    .limit(1)
    .correlate(orders)
    .scalar_subquery()
)


def _documents() -> list[Select[Any]]:
    """Goods and delivery of orders as they were placed, of their changes, and of credit notes."""
    of_note = credit_note_lines.c.credit_note_id == credit_notes.c.id
    of_line = and_(order_lines.c.id == credit_note_lines.c.order_line_id, _is_goods)
    rate, tax, back = order_lines.c.tax_rate_bp, order_lines.c.tax, credit_note_lines.c
    ordered = _lines("sold", _order, orders.c.number, rate, _net, tax)
    delivered = _lines(
        "sold",
        _order,
        orders.c.number,
        func.coalesce(_first_delivery_rate, orders.c.delivery_tax_rate_bp),
        orders.c.shipping - _sum(_applied.c.shipping, _is_applied),
        orders.c.tax - _sum(_applied.c.tax, _is_applied) - _sum(tax, _placed),
    )
    changed = _lines("sold", _change, order_changes.c.number, rate, _net, tax)
    redelivered = _lines(
        "sold",
        _change,
        order_changes.c.number,
        order_changes.c.delivery_tax_rate_bp,
        order_changes.c.shipping,
        order_changes.c.tax - _sum(tax, _added),
    )
    credited = _lines(
        "credited", _note, credit_notes.c.number, rate, back.amount, back.tax - back.shipping_tax
    )
    undelivered = _lines(
        "credited",
        _note,
        credit_notes.c.number,
        back.shipping_tax_rate_bp,
        back.shipping,
        back.shipping_tax,
    )
    return [
        ordered.join(order_lines, and_(_placed, _is_goods)),
        delivered,
        changed.join(order_lines, and_(_added, _is_goods)),
        redelivered,
        credited.join(credit_note_lines, of_note).join(order_lines, of_line),
        undelivered.join(credit_note_lines, of_note),
    ]


def _told() -> Select[Any]:
    each = union_all(*_documents()).subquery()
    by = (each.c.currency, each.c.rate_bp, each.c.kind)
    is_something = (each.c.net != 0) | (each.c.tax != 0)
    amounts = (*halves("net", each.c.net), *halves("tax", each.c.tax))
    return select(*by, *amounts).where(is_something).group_by(*by)


_TOLD = _told()
