"""What a provider is still to take for an order: for the order itself, or for its open change."""

from dataclasses import dataclass
from datetime import datetime

from transactional.orders import changes
from transactional.unit_of_work import Reading, Row


@dataclass(frozen=True)
class Due:
    """Money that a provider is to take.

    Args:
        whole: minor units, of which internal tenders have taken a part.
        change_id: the change of the order that it is for; None for the order as it was placed.
        is_open: whether it is still wanted.
    """

    whole: int
    change_id: str | None
    expires_at: datetime
    is_open: bool


def open_of(db: Reading, order: Row) -> Due | None:
    """What is to be paid for an order now; None when nothing is."""
    if order["status"] == "pending_payment":
        return _due(order, None)
    change = changes.open_of(db, order["id"])
    return None if change is None else _due(order, change)


def of_payment(db: Reading, order: Row, payment: Row) -> Due:
    """What a payment of an order is for, wanted or not."""
    change_id = payment["change_id"]
    return _due(order, None if change_id is None else changes.find(db, change_id))


def _due(order: Row, change: Row | None) -> Due:
    change_id, whole = (None, order["total"]) if change is None else (change["id"], change["due"])
    return Due(
        whole=whole,
        change_id=change_id,
        expires_at=order["expires_at"] if change is None else change["expires_at"],
        is_open=order["status"] == "pending_payment" if change is None else change["status"] == "open",
    )
