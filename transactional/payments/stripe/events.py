"""What Stripe's objects and events mean for our payments."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from transactional.payments.provider import (
    Chargeback,
    DisputeStage,
    News,
    OutsideRefund,
    ProviderEvent,
    RefundNews,
    RemotePayment,
    RemoteStatus,
)
from transactional.payments.stripe.amounts import from_stripe

# Our ids in the metadata of Stripe's objects; what has none was not made by this shop.
PAYMENT_KEY = "payment_id"
REFUND_KEY = "refund_id"
SETTLED_REFUNDS = frozenset(("succeeded", "failed", "canceled"))
# What is over and took no money, or gave it back. One that is lost took it before it was closed.
_ENDS: dict[str, DisputeStage] = {
    "won": "failed",
    "warning_closed": "failed",
    "prevented": "failed",
    "lost": "succeeded",
}
Json = Mapping[str, Any]


def of_session(session: Json) -> RemotePayment:
    """A Checkout Session. An unpaid one that is complete waits for the buyer's bank, or to be captured."""
    status: RemoteStatus = "pending"
    if session["payment_status"] == "paid":
        status = "captured"
    elif session["status"] == "expired":
        status = "voided"
    currency = session["currency"].upper()
    return RemotePayment(
        external_id=(session["payment_intent"] if status == "captured" else None) or session["id"],
        reference=session["client_reference_id"],
        status=status,
        amount=from_stripe(session["amount_total"], currency),
        currency=currency,
        redirect_url=session.get("url") or "",
    )


def of_intent(intent: Json) -> RemotePayment:
    """A payment intent. One that a card was declined for waits for another card."""
    status: RemoteStatus = "pending"
    if intent["status"] == "succeeded":
        status = "captured"
    elif intent["status"] == "requires_capture":
        status = "authorised"
    elif intent["status"] == "canceled":
        status = "voided"
    currency = intent["currency"].upper()
    received = intent["amount_received"] if status == "captured" else intent["amount"]
    reference = intent["metadata"][PAYMENT_KEY]
    return RemotePayment(intent["id"], reference, status, from_stripe(received, currency), currency, "")


def read(event: Json) -> ProviderEvent:
    """What a verified event tells; types that change nothing here, and objects of others, are only noted."""
    told = event.get("created")
    told_at = None if told is None else datetime.fromtimestamp(told, UTC)
    return ProviderEvent(event["id"], _news(event["type"], event["data"]["object"], told_at))


def _news(kind: str, about: Json, told_at: datetime | None) -> News | None:
    ours = about.get("metadata") or {}
    match kind:
        case "checkout.session.async_payment_failed" if PAYMENT_KEY in ours:
            remote = of_session(about)
            return RemotePayment(**{**vars(remote), "status": "failed"})
        case (
            "checkout.session.completed"
            | "checkout.session.expired"
            | "checkout.session.async_payment_succeeded"
        ) if PAYMENT_KEY in ours:
            return of_session(about)
        case "payment_intent.succeeded" | "payment_intent.amount_capturable_updated" if PAYMENT_KEY in ours:
            # A canceled intent is no end: its session may make another; `checkout.session.expired` is.
            return of_intent(about)
        case "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated":
            return _refund(about, told_at)
        case "charge.refunded" if PAYMENT_KEY in ours:
            listed = (about.get("refunds") or {}).get("data") or []
            return _refund(listed[0], told_at) if listed else None  # the newest is first
        case str() if kind.startswith("charge.dispute."):
            return _dispute(kind, about)
        case _:
            return None


def _refund(refund: Json, told_at: datetime | None) -> RefundNews | OutsideRefund | None:
    """A refund without our metadata was made in Stripe's dashboard."""
    if refund["status"] not in SETTLED_REFUNDS or not refund.get("payment_intent"):
        return None
    succeeded = refund["status"] == "succeeded"
    reference = (refund.get("metadata") or {}).get(REFUND_KEY)
    if reference is not None:
        return RefundNews(reference, refund["id"], succeeded, told_at)
    currency = refund["currency"].upper()
    amount = from_stripe(refund["amount"], currency)
    return OutsideRefund(refund["payment_intent"], refund["id"], amount, currency, succeeded)


def _dispute(kind: str, dispute: Json) -> Chargeback | None:
    """A dispute names its intent, not our payment: that is found by the intent's id."""
    stage = _stage(kind, dispute)
    if stage is None or not dispute.get("payment_intent"):
        return None
    amount = from_stripe(dispute["amount"], dispute["currency"].upper())
    return Chargeback(dispute["payment_intent"], dispute["id"], amount, stage=stage)


def _stage(kind: str, dispute: Json) -> DisputeStage | None:
    """How far a dispute is: https://docs.stripe.com/disputes/how-disputes-work.

    An inquiry (`warning_*`) takes no money. Otherwise the money goes with `funds_withdrawn`, told with
    `created` or after it, and is back with `funds_reinstated`.
    """
    match kind.removeprefix("charge.dispute."):
        case "created":
            return "succeeded" if dispute.get("balance_transactions") else "requested"
        case "funds_withdrawn":
            return "succeeded"
        case "funds_reinstated":
            return "failed"
        case "closed":
            return _ENDS.get(dispute["status"])
        case _:
            return None
