"""Stock levels: locking them, and moving units. Movements are the only writers of on hand and reserved.

Levels are locked in the order of SKU and warehouse ids, all of a transaction at once, so that two
transactions that want the same SKUs queue up instead of blocking each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from transactional.catalog.models import skus
from transactional.row_statements import for_update
from transactional.staff.models import shops
from transactional.stock.errors import TooManyOnShelf
from transactional.stock.models import stock_levels, stock_movements, warehouses
from transactional.stock.rules import MOST_ON_SHELF, Place, Shelf, distance
from transactional.unit_of_work import Row, UnitOfWork

Shelved = Mapping[tuple[str, str], int]  # signed units by SKU and warehouse id

_levels = stock_levels.c
_all = for_update(
    select(stock_levels, warehouses.c.is_active, warehouses.c.country, warehouses.c.postal_code)
    .join(warehouses, warehouses.c.id == _levels.warehouse_id)
    .where(_levels.sku_id.in_(bindparam("sku_ids", expanding=True)))
    .order_by(_levels.sku_id, _levels.warehouse_id),
    stock_levels,
)
_that_sell = _all.where(warehouses.c.is_active)
_opened = select(_levels.sku_id).where(
    _levels.warehouse_id == bindparam("warehouse_id"),
    _levels.sku_id.in_(bindparam("sku_ids", expanding=True)),
)
_policies = select(
    warehouses.c.id,
    warehouses.c.priority,
    select(func.min(shops.c.allocation)).scalar_subquery().label("allocation"),
)
_skus_of = for_update(
    select(skus).where(skus.c.id.in_(bindparam("sku_ids", expanding=True))).order_by(skus.c.id), skus
)


@dataclass(frozen=True)
class Move:
    """Signed units of one SKU in one warehouse that change because of a document."""

    sku_id: str
    warehouse_id: str
    kind: str
    document: str
    on_hand: int = 0
    reserved: int = 0
    reason: str | None = None
    shipment: str | None = None


def lock(uow: UnitOfWork, sku_ids: Iterable[str]) -> list[Row]:
    """The levels of these SKUs in all warehouses, with the places of these and whether they sell.

    Once in a transaction: a level that is opened meanwhile may come before those that are locked.
    """
    return uow.lock_rows(stock_levels, _all, sku_ids=sorted(sku_ids))


def lock_that_sell(uow: UnitOfWork, sku_ids: Iterable[str]) -> list[Row]:
    """The same in the warehouses that sell."""
    return uow.lock_rows(stock_levels, _that_sell, sku_ids=sorted(sku_ids))


def preferred(uow: UnitOfWork, rows: list[Row], to: Place | None = None) -> list[Row]:
    """Levels with those of the preferred warehouses first, by what the shop has set.

    Args:
        to: where the units go; without it the nearest are those of the highest priority.
    """
    if len({level["warehouse_id"] for level in rows}) == 1:
        return rows
    policies = {row["id"]: row for row in uow.rows(_policies)}

    def preference(level: Row) -> tuple[object, ...]:
        known = policies[level["warehouse_id"]]
        rank = (known["priority"], level["warehouse_id"])
        if known["allocation"] == "priority" or to is None:
            return rank
        return (*distance(Place(level["country"], level["postal_code"]), to), *rank)

    return sorted(rows, key=preference)


def for_sale(levels: Iterable[Row]) -> list[Shelf]:
    """What is not promised in the warehouses that sell, of locked levels in their order."""
    return [
        Shelf(row["id"], row["sku_id"], row["warehouse_id"], row["on_hand"] - row["reserved"])
        for row in levels
        if row["is_active"]
    ]


def open_missing(uow: UnitOfWork, sku_ids: Iterable[str], warehouse_id: str) -> None:
    """Start counting SKUs that were never in this warehouse, at zero; before any levels are locked.

    Whoever opens levels holds their SKUs: two that open the same wait here, not for each other's levels, and
    a SKU's cost stays what it is while its first units come.
    """
    wanted = sorted(set(sku_ids))
    there = {row["sku_id"] for row in uow.rows(_opened, sku_ids=wanted, warehouse_id=warehouse_id)}
    missing = [sku_id for sku_id in wanted if sku_id not in there]
    if not missing:
        return
    uow.lock_rows(skus, _skus_of, sku_ids=missing)
    rows = [
        {"id": uow.new_id(), "sku_id": each, "warehouse_id": warehouse_id, "on_hand": 0, "reserved": 0}
        for each in missing
    ]
    uow.insert_many_unless_there(stock_levels, rows, "sku_id", "warehouse_id")


def move(
    uow: UnitOfWork,
    levels: list[Row],
    kind: str,
    document: str,
    *,
    on_hand: Shelved | None = None,
    reserved: Shelved | None = None,
    reason: str | None = None,
    shipment: str | None = None,
) -> list[Row]:
    """Change locked levels because of one document; returns the levels as they are then."""
    on_hand, reserved = on_hand or {}, reserved or {}
    moves = []
    for level in levels:
        shelf = (level["sku_id"], level["warehouse_id"])
        there, promised = on_hand.get(shelf, 0), reserved.get(shelf, 0)
        if there or promised:
            moves.append(Move(*shelf, kind, document, there, promised, reason, shipment))
    return write(uow, levels, moves)


def write(uow: UnitOfWork, levels: Sequence[Row], moves: Sequence[Move]) -> list[Row]:
    """Change locked levels and write down why; returns the levels as they are then.

    Raises:
        TooManyOnShelf: a level is beyond what is counted; the transaction must not be committed.
    """
    after = {(level["sku_id"], level["warehouse_id"]): level for level in levels}
    changes: dict[str, Row] = {}
    movements: list[Row] = []
    for each in moves:
        level = after[each.sku_id, each.warehouse_id]
        new = {"on_hand": level["on_hand"] + each.on_hand, "reserved": level["reserved"] + each.reserved}
        if new["on_hand"] > MOST_ON_SHELF:
            raise TooManyOnShelf(new["on_hand"], MOST_ON_SHELF)
        after[each.sku_id, each.warehouse_id] = {**level, **new}
        changes[level["id"]] = new
        movements.append(
            {
                "id": uow.new_id(),
                "sku_id": each.sku_id,
                "warehouse_id": each.warehouse_id,
                "kind": each.kind,
                "on_hand_change": each.on_hand,
                "reserved_change": each.reserved,
                "document": each.document,
                "shipment": each.shipment,
                "reason": each.reason,
                "moved_at": uow.now,
            }
        )
    uow.update_many(stock_levels, changes)
    uow.insert_many(stock_movements, movements)
    return list(after.values())
