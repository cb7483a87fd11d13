"""The events of tenders: written once, with what they tell, and read back as what the tenders hold."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select

from transactional.payments import rules
from transactional.payments.models import payments, tender_events
from transactional.payments.rules import EventOutcome, EventType, Holding, TenderEvent
from transactional.unit_of_work import Reading, Row, UnitOfWork

_of_order = (
    select(
        tender_events.c.payment_id,
        tender_events.c.type,
        tender_events.c.outcome,
        tender_events.c.reference,
        tender_events.c.amount,
    )
    .join(payments, payments.c.id == tender_events.c.payment_id)
    .where(payments.c.order_id == bindparam("order_id"))
)
_of_kind = _of_order.add_columns(payments.c.change_id).where(payments.c.kind == bindparam("kind"))
_outcomes = select(tender_events.c.outcome).where(
    tender_events.c.payment_id == bindparam("payment_id"),
    tender_events.c.type == bindparam("type"),
    tender_events.c.reference == bindparam("reference"),
)


class Told(NamedTuple):
    """An event to write down; amount in minor units of the payment's currency."""

    payment: Row
    type: EventType
    outcome: EventOutcome
    amount: int
    reference: str
    external_id: str | None = None


def note(uow: UnitOfWork, *told: Told) -> None:
    """Write events in one statement; none of them may be there already."""
    uow.insert_many(tender_events, [_row(uow, each) for each in told])


def note_once(uow: UnitOfWork, told: Told) -> bool:
    """Write an event that may have been told before; whether it was written now."""
    row = _row(uow, told)
    return uow.insert_unless_there(tender_events, row, "payment_id", "type", "reference", "outcome")


def outcomes(db: Reading, payment_id: str, kind: EventType, reference: str) -> set[EventOutcome]:
    """What was told of an action so far."""
    told = db.rows(_outcomes, payment_id=payment_id, type=kind, reference=reference)
    return {row["outcome"] for row in told}


def holdings(db: Reading, order_id: str) -> dict[str, Holding]:
    """What each tender of an order holds, by payment id; one without events is not there."""
    return _holdings(db.rows(_of_order, order_id=order_id))


def left(db: Reading, order_id: str, kind: str) -> Counter[str | None]:
    """Minor units that the tenders of a kind, internal or external, still hold for an order.

    Returns:
        By the change of the order that they pay for; None is the order as it was placed.
    """
    told = db.rows(_of_kind, order_id=order_id, kind=kind)
    change_of = {row["payment_id"]: row["change_id"] for row in told}
    found: Counter[str | None] = Counter()
    for payment_id, holding in _holdings(told).items():
        found[change_of[payment_id]] += holding.left
    return found


def _holdings(told: Iterable[Row]) -> dict[str, Holding]:
    found: defaultdict[str, list[TenderEvent]] = defaultdict(list)
    for row in told:
        event = TenderEvent(row["type"], row["outcome"], row["reference"], row["amount"])
        found[row["payment_id"]].append(event)
    return {payment_id: rules.holding(events) for payment_id, events in found.items()}


def of_payments(rows: Sequence[Row]) -> list[Told]:
    """The first event of new tenders: an internal one is taken at once, a provider is asked."""
    return [
        Told(
            row,
            "capture",
            "succeeded" if row["kind"] == "internal" else "requested",
            row["amount"],
            row["id"],
        )
        for row in rows
    ]


def _row(uow: UnitOfWork, told: Told) -> Row:
    return {
        "id": uow.new_id(),
        "payment_id": told.payment["id"],
        "type": told.type,
        "outcome": told.outcome,
        "amount": told.amount,
        "currency": told.payment["currency"],
        "reference": told.reference,
        "external_id": told.external_id,
        "occurred_at": uow.now,
    }
