"""Stock as the catalogue's bulk work sees it: of one warehouse, the first unless another is named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from transactional.stock import levels as stock_levels_of
from transactional.stock import service as stock
from transactional.stock import warehousing
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Reading, UnitOfWork

CHUNK = 10_000  # SQLite takes 32,766 parameters in one statement

_levels = select(stock_levels).where(
    stock_levels.c.warehouse_id == bindparam("warehouse_id"),
    stock_levels.c.sku_id.in_(bindparam("sku_ids", expanding=True)),
)


@dataclass(frozen=True)
class Level:
    """Units of a SKU: physically there, and promised to orders."""

    on_hand: int
    reserved: int


def warehouse_id(db: Reading, code: str | None) -> str:
    """The id of the warehouse of this code, or of the first.

    Raises:
        NotFound: there is none.
    """
    return stock.main(db) if code is None else str(warehousing.find(db, code)["id"])


def levels(db: Reading, sku_ids: Iterable[str], warehouse: str | None = None) -> dict[str, Level]:
    """The levels by SKU id; a unit of work locks those of all warehouses, so that they stay so.

    Args:
        warehouse: code; the first when None.

    Raises:
        NotFound: there is no such warehouse.
    """
    ids = sorted(sku_ids)
    at = warehouse_id(db, warehouse)
    found = dict.fromkeys(ids, Level(0, 0))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        if isinstance(db, UnitOfWork):
            # All of a SKU's levels in their order, because what is put there locks them all.
            rows = [row for row in stock_levels_of.lock(db, chunk) if row["warehouse_id"] == at]
        else:
            rows = db.rows(_levels, warehouse_id=at, sku_ids=chunk)
        found.update({row["sku_id"]: Level(row["on_hand"], row["reserved"]) for row in rows})
    return found


def adjust(uow: UnitOfWork, units: Mapping[str, int], document: str, warehouse: str | None = None) -> None:
    """Change what is on hand by signed units by SKU id; levels are locked by `levels` before.

    Raises:
        NotFound: there is no such warehouse.
    """
    changes = sorted((sku_id, count) for sku_id, count in units.items() if count)
    at = warehouse_id(uow, warehouse)
    for start in range(0, len(changes), CHUNK):
        warehousing.adjust(uow, at, dict(changes[start : start + CHUNK]), document, document)
