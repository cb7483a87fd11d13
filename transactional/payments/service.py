"""Payments and refunds of an order; what the provider says about them is recorded in `settlement`.

Whoever calls these holds the lock of the order, which orders everything that happens to its money.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from transactional.errors import NotFound
from transactional.ledger import refund_events
from transactional.ledger.chart import RECEIVABLE, held
from transactional.payments import events
from transactional.payments.events import Told
from transactional.payments.models import payments, refunds
from transactional.payments.rules import EventOutcome, EventType
from transactional.unit_of_work import Reading, Row, UnitOfWork

_of_order = (
    select(payments).where(payments.c.order_id == bindparam("order_id")).order_by(payments.c.id.desc())
)

_captured_as = select(payments).where(
    payments.c.provider == bindparam("provider"),
    payments.c.external_id == bindparam("external_id"),
    payments.c.status == "captured",
)


def external(
    uow: UnitOfWork,
    order_id: str,
    provider: str,
    amount: int,
    currency: str,
    method: str = "card",
    position: int = 1,
    change_id: str | None = None,
    installments: int = 1,
) -> Row:
    """The row of a tender that a provider is to take.

    Its id is the idempotency key at the provider, so asking twice for one payment makes one.

    Args:
        amount: minor units.
        position: its place among the tenders of the order.
        change_id: the change of the order that it pays for.
        installments: in how many parts the buyer pays the provider.
    """
    return {
        "id": uow.new_id(),
        "order_id": order_id,
        "provider": provider,
        "method": method,
        "installments": installments,
        "amount": amount,
        "currency": currency,
        "status": "pending",
        "created_at": uow.now,
        "kind": "external",
        "position": position,
        "change_id": change_id,
    }


def open_tenders(uow: UnitOfWork, rows: Sequence[Row]) -> list[Row]:
    """Write tenders with their first events."""
    opened = uow.insert_many(payments, rows)
    events.note(uow, *events.of_payments(opened))
    return opened


def find(db: Reading, payment_id: str) -> Row:
    """A payment.

    Raises:
        NotFound: there is no such payment.
    """
    payment = db.get(payments, payment_id)
    if payment is None:
        raise NotFound("payment", payment_id)
    return payment


def captured_as(db: Reading, provider: str, external_id: str) -> Row:
    """The captured payment that a provider calls `external_id`.

    Raises:
        NotFound: there is none, or none yet: whoever told of it has to tell again.
    """
    payment = db.row(_captured_as, provider=provider, external_id=external_id)
    if payment is None:
        raise NotFound("captured payment", external_id)
    return payment


def of_order(db: Reading, order_id: str) -> list[Row]:
    """The payments of an order, the newest first."""
    return db.rows(_of_order, order_id=order_id)


def tenders_of(db: Reading, order_id: str) -> list[Row]:
    """The payments of an order as its tenders, in their order."""
    return sorted(of_order(db, order_id), key=lambda row: (row["position"], row["id"]))


def lock(uow: UnitOfWork, payment_id: str) -> Row:
    """Lock a payment.

    Raises:
        NotFound: there is no such payment.
    """
    payment = uow.lock(payments, payment_id)
    if payment is None:
        raise NotFound("payment", payment_id)
    return payment


def note_external_id(uow: UnitOfWork, payment_id: str, external_id: str) -> None:
    """Keep the provider's id of a payment."""
    payment = lock(uow, payment_id)
    if payment["external_id"] is None:
        uow.update(payments, payment, external_id=external_id)


def held_internally(db: Reading, order_id: str, change_id: str | None = None) -> int:
    """Minor units that internal tenders hold for an order as it was placed, or for one of its changes."""
    return events.left(db, order_id, "internal")[change_id]


def held_externally(db: Reading, order_id: str) -> int:
    """Minor units that providers hold for an order and its changes."""
    return events.left(db, order_id, "external").total()


def give_back(
    uow: UnitOfWork,
    parts: Sequence[tuple[Row, int]],
    reversal: str,
    credit_note_id: str | None = None,
    account: str | None = None,
) -> list[Row]:
    """Write the refunds of tenders: internal ones are back at once, a provider is asked after the commit.

    Args:
        parts: tenders, and the minor units each gives back.
        reversal: names what gives it back; a tender is asked once for it.
        account: of the ledger, that has it at once instead of the tenders; the caller posts it.
    """
    asked = [account is None and payment["kind"] == "external" for payment, _ in parts]
    rows = [
        {
            "id": uow.new_id(),
            "payment_id": payment["id"],
            "credit_note_id": credit_note_id,
            "amount": amount,
            "currency": payment["currency"],
            "status": "pending" if is_asked else "succeeded",
            "created_at": uow.now,
            "refunded_at": None if is_asked else uow.now,
            "reversal": reversal,
            "account": account,
        }
        for (payment, amount), is_asked in zip(parts, asked, strict=True)
    ]
    told = [
        Told(payment, "refund", "requested" if is_asked else "succeeded", amount, row["id"])
        for (payment, amount), row, is_asked in zip(parts, rows, asked, strict=True)
    ]
    made = uow.insert_many(refunds, rows)
    events.note(uow, *told)
    return made


def record_refund(uow: UnitOfWork, refund_id: str, external_id: str, *, succeeded: bool = True) -> None:
    """Note what the provider did with a refund; repeating it changes nothing.

    One that had succeeded may fail after all: the money came back and is owed to the buyer again.
    """
    refund = uow.lock(refunds, refund_id)
    if refund is None:
        raise NotFound("refund", refund_id)
    if refund["status"] == "pending":
        status, at = ("succeeded", uow.now) if succeeded else ("failed", None)
        uow.update(refunds, refund, status=status, external_id=external_id, refunded_at=at)
        payment = find(uow, refund["payment_id"])
        outcome: EventOutcome = "succeeded" if succeeded else "failed"
        events.note(uow, Told(payment, "refund", outcome, refund["amount"], refund_id, external_id))
        if succeeded:
            refund_events.refunded(uow, refund, held(RECEIVABLE, payment["provider"]))
    elif refund["status"] == "succeeded" and not succeeded:
        uow.update(refunds, refund, status="failed", refunded_at=None)
        payment = find(uow, refund["payment_id"])
        events.note(uow, Told(payment, "refund", "failed", refund["amount"], refund_id, external_id))
        refund_events.refund_came_back(uow, refund)


def note_unknown(uow: UnitOfWork, payment: Row, kind: EventType, amount: int, reference: str) -> None:
    """The provider was asked and did not answer: whether it did it, asking again with the same key tells."""
    events.note_once(uow, Told(payment, kind, "unknown", amount, reference))
