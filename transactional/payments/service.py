"""Payments and refunds of an order; what the provider says about them is recorded in `settlement`.

Whoever calls these holds the lock of the order, which orders everything that happens to its money.
"""

from sqlalchemy import bindparam, func, select

from transactional.errors import NotFound
from transactional.ledger import events as ledger
from transactional.payments.models import payments, refunds
from transactional.unit_of_work import Reading, Row, UnitOfWork

_of_order = (
    select(payments).where(payments.c.order_id == bindparam("order_id")).order_by(payments.c.id.desc())
)
_captured = (
    select(payments.c.id, payments.c.currency, payments.c.amount)
    .where(payments.c.order_id == bindparam("order_id"), payments.c.status == "captured")
    .order_by(payments.c.captured_at, payments.c.id)
)
_given_back = (
    select(func.coalesce(func.sum(refunds.c.amount), 0))
    .where(refunds.c.payment_id == bindparam("payment_id"), refunds.c.status != "failed")
    .scalar_subquery()
)
_given_back_of = select(_given_back)


def open_payment(
    uow: UnitOfWork, order_id: str, provider: str, amount: int, currency: str, method: str = "card"
) -> str:
    """Note that `amount` minor units are to be paid through `provider`; returns the payment's id.

    The id is the idempotency key at the provider, so asking twice for one payment makes one.
    """
    row = {
        "id": uow.new_id(),
        "order_id": order_id,
        "provider": provider,
        "method": method,
        "installments": 1,
        "amount": amount,
        "currency": currency,
        "status": "pending",
        "created_at": uow.now,
    }
    return str(uow.insert(payments, row)["id"])


def find(db: Reading, payment_id: str) -> Row:
    """A payment.

    Raises:
        NotFound: there is no such payment.
    """
    payment = db.get(payments, payment_id)
    if payment is None:
        raise NotFound("payment", payment_id)
    return payment


def of_order(db: Reading, order_id: str) -> list[Row]:
    """The payments of an order, the newest first."""
    return db.rows(_of_order, order_id=order_id)


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


def request_refund(uow: UnitOfWork, payment: Row, amount: int, credit_note_id: str | None) -> str:
    """Ask for money to go back; it is sent to the provider after the commit. Returns the refund's id."""
    row = {
        "id": uow.new_id(),
        "payment_id": payment["id"],
        "credit_note_id": credit_note_id,
        "amount": amount,
        "currency": payment["currency"],
        "status": "pending",
        "created_at": uow.now,
    }
    return str(uow.insert(refunds, row)["id"])


def refund_order(uow: UnitOfWork, order_id: str, amount: int, credit_note_id: str) -> None:
    """Send `amount` minor units of what was paid for an order back, never more than came in."""
    left = amount
    for payment in uow.rows(_captured, order_id=order_id):
        back = min(left, payment["amount"] - int(uow.value(_given_back_of, payment_id=payment["id"])))
        if back > 0:
            request_refund(uow, payment, back, credit_note_id)
            left -= back
    if left:
        raise RuntimeError(
            f"order {order_id} cannot refund {amount}: {left} was never paid or went back already"
        )


def record_refund(uow: UnitOfWork, refund_id: str, external_id: str, *, succeeded: bool = True) -> None:
    """Note what the provider did with a refund; repeating it changes nothing."""
    refund = uow.lock(refunds, refund_id)
    if refund is None:
        raise NotFound("refund", refund_id)
    if refund["status"] == "pending":
        status, at = ("succeeded", uow.now) if succeeded else ("failed", None)
        uow.update(refunds, refund, status=status, external_id=external_id, refunded_at=at)
        if succeeded:
            ledger.refunded(uow, refund, find(uow, refund["payment_id"])["provider"])
