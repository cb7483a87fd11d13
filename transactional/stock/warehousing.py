"""Warehouses, what is in them, and why a shelf holds what it holds."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, or_, select, tuple_

from transactional.catalog.models import skus
from transactional.database import Id, UtcDateTime
from transactional.errors import NotFound
from transactional.ledger import events as ledger
from transactional.stock import backorders, service
from transactional.stock.models import (
    UNDER_WAY,
    stock_levels,
    stock_movements,
    transfer_lines,
    transfers,
    warehouses,
)
from transactional.stock.rules import Units
from transactional.unit_of_work import Reading, Row, UnitOfWork

_by_code = select(warehouses).where(warehouses.c.code == bindparam("code"))
_all = select(warehouses).order_by(warehouses.c.priority, warehouses.c.code)
_sku_ids = select(skus.c.code, skus.c.id).where(skus.c.code.in_(bindparam("codes", expanding=True)))
_levels = (
    select(
        warehouses.c.code.label("warehouse"),
        stock_levels.c.on_hand,
        stock_levels.c.reserved,
        warehouses.c.is_active,
    )
    .join(warehouses, warehouses.c.id == stock_levels.c.warehouse_id)
    .where(stock_levels.c.sku_id == bindparam("sku_id"))
    .order_by(warehouses.c.priority, warehouses.c.code)
)
_in = bindparam("warehouse", type_=warehouses.c.code.type)
_prefix = bindparam("prefix", type_=skus.c.code.type)
_below = bindparam("below", type_=stock_levels.c.on_hand.type)
_available = stock_levels.c.on_hand - stock_levels.c.reserved
_listed = (
    select(
        skus.c.code.label("sku"),
        warehouses.c.code.label("warehouse"),
        stock_levels.c.on_hand,
        stock_levels.c.reserved,
        warehouses.c.is_active,
    )
    .join(skus, skus.c.id == stock_levels.c.sku_id)
    .join(warehouses, warehouses.c.id == stock_levels.c.warehouse_id)
    .where(
        or_(_in.is_(None), warehouses.c.code == _in),
        func.substr(skus.c.code, 1, func.length(_prefix)) == _prefix,
        or_(_below.is_(None), _available < _below),
    )
    .order_by(skus.c.code, warehouses.c.priority, warehouses.c.code)
    .limit(bindparam("size"))
    .offset(bindparam("skip"))
)
_on_its_way = (
    select(func.coalesce(func.sum(UNDER_WAY), 0))
    .join(transfers, transfers.c.id == transfer_lines.c.transfer_id)
    .where(transfers.c.status == "in_transit", transfer_lines.c.sku_id == bindparam("sku_id"))
)
_MOST_SERVED = 1_000_000  # SKUs that anybody waits for
_in_order = (stock_movements.c.moved_at, stock_movements.c.id)
_explained = (
    select(
        stock_movements,
        warehouses.c.code.label("warehouse"),
        func.sum(stock_movements.c.on_hand_change)
        .over(partition_by=stock_movements.c.warehouse_id, order_by=_in_order)
        .label("on_hand"),
        func.sum(stock_movements.c.reserved_change)
        .over(partition_by=stock_movements.c.warehouse_id, order_by=_in_order)
        .label("reserved"),
    )
    .join(warehouses, warehouses.c.id == stock_movements.c.warehouse_id)
    .where(stock_movements.c.sku_id == bindparam("sku_id"))
    .subquery()
)
_movements = (
    select(_explained)
    .where(
        tuple_(_explained.c.moved_at, _explained.c.id)
        < tuple_(bindparam("before_moment", type_=UtcDateTime), bindparam("before_id", type_=Id))
    )
    .order_by(_explained.c.moved_at.desc(), _explained.c.id.desc())
    .limit(bindparam("limit"))
)
LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"  # sorts after every id


@dataclass(frozen=True)
class SkuStock:
    """What there is of one SKU: by warehouse, and between warehouses."""

    levels: list[Row]
    in_transit: int


def list_all(db: Reading) -> list[Row]:
    """All warehouses, the preferred first."""
    return db.rows(_all)


def find(db: Reading, code: str) -> Row:
    """A warehouse.

    Raises:
        NotFound: no warehouse has this code.
    """
    row = db.row(_by_code, code=code)
    if row is None:
        raise NotFound("warehouse", code)
    return row


def put(
    uow: UnitOfWork, code: str, *, name: str, country: str, postal_code: str, priority: int, is_active: bool
) -> Row:
    """Open a warehouse or change one; a closed one keeps what it has promised, and sells nothing new.

    One that opens again serves first who waits for what it has.
    """
    values = {
        "name": name,
        "country": country,
        "postal_code": postal_code,
        "priority": priority,
        "is_active": is_active,
    }
    if uow.insert_unless_there(warehouses, {"id": uow.new_id(), "code": code, **values}, "code"):
        return find(uow, code)
    row = uow.lock(warehouses, find(uow, code)["id"])
    if row is None:
        raise NotFound("warehouse", code)
    put = uow.update(warehouses, row, **values)
    if is_active and not row["is_active"]:
        backorders.serve_due(uow, backorders.due(uow, _MOST_SERVED))
    return put


def sku_id(db: Reading, code: str) -> str:
    """The id of a SKU code.

    Raises:
        NotFound: no SKU has this code.
    """
    return sku_ids(db, [code])[code]


def sku_ids(db: Reading, codes: list[str]) -> dict[str, str]:
    """Ids by SKU code.

    Raises:
        NotFound: no SKU has one of the codes.
    """
    found = {row["code"]: row["id"] for row in db.rows(_sku_ids, codes=codes)}
    for code in codes:
        if code not in found:
            raise NotFound("SKU", code)
    return found


def stock_of(db: Reading, sku_id: str) -> SkuStock:
    return SkuStock(db.rows(_levels, sku_id=sku_id), int(db.value(_on_its_way, sku_id=sku_id)))


def listed(
    db: Reading, *, warehouse: str | None, prefix: str, below: int | None, page: int, page_size: int
) -> list[Row]:
    """Levels by SKU code.

    Args:
        warehouse: only in the one of this code.
        prefix: only of SKUs whose code begins so.
        below: only where fewer units are there and not promised.
    """
    wanted = {"warehouse": warehouse, "prefix": prefix, "below": below}
    return db.rows(_listed, **wanted, size=page_size, skip=(page - 1) * page_size)


def explain(db: Reading, sku_id: str, before: str | None, limit: int) -> list[Row]:
    """Why on hand is what it is: movements, the latest first, each with what was there and promised after it.

    Args:
        before: id of a movement; those before it are told. None begins with the latest.

    Raises:
        NotFound: there is no movement `before`.
    """
    last = db.get(stock_movements, before) if before else {"moved_at": db.now, "id": LAST_ID}
    if last is None:
        raise NotFound("stock movement", before or "")
    return db.rows(
        _movements, sku_id=sku_id, before_moment=last["moved_at"], before_id=last["id"], limit=limit
    )


def adjust(uow: UnitOfWork, warehouse_id: str, units: Units, document: str, reason: str) -> None:
    """Correct what is on hand after count or loss `document`.

    Args:
        units: signed units by SKU id.

    Raises:
        OutOfStock: more would go than is there and not promised.
    """
    service.change(uow, "adjusted", units, document, warehouse_id, reason)
    ledger.goods_adjusted(uow, units, document, reason)
