"""Stock as the catalogue's bulk work sees it: of the first warehouse, where what it adds is put."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from transactional.stock import levels as all_levels
from transactional.stock import service as stock
from transactional.stock import warehousing
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Reading, UnitOfWork

CHUNK = 10_000  # SQLite takes 32,766 parameters in one statement

_levels = (
    select(stock_levels)
    .where(
        stock_levels.c.warehouse_id == bindparam("warehouse_id"),
        stock_levels.c.sku_id.in_(bindparam("sku_ids", expanding=True)),
    )
    .order_by(stock_levels.c.sku_id)
)


@dataclass(frozen=True)
class Level:
    """Units of a SKU: physically there, and promised to orders."""

    on_hand: int
    reserved: int


def levels(db: Reading, sku_ids: Iterable[str]) -> dict[str, Level]:
    """The levels by SKU id; a unit of work locks them, so that they are so until its commit."""
    ids = sorted(sku_ids)
    found = dict.fromkeys(ids, Level(0, 0))
    for start in range(0, len(ids), CHUNK):
        wanted, first = ids[start : start + CHUNK], stock.main(db)
        if isinstance(db, UnitOfWork):
            # All of a SKU's levels in their order, because what is put there locks them all.
            rows = [row for row in all_levels.lock(db, wanted) if row["warehouse_id"] == first]
        else:
            rows = db.rows(_levels, warehouse_id=first, sku_ids=wanted)
        found.update({row["sku_id"]: Level(row["on_hand"], row["reserved"]) for row in rows})
    return found


def adjust(uow: UnitOfWork, units: Mapping[str, int], document: str) -> None:
    """Change what is on hand by signed units; levels are locked by `levels` before."""
    changes = {sku_id: count for sku_id, count in units.items() if count}
    if changes:
        warehousing.adjust(uow, stock.main(uow), changes, document, document)
