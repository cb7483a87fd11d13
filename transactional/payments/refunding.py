"""Sends refunds to their providers, and those that failed again. No transaction is open and no lock held
while a provider is asked.

A refund's id is the provider's idempotency key, so whatever became of a call, it is made again.
"""

import logging

from sqlalchemy import String, bindparam, cast, literal, select

from transactional.errors import NotFound, ShopError
from transactional.orders import service as orders
from transactional.orders.models import orders as orders_table
from transactional.payments import events, service
from transactional.payments.errors import RefundNotFailed
from transactional.payments.models import payments, refunds
from transactional.shop import Shop
from transactional.unit_of_work import Reading, Row, UnitOfWork

log = logging.getLogger(__name__)

_open_refunds = (
    select(refunds.c.id, refunds.c.payment_id, refunds.c.amount, payments.c.external_id)
    .join(payments, payments.c.id == refunds.c.payment_id)
    .where(refunds.c.status == "pending", payments.c.provider == bindparam("provider"))
    .order_by(refunds.c.created_at)
)
_again = refunds.alias("again")
_was_tried_again = (
    select(_again.c.id)
    .where(
        _again.c.payment_id == refunds.c.payment_id,
        _again.c.reversal == literal("retry:") + cast(refunds.c.id, String),
    )
    .exists()
)
_failed = (
    select(refunds, payments.c.order_id, payments.c.provider, orders_table.c.number)
    .join(payments, payments.c.id == refunds.c.payment_id)
    .join(orders_table, orders_table.c.id == payments.c.order_id)
    .where(refunds.c.status == "failed", ~_was_tried_again)
    .order_by(refunds.c.created_at, refunds.c.id)
    .limit(bindparam("limit"))
)
_retry_of = select(refunds.c.id).where(refunds.c.reversal == bindparam("reversal"))


def failed(db: Reading, limit: int) -> list[Row]:
    """Refunds that no provider could pay and that nobody tried again, the oldest first."""
    return db.rows(_failed, limit=limit)


def retry(uow: UnitOfWork, refund_id: str) -> Row:
    """Ask for a failed refund again, under another key; returns the new one, which is sent after the commit.

    Raises:
        NotFound: there is no such refund.
        RefundNotFailed: it did not fail, is tried again already, or its payment holds less by now.
    """
    known = uow.get(refunds, refund_id)
    if known is None:
        raise NotFound("refund", refund_id)
    payment = service.find(uow, known["payment_id"])
    orders.lock(uow, payment["order_id"])
    refund = uow.lock(refunds, refund_id) or known
    if refund["status"] != "failed":
        raise RefundNotFailed(refund_id, f"it is {refund['status']}")
    if uow.row(_retry_of, reversal=_retry_key(refund_id)) is not None:
        raise RefundNotFailed(refund_id, "it was tried again")
    if events.holdings(uow, payment["order_id"])[payment["id"]].left < refund["amount"]:
        raise RefundNotFailed(refund_id, "its payment went back another way")
    key = _retry_key(refund_id)
    return service.give_back(uow, [(payment, refund["amount"])], key, refund["credit_note_id"])[0]


def _retry_key(refund_id: str) -> str:
    return f"retry:{refund_id}"


async def send_refunds(shop: Shop) -> int:
    """Send every pending refund to its provider; returns how many ended."""
    with shop.database.read() as db:
        waiting = [(name, row) for name in shop.providers for row in db.rows(_open_refunds, provider=name)]
    sent = 0
    for name, refund in waiting:
        try:
            answer = await shop.providers[name].refund(refund["external_id"], refund["id"], refund["amount"])
        except ShopError as problem:
            log.warning("refund %s is not sent: %s", refund["id"], problem)
            with shop.database.transaction("system:refund") as uow:
                payment = service.find(uow, refund["payment_id"])
                service.note_unknown(uow, payment, "refund", refund["amount"], refund["id"])
            continue
        if not answer.settled:
            continue
        with shop.database.transaction(f"provider:{name}") as uow:
            service.record_refund(uow, refund["id"], answer.external_id, succeeded=answer.succeeded)
        sent += 1
    return sent
