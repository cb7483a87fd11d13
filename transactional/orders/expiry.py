"""Orders that nobody paid in time: what they kept is free again."""

from datetime import datetime

from sqlalchemy import bindparam, func, select

from transactional.orders import service, transitions
from transactional.orders.models import orders
from transactional.payments import reversal
from transactional.promotions import budgets
from transactional.row_statements import for_update
from transactional.stock import promises
from transactional.unit_of_work import Reading, Row, UnitOfWork

_overdue = (
    select(orders)
    .where(orders.c.status == "pending_payment", orders.c.expires_at <= bindparam("now"))
    .order_by(orders.c.id)
    .limit(bindparam("limit"))
)
_overdue_for_update = for_update(_overdue, orders, skip_locked=True)
_next_expiry = select(func.min(orders.c.expires_at)).where(orders.c.status == "pending_payment")


def overdue(db: Reading, limit: int) -> list[str]:
    """Ids of unpaid orders whose time is over."""
    return [row["id"] for row in db.rows(_overdue, now=db.now, limit=limit)]


def expire_unpaid(uow: UnitOfWork, limit: int = 100) -> int:
    """Give the stock of unpaid orders back when their time is over; returns how many expired."""
    return _expire(uow, uow.lock_rows(orders, _overdue_for_update, now=uow.now, limit=limit))


def expire(uow: UnitOfWork, order_id: str) -> bool:
    """The same for one of them, unless it was just paid; whether it expired."""
    order = service.lock(uow, order_id)
    is_overdue = order["status"] == "pending_payment" and order["expires_at"] <= uow.now
    return _expire(uow, [order] if is_overdue else []) > 0


def _expire(uow: UnitOfWork, found: list[Row]) -> int:
    transitions.apply_all(uow, found, "expire")
    promises.release(uow, [order["number"] for order in found])
    budgets.give_back(uow, found)
    reversal.expire(uow, found)
    return len(found)


def next_expiry(db: Reading) -> datetime | None:
    """When the next unpaid order expires; None when none waits."""
    moment: datetime | None = db.value(_next_expiry)
    return moment
