"""The sandbox's own database: payments it took, refunds it made, and webhooks still to be delivered."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, select, update

from transactional.database import Clock, writing
from transactional.payments.sandbox.models import (
    disputes,
    installments,
    metadata,
    movements,
    outbox,
    payments,
    refunds,
)
from transactional.payments.sandbox.schemas import (
    DisputeIn,
    DisputeOut,
    EventOut,
    EventType,
    PaymentIn,
    PaymentOut,
    RefundOut,
    WebhookMode,
)

_HAS_MONEY = ("open", "lost")  # disputes whose money the buyer's bank has
FIRST_RETRY = timedelta(seconds=1)
LAST_RETRY = timedelta(minutes=5)


@dataclass(frozen=True)
class Webhook:
    """A webhook to deliver; it stays in the outbox until the shop acknowledges it."""

    id: int
    url: str
    body: str
    attempts: int


class Store:
    """Payments, refunds and the outbox; every method is one transaction."""

    def __init__(self, engine: Engine, public_url: str, clock: Clock, late: timedelta):
        self._engine = engine
        self._public_url = public_url
        self._clock = clock
        self._late = late
        metadata.create_all(engine)

    def create(self, key: str, wanted: PaymentIn) -> PaymentOut:
        """Create a payment, or return the one made before with this idempotency key."""
        with writing(self._engine) as db:
            found = db.execute(select(payments).where(payments.c.idempotency_key == key)).mappings().first()
            if found is None:
                row = {
                    "id": f"pay_{uuid.uuid4().hex}",
                    "idempotency_key": key,
                    "status": "pending",
                    **wanted.model_dump(mode="json", exclude={"installments"}),
                }
                db.execute(payments.insert(), row)
                if wanted.installments > 1:
                    db.execute(
                        installments.insert(), {"payment_id": row["id"], "number": wanted.installments}
                    )
            else:
                row = dict(found)
        return self._out(row)

    def find(self, payment_id: str) -> tuple[PaymentOut, dict[str, Any]]:
        """A payment as the API shows it, and its whole row.

        Raises:
            KeyError: there is no such payment.
        """
        with writing(self._engine) as db:
            row = _row(db, payment_id)
        return self._out(row), row

    def installments_of(self, payment_id: str) -> int:
        """In how many parts a payment is paid."""
        number = select(installments.c.number).where(installments.c.payment_id == payment_id)
        with writing(self._engine) as db:
            return db.execute(number).scalar() or 1

    def finish(
        self, payment_id: str, status: Literal["authorised", "failed"], mode: WebhookMode | None = None
    ) -> PaymentOut:
        """Authorise a payment or decline it, once, and put its webhook into the outbox.

        Args:
            mode: how the shop is told; None means as it was created.

        Raises:
            KeyError: there is no such payment.
        """
        with writing(self._engine) as db:
            row = _row(db, payment_id)
            if row["status"] == "pending":
                row = _set_status(db, row, status)
                self._announce(db, row, mode or row["webhook"])
        return self._out(row)

    def capture(self, payment_id: str) -> PaymentOut:
        """Take what was authorised; another payment stays as it is.

        Raises:
            KeyError: there is no such payment.
        """
        with writing(self._engine) as db:
            row = _row(db, payment_id)
            if row["status"] == "authorised":
                row = _set_status(db, row, "captured")
                self._move(db, "payment", row["id"], row["amount"], row["currency"])
        return self._out(row)

    def void(self, payment_id: str) -> PaymentOut:
        """Close a payment that is not captured; another stays as it is.

        Raises:
            KeyError: there is no such payment.
        """
        with writing(self._engine) as db:
            row = _row(db, payment_id)
            if row["status"] in ("pending", "authorised"):
                row = _set_status(db, row, "voided")
        return self._out(row)

    def refund(self, payment_id: str, key: str, amount: int) -> RefundOut:
        """Send money back, once per idempotency key; it fails when less than `amount` is left.

        Raises:
            KeyError: there is no such payment.
        """
        with writing(self._engine) as db:
            payment = _row(db, payment_id)
            found = db.execute(select(refunds).where(refunds.c.idempotency_key == key)).mappings().first()
            if found is None:
                made = db.execute(select(refunds).where(refunds.c.payment_id == payment_id)).mappings()
                left = payment["amount"] - sum(r["amount"] for r in made if r["status"] == "succeeded")
                possible = payment["status"] == "captured" and amount <= left
                row: dict[str, Any] = {
                    "id": f"ref_{uuid.uuid4().hex}",
                    "idempotency_key": key,
                    "payment_id": payment_id,
                    "amount": amount,
                    "status": "succeeded" if possible else "failed",
                }
                db.execute(refunds.insert(), row)
                if possible:
                    self._move(db, "refund", row["id"], -amount, payment["currency"])
                return RefundOut.model_validate(row)
        return RefundOut.model_validate(dict(found))

    def dispute(self, payment_id: str, wanted: DisputeIn) -> DisputeOut:
        """Begin a dispute, as a buyer's bank does, and put the webhook into the outbox.

        Raises:
            KeyError: there is no such payment.
        """
        with writing(self._engine) as db:
            payment = _row(db, payment_id)
            row = {"id": f"dp_{uuid.uuid4().hex}", "payment_id": payment_id, **wanted.model_dump()}
            db.execute(disputes.insert(), row)
            return self._tell_dispute(db, payment, row, before="inquiry")

    def step_dispute(self, dispute_id: str, status: Literal["open", "won", "lost"]) -> DisputeOut:
        """Let a dispute go on or end; one that has ended stays as it is.

        Raises:
            KeyError: there is no such dispute.
        """
        with writing(self._engine) as db:
            found = db.execute(select(disputes).where(disputes.c.id == dispute_id)).mappings().first()
            if found is None:
                raise KeyError(dispute_id)
            row = {**found, "status": status}
            if status == found["status"] or found["status"] in ("won", "lost"):
                return DisputeOut.model_validate(dict(found))
            db.execute(update(disputes).where(disputes.c.id == dispute_id).values(status=status))
            return self._tell_dispute(db, _row(db, found["payment_id"]), row, found["status"])

    def open_disputes(self, payment_id: str) -> list[DisputeOut]:
        """The disputes of a payment that have not ended."""
        of_payment = select(disputes).where(
            disputes.c.payment_id == payment_id, disputes.c.status.in_(("inquiry", "open"))
        )
        with writing(self._engine) as db:
            return [DisputeOut.model_validate(dict(row)) for row in db.execute(of_payment).mappings()]

    def _tell_dispute(
        self, db: Connection, payment: dict[str, Any], row: dict[str, Any], before: str
    ) -> DisputeOut:
        """Move the money that goes or comes back with a step of a dispute, and announce it."""
        dispute = DisputeOut.model_validate(row)
        took, takes = before in _HAS_MONEY, dispute.status in _HAS_MONEY
        if took != takes:
            kind, amount = ("dispute", -dispute.amount) if takes else ("dispute_reversal", dispute.amount)
            self._move(db, kind, dispute.id, amount, payment["currency"])
        self._announce(db, payment, payment["webhook"], dispute)
        return dispute

    def today(self) -> date:
        return self._clock().date()

    def moved(self, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """What was taken and given back from a moment, included, to another, excluded."""
        during = (
            select(movements)
            .where(movements.c.moved_at >= since, movements.c.moved_at < until)
            .order_by(movements.c.moved_at, movements.c.id)
        )
        with writing(self._engine) as db:
            return [dict(row) for row in db.execute(during).mappings()]

    def _move(self, db: Connection, kind: str, reference: str, amount: int, currency: str) -> None:
        values = {"kind": kind, "reference": reference, "amount": amount, "currency": currency}
        at = {"id": f"mov_{uuid.uuid4().hex}", "moved_at": self._clock()}
        db.execute(movements.insert(), values | at)

    def due_webhooks(self) -> list[Webhook]:
        due = select(outbox).where(outbox.c.due_at <= self._clock()).order_by(outbox.c.due_at).limit(50)
        with writing(self._engine) as db:
            return [Webhook(row.id, row.url, row.body, row.attempts) for row in db.execute(due)]

    def next_due(self) -> datetime | None:
        """When the next webhook is to be sent; None when the outbox is empty."""
        with writing(self._engine) as db:
            return db.execute(select(outbox.c.due_at).order_by(outbox.c.due_at).limit(1)).scalar()

    def delivered(self, webhook: Webhook) -> None:
        with writing(self._engine) as db:
            db.execute(outbox.delete().where(outbox.c.id == webhook.id))

    def postpone(self, webhook: Webhook) -> None:
        """Try again later, each time twice as late."""
        wait = min(FIRST_RETRY * 2 ** min(webhook.attempts, 20), LAST_RETRY)
        again = {"due_at": self._clock() + wait, "attempts": webhook.attempts + 1}
        with writing(self._engine) as db:
            db.execute(update(outbox).where(outbox.c.id == webhook.id).values(**again))

    def _announce(
        self, db: Connection, row: dict[str, Any], mode: WebhookMode, dispute: DisputeOut | None = None
    ) -> None:
        now = self._clock()
        ended: EventType = "payment.authorised" if row["status"] == "authorised" else "payment.failed"
        event = EventOut(
            id=f"evt_{uuid.uuid4().hex}",
            type=ended if dispute is None else "payment.disputed",
            created_at=now,
            payment=self._out(row),
            dispute=dispute,
        )
        due_at = now + self._late if mode == "late" else now
        copies = {"now": 1, "late": 1, "twice": 2, "never": 0}[mode]
        for _ in range(copies):
            body = event.model_dump_json()
            values = {"url": row["webhook_url"], "body": body, "due_at": due_at, "attempts": 0}
            db.execute(outbox.insert(), values)

    def _out(self, row: Any) -> PaymentOut:
        return PaymentOut(
            id=row["id"],
            reference=row["reference"],
            status=row["status"],
            amount=row["amount"],
            currency=row["currency"],
            pay_url=f"{self._public_url}/pay/{row['id']}",
        )


def _row(db: Connection, payment_id: str) -> dict[str, Any]:
    found = db.execute(select(payments).where(payments.c.id == payment_id)).mappings().first()
    if found is None:
        raise KeyError(payment_id)
    return dict(found)


def _set_status(db: Connection, row: dict[str, Any], status: str) -> dict[str, Any]:
    db.execute(update(payments).where(payments.c.id == row["id"]).values(status=status))
    return {**row, "status": status}
