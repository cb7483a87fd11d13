"""Orders that the staff looks at before they are sent, and orders whose story is over."""

from datetime import datetime

from sqlalchemy import bindparam, select

from transactional.errors import IllegalTransition
from transactional.orders import service, transitions
from transactional.orders.models import orders
from transactional.payments import tenders
from transactional.row_statements import for_update
from transactional.unit_of_work import Reading, Row, UnitOfWork

_over = for_update(
    select(orders)
    .where(orders.c.status == "delivered", orders.c.delivered_at <= bindparam("before"))
    .order_by(orders.c.id)
    .limit(bindparam("limit")),
    orders,
    skip_locked=True,
)


def hold(uow: UnitOfWork, order_id: str, reason: str) -> None:
    """Keep an order from being sent until it is approved; one that is not paid yet, or waits for the other
    buyers of its group, once it is.

    Raises:
        NotFound: there is no such order.
        IllegalTransition: it is over, on its way, or was held before.
    """
    order = service.lock(uow, order_id)
    if order["status"] == "in_review" or _held_in_part(uow, order):
        raise IllegalTransition(order["status"], "hold")
    if order["status"] == "pending_payment":
        uow.update(orders, order, needs_review=True, review_reason=reason)
    else:
        stop(uow, order, reason)


def stop(uow: UnitOfWork, order: Row, reason: str) -> None:
    """Keep a locked order from being sent, or the rest of it, until the staff decides.

    Raises:
        IllegalTransition: it is not paid, over, or on its way.
    """
    if order["status"] == "gathering":
        uow.update(orders, order, needs_review=True, review_reason=reason)
    else:
        transitions.apply(uow, order, "hold", reason, needs_review=True)


def _held_in_part(db: Reading, order: Row) -> bool:
    return order["status"] == "partly_shipped" and bool(transitions.held_because(db, order["id"]))


def approve(uow: UnitOfWork, order_id: str, reason: str) -> None:
    """Let an order that is in review be sent, or the rest of one that is held.

    Its buyer gets the gift cards and points that were kept back.

    Raises:
        NotFound: there is no such order.
        IllegalTransition: it is neither.
    """
    order = service.lock(uow, order_id)
    if order["status"] == "partly_shipped" and not _held_in_part(uow, order):
        raise IllegalTransition(order["status"], "approve")
    tenders.release(uow, transitions.apply(uow, order, "approve", reason))


def complete(uow: UnitOfWork, order_id: str, reason: str | None = None) -> None:
    """Nothing more is expected to happen to an order that has arrived.

    Raises:
        NotFound: there is no such order.
        IllegalTransition: it has not arrived.
    """
    transitions.apply(uow, service.lock(uow, order_id), "complete", reason)


def complete_delivered(uow: UnitOfWork, before: datetime, limit: int = 100) -> int:
    """Complete orders that arrived before a moment; returns how many."""
    over = uow.lock_rows(orders, _over, before=before, limit=limit)
    transitions.apply_all(uow, over, "complete")
    return len(over)
