"""What a provider says about a payment becomes state here, whichever way it was learned.

Webhook, browser return and reconciliation all end in `record`; the order's lock puts them in a row, and the
first one does the work.
"""

from typing import Literal

from sqlalchemy import bindparam, select

from transactional.errors import NotFound
from transactional.ledger import refund_events
from transactional.orders import change_effect
from transactional.orders import service as order_service
from transactional.orders.models import orders
from transactional.payments import events, service, tenders
from transactional.payments.events import Told
from transactional.payments.models import payments
from transactional.payments.provider import RemotePayment
from transactional.payments.rules import TRANSITIONS, Step
from transactional.row_statements import for_update
from transactional.unit_of_work import Row, UnitOfWork

Outcome = Literal[
    "authorised",
    "voiding",
    "paid",
    "refunding",
    "refunded",
    "closed",
    "disputed",
    "charged_back",
    "reinstated",
    "unchanged",
]

_order_of = for_update(
    select(orders)
    .join(payments, payments.c.order_id == orders.c.id)
    .where(payments.c.id == bindparam("payment_id")),
    orders,
)


def lock_both(uow: UnitOfWork, payment_id: str) -> tuple[Row, Row]:
    """Lock a payment after its order, which puts all that is told about one order in a row.

    Raises:
        NotFound: the payment is not ours.
    """
    found = uow.lock_rows(orders, _order_of, payment_id=payment_id)
    if not found:
        raise NotFound("payment", payment_id)
    return found[0], service.lock(uow, payment_id)


def record(uow: UnitOfWork, remote: RemotePayment) -> Outcome:
    """Take over what the provider knows about a payment.

    Raises:
        NotFound: the payment is not ours.
    """
    match remote.status:
        case "authorised":
            return record_authorisation(
                uow, remote.reference, remote.external_id, remote.amount, remote.currency
            )
        case "captured":
            return record_capture(uow, remote.reference, remote.external_id, remote.amount, remote.currency)
        case "failed" | "voided":
            return record_end(uow, remote.reference, remote.external_id, remote.status)
        case "pending":
            return "unchanged"


def record_authorisation(
    uow: UnitOfWork, payment_id: str, external_id: str, amount: int, currency: str
) -> Outcome:
    """The provider may take the money: what to ask of it now is decided and noted. Repeating changes nothing.

    It is asked to capture when the order can have the money, and else to let go of it, so that nothing has to
    be refunded. The order is paid once it is captured.

    Args:
        amount: minor units that were authorised.

    Returns:
        authorised, voiding, or unchanged when it was known.

    Raises:
        NotFound: the payment is not ours.
    """
    order, payment = lock_both(uow, payment_id)
    if (payment["status"], "authorise") not in TRANSITIONS:
        return "unchanged"
    as_asked = (amount, currency) == (payment["amount"], payment["currency"])
    authorised = uow.update(payments, payment, status="authorised", external_id=external_id)
    told = Told(authorised, "authorise", "succeeded", amount, payment_id, external_id)
    events.note_once(uow, told)
    if as_asked and _would_accept(uow, order, authorised):
        return "authorised"
    events.note_once(uow, Told(authorised, "void", "requested", amount, payment_id))
    return "voiding"


def _would_accept(uow: UnitOfWork, order: Row, authorised: Row) -> bool:
    """Whether the order, or the change of it that is paid for, could have the money now."""
    is_plain = authorised["change_id"] is None and order["group_id"] is None
    if is_plain and order["status"] == "pending_payment":
        return True
    with uow.trial():
        return _accept(uow, order, authorised)


def record_capture(uow: UnitOfWork, payment_id: str, external_id: str, amount: int, currency: str) -> Outcome:
    """The provider took the money: the order is paid, or the money goes back. Repeating changes nothing.

    Money is never kept without an order: when the amount is not what was asked, the order is paid already,
    was cancelled, or expired and its stock is sold, or the change it was for was given up, the capture is
    noted as it happened and refunded whole.

    Args:
        amount: minor units that were taken.

    Returns:
        paid, refunding, or unchanged when it was known.

    Raises:
        NotFound: the payment is not ours.
    """
    order, payment = lock_both(uow, payment_id)
    if (payment["status"], "capture") not in TRANSITIONS:
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
    events.note(uow, Told(captured, "capture", "succeeded", amount, payment_id, external_id))
    if as_asked and _accept(uow, order, captured):
        return "paid"
    refund_events.payment_not_accepted(uow, order, captured)
    service.give_back(uow, [(captured, amount)], f"not_accepted:{payment_id}")
    return "refunding"


def _accept(uow: UnitOfWork, order: Row, captured: Row) -> bool:
    """Whether the order, or the change of it that was paid for, can still have the money; it has it then."""
    if captured["change_id"] is not None:
        return change_effect.accept(uow, order, captured)
    if not order_service.mark_paid(uow, order):
        return False
    tenders.settle(uow, order, captured)
    return True


def record_end(
    uow: UnitOfWork, payment_id: str, external_id: str | None, status: Literal["failed", "voided"]
) -> Outcome:
    """The payment was declined or closed without money; the order waits for another until it expires.

    Args:
        external_id: None when the provider was never asked for it.

    Raises:
        NotFound: the payment is not ours.
    """
    _, payment = lock_both(uow, payment_id)
    step: Step = "void" if status == "voided" else "fail"
    if (payment["status"], step) not in TRANSITIONS:
        return "unchanged"
    uow.update(payments, payment, status=status, external_id=external_id)
    ended = (
        Told(payment, "void", "succeeded", payment["amount"], payment_id, external_id)
        if status == "voided"
        else Told(payment, "capture", "failed", payment["amount"], payment_id, external_id)
    )
    events.note(uow, ended)
    return "closed"
