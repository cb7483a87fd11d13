"""Orders that wait for units that were sold before they were there."""

from collections.abc import Sequence

from transactional.orders.models import orders
from transactional.stock import backorders, promises
from transactional.stock import service as stock
from transactional.stock.errors import OutOfStock
from transactional.stock.rules import Place, Units
from transactional.unit_of_work import Row, UnitOfWork


def promise(uow: UnitOfWork, order: Row, missing: Sequence[Row]) -> Row:
    """Promise an order as much later as the last of its back-orders comes; returns it as it is then."""
    if not missing:
        return order
    last = max(row["expected_at"] for row in missing)
    return uow.update(orders, order, promised_at=last + ((order["promised_at"] or uow.now) - uow.now))


def reserve_again(uow: UnitOfWork, order: Row, units: Units) -> bool:
    """Promise its units to an order that had expired, or let it wait for them; whether there are enough."""
    to = Place(order["ship_country"], order["ship_postal_code"])
    supplies = backorders.current(uow, units)
    rows = stock.lock(uow, units, supplies)
    try:
        promises.reserve(uow, rows, units, order["number"], to=to, supplies=supplies)
    except OutOfStock:
        return False
    return True
