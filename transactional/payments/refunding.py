"""Sends refunds to their providers. No transaction is open and no lock held while a provider is asked.

A refund's id is the provider's idempotency key, so whatever became of a call, it is made again.
"""

import logging

from sqlalchemy import bindparam, select

from transactional.errors import ShopError
from transactional.payments import refund_news, service
from transactional.payments.models import payments, refunds
from transactional.payments.provider import RefundNews
from transactional.shop import Shop
from transactional.unit_of_work import Row

log = logging.getLogger(__name__)

_open_refunds = (
    select(refunds.c.id, refunds.c.payment_id, refunds.c.amount, payments.c.external_id)
    .join(payments, payments.c.id == refunds.c.payment_id)
    .where(refunds.c.status == "pending", payments.c.provider == bindparam("provider"))
    .order_by(refunds.c.created_at)
)


async def send_refunds(shop: Shop) -> int:
    """Send every pending refund to its provider; returns how many ended."""
    with shop.database.read() as db:
        waiting = [(name, row) for name in shop.providers for row in db.rows(_open_refunds, provider=name)]
    sent = 0
    for name, refund in waiting:
        try:
            sent += await _send(shop, name, refund)
        except Exception as problem:
            # Also what nobody thought of: one refund must not keep all others waiting.
            is_strange = not isinstance(problem, ShopError)
            log.warning("refund %s is not sent: %s", refund["id"], problem, exc_info=is_strange)
    return sent


async def _send(shop: Shop, name: str, refund: Row) -> bool:
    """Send one refund; whether it ended. A call that fails may have been heard."""
    try:
        answer = await shop.providers[name].refund(refund["external_id"], refund["id"], refund["amount"])
    except Exception:
        with shop.database.transaction("system:refund") as uow:
            payment = service.find(uow, refund["payment_id"])
            service.note_unknown(uow, payment, "refund", refund["amount"], refund["id"])
        raise
    if answer.settled:
        with shop.database.transaction(f"provider:{name}") as uow:
            refund_news.record(uow, RefundNews(refund["id"], answer.external_id, answer.succeeded))
    return answer.settled
