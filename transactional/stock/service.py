"""Stock: what is there, where, and what is promised. Movements are the only writers of on hand and reserved.

Levels are locked in the order of SKU and warehouse ids, all of a transaction at once, so that two
transactions that want the same SKUs queue up instead of blocking each other. What an order holds is the sum
of its movements.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select

from transactional.catalog.models import skus
from transactional.errors import NotFound
from transactional.ledger import events as ledger
from transactional.stock import rules
from transactional.stock.errors import OutOfStock
from transactional.stock.models import stock_levels, stock_movements, warehouses
from transactional.stock.rules import Place, Policy, Shelf, Shortage
from transactional.unit_of_work import Reading, Row, UnitOfWork, for_update

Units = Mapping[str, int]  # by SKU id
Shelved = Mapping[tuple[str, str], int]  # signed units by SKU and warehouse id

_levels = stock_levels.c
_movements = stock_movements.c
_shelves = for_update(
    select(stock_levels, warehouses.c.country, warehouses.c.postal_code)
    .join(warehouses, warehouses.c.id == _levels.warehouse_id)
    .where(_levels.sku_id.in_(bindparam("sku_ids", expanding=True)), warehouses.c.is_active)
    .order_by(_levels.sku_id, _levels.warehouse_id),
    stock_levels,
)
_levels_of = for_update(
    select(stock_levels)
    .where(_levels.sku_id.in_(bindparam("sku_ids", expanding=True)))
    .order_by(_levels.sku_id, _levels.warehouse_id),
    stock_levels,
)
_priorities = select(warehouses.c.id, warehouses.c.priority)
_main = select(warehouses.c.id).order_by(warehouses.c.priority, warehouses.c.code).limit(1)
_held = (
    select(
        _movements.document,
        _movements.sku_id,
        _movements.warehouse_id,
        func.sum(_movements.reserved_change).label("quantity"),
    )
    .where(_movements.document.in_(bindparam("documents", expanding=True)))
    .group_by(_movements.document, _movements.sku_id, _movements.warehouse_id)
    .having(func.sum(_movements.reserved_change) > 0)
)
_code = select(skus.c.code).where(skus.c.id == bindparam("sku_id"))


def available(sku_id: ColumnElement[str]) -> ScalarSelect[int]:
    """The units of a SKU (a column of the query around it) that can be sold, in all warehouses."""
    return (
        select(func.coalesce(func.sum(_levels.on_hand - _levels.reserved), 0))
        .join(warehouses, warehouses.c.id == _levels.warehouse_id)
        .where(_levels.sku_id == sku_id, warehouses.c.is_active)
        .scalar_subquery()
    )


def open_main(uow: UnitOfWork, shop_id: str, country: str) -> None:
    """The first warehouse of a new shop; its id follows from the shop's, so that history is repeatable."""
    row = {
        "id": str(uuid5(NAMESPACE_URL, f"storehouse:{shop_id}:warehouse:main")),
        "code": "main",
        "name": "Main warehouse",
        "country": country,
        "postal_code": "",
        "priority": 0,
        "is_active": True,
    }
    uow.insert_unless_there(warehouses, row, "code")


def reserve(
    uow: UnitOfWork,
    units: Units,
    document: str,
    *,
    to: Place | None = None,
    policy: Policy = "priority",
) -> None:
    """Promise units to order `document`, from as few warehouses as it takes.

    Args:
        to: where the order goes, for the policy `nearest`.

    Raises:
        OutOfStock: fewer are available; nothing was changed.
    """
    levels = uow.lock_rows(stock_levels, _shelves, sku_ids=sorted(units))
    shelves = [
        Shelf(row["id"], row["sku_id"], row["warehouse_id"], row["on_hand"] - row["reserved"])
        for row in _preferred(uow, levels, to, policy)
    ]
    chosen = rules.allocate(units, shelves)
    if isinstance(chosen, Shortage):
        raise OutOfStock(uow.value(_code, sku_id=chosen.sku_id), chosen.wanted, chosen.available)
    allocated = {(part.shelf.sku_id, part.shelf.warehouse_id): part.quantity for part in chosen}
    _move(uow, levels, "allocated", document, reserved=allocated)


def _preferred(uow: UnitOfWork, levels: list[Row], to: Place | None, policy: Policy) -> list[Row]:
    """Levels with those of the preferred warehouses first."""
    if len({level["warehouse_id"] for level in levels}) == 1:
        return levels
    priority = {row["id"]: row["priority"] for row in uow.rows(_priorities)}

    def preference(level: Row) -> tuple[object, ...]:
        rank = (priority[level["warehouse_id"]], level["warehouse_id"])
        if policy == "priority" or to is None:
            return rank
        return (*rules.distance(Place(level["country"], level["postal_code"]), to), *rank)

    return sorted(levels, key=preference)


def release(uow: UnitOfWork, documents: Sequence[str]) -> None:
    """Take the promises to these orders back: they were cancelled or expired. The caller holds the orders."""
    held = uow.rows(_held, documents=documents)
    levels = uow.lock_rows(stock_levels, _levels_of, sku_ids=sorted({row["sku_id"] for row in held}))
    for document in documents:
        freed = {
            (row["sku_id"], row["warehouse_id"]): -row["quantity"]
            for row in held
            if row["document"] == document
        }
        levels = _move(uow, levels, "released", document, reserved=freed)


