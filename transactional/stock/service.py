"""Stock: what is there and what is promised. Movements are the only writers of on hand.

Every function takes units by SKU and changes levels in the order of the SKU ids, so that two transactions
that want the same SKUs queue up instead of blocking each other.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, select

from transactional.catalog.models import skus
from transactional.errors import NotFound, OutOfStock
from transactional.stock.models import stock_levels, stock_movements
from transactional.unit_of_work import Increment, UnitOfWork

_levels = stock_levels.c
_RESERVE = Increment(
    stock_levels, _levels.sku_id, ["reserved"], _levels.on_hand - _levels.reserved >= bindparam("by_reserved")
)
_RELEASE = Increment(stock_levels, _levels.sku_id, ["reserved"])
_MOVE = Increment(stock_levels, _levels.sku_id, ["on_hand"])
_SHIP = Increment(stock_levels, _levels.sku_id, ["on_hand", "reserved"])

_left = (
    select(skus.c.code, (_levels.on_hand - _levels.reserved).label("available"))
    .join(stock_levels, _levels.sku_id == skus.c.id)
    .where(skus.c.id == bindparam("sku_id"))
)

_levels_for_update = (
    select(stock_levels)
    .where(_levels.sku_id.in_(bindparam("sku_ids", expanding=True)))
    .order_by(_levels.sku_id)
    .with_for_update(key_share=True)
)

Units = Mapping[str, int]


def open_levels(uow: UnitOfWork, sku_ids: Iterable[str]) -> None:
    """Start counting new SKUs, at zero."""
    rows = [{"id": uow.new_id(), "sku_id": sku_id, "on_hand": 0, "reserved": 0} for sku_id in sku_ids]
    uow.insert_many(stock_levels, rows)


def reserve(uow: UnitOfWork, units: Units) -> None:
    """Promise units to an order: one conditional update per SKU, so nothing is promised twice.

    Raises:
        OutOfStock: fewer are available; the transaction must not be committed.
    """
    for sku_id in sorted(units):
        if uow.increment(_RESERVE, sku_id, reserved=units[sku_id]) is None:
            left = uow.row(_left, sku_id=sku_id) or {"code": sku_id, "available": 0}
            raise OutOfStock(left["code"], units[sku_id], left["available"])


def reserve_if_all_there(uow: UnitOfWork, units: Units) -> bool:
    """Promise all of the units, or none when any is short; whether they were promised."""
    levels = uow.rows(_levels_for_update, sku_ids=sorted(units))
    available = {level["sku_id"]: level["on_hand"] - level["reserved"] for level in levels}
    if any(available.get(sku_id, 0) < count for sku_id, count in units.items()):
        return False
    reserve(uow, units)
    return True


def release(uow: UnitOfWork, units: Units) -> None:
    """Take promises back: the order was cancelled or expired."""
    for sku_id in sorted(units):
        _change(uow, _RELEASE, sku_id, reserved=-units[sku_id])


def ship(uow: UnitOfWork, units: Units, document: str) -> None:
    """Promised units leave the house with order `document`."""
    for sku_id in sorted(units):
        _change(uow, _SHIP, sku_id, on_hand=-units[sku_id], reserved=-units[sku_id])
    _record(uow, "shipped", {sku_id: -count for sku_id, count in units.items()}, document)


def take_back(uow: UnitOfWork, units: Units, document: str) -> None:
    """Returned units go back on the shelf with credit note `document`."""
    _move(uow, "returned", units, document)


def receive(uow: UnitOfWork, units: Units, document: str) -> None:
    """Delivered units arrive with delivery `document`."""
    _move(uow, "received", units, document)


def _move(uow: UnitOfWork, kind: str, units: Units, document: str) -> None:
    for sku_id in sorted(units):
        _change(uow, _MOVE, sku_id, on_hand=units[sku_id])
    _record(uow, kind, units, document)


def _change(uow: UnitOfWork, change: Increment, sku_id: str, **by: int) -> None:
    if uow.increment(change, sku_id, **by) is None:
        raise NotFound("stock level of SKU", sku_id)


def _record(uow: UnitOfWork, kind: str, units: Units, document: str) -> None:
    rows = [
        {
            "id": uow.new_id(),
            "sku_id": sku_id,
            "kind": kind,
            "quantity": units[sku_id],
            "document": document,
            "moved_at": uow.now,
        }
        for sku_id in sorted(units)
    ]
    uow.insert_many(stock_movements, rows)
