"""The conversation with the payment provider. No transaction is open and no lock held while it is asked.

Every step may be repeated: our ids are the provider's idempotency keys, and what it answers is recorded by
`settlement`, where the first to tell does the work. So a crash between any two steps is mended by
`reconcile`. What goes back is sent by `refunding`.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from transactional.errors import IllegalTransition, ShopError
from transactional.orders import service as orders
from transactional.payments import dues, events, methods, service, settlement
from transactional.payments.errors import PaymentRefused, ProviderUnavailable
from transactional.payments.events import Told
from transactional.payments.methods import Choice, Way
from transactional.payments.models import payments
from transactional.payments.provider import PaymentRequest, Provider, RemotePayment, RemoteStatus
from transactional.payments.rules import EventType
from transactional.payments.settlement import Outcome
from transactional.shop import Shop
from transactional.unit_of_work import Row

log = logging.getLogger(__name__)
_TAKEN = ("authorised", "captured")  # by a provider, or as good as

_open_payments = (
    select(payments.c.id)
    .where(
        payments.c.status.in_(("pending", "authorised")),
        payments.c.provider == bindparam("provider"),
        payments.c.created_at < bindparam("before"),
    )
    .order_by(payments.c.created_at)
)


async def start(shop: Shop, order_id: str, return_url: str, way: Way | None = None) -> RemotePayment:
    """Make the provider expect the money of an order; the caller then records the answer's ids.

    Args:
        return_url: where the provider sends the shopper afterwards.
        way: how to pay; None means as the payment says that waits already, or the last one.

    Raises:
        NotFound: there is no such order.
        PaymentMethodUnknown, InstallmentsNotOffered: it cannot be paid that way.
        IllegalTransition: it cannot be paid (any more).
        ProviderUnavailable: the provider does not answer; trying again is safe.
        PaymentRefused: the provider never takes it; another may.
    """
    with shop.database.read() as db:
        order = orders.header(db, order_id)
        choice = way(order["currency"]) if way else None
        due = dues.open_of(db, order)
        payment = _waiting(service.of_order(db, order_id), due.change_id) if due else None
    if due is None:
        raise IllegalTransition(order["status"], "pay")
    if payment is not None and choice not in (None, _choice_of(payment)):
        await _call_off(shop, payment)
        payment = None
    if payment is None:
        payment = _open_another(shop, order_id, choice)
    request = _request(shop, order, payment, due.expires_at, return_url)
    remote = await _create(shop, payment, request)
    if remote.status == "pending":
        return remote
    # It ended at the provider, and nobody has told us yet.
    if await _record(shop, payment, remote) in _TAKEN:
        raise IllegalTransition("paid", "pay")
    another = _open_another(shop, order_id, choice)
    request = _request(shop, order, another, due.expires_at, return_url)
    return await _create(shop, another, request)


def _choice_of(payment: Row) -> Choice:
    return Choice(payment["provider"], payment["method"], payment["installments"])


async def _create(shop: Shop, payment: Row, request: PaymentRequest) -> RemotePayment:
    """Ask the provider for a payment; that it did not answer is noted."""
    try:
        return await _provider_of(shop, payment).create(request)
    except ProviderUnavailable:
        _note_unknown(shop, payment, "capture")
        raise


def _note_unknown(shop: Shop, payment: Row, kind: EventType) -> None:
    with shop.database.transaction(f"provider:{payment['provider']}") as uow:
        service.note_unknown(uow, payment, kind, payment["amount"], payment["id"])


def _waiting(made: Iterable[Row], change_id: str | None) -> Row | None:
    """The payment of an order, or of a change of it, that its provider has still to take."""
    waiting = (p for p in made if p["status"] in ("pending", "authorised"))
    return next((p for p in waiting if p["change_id"] == change_id), None)


def _provider_of(shop: Shop, payment: Row) -> Provider:
    """Who has a payment; a provider that was switched off does not answer."""
    try:
        return shop.providers[payment["provider"]]
    except KeyError:
        raise ProviderUnavailable(payment["provider"]) from None


async def _call_off(shop: Shop, payment: Row) -> None:
    """The shopper pays another way: this payment must not be taken too.

    One whose id at the provider is not noted was never shown to anybody, so nobody can pay it.
    """
    if payment["external_id"] is None:
        with shop.database.transaction("shopper") as uow:
            settlement.record_end(uow, payment["id"], None, "voided")
        return
    if await _record(shop, payment, await _void(shop, payment, payment["external_id"])) in _TAKEN:
        raise IllegalTransition("paid", "pay")


async def _void(shop: Shop, payment: Row, external_id: str) -> RemotePayment:
    """Close a payment at its provider; what becomes of that is noted.

    Raises:
        ProviderUnavailable: the provider does not answer.
    """
    provider = _provider_of(shop, payment)
    actor, told = f"provider:{provider.name}", (payment["amount"], payment["id"])
    with shop.database.transaction(actor) as uow:
        events.note_once(uow, Told(payment, "void", "requested", *told))
    try:
        remote = await provider.void(external_id)
    except ProviderUnavailable:
        _note_unknown(shop, payment, "void")
        raise
    if remote.status == "captured":
        with shop.database.transaction(actor) as uow:
            events.note_once(uow, Told(payment, "void", "failed", *told))
    return remote


def _open_another(shop: Shop, order_id: str, choice: Choice | None) -> Row:
    """The last payment was declined or called off: the order waits for another."""
    with shop.database.transaction("shopper") as uow:
        order = orders.lock(uow, order_id)
        due = dues.open_of(uow, order)
        if due is None:
            raise IllegalTransition(order["status"], "pay")
        made = service.of_order(uow, order_id)
        waiting = _waiting(made, due.change_id)
        if waiting is not None:
            return waiting
        last = next((p for p in made if p["provider"] in shop.providers), None)
        if choice is None:
            known = (last["method"], last["provider"], last["installments"]) if last else (None, None)
            choice = methods.choose(shop.providers, order["currency"], *known)
        row = service.external(
            uow,
            order_id,
            choice.provider,
            due.whole - service.held_internally(uow, order_id, due.change_id),
            order["currency"],
            choice.method,
            max(row["position"] for row in made if row["change_id"] == due.change_id),
            due.change_id,
            choice.installments,
        )
        return service.open_tenders(uow, [row])[0]


def _request(shop: Shop, order: Row, payment: Row, expires_at: datetime, return_url: str) -> PaymentRequest:
    return PaymentRequest(
        reference=payment["id"],
        amount=payment["amount"],
        currency=payment["currency"],
        description=f"{shop.terms.name}, order {order['number']}",
        return_url=return_url,
        webhook_url=f"{shop.settings.shop_url}/api/v1/webhooks/{payment['provider']}",
        method=payment["method"],
        installments=payment["installments"],
        external_id=payment["external_id"],
        expires_at=expires_at,
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
        made = service.of_order(db, order_id)
    waiting = [p for p in made if p["status"] in ("pending", "authorised") and p["external_id"]]
    for payment in waiting:
        try:
            remote = await _provider_of(shop, payment).fetch(payment["external_id"])
        except ProviderUnavailable:
            log.warning("payment %s: %s does not answer", payment["id"], payment["provider"])
            return
        await _record(shop, payment, remote, request_id)


async def _record(
    shop: Shop, payment: Row, remote: RemotePayment, request_id: str | None = None
) -> RemoteStatus:
    """Take over what a provider says, and finish what it has only authorised; how the payment stands then."""
    if remote.status == "pending":
        return "pending"
    async with shop.database.request(f"provider:{payment['provider']}", request_id) as uow:
        settlement.record(uow, remote)
    if remote.status == "authorised":
        await finish(shop, payment["id"], request_id)
    with shop.database.read() as db:
        status: RemoteStatus = service.find(db, payment["id"])["status"]
    return status


async def finish(shop: Shop, payment_id: str, request_id: str | None = None) -> Outcome:
    """Capture an authorised payment, or let go of it, as was decided when it was told.

    A provider that does not answer is asked again by `reconcile`: the call may be repeated.
    """
    with shop.database.read() as db:
        payment = service.find(db, payment_id)
        is_refused = "requested" in events.outcomes(db, payment_id, "void", payment_id)
    if payment["status"] != "authorised":
        return "unchanged"
    try:
        if is_refused:
            remote = await _void(shop, payment, payment["external_id"])
        else:
            remote = await _provider_of(shop, payment).capture(payment["external_id"])
    except ProviderUnavailable:
        log.warning("payment %s: %s does not answer", payment_id, payment["provider"])
        if not is_refused:
            _note_unknown(shop, payment, "capture")
        return "voiding" if is_refused else "authorised"
    async with shop.database.request(f"provider:{payment['provider']}", request_id) as uow:
        return settlement.record(uow, remote)


async def reconcile(shop: Shop) -> int:
    """Ask the providers about every payment that is still open; returns how many were settled.

    A payment whose id at the provider was lost in a crash is asked for again by ours. When its order is over,
    the payment is closed at the provider first, so that nobody can pay for nothing.
    """
    # A younger payment is probably in the hands of the request that made it.
    before = shop.database.clock() - timedelta(seconds=shop.settings.payment_repair_seconds)
    with shop.database.read() as db:
        waiting = [
            row["id"]
            for name in shop.providers
            for row in db.rows(_open_payments, provider=name, before=before)
        ]
    settled = 0
    for payment_id in waiting:
        try:
            settled += await _reconcile(shop, payment_id)
        except Exception as problem:
            # Also what nobody thought of: one payment must not keep all others open.
            is_strange = not isinstance(problem, ShopError)
            log.warning("payment %s is not reconciled: %s", payment_id, problem, exc_info=is_strange)
    return settled


async def _reconcile(shop: Shop, payment_id: str) -> bool:
    with shop.database.read() as db:
        payment = service.find(db, payment_id)
        order = orders.header(db, payment["order_id"])
        due = dues.of_payment(db, order, payment)
    if payment["external_id"] is None:
        return_url = default_return_url(shop, order["id"])
        try:
            request = _request(shop, order, payment, due.expires_at, return_url)
            remote = await _create(shop, payment, request)
        except PaymentRefused:
            with shop.database.transaction("system:reconcile") as uow:
                settlement.record_end(uow, payment_id, None, "failed")
            return True
        with shop.database.transaction("system:reconcile") as uow:
            service.note_external_id(uow, payment_id, remote.external_id)
    else:
        remote = await _provider_of(shop, payment).fetch(payment["external_id"])
    if remote.status == "pending" and not due.is_open:
        remote = await _void(shop, payment, remote.external_id)
    return await _record(shop, payment, remote) not in ("pending", "authorised")