def release_part(uow: UnitOfWork, units: Units, document: str) -> None:
    """Take the promise of some units to order `document` back, from the warehouses that hold fewest of them.

    Raises:
        RuntimeError: the order holds fewer; the transaction must not be committed.
    """
    held = held_by(uow, document)
    freed = rules.part_of(held, units)
    levels = uow.lock_rows(stock_levels, _levels_of, sku_ids=sorted(units))
    _move(uow, levels, "released", document, reserved={shelf: -count for shelf, count in freed.items()})


def held_by(db: Reading, document: str, warehouse_id: str | None = None) -> dict[tuple[str, str], int]:
    """Units that an order holds in all warehouses or one, by SKU and warehouse id."""
    return {
        (row["sku_id"], row["warehouse_id"]): int(row["quantity"])
        for row in db.rows(_held, documents=[document])
        if warehouse_id in (None, row["warehouse_id"])
    }


def ship(
    uow: UnitOfWork, document: str, warehouse_id: str | None = None, units: Units | None = None
) -> dict[str, dict[str, int]]:
    """What is promised to order `document` leaves the house.

    Args:
        warehouse_id: only what this one holds.
        units: only so many by SKU id; None is all.

    Returns:
        Units by SKU id, by warehouse id: each is a parcel.

    Raises:
        RuntimeError: the order holds fewer; the transaction must not be committed.
    """
    held = held_by(uow, document, warehouse_id)
    if units is not None:
        held = rules.part_of(held, units)
    levels = uow.lock_rows(stock_levels, _levels_of, sku_ids=sorted({sku_id for sku_id, _ in held}))
    gone = {shelf: -quantity for shelf, quantity in held.items()}
    _move(uow, levels, "shipped", document, on_hand=gone, reserved=gone)
    parcels: dict[str, dict[str, int]] = {}
    for (sku_id, at), quantity in held.items():
        parcels.setdefault(at, {})[sku_id] = quantity
    return parcels


def receive(uow: UnitOfWork, units: Units, document: str, warehouse_id: str | None = None) -> None:
    """Delivered units arrive with delivery `document`, in the first warehouse when none is named."""
    change(uow, "received", units, document, warehouse_id or main(uow))
    ledger.goods_received(uow, units, document)


def take_back(uow: UnitOfWork, units: Units, document: str, warehouse_id: str | None = None) -> None:
    """Returned units go back on the shelf with credit note `document`."""
    change(uow, "returned", units, document, warehouse_id or main(uow))


def change(
    uow: UnitOfWork, kind: str, units: Units, document: str, warehouse_id: str, reason: str | None = None
) -> None:
    """Change what is on hand in one warehouse.

    Args:
        units: signed units by SKU id.

    Raises:
        OutOfStock: more would go than is there and not promised; nothing was changed.
    """
    levels = uow.lock_rows(stock_levels, _levels_of, sku_ids=sorted(units))
    levels = _open_missing(uow, levels, units, warehouse_id)
    here = {level["sku_id"]: level for level in levels if level["warehouse_id"] == warehouse_id}
    for sku_id, quantity in units.items():
        left = here[sku_id]["on_hand"] - here[sku_id]["reserved"]
        if left + quantity < 0:
            raise OutOfStock(uow.value(_code, sku_id=sku_id), -quantity, left)
    moved = {(sku_id, warehouse_id): quantity for sku_id, quantity in units.items() if quantity}
    _move(uow, levels, kind, document, on_hand=moved, reason=reason)


def main(db: Reading) -> str:
    """The id of the warehouse that comes first.

    Raises:
        NotFound: there is none.
    """
    found: str | None = db.value(_main)
    if found is None:
        raise NotFound("warehouse", "main")
    return found


def _open_missing(uow: UnitOfWork, levels: list[Row], sku_ids: Iterable[str], warehouse_id: str) -> list[Row]:
    """Start counting SKUs that were never in this warehouse, at zero."""
    there = {level["sku_id"] for level in levels if level["warehouse_id"] == warehouse_id}
    missing = sorted(set(sku_ids) - there)
    if not missing:
        return levels
    for sku_id in missing:  # one by one, because another transaction may be opening the same
        row = {
            "id": uow.new_id(),
            "sku_id": sku_id,
            "warehouse_id": warehouse_id,
            "on_hand": 0,
            "reserved": 0,
        }
        uow.insert_unless_there(stock_levels, row, "sku_id", "warehouse_id")
    return uow.lock_rows(stock_levels, _levels_of, sku_ids=sorted(set(sku_ids)))


def _move(
    uow: UnitOfWork,
    levels: list[Row],
    kind: str,
    document: str,
    *,
    on_hand: Shelved | None = None,
    reserved: Shelved | None = None,
    reason: str | None = None,
) -> list[Row]:
    """Change locked levels and write down why; returns the levels as they are then."""
    on_hand, reserved = on_hand or {}, reserved or {}
    after = {level["id"]: level for level in levels}
    changes: dict[str, Row] = {}
    movements: list[Row] = []
    for level in levels:
        shelf = (level["sku_id"], level["warehouse_id"])
        there, promised = on_hand.get(shelf, 0), reserved.get(shelf, 0)
        if there or promised:
            new = {"on_hand": level["on_hand"] + there, "reserved": level["reserved"] + promised}
            changes[level["id"]] = new
            after[level["id"]] = {**level, **new}
            movements.append(
                {
                    "id": uow.new_id(),
                    "sku_id": shelf[0],
                    "warehouse_id": shelf[1],
                    "kind": kind,
                    "on_hand_change": there,
                    "reserved_change": promised,
                    "document": document,
                    "reason": reason,
                    "moved_at": uow.now,
                }
            )
    uow.update_many(stock_levels, changes)
    uow.insert_many(stock_movements, movements)
    return list(after.values())
