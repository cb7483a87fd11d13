"""The conversation with the payment provider. No transaction is open and no lock held while it is asked.

Every step may be repeated: our ids are the provider's idempotency keys, and what it answers is recorded by
`settlement`, where the first to tell does the work. So a crash between any two steps is mended by `reconcile`
and `send_refunds`.
"""

import logging
from datetime import timedelta

from sqlalchemy import bindparam, select

from transactional.errors import IllegalTransition, ProviderUnavailable, ShopError
from transactional.orders import service as orders
from transactional.payments import service, settlement
from transactional.payments.models import payments, refunds
from transactional.payments.provider import PaymentRequest, RemotePayment
from transactional.shop import Shop
from transactional.unit_of_work import Row

log = logging.getLogger(__name__)

_open_payments = (
    select(payments.c.id)
    .where(
        payments.c.status == "pending",
        payments.c.provider == bindparam("provider"),
        payments.c.created_at < bindparam("before"),
    )
    .order_by(payments.c.created_at)
)
_open_refunds = (
    select(refunds.c.id, refunds.c.payment_id, refunds.c.amount, payments.c.external_id)
    .join(payments, payments.c.id == refunds.c.payment_id)
    .where(refunds.c.status == "pending", payments.c.provider == bindparam("provider"))
    .order_by(refunds.c.created_at)
)


async def start(shop: Shop, order_id: str, return_url: str) -> RemotePayment:
    """Make the provider expect the money of an order; the caller then records the answer's ids.

    Args:
        return_url: where the provider sends the shopper afterwards.

    Raises:
        NotFound: there is no such order.
        IllegalTransition: it cannot be paid (any more).
        ProviderUnavailable: the provider does not answer; trying again is safe.
    """
    with shop.database.read() as db:
        order = orders.header(db, order_id)
        payment = next((p for p in service.of_order(db, order_id) if p["status"] == "pending"), None)
    if order["status"] != "pending_payment":
        raise IllegalTransition(order["status"], "pay")
    if payment is None:
        payment = _open_another(shop, order_id)
    return await shop.provider.create(_request(shop, order, payment, return_url))


def _open_another(shop: Shop, order_id: str) -> Row:
    """The last payment was declined: the order waits for another."""
    with shop.database.transaction("shopper") as uow:
        order = orders.lock(uow, order_id)
        before = service.of_order(uow, order_id)
        for payment in before:
            if payment["status"] == "pending":
                return payment
        rest = order["total"] - service.held_internally(uow, order_id)
        position = max(payment["position"] for payment in before)
        payment_id = service.open_payment(
            uow, order_id, shop.provider.name, rest, order["currency"], position
        )
        return service.find(uow, payment_id)


def _request(shop: Shop, order: Row, payment: Row, return_url: str) -> PaymentRequest:
    return PaymentRequest(
        reference=payment["id"],
        amount=payment["amount"],
        currency=payment["currency"],
        description=f"{shop.terms.name}, order {order['number']}",
        return_url=return_url,
        webhook_url=f"{shop.settings.shop_url}/api/v1/webhooks/{shop.provider.name}",
    )


def default_return_url(shop: Shop, order_id: str) -> str:
    return f"{shop.settings.shop_url}/api/v1/orders/{shop.keys.token('order', order_id)}/return"


async def confirm(shop: Shop, order_id: str, request_id: str | None = None) -> None:
    """The shopper is back: ask the provider how it went and record it, if no webhook has yet.

    A provider that does not answer is no error here: webhook or reconciliation will tell.

    Raises:
        NotFound: there is no such order.
    """
    with shop.database.read() as db:
        orders.header(db, order_id)
        waiting = [p for p in service.of_order(db, order_id) if p["status"] == "pending" and p["external_id"]]
    for payment in waiting:
        try:
            remote = await shop.provider.fetch(payment["external_id"])
        except ProviderUnavailable:
            log.warning("payment %s: %s does not answer", payment["id"], shop.provider.name)
            return
        _record(shop, remote, request_id)


def _record(shop: Shop, remote: RemotePayment, request_id: str | None = None) -> None:
    if remote.status != "pending":
        with shop.database.transaction(f"provider:{shop.provider.name}", request_id) as uow:
            settlement.record(uow, remote)


async def reconcile(shop: Shop) -> int:
    """Ask the provider about every payment that is still open; returns how many were settled.

    A payment whose id at the provider was lost in a crash is asked for again by ours. When its order is over,
    the payment is closed at the provider first, so that nobody can pay for nothing.
    """
    # A younger payment is probably in the hands of the request that made it.
    before = shop.database.clock() - timedelta(seconds=shop.settings.payment_repair_seconds)
    with shop.database.read() as db:
        waiting = [row["id"] for row in db.rows(_open_payments, provider=shop.provider.name, before=before)]
    settled = 0
    for payment_id in waiting:
        try:
            settled += await _reconcile(shop, payment_id)
        except ShopError as problem:
            log.warning("payment %s is not reconciled: %s", payment_id, problem)
    return settled


async def _reconcile(shop: Shop, payment_id: str) -> bool:
    with shop.database.read() as db:
        payment = service.find(db, payment_id)
        order = orders.header(db, payment["order_id"])
    if payment["external_id"] is None:
        return_url = default_return_url(shop, order["id"])
        remote = await shop.provider.create(_request(shop, order, payment, return_url))
        with shop.database.transaction("system:reconcile") as uow:
            service.note_external_id(uow, payment_id, remote.external_id)
    else:
        remote = await shop.provider.fetch(payment["external_id"])
    if remote.status == "pending" and order["status"] != "pending_payment":
        try:
            remote = await shop.provider.void(remote.external_id)
        except ProviderUnavailable:
            with shop.database.transaction("system:reconcile") as uow:
                service.note_unknown(uow, payment, "void", payment["amount"], payment_id)
            raise
    _record(shop, remote)
    return remote.status != "pending"


async def send_refunds(shop: Shop) -> int:
    """Send every pending refund to the provider; returns how many were sent."""
    with shop.database.read() as db:
        waiting = db.rows(_open_refunds, provider=shop.provider.name)
    sent = 0
    for refund in waiting:
        try:
            answer = await shop.provider.refund(refund["external_id"], refund["id"], refund["amount"])
        except ShopError as problem:
            log.warning("refund %s is not sent: %s", refund["id"], problem)
            with shop.database.transaction("system:refund") as uow:
                payment = service.find(uow, refund["payment_id"])
                service.note_unknown(uow, payment, "refund", refund["amount"], refund["id"])
            continue
        with shop.database.transaction(f"provider:{shop.provider.name}") as uow:
            service.record_refund(uow, refund["id"], answer.external_id, succeeded=answer.succeeded)
        sent += 1
    return sent
