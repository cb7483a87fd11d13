"""Changes of orders that are in flight: which is open, and how one ends that does not take effect.

An order has one open change at a time. While it is open nothing else moves the order's units, so that what
the buyer was told to pay stays right.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from transactional.errors import NotFound
from transactional.ledger.chart import TENDERED
from transactional.orders import service
from transactional.orders.change_models import order_change_additions, order_change_removals, order_changes
from transactional.orders.errors import ChangeClosed, ChangeOpen
from transactional.payments import reversal
from transactional.payments import service as payments
from transactional.row_statements import for_update
from transactional.stock import promises
from transactional.unit_of_work import Reading, Row, UnitOfWork

_open = (
    select(order_changes)
    .where(order_changes.c.order_id == bindparam("order_id"), order_changes.c.status == "open")
    .order_by(order_changes.c.id)
)
_open_for_update = for_update(_open, order_changes)
_of_order = (
    select(order_changes)
    .where(order_changes.c.order_id == bindparam("order_id"))
    .order_by(order_changes.c.id)
)
_additions = (
    select(order_change_additions)
    .where(order_change_additions.c.change_id.in_(bindparam("change_ids", expanding=True)))
    .order_by(order_change_additions.c.change_id, order_change_additions.c.position)
)
_removals = (
    select(order_change_removals)
    .where(order_change_removals.c.change_id.in_(bindparam("change_ids", expanding=True)))
    .order_by(order_change_removals.c.id)
)
_overdue = (
    select(order_changes.c.id)
    .where(order_changes.c.status == "open", order_changes.c.expires_at <= bindparam("now"))
    .order_by(order_changes.c.id)
    .limit(bindparam("limit"))
)


def open_of(db: Reading, order_id: str) -> Row | None:
    """The change of an order that waits for its money."""
    return db.row(_open, order_id=order_id)


def refuse_open(uow: UnitOfWork, order: Row) -> None:
    """Let nothing move the units of a locked order that is being changed.

    Raises:
        ChangeOpen: it is.
    """
    change = open_of(uow, order["id"])
    if change is not None:
        raise ChangeOpen(order["number"], change["number"])


def close_open(uow: UnitOfWork, order: Row) -> list[Row]:
    """Cancel the change that waits for its money, if a locked order has one.

    Returns:
        It: its promises are the caller's to release with the order's own, before `give_back`.
    """
    found = uow.lock_rows(order_changes, _open_for_update, order_id=order["id"])
    return [_close(uow, change, "cancelled") for change in found]


def give_up_open(uow: UnitOfWork, order: Row) -> None:
    """Cancel that change, and free all that was kept and paid for it."""
    _free(uow, order, close_open(uow, order))


def cancel(uow: UnitOfWork, order_id: str, number: str) -> None:
    """Give up a change that waits for its money; what was paid for it so far goes back.

    Raises:
        NotFound: there is no such order, or it has no such change.
        ChangeClosed: it took effect, or was given up before.
    """
    order = service.lock(uow, order_id)
    change = next((row for row in of_order(uow, order_id) if row["number"] == number), None)
    if change is None:
        raise NotFound("change", number)
    if change["status"] != "open":
        raise ChangeClosed(number, change["status"])
    give_up_open(uow, order)


def overdue(db: Reading, limit: int) -> list[str]:
    """Ids of changes that were not paid in time."""
    return [row["id"] for row in db.rows(_overdue, now=db.now, limit=limit)]


def expire(uow: UnitOfWork, change_id: str) -> None:
    """Give up a change that was not paid in time, unless it was just paid."""
    order = service.lock(uow, find(uow, change_id)["order_id"])
    change = uow.lock(order_changes, change_id)
    if change is not None and change["status"] == "open" and change["expires_at"] <= uow.now:
        _free(uow, order, [_close(uow, change, "expired")])


def _close(uow: UnitOfWork, change: Row, status: str) -> Row:
    return uow.update(order_changes, change, status=status, closed_at=uow.now)


def _free(uow: UnitOfWork, order: Row, closed: Sequence[Row]) -> None:
    promises.release(uow, [change["number"] for change in closed])
    give_back(uow, order, closed)


def give_back(uow: UnitOfWork, order: Row, closed: Iterable[Row]) -> None:
    """What internal tenders paid for the closed change of a locked order goes back to their holders."""
    for change in closed:
        taken = payments.held_internally(uow, order["id"], change["id"])
        if taken:  # the last tenders of the order are those of its open change
            reversal.hold(uow, order)
            reversal.reverse(uow, order, f"change:{change['number']}", taken, source=TENDERED)


def find(db: Reading, change_id: str) -> Row:
    """A change.

    Raises:
        NotFound: there is no such change.
    """
    change = db.get(order_changes, change_id)
    if change is None:
        raise NotFound("change", change_id)
    return change


def of_order(db: Reading, order_id: str) -> list[Row]:
    """All changes of an order, the oldest first."""
    return db.rows(_of_order, order_id=order_id)


def additions_of(db: Reading, change_ids: Sequence[str]) -> list[Row]:
    """The lines that changes add."""
    return db.rows(_additions, change_ids=change_ids) if change_ids else []


def removals_of(db: Reading, change_ids: Sequence[str]) -> list[Row]:
    """The units that changes take off lines."""
    return db.rows(_removals, change_ids=change_ids) if change_ids else []


def points_of(db: Reading, order: Row, lines: Iterable[Row]) -> dict[str | None, int]:
    """What an order's points are worth by the change that earned them; None is the order as it was placed."""
    changed = any(line["change_id"] for line in lines)
    earned: dict[str | None, int] = {
        row["id"]: row["points"]
        for row in (of_order(db, order["id"]) if changed else ())
        if row["status"] == "applied"
    }
    return {None: order["points"] - sum(earned.values()), **earned}
