"""What a provider says about a payment becomes state here, whichever way it was learned.

Webhook, browser return and reconciliation all end in `record`; the order's lock puts them in a row, and the
first one does the work.
"""

from typing import Literal

from transactional.ledger import events as ledger
from transactional.orders import service as orders
from transactional.payments import service
from transactional.payments.models import payments
from transactional.payments.provider import RemotePayment
from transactional.unit_of_work import UnitOfWork

Outcome = Literal["paid", "refunding", "closed", "unchanged"]


def record(uow: UnitOfWork, remote: RemotePayment) -> Outcome:
    """Take over what the provider knows about a payment.

    Raises:
        NotFound: the payment is not ours.
    """
    match remote.status:
        case "captured":
            return record_capture(uow, remote.reference, remote.external_id, remote.amount, remote.currency)
        case "failed" | "voided":
            return record_end(uow, remote.reference, remote.external_id, remote.status)
        case "pending":
            return "unchanged"


def record_capture(uow: UnitOfWork, payment_id: str, external_id: str, amount: int, currency: str) -> Outcome:
    """The provider took the money: the order is paid, or the money goes back. Repeating changes nothing.

    Money is never kept without an order: when the amount is not what was asked, the order is paid already,
    was cancelled, or expired and its stock is sold, the capture is noted as it happened and refunded whole.

    Args:
        amount: minor units that were taken.

    Returns:
        paid, refunding, or unchanged when it was known.

    Raises:
        NotFound: the payment is not ours.
    """
    order = orders.lock(uow, service.find(uow, payment_id)["order_id"])
    payment = service.lock(uow, payment_id)
    if payment["status"] == "captured":
        return "unchanged"
    as_asked = (amount, currency) == (payment["amount"], payment["currency"])
    captured = uow.update(
        payments,
        payment,
        status="captured",
        external_id=external_id,
        amount=amount,
        currency=currency,
        captured_at=uow.now,
    )
    if as_asked and orders.mark_paid(uow, order):
        ledger.order_paid(uow, order, captured)
        return "paid"
    ledger.payment_not_accepted(uow, order, captured)
    service.request_refund(uow, captured, amount, None)
    return "refunding"


def record_end(
    uow: UnitOfWork, payment_id: str, external_id: str | None, status: Literal["failed", "voided"]
) -> Outcome:
    """The payment was declined or closed without money; the order waits for another until it expires.

    Args:
        external_id: None when the provider was never asked for it.

    Raises:
        NotFound: the payment is not ours.
    """
    orders.lock(uow, service.find(uow, payment_id)["order_id"])
    payment = service.lock(uow, payment_id)
    if payment["status"] != "pending":
        return "unchanged"
    uow.update(payments, payment, status=status, external_id=external_id)
    return "closed"
