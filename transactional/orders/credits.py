"""Credit notes: written, posted, and what they give back on its way to the buyer.

Callers hold the lock of the order, and change stock and promotion counters before they `post`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from transactional.ledger import refund_events
from transactional.ledger.rules import NO_CARDS, Cards
from transactional.money import slice_of
from transactional.orders import changes, rules
from transactional.orders.models import credit_note_lines, credit_notes
from transactional.orders.rules import Credit, SoldLine
from transactional.payments import gift_cards, reversal
from transactional.payments.rules import points_taken_back
from transactional.unit_of_work import Row, UnitOfWork


@dataclass(frozen=True)
class CreditNote:
    """A credit note as written; `amount` is what it credits to the customer, with tax, in minor units."""

    id: str
    number: str
    kind: str
    currency: str
    amount: int


def write(
    uow: UnitOfWork,
    order: Row,
    kind: str,
    lines: Iterable[Row],
    credits: Sequence[Credit],
    reason: str,
) -> CreditNote:
    """Write a credit note.

    Args:
        lines: the order's, those that are credited among them.
    """
    note_id = uow.new_id()
    note = uow.insert(
        credit_notes,
        {
            "id": note_id,
            "number": rules.document_number(note_id, uow.now.date(), "CN"),
            "order_id": order["id"],
            "customer_id": order["customer_id"],
            "kind": kind,
            "reason": reason,
            "currency": order["currency"],
            "country": order["ship_country"],
            "issued_at": uow.now,
        },
    )
    by_id = {line["id"]: line for line in lines}
    delivery = {"sku": rules.NO_SKU, "name": order["delivery_name"] or "Delivery"}
    rate = order["delivery_tax_rate_bp"]
    rows = []
    for position, credit in enumerate(credits, 1):
        line = delivery if credit.line_id is None else by_id[credit.line_id]
        rows.append(
            {
                "id": uow.new_id(),
                "credit_note_id": note_id,
                "position": position,
                "order_line_id": credit.line_id,
                "sku": line["sku"],
                "name": line["name"],
                "quantity": credit.quantity,
                "amount": credit.amount,
                "shipping": credit.shipping,
                "tax": credit.tax,
                "shipping_tax": credit.shipping_tax,
                "shipping_tax_rate_bp": rate if credit.shipping or credit.shipping_tax else None,
            }
        )
    uow.insert_many(credit_note_lines, rows)
    amount = sum(credit.total for credit in credits)
    return CreditNote(note_id, note["number"], kind, order["currency"], amount)


def points_of(
    uow: UnitOfWork, order: Row, lines: Sequence[Row], sold: Mapping[str, SoldLine], credits: Iterable[Credit]
) -> int:
    """What the points are worth that go with credited goods.

    Args:
        lines: all lines of the order; `sold` says what became of them before.
    """
    if not order["points"]:
        return 0
    now: Counter[str | None] = Counter()
    for credit in credits:
        now[credit.line_id] += credit.total
    return sum(
        _share(points, [sold[line["id"]] for line in lines if _earned(line, change_id)], now)
        for change_id, points in changes.points_of(uow, order, lines).items()
    )


def _earned(line: Row, change_id: str | None) -> bool:
    return line["change_id"] == change_id and not line["is_gift_card"]


def _share(points: int, earning: Sequence[SoldLine], now: Mapping[str | None, int]) -> int:
    """The part of points that goes with what is credited now of the lines that earned them."""
    goods = sum(line.net + line.tax for line in earning)
    before = sum(slice_of(line.net + line.tax, line.quantity, 0, line.credited) for line in earning)
    concerned = sum(now.get(line.id, 0) for line in earning)
    return points_taken_back(points, goods, before, concerned) if points and concerned else 0


def post(
    uow: UnitOfWork, order: Row, note: CreditNote, credits: Sequence[Credit], points: int, kept: int = 0
) -> None:
    """Post a credit note, and give back what was paid, with points and bought gift cards taken back.

    Args:
        points: what the points are worth that are taken back.
        kept: minor units of it that pay for what a change of the order adds.
    """
    cards = gift_cards.of_order(uow, order)
    if cards:
        reversal.hold(uow, order)
    credited = {credit.line_id: (credit.quantity, credit.amount) for credit in credits if credit.line_id}
    refund_events.credited(
        uow,
        note.kind,
        note.number,
        note.currency,
        goods=sum(credit.amount for credit in credits),
        shipping=sum(credit.shipping for credit in credits),
        tax=sum(credit.tax for credit in credits),
        cards=_taken_back(uow, order, cards, credited),
    )
    key = f"credit_note:{note.number}"
    reversal.reverse(uow, order, key, note.amount - kept, points=points, credit_note_id=note.id)


def _taken_back(
    uow: UnitOfWork, order: Row, cards: Sequence[Row], credited: Mapping[str, tuple[int, int]]
) -> Cards:
    """The bought gift cards that go with what is credited; those that are not issued yet never will be."""
    if cards:
        return gift_cards.take_back(uow, cards, credited)
    return gift_cards.keep(uow, order, credited) if order["gift_cards"] else NO_CARDS
