"""What shopper and staff note on an order; it changes nothing about the order itself."""

from typing import Literal

from sqlalchemy import bindparam, func, select

from transactional.errors import NotFound
from transactional.orders.errors import TooManyRemarks
from transactional.orders.models import order_marks, order_notes, orders
from transactional.unit_of_work import Reading, Row, UnitOfWork

MAX_NOTES = 200  # on one order
MAX_MARKS = 20
_notes = (
    select(order_notes)
    .where(order_notes.c.order_id == bindparam("order_id"))
    .order_by(order_notes.c.created_at, order_notes.c.id)
)
_note_count = select(func.count()).where(order_notes.c.order_id == bindparam("order_id"))
_marks = (
    select(order_marks).where(order_marks.c.order_id == bindparam("order_id")).order_by(order_marks.c.label)
)


def add(uow: UnitOfWork, order_id: str, author: Literal["shopper", "staff"], text: str) -> Row:
    """Keep a note with an order that this transaction locked or made."""
    row = {"id": uow.new_id(), "order_id": order_id, "author": author, "text": text, "created_at": uow.now}
    return uow.insert(order_notes, row)


def add_of_staff(uow: UnitOfWork, order_id: str, text: str) -> None:
    """Keep a note of the staff.

    Raises:
        NotFound: there is no such order.
        TooManyRemarks: it has as many notes as it may have.
    """
    _lock(uow, order_id)
    if uow.value(_note_count, order_id=order_id) >= MAX_NOTES:
        raise TooManyRemarks(MAX_NOTES, "notes")
    add(uow, order_id, "staff", text)


def mark(uow: UnitOfWork, order_id: str, label: str, colour: str) -> None:
    """Put a mark on an order, or give it another colour.

    Raises:
        NotFound: there is no such order.
        TooManyRemarks: it has as many marks as it may have.
    """
    _lock(uow, order_id)
    there = {row["label"]: row["id"] for row in uow.rows(_marks, order_id=order_id)}
    if label in there:
        row = uow.lock(order_marks, there[label])
        if row is not None:
            uow.update(order_marks, row, colour=colour)
    elif len(there) >= MAX_MARKS:
        raise TooManyRemarks(MAX_MARKS, "marks")
    else:
        new = {"id": uow.new_id(), "order_id": order_id, "label": label, "colour": colour}
        uow.insert(order_marks, {**new, "created_at": uow.now})


def unmark(uow: UnitOfWork, order_id: str, label: str) -> None:
    """Take a mark off an order; nothing happens when it is not there.

    Raises:
        NotFound: there is no such order.
    """
    _lock(uow, order_id)
    found = next((row for row in uow.rows(_marks, order_id=order_id) if row["label"] == label), None)
    row = uow.lock(order_marks, found["id"]) if found else None
    if row is not None:
        uow.delete(order_marks, row)


def of_order(db: Reading, order_id: str) -> tuple[list[Row], list[Row]]:
    """The notes, the oldest first, and the marks of an order.

    Raises:
        NotFound: there is no such order.
    """
    if db.get(orders, order_id) is None:
        raise NotFound("order", order_id)
    return db.rows(_notes, order_id=order_id), db.rows(_marks, order_id=order_id)


def _lock(uow: UnitOfWork, order_id: str) -> None:
    if uow.lock(orders, order_id) is None:
        raise NotFound("order", order_id)
