"""Orders as the staff looks for them: the newest first, a page at a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select

from transactional.members import service as members
from transactional.orders.change_models import order_changes
from transactional.orders.models import order_marks, orders
from transactional.unit_of_work import Reading, Row


@dataclass(frozen=True)
class Search:
    """What is looked for; None and empty do not matter.

    Args:
        number: of an order, all of it or its beginning.
        email: the customer's.
        mark: a label that somebody put on it.
        is_changing: whether a change of it waits for its money.
        before: only orders that were made before the one of this id.
    """

    statuses: tuple[str, ...] = ()
    channel: str | None = None
    number: str | None = None
    email: str | None = None
    mark: str | None = None
    is_changing: bool | None = None
    placed_from: datetime | None = None
    placed_to: datetime | None = None
    before: str | None = None


def find(db: Reading, search: Search, limit: int) -> list[Row]:
    """At most `limit` orders that fit, the newest first."""
    statement: Select[tuple[object, ...]] = select(orders).order_by(orders.c.id.desc()).limit(limit)
    customer_id = None
    if search.email is not None:
        customer_id = members.known(db, search.email)
        if customer_id is None:
            return []
    return db.rows(statement.where(*_conditions(search, customer_id)))


def _conditions(search: Search, customer_id: str | None) -> list[ColumnElement[bool]]:
    columns = orders.c
    wanted: list[ColumnElement[bool]] = []
    if search.statuses:
        wanted.append(columns.status.in_(search.statuses))
    if search.channel:
        wanted.append(columns.channel == search.channel)
    if search.number:
        wanted.append(columns.number.startswith(search.number, autoescape=True))
    if customer_id:
        wanted.append(columns.customer_id == customer_id)
    if search.placed_from:
        wanted.append(columns.placed_at >= search.placed_from)
    if search.placed_to:
        wanted.append(columns.placed_at < search.placed_to)
    if search.before:
        wanted.append(columns.id < search.before)
    if search.mark:
        of_mark = select(order_marks.c.id).where(order_marks.c.order_id == columns.id)
        wanted.append(of_mark.where(order_marks.c.label == search.mark).exists())
    if search.is_changing is not None:
        of_change = select(order_changes.c.id).where(order_changes.c.order_id == columns.id)
        is_open = of_change.where(order_changes.c.status == "open").exists()
        wanted.append(is_open if search.is_changing else ~is_open)
    return wanted
