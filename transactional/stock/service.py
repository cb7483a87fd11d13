"""Stock: what is there and where, what comes and what leaves. What is promised is in `promises`.

Whatever sets units free gives them to the orders that wait, in the same transaction: see `backorders`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import ColumnElement, ScalarSelect, func, select

from transactional.errors import NotFound
from transactional.ledger import events as ledger
from transactional.stock import backorders, levels, promises, rules, valuation
from transactional.stock.models import stock_levels, warehouses
from transactional.stock.rules import Units
from transactional.stock.valuation import Priced
from transactional.unit_of_work import Reading, Row, UnitOfWork

_levels = stock_levels.c
_main = (
    select(warehouses.c.id)
    .order_by(warehouses.c.is_active.desc(), warehouses.c.priority, warehouses.c.code)
    .limit(1)
)


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


def lock(uow: UnitOfWork, sku_ids: Iterable[str], supplies: Iterable[str] = ()) -> list[Row]:
    """Lock the levels of all SKUs whose promises a transaction will change, in one step or several.

    Args:
        supplies: ids of those that may be sold beyond what is there.
    """
    if beyond := list(supplies):
        # A level that nobody opened cannot be locked: a delivery would not see that somebody waits for it.
        levels.open_missing(uow, beyond, main(uow))
    return levels.lock(uow, sku_ids)


def lock_for_sale(uow: UnitOfWork, sku_ids: Iterable[str], supplies: Iterable[str] = ()) -> list[Row]:
    """The same for a transaction that only promises units, and takes no other promise back."""
    # Who sells beyond what is there needs a level that everybody locks who brings units, in any warehouse.
    beyond = list(supplies)
    return lock(uow, sku_ids, beyond) if beyond else levels.lock_that_sell(uow, sku_ids)


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
    held = promises.held_by(uow, document, warehouse_id)
    if units is not None:
        held = rules.part_of(held, units)
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
            raise promises.out_of_stock(uow, rules.Shortage(sku_id, -quantity, left))
    moved = {(sku_id, warehouse_id): quantity for sku_id, quantity in units.items() if quantity}
    rows = levels.move(uow, rows, kind, document, on_hand=moved, reason=reason)
    backorders.serve(uow, rows, {sku_id for sku_id, quantity in units.items() if quantity > 0})


def main(db: Reading) -> str:
    """The id of the warehouse that comes first, an open one if there is any.

    Raises:
        NotFound: there is none.
    """
    found: str | None = db.value(_main)
    if found is None:
        raise NotFound("warehouse", "main")
    return found
