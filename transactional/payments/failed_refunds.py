"""Refunds that failed: money that is owed to a buyer until it is sent again, or given another way."""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import String, and_, bindparam, cast, literal, or_, select

from transactional.database import UtcDateTime
from transactional.errors import NotFound
from transactional.ledger import refund_events
from transactional.ledger.chart import BALANCE, held
from transactional.ledger.errors import WrongCurrency
from transactional.orders.models import orders
from transactional.payments import events, service
from transactional.payments.errors import RefundNotFailed
from transactional.payments.models import payments, refunds
from transactional.payments.settlement import lock_both
from transactional.unit_of_work import Reading, Row, UnitOfWork

_PATIENCE = timedelta(hours=1)
_GIVEN = "it was given to the customer's balance"
_INSTEAD = "retry:"  # begins the key of what replaces a failed refund, which is there once
_again = refunds.alias("again")
_was_replaced = (
    select(_again.c.id)
    .where(
        _again.c.payment_id == refunds.c.payment_id,
        _again.c.reversal == literal(_INSTEAD) + cast(refunds.c.id, String),
    )
    .exists()
)
_is_owed = and_(refunds.c.status == "failed", ~_was_replaced)
_asked_before = bindparam("asked_before", type_=UtcDateTime)
_failed = (
    select(refunds, payments.c.order_id, payments.c.provider, orders.c.number)
    .join(payments, payments.c.id == refunds.c.payment_id)
    .join(orders, orders.c.id == payments.c.order_id)
    .where(or_(_is_owed, and_(refunds.c.status == "pending", refunds.c.created_at < _asked_before)))
    .order_by(refunds.c.created_at, refunds.c.id)
    .limit(bindparam("limit"))
)
_of_payment = (
    select(refunds)
    .where(_is_owed, refunds.c.payment_id == bindparam("payment_id"), refunds.c.amount == bindparam("amount"))
    .order_by(refunds.c.created_at, refunds.c.id)
    .limit(1)
)
_instead_of = select(refunds.c.account).where(
    refunds.c.payment_id == bindparam("payment_id"), refunds.c.reversal == bindparam("reversal")
)


def listed(db: Reading, limit: int) -> list[Row]:
    """Refunds that no provider could pay and that nobody gave another way, the oldest first.

    Those that none has told of for an hour are among them.
    """
    return db.rows(_failed, limit=limit, asked_before=db.now - _PATIENCE)


def owed(db: Reading, payment: Row, amount: int) -> Row | None:
    """The oldest such refund of a payment that is of this amount."""
    return db.row(_of_payment, payment_id=payment["id"], amount=amount)


def key_instead(failed: Row) -> str:
    """The key of what replaces a failed refund."""
    return f"{_INSTEAD}{failed['id']}"


def retry(uow: UnitOfWork, refund_id: str) -> Row:
    """Ask for a failed refund again, under another key; returns the new one, which is sent after the commit.

    Raises:
        NotFound: there is no such refund.
        RefundNotFailed: it did not fail, was given another way already, or its payment holds less by now.
    """
    failed = _lock_failed(uow, refund_id)
    return _replace(uow, failed)


def to_balance(uow: UnitOfWork, refund_id: str, currency: str) -> str:
    """Give what a failed refund owes to the balance of the order's customer; returns the customer's id.

    Args:
        currency: the shop's own, which balances are kept in.

    Raises:
        NotFound: there is no such refund.
        RefundNotFailed: as for `retry`, or its order has no customer.
        WrongCurrency: it, or its order, is in another currency.
    """
    failed = _lock_failed(uow, refund_id)
    order, refund = failed.order, failed.refund
    if order["customer_id"] is None:
        raise RefundNotFailed(refund_id, "its order has no customer")
    account = held(BALANCE, order["customer_id"])
    for each in (order, refund):
        if each["currency"] != currency:
            raise WrongCurrency(account, currency, each["currency"])
    refund_events.refunded(uow, _replace(uow, failed, account), account)
    return str(order["customer_id"])


class _Failed(NamedTuple):
    """A failed refund that nobody gave another way, locked with its order."""

    order: Row
    payment: Row
    refund: Row


def _lock_failed(uow: UnitOfWork, refund_id: str) -> _Failed:
    known = uow.get(refunds, refund_id)
    if known is None:
        raise NotFound("refund", refund_id)
    order, payment = lock_both(uow, known["payment_id"])
    refund = uow.lock(refunds, refund_id) or known
    if refund["status"] != "failed":
        raise RefundNotFailed(refund_id, f"it is {refund['status']}")
    instead = uow.row(_instead_of, payment_id=payment["id"], reversal=key_instead(refund))
    if instead is not None:
        raise RefundNotFailed(refund_id, "it was tried again" if instead["account"] is None else _GIVEN)
    if events.holdings(uow, order["id"])[payment["id"]].left < refund["amount"]:
        raise RefundNotFailed(refund_id, "its payment went back another way")
    return _Failed(order, payment, refund)


def _replace(uow: UnitOfWork, failed: _Failed, account: str | None = None) -> Row:
    refund = failed.refund
    parts, key = [(failed.payment, refund["amount"])], key_instead(refund)
    return service.give_back(uow, parts, key, refund["credit_note_id"], account)[0]
