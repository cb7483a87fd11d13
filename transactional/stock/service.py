"""Stock: what is there, where, and what is promised. What an order holds is the sum of its movements.

Whatever sets units free gives them to the orders that wait, in the same transaction: see `backorders`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select

from transactional.catalog.models import skus
from transactional.errors import NotFound
from transactional.ledger import events as ledger
from transactional.stock import backorders, levels, rules, valuation
from transactional.stock.errors import OutOfStock
from transactional.stock.levels import Move
from transactional.stock.models import stock_levels, stock_movements, warehouses
from transactional.stock.rules import Place, Policy, Shelf, Shortage, Supply, Units
from transactional.stock.valuation import Priced
from transactional.unit_of_work import Reading, Row, UnitOfWork

_NO_SUPPLIES: Mapping[str, Supply] = {}

_levels = stock_levels.c
_movements = stock_movements.c
_priorities = select(warehouses.c.id, warehouses.c.priority)
_main = (
    select(warehouses.c.id)
    .order_by(warehouses.c.is_active.desc(), warehouses.c.priority, warehouses.c.code)
    .limit(1)
)
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
    supplies: Mapping[str, Supply] = _NO_SUPPLIES,
) -> list[Row]:
    """Promise units to order `document`, from as few warehouses as it takes.

    Args:
        to: where the order goes, for the policy `nearest`.
        supplies: by id, of the SKUs that may be sold beyond what is there.

    Returns:
        The back-orders for what is not there.

    Raises:
        OutOfStock: fewer are available, also beyond what is there; the transaction must not be committed.
    """
    if supplies:
        # A level that nobody opened cannot be locked: a delivery would not see that somebody waits for it.
        levels.open_missing(uow, supplies, main(uow))
        levels.lock(uow, units)
        backorders.serve(uow, supplies)  # who came before is first
    rows = levels.lock_for_sale(uow, units)
    shelves = [
        Shelf(row["id"], row["sku_id"], row["warehouse_id"], row["on_hand"] - row["reserved"])
        for row in _preferred(uow, rows, to, policy)
    ]
    there, waiting = units, list[Row]()
    if supplies:
        parted = rules.part(units, shelves, backorders.current(uow, supplies), uow.now)
        if isinstance(parted, Shortage):
            raise _out_of_stock(uow, parted)
        there, beyond = parted
        waiting = backorders.open_all(uow, document, beyond, supplies)
    chosen = rules.allocate(there, shelves)
    if isinstance(chosen, Shortage):
        raise _out_of_stock(uow, chosen)
    allocated = {(part.shelf.sku_id, part.shelf.warehouse_id): part.quantity for part in chosen}
    levels.move(uow, rows, "allocated", document, reserved=allocated)
    return waiting


def _out_of_stock(db: Reading, short: Shortage) -> OutOfStock:
    return OutOfStock(db.value(_code, sku_id=short.sku_id), short.wanted, short.available)


def _preferred(uow: UnitOfWork, rows: list[Row], to: Place | None, policy: Policy) -> list[Row]:
    """Levels with those of the preferred warehouses first."""
    if len({level["warehouse_id"] for level in rows}) == 1:
        return rows
    priority = {row["id"]: row["priority"] for row in uow.rows(_priorities)}

    def preference(level: Row) -> tuple[object, ...]:
        rank = (priority[level["warehouse_id"]], level["warehouse_id"])
        if policy == "priority" or to is None:
            return rank
        return (*rules.distance(Place(level["country"], level["postal_code"]), to), *rank)

    return sorted(rows, key=preference)


def release(uow: UnitOfWork, documents: Sequence[str]) -> None:
    """Take the promises to these orders back: they were cancelled or expired. The caller holds the orders."""
    # What waits is read first: units that come meanwhile turn it into what is held.
    waiting = backorders.waiting_of(uow, documents)
    held = uow.rows(_held, documents=documents)
    rows = levels.lock(uow, {row["sku_id"] for row in (*held, *waiting)})
    if waiting:
        backorders.withdraw(uow, documents)
        held = uow.rows(_held, documents=documents)
    moves = [
        Move(
            row["sku_id"],
            row["warehouse_id"],
            "released",
            row["document"],
            reserved=-int(row["quantity"]),
        )
        for row in held
    ]
    levels.write(uow, rows, moves)
    backorders.serve(uow, {row["sku_id"] for row in held})


def lock(uow: UnitOfWork, sku_ids: Iterable[str]) -> None:
    """Lock the levels of all SKUs that a transaction will change in several steps."""
    levels.lock(uow, sku_ids)


def hand_over(uow: UnitOfWork, document: str, to: str) -> list[Row]:
    """What is promised to document `document` is promised to order `to` instead.

    Returns:
        The back-orders that are `to`'s now.
    """
    held = held_by(uow, document)
    rows = levels.lock(uow, {sku_id for sku_id, _ in held})
    moves = [
        Move(*shelf, kind, owner, reserved=count)
        for shelf, quantity in held.items()
        for kind, owner, count in (("released", document, -quantity), ("allocated", to, quantity))
    ]
    levels.write(uow, rows, moves)
    return backorders.hand_over(uow, document, to)


def release_part(uow: UnitOfWork, units: Units, document: str) -> None:
    """Take the promise of some units to order `document` back: of those it waits for first, then of those
    in the warehouses that hold fewest of them.

    Raises:
        RuntimeError: the order holds fewer; the transaction must not be committed.
    """
    rows = levels.lock(uow, units)
    left = backorders.withdraw_part(uow, units, document)
    freed = rules.part_of(held_by(uow, document), left)
    levels.move(uow, rows, "released", document, reserved={shelf: -count for shelf, count in freed.items()})
    backorders.serve(uow, {sku_id for sku_id, _ in freed})


def held_by(db: Reading, document: str, warehouse_id: str | None = None) -> dict[tuple[str, str], int]:
    """Units that an order holds in all warehouses or one, by SKU and warehouse id."""
    return {
        (row["sku_id"], row["warehouse_id"]): int(row["quantity"])
        for row in db.rows(_held, documents=[document])
        if warehouse_id in (None, row["warehouse_id"])
    }


@dataclass(frozen=True)
class Parcel:
    """Units by SKU id that leave one warehouse, with the locked levels that they leave."""

    warehouse_id: str
    units: Units
    levels: list[Row]


def pack(
    uow: UnitOfWork, document: str, warehouse_id: str | None = None, units: Units | None = None
) -> list[Parcel]:
    """What is promised to order `document` and can leave the house, packed: a parcel for each warehouse.

    Args:
        warehouse_id: only what this one holds.
        units: only so many by SKU id; None is all.

    Raises:
        RuntimeError: the order holds fewer; the transaction must not be committed.
    """
    held = held_by(uow, document, warehouse_id)
    if units is not None:
        held = rules.part_of(held, units)
    # Once: a level that is opened meanwhile may come before those that are locked.
    rows = levels.lock(uow, {sku_id for sku_id, _ in held})
    packed: dict[str, dict[str, int]] = {}
    for (sku_id, at), quantity in held.items():
        packed.setdefault(at, {})[sku_id] = quantity
    return [Parcel(at, packed[at], rows) for at in sorted(packed)]


def ship(uow: UnitOfWork, document: str, shipment: str, parcel: Parcel) -> None:
    """A parcel of order `document` leaves the house, as shipment of this number."""
    gone = {(sku_id, parcel.warehouse_id): -quantity for sku_id, quantity in parcel.units.items()}
    levels.move(uow, parcel.levels, "shipped", document, on_hand=gone, reserved=gone, shipment=shipment)


def receive(
    uow: UnitOfWork,
    units: Units,
    document: str,
    warehouse_id: str | None = None,
    *,
    supplier: str | None = None,
    priced: Iterable[Priced] = (),
) -> None:
    """Delivered units arrive with delivery `document`, in the first warehouse when none is named.

    Args:
        supplier: code of whom they are owed to.
        priced: those of the units for which the supplier asks something else than their SKU's cost.
    """
    change(uow, "received", units, document, warehouse_id or main(uow))
    extra = valuation.beyond_cost(uow, priced)
    ledger.goods_received(uow, units, document, supplier=supplier, extra=extra)


def take_back(uow: UnitOfWork, units: Units, document: str, warehouse_id: str) -> None:
    """Returned units go back on the shelf with credit note `document`."""
    change(uow, "returned", units, document, warehouse_id)


def take_back_damaged(uow: UnitOfWork, units: Units, document: str, warehouse_id: str) -> None:
    """Returned units that nobody can buy come in with credit note `document`, and are counted out again."""
    levels.open_missing(uow, units, warehouse_id)
    rows = levels.lock(uow, units)
    back = {(sku_id, warehouse_id): count for sku_id, count in units.items()}
    rows = levels.move(uow, rows, "returned", document, on_hand=back)
    gone = {shelf: -count for shelf, count in back.items()}
    levels.move(uow, rows, "adjusted", document, on_hand=gone, reason="came back damaged")


def change(
    uow: UnitOfWork, kind: str, units: Units, document: str, warehouse_id: str, reason: str | None = None
) -> None:
    """Change what is on hand in one warehouse.

    Args:
        units: signed units by SKU id.

    Raises:
        OutOfStock: more would go than is there and not promised; nothing was changed.
    """
    levels.open_missing(uow, units, warehouse_id)
    rows = levels.lock(uow, units)
    here = {level["sku_id"]: level for level in rows if level["warehouse_id"] == warehouse_id}
    for sku_id, quantity in units.items():
        left = here[sku_id]["on_hand"] - here[sku_id]["reserved"]
        if left + quantity < 0:
            raise OutOfStock(uow.value(_code, sku_id=sku_id), -quantity, left)
    moved = {(sku_id, warehouse_id): quantity for sku_id, quantity in units.items() if quantity}
    levels.move(uow, rows, kind, document, on_hand=moved, reason=reason)
    backorders.serve(uow, {sku_id for sku_id, quantity in units.items() if quantity > 0})


def main(db: Reading) -> str:
    """The id of the warehouse that comes first, an open one if there is any.

    Raises:
        NotFound: there is none.
    """
    found: str | None = db.value(_main)
    if found is None:
        raise NotFound("warehouse", "main")
    return found
