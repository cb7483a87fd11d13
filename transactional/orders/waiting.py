"""Orders that wait for units that were sold before they were there."""

from collections.abc import Sequence

from transactional.orders.models import orders
from transactional.unit_of_work import Row, UnitOfWork


def promise(uow: UnitOfWork, order: Row, missing: Sequence[Row]) -> Row:
    """Promise an order as much later as the last of its back-orders comes; returns it as it is then."""
    if not missing:
        return order
    last = max(row["expected_at"] for row in missing)
    return uow.update(orders, order, promised_at=last + ((order["promised_at"] or uow.now) - uow.now))
