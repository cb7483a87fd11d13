"""Units that are sold before they are there: how many, until when, and who gets them when they come.

Whoever sets units of a SKU free holds its levels and calls `serve` in the same transaction, and whoever sells
beyond what is there holds them too: so free units and an order that waits for them never stand side by side.
Only a pre-order's day comes by itself, for which `due` finds what a background step has to serve.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, func, or_, select, tuple_

from transactional.catalog.models import skus
from transactional.database import UtcDateTime
from transactional.errors import NotFound
from transactional.row_statements import for_update
from transactional.stock import levels, rules
from transactional.stock.levels import Move
from transactional.stock.models import backorders, stock_levels, supplies, warehouses
from transactional.stock.rules import Supply, SupplyPolicy, Units, Waiting
from transactional.unit_of_work import Reading, Row, UnitOfWork

_waits = backorders.c.waiting > 0
_owed = (
    select(func.coalesce(func.sum(backorders.c.waiting), 0))
    .where(backorders.c.sku_id == supplies.c.sku_id, _waits)
    .correlate(supplies)
    .scalar_subquery()
)
_owed_of = select(func.coalesce(func.sum(backorders.c.waiting), 0)).where(
    backorders.c.sku_id == bindparam("sku_id"), _waits
)
_supplies = select(
    supplies.c.sku_id,
    supplies.c.policy,
    supplies.c.most,
    supplies.c.days,
    supplies.c.available_from,
    _owed.label("owed"),
).where(supplies.c.sku_id.in_(bindparam("sku_ids", expanding=True)))
_supply_of = for_update(select(supplies).where(supplies.c.sku_id == bindparam("sku_id")), supplies)
_day_came = or_(
    supplies.c.available_from.is_(None), supplies.c.available_from <= bindparam("now", type_=UtcDateTime)
)
_by_sku = for_update(
    select(backorders)
    .join(supplies, supplies.c.sku_id == backorders.c.sku_id, isouter=True)
    .where(backorders.c.sku_id.in_(bindparam("sku_ids", expanding=True)), _waits, _day_came)
    .order_by(backorders.c.placed_at, backorders.c.id),
    backorders,
)
_waiting = (
    select(backorders)
    .where(backorders.c.document.in_(bindparam("documents", expanding=True)), _waits)
    .order_by(backorders.c.id)
)
_waiting_locked = for_update(_waiting, backorders)
_of = for_update(
    select(backorders).where(backorders.c.document == bindparam("document")).order_by(backorders.c.id),
    backorders,
)
_before = backorders.alias("before")
_ahead = (
    select(func.coalesce(func.sum(_before.c.waiting), 0))
    .where(
        _before.c.sku_id == backorders.c.sku_id,
        _before.c.waiting > 0,
        tuple_(_before.c.placed_at, _before.c.id) < tuple_(backorders.c.placed_at, backorders.c.id),
    )
    .scalar_subquery()
)
_of_document = (
    select(
        backorders,
        skus.c.code.label("sku"),
        func.coalesce(supplies.c.policy, "stock").label("policy"),
        _ahead.label("ahead"),
    )
    .join(skus, skus.c.id == backorders.c.sku_id)
    .join(supplies, supplies.c.sku_id == backorders.c.sku_id, isouter=True)
    .where(backorders.c.document == bindparam("document"))
    .order_by(backorders.c.id)
)
_free = (
    select(stock_levels.c.id)
    .join(warehouses, warehouses.c.id == stock_levels.c.warehouse_id)
    .where(
        stock_levels.c.sku_id == backorders.c.sku_id,
        stock_levels.c.on_hand > stock_levels.c.reserved,
        warehouses.c.is_active,
    )
    .exists()
)
_due = (
    select(backorders.c.sku_id)
    .join(supplies, supplies.c.sku_id == backorders.c.sku_id, isouter=True)
    .where(and_(_waits, _day_came, _free))
    .distinct()
    .limit(bindparam("limit"))
)


def current(db: Reading, sku_ids: Iterable[str]) -> dict[str, Supply]:
    """How these SKUs may be sold beyond what is there, by id; one that is sold from stock is not in it."""
    return {row.pop("sku_id"): Supply(**row) for row in db.rows(_supplies, sku_ids=sorted(sku_ids))}


def owed(db: Reading, sku_id: str) -> int:
    """Units of a SKU for which orders wait."""
    return int(db.value(_owed_of, sku_id=sku_id))


def orderable(db: Reading, lines: list[Row]) -> list[Row]:
    """Lines whose `available` counts what can be ordered beyond what is there; no query when none can.

    Args:
        lines: rows with `sku_id`, `has_supply` and `available`; those with a supply get it as `supply`.
    """
    special = [line["sku_id"] for line in lines if line["has_supply"]]
    if not special:
        return lines
    known = current(db, special)
    return [
        {
            **line,
            "available": known[line["sku_id"]].orderable(line["available"], db.now),
            "supply": known[line["sku_id"]],
        }
        if line["sku_id"] in known
        else line
        for line in lines
    ]


def put(
    uow: UnitOfWork,
    sku_id: str,
    *,
    policy: SupplyPolicy,
    most: int,
    days: int | None,
    available_from: datetime | None,
) -> None:
    """Sell a SKU beyond what is there, from now on; orders that wait keep what they were promised.

    Raises:
        NotFound: there is no such SKU.
    """
    values = {"policy": policy, "most": most, "days": days, "available_from": available_from}
    sku = _lock_sku(uow, sku_id)
    known = uow.lock_rows(supplies, _supply_of, sku_id=sku_id)
    if known:
        uow.update(supplies, known[0], **values)
    else:
        uow.insert(supplies, {"id": uow.new_id(), "sku_id": sku_id, **values})
        uow.update(skus, sku, has_supply=True)
    serve_due(uow, [sku_id])


def remove(uow: UnitOfWork, sku_id: str) -> None:
    """Sell a SKU from stock only; orders that wait go on waiting.

    Raises:
        NotFound: there is no such SKU.
    """
    sku = _lock_sku(uow, sku_id)
    for row in uow.lock_rows(supplies, _supply_of, sku_id=sku_id):
        uow.delete(supplies, row)
        uow.update(skus, sku, has_supply=False)
    serve_due(uow, [sku_id])


def _lock_sku(uow: UnitOfWork, sku_id: str) -> Row:
    sku = uow.lock(skus, sku_id)
    if sku is None:
        raise NotFound("SKU", sku_id)
    return sku


def open_all(uow: UnitOfWork, document: str, units: Units, supplies_of: Mapping[str, Supply]) -> list[Row]:
    """Let order `document` wait for units that are not there; the caller holds their levels."""
    rows = [
        {
            "id": uow.new_id(),
            "sku_id": sku_id,
            "document": document,
            "quantity": count,
            "waiting": count,
            "cancelled": 0,
            "placed_at": uow.now,
            "expected_at": supplies_of[sku_id].expected_at(uow.now),
        }
        for sku_id, count in units.items()
    ]
    return uow.insert_many(backorders, rows)


def serve(uow: UnitOfWork, rows: list[Row], sku_ids: Iterable[str]) -> list[Row]:
    """Give free units of these SKUs to the orders that wait, the oldest first.

    A pre-order gets nothing before its day.

    Args:
        rows: the locked levels of these SKUs, and maybe of others.

    Returns:
        These levels as they are then.
    """
    found = uow.lock_rows(backorders, _by_sku, sku_ids=sorted(sku_ids), now=uow.now) if sku_ids else []
    if not found:
        return rows
    waiting = [Waiting(row["id"], row["document"], row["sku_id"], row["waiting"]) for row in found]
    given = rules.share_out(waiting, levels.for_sale(levels.preferred(uow, rows)))
    moves = [
        Move(part.shelf.sku_id, part.shelf.warehouse_id, "allocated", to.document, reserved=part.quantity)
        for to, part in given
    ]
    left = {row["id"]: row["waiting"] for row in found}
    for to, part in given:
        left[to.id] -= part.quantity
    uow.update_many(backorders, {to.id: {"waiting": left[to.id]} for to, _ in given})
    return levels.write(uow, rows, moves)


def withdraw(uow: UnitOfWork, documents: Sequence[str]) -> None:
    """These orders wait no longer; the caller holds the levels of what they waited for."""
    found = uow.lock_rows(backorders, _waiting_locked, documents=documents)
    gone = {row["id"]: {"waiting": 0, "cancelled": row["cancelled"] + row["waiting"]} for row in found}
    uow.update_many(backorders, gone)


def withdraw_part(uow: UnitOfWork, units: Units, document: str) -> dict[str, int]:
    """Order `document` waits for fewer units; the caller holds their levels.

    Returns:
        The units that it did not wait for, by SKU id.
    """
    left, changes = dict(units), dict[str, Row]()
    for row in uow.lock_rows(backorders, _waiting_locked, documents=[document]):
        count = min(row["waiting"], left.get(row["sku_id"], 0))
        if count:
            left[row["sku_id"]] -= count
            changes[row["id"]] = {"waiting": row["waiting"] - count, "cancelled": row["cancelled"] + count}
    uow.update_many(backorders, changes)
    return left


def hand_over(uow: UnitOfWork, document: str, to: str) -> list[Row]:
    """Order `to` waits instead of document `document`, at its place; returns what for."""
    found = uow.lock_rows(backorders, _of, document=document)
    uow.update_many(backorders, {row["id"]: {"document": to} for row in found})
    return found


def waiting_of(db: Reading, documents: Sequence[str]) -> list[Row]:
    """What these orders wait for."""
    return db.rows(_waiting, documents=documents)


def of_order(db: Reading, document: str) -> list[Row]:
    """All that order `document` waited for or does: SKU codes, policies, and the units owed before it."""
    return db.rows(_of_document, document=document)


def due(db: Reading, limit: int) -> list[str]:
    """SKUs of which free units and orders that wait stand side by side, as when a pre-order's day came."""
    return [row["sku_id"] for row in db.rows(_due, now=db.now, limit=limit)]


def serve_due(uow: UnitOfWork, sku_ids: Sequence[str]) -> None:
    """Serve orders that wait for these SKUs, whose levels are not locked yet."""
    serve(uow, levels.lock(uow, sku_ids), sku_ids)
