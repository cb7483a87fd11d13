"""Stock as the catalogue's bulk work sees it: of the first warehouse, where what it adds is put."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from transactional.stock import service as stock
from transactional.stock import warehousing
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Reading, UnitOfWork, for_update

CHUNK = 10_000  # SQLite takes 32,766 parameters in one statement

_levels = (
    select(stock_levels)
    .where(
        stock_levels.c.warehouse_id == bindparam("warehouse_id"),
        stock_levels.c.sku_id.in_(bindparam("sku_ids", expanding=True)),
    )
    .order_by(stock_levels.c.sku_id)
)
_locked_levels = for_update(_levels, stock_levels)


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
        wanted = {"warehouse_id": stock.main(db), "sku_ids": ids[start : start + CHUNK]}
        if isinstance(db, UnitOfWork):
            rows = db.lock_rows(stock_levels, _locked_levels, **wanted)
        else:
            rows = db.rows(_levels, **wanted)
        found.update({row["sku_id"]: Level(row["on_hand"], row["reserved"]) for row in rows})
    return found


def adjust(uow: UnitOfWork, units: Mapping[str, int], document: str) -> None:
    """Change what is on hand by signed units; levels are locked by `levels` before."""
    changes = {sku_id: count for sku_id, count in units.items() if count}
    if changes:
        warehousing.adjust(uow, stock.main(uow), changes, document, document)
