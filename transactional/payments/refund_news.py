"""What providers tell of refunds: of those that we asked for, and of those somebody made at the provider.

One made there by hand, in the provider's own dashboard, pays a refund of the same amount that had failed.
Else nobody here knows what for: it is an expense, until a credit note finds its money gone (`reversal`).
"""

from sqlalchemy import bindparam, func, select

from transactional.errors import NotFound
from transactional.ledger import refund_events
from transactional.payments import events, failed_refunds, service
from transactional.payments.errors import RefundExceedsPayment
from transactional.payments.models import payments, refunds, tender_events
from transactional.payments.provider import OutsideRefund, RefundNews
from transactional.payments.settlement import Outcome, lock_both
from transactional.unit_of_work import Row, UnitOfWork

_called = select(payments.c.id, payments.c.status).where(
    payments.c.provider == bindparam("provider"), payments.c.external_id == bindparam("external_id")
)
_made = select(refunds).where(
    refunds.c.payment_id == bindparam("payment_id"), refunds.c.external_id == bindparam("external_id")
)
_failed_at = select(tender_events.c.occurred_at).where(
    tender_events.c.payment_id == bindparam("payment_id"),
    tender_events.c.type == "refund",
    tender_events.c.outcome == "failed",
    tender_events.c.reference == bindparam("refund_id"),
)
_on_balance = select(func.coalesce(func.sum(refunds.c.amount), 0)).where(
    refunds.c.payment_id == bindparam("payment_id"), refunds.c.account.is_not(None)
)


def record(uow: UnitOfWork, news: RefundNews) -> Outcome:
    """Note how a refund that we asked for ended; repeating it changes nothing.

    One that had failed and went after all has cost its payment that money, whatever was done meanwhile: it is
    recorded as made at the provider.

    Raises:
        NotFound: the refund is not ours.
        RefundExceedsPayment: it failed, went after all, and the provider cannot have had so much.
    """
    known = uow.get(refunds, news.reference)
    if known is None:
        raise NotFound("refund", news.reference)
    order, payment = lock_both(uow, known["payment_id"])
    refund = uow.lock(refunds, news.reference) or known
    if refund["status"] != "failed":
        service.record_refund(uow, refund["id"], news.external_id, succeeded=news.succeeded)
        return "unchanged"
    told = OutsideRefund(
        payment["external_id"], news.external_id, refund["amount"], refund["currency"], news.succeeded
    )
    made = _besides(uow, payment, news.external_id, refund["id"])
    if made is not None or (news.succeeded and not _is_stale(uow, refund, news)):
        return _record(uow, order, payment, told, made)
    return "unchanged"


def record_outside(uow: UnitOfWork, provider: str, told: OutsideRefund) -> Outcome:
    """Note a refund that somebody made at a provider, or that it failed; repeating it changes nothing.

    Raises:
        NotFound: no payment of ours is known as its payment, or it is not captured yet: tell again.
        RefundExceedsPayment: its payment holds less at the provider than went back.
    """
    payment = uow.row(_called, provider=provider, external_id=told.payment)
    if payment is not None and payment["status"] in ("voided", "failed"):
        return "unchanged"  # letting go of what was authorised is told as a refund too
    order, captured = lock_both(uow, service.captured_as(uow, provider, told.payment)["id"])
    return _record(uow, order, captured, told, _besides(uow, captured, told.external_id, None))


def _besides(uow: UnitOfWork, payment: Row, external_id: str, refund_id: str | None) -> Row | None:
    """The refund recorded under a provider's id, other than the one that we asked for under it."""
    made = uow.rows(_made, payment_id=payment["id"], external_id=external_id)
    return next((row for row in made if row["id"] != refund_id), None)


def _is_stale(uow: UnitOfWork, refund: Row, news: RefundNews) -> bool:
    """Whether a success was told before the failure that we know of: messages come in any order."""
    if "succeeded" in events.outcomes(uow, refund["payment_id"], "refund", refund["id"]):
        return True
    failed_at = uow.value(_failed_at, payment_id=refund["payment_id"], refund_id=refund["id"])
    return bool(news.told_at is not None and news.told_at < failed_at)


def _record(uow: UnitOfWork, order: Row, payment: Row, told: OutsideRefund, known: Row | None) -> Outcome:
    if known is not None and known["status"] == "succeeded" and not told.succeeded:
        service.record_refund(uow, known["id"], told.external_id, succeeded=False)
    if known is not None or not told.succeeded:
        return "unchanged"
    there = _at_provider(uow, payment)
    if told.currency != payment["currency"] or told.amount > there:
        raise RefundExceedsPayment(told.external_id, told.amount, there)
    owed = failed_refunds.owed(uow, payment, told.amount)
    key = failed_refunds.key_instead(owed) if owed else f"outside:{told.external_id}"
    note = owed["credit_note_id"] if owed else None
    (made,) = service.give_back(uow, [(payment, told.amount)], key, note)
    if owed is None:
        refund_events.refunded_outside(uow, order, made)
    service.record_refund(uow, made["id"], told.external_id)
    return "refunded"


def _at_provider(uow: UnitOfWork, payment: Row) -> int:
    """Minor units of a payment that its provider can still send; what holders got instead is there too."""
    left = events.holdings(uow, payment["order_id"])[payment["id"]].left
    return left + int(uow.value(_on_balance, payment_id=payment["id"]))
