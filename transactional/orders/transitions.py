"""The only writer of orders' states: what the table of `rules` allows, each with who did it and why."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from transactional.orders import rules
from transactional.orders.models import order_transitions, orders
from transactional.orders.rules import Event
from transactional.unit_of_work import Reading, Row, UnitOfWork

_of_order = (
    select(order_transitions)
    .where(order_transitions.c.order_id == bindparam("order_id"))
    .order_by(order_transitions.c.position)
)


def apply(uow: UnitOfWork, order: Row, event: Event, reason: str | None = None, **changes: Any) -> Row:
    """Let `event` happen to a locked order; returns the order as it is then.

    Args:
        changes: other columns of the order that change with it.

    Raises:
        IllegalTransition: it cannot happen in this state.
    """
    after = uow.update(orders, order, **_step(order, event), **changes)
    uow.insert(order_transitions, _row(uow, order, event, reason))
    return after


def apply_all(uow: UnitOfWork, found: Sequence[Row], event: Event, reason: str | None = None) -> list[Row]:
    """Let `event` happen to several locked orders, in two statements; returns them as they are then.

    Raises:
        IllegalTransition: it cannot happen in the state of one of them.
    """
    steps = {order["id"]: _step(order, event) for order in found}
    uow.update_many(orders, steps)
    uow.insert_many(order_transitions, [_row(uow, order, event, reason) for order in found])
    return [{**order, **steps[order["id"]]} for order in found]


def hold_all(uow: UnitOfWork, found: Sequence[Row]) -> None:
    """Put those of several paid orders in review that the staff wants to look at."""
    for order in found:
        if order["needs_review"]:
            apply(uow, order, "hold", order["review_reason"] or "to be looked at before it is sent")


def held_because(db: Reading, order_id: str) -> str | None:
    """Why an order is held since it was held last; None when it was approved after that, or never held."""
    pauses = [row for row in history(db, order_id) if row["event"] in ("hold", "approve")]
    return pauses[-1]["reason"] if pauses and pauses[-1]["event"] == "hold" else None


def history(db: Reading, order_id: str) -> list[Row]:
    """What happened to an order, the newest last."""
    return db.rows(_of_order, order_id=order_id)


def _step(order: Row, event: Event) -> Row:
    return {"status": rules.after(order["status"], event), "steps": order["steps"] + 1}


def _row(uow: UnitOfWork, order: Row, event: Event, reason: str | None) -> Row:
    return {
        "id": uow.new_id(),
        "order_id": order["id"],
        "position": order["steps"] + 1,
        "from_status": order["status"],
        "to_status": rules.after(order["status"], event),
        "event": event,
        "actor": uow.actor,
        "reason": reason,
        "occurred_at": uow.now,
    }
