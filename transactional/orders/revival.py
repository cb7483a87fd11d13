"""Orders that expired before their money came, and live again."""

from sqlalchemy import bindparam, select

from transactional.orders.models import order_lines
from transactional.payments import tenders
from transactional.promotions import budgets
from transactional.stock import backorders, promises
from transactional.stock import service as stock
from transactional.stock.errors import OutOfStock
from transactional.stock.rules import Place
from transactional.unit_of_work import Row, UnitOfWork

_units = select(order_lines.c.sku_id, order_lines.c.quantity).where(
    order_lines.c.order_id == bindparam("order_id")
)


def revive(uow: UnitOfWork, order: Row) -> bool:
    """Take again what a locked order gave back when it expired: its units, or a place among those who wait
    for them, what its promotions gave, and what its internal tenders had.

    Returns:
        Whether all of it was still there; if not, nothing is taken.
    """
    levels = _reserve(uow, order)
    if levels is None:
        return False
    if budgets.take_again(uow, order):
        if tenders.take_again(uow, order):
            return True
        budgets.give_back(uow, [order])
    promises.release(uow, [order["number"]], levels)
    return False


def _reserve(uow: UnitOfWork, order: Row) -> list[Row] | None:
    """The levels of what is promised again; None when there is not enough."""
    units = {line["sku_id"]: line["quantity"] for line in uow.rows(_units, order_id=order["id"])}
    to = Place(order["ship_country"], order["ship_postal_code"])
    supplies = backorders.current(uow, units)
    levels = stock.lock_for_sale(uow, units, supplies)
    try:
        return promises.reserve(uow, levels, units, order["number"], to=to, supplies=supplies)[0]
    except OutOfStock:
        return None
