"""What is promised to orders: kept, handed over, taken back. What an order holds is the sum of its movements.

A transaction locks its levels once (`service.lock`) and hands them from step to step, as they are then.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, func, select

from transactional.catalog.models import skus
from transactional.stock import backorders, levels, rules
from transactional.stock.errors import OutOfStock
from transactional.stock.levels import Move
from transactional.stock.models import stock_movements
from transactional.stock.rules import Place, Shortage, Supply, Units
from transactional.unit_of_work import Reading, Row, UnitOfWork

_NO_SUPPLIES: Mapping[str, Supply] = {}

_movements = stock_movements.c
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


def reserve(
    uow: UnitOfWork,
    rows: list[Row],
    units: Units,
    document: str,
    *,
    to: Place | None = None,
    supplies: Mapping[str, Supply] = _NO_SUPPLIES,
) -> tuple[list[Row], list[Row]]:
    """Promise units to order `document`, from as few warehouses as it takes.

    Args:
        rows: the locked levels of these units, and maybe of more.
        to: where the order goes.
        supplies: by id, of the SKUs that may be sold beyond what is there.

    Returns:
        The levels, and the back-orders for what is not there.

    Raises:
        OutOfStock: fewer are available, also beyond what is there; the transaction must not be committed.
    """
    if supplies:
        rows = backorders.serve(uow, rows, supplies)  # who came before is first
    shelves = levels.for_sale(levels.preferred(uow, rows, to))
    there, waiting = units, list[Row]()
    if supplies:
        parted = rules.part(units, shelves, backorders.current(uow, supplies), uow.now)
        if isinstance(parted, Shortage):
            raise out_of_stock(uow, parted)
        there, beyond = parted
        waiting = backorders.open_all(uow, document, beyond, supplies)
    chosen = rules.allocate(there, shelves)
    if isinstance(chosen, Shortage):
        raise out_of_stock(uow, chosen)
    allocated = {(part.shelf.sku_id, part.shelf.warehouse_id): part.quantity for part in chosen}
    return levels.move(uow, rows, "allocated", document, reserved=allocated), waiting


def out_of_stock(db: Reading, short: Shortage) -> OutOfStock:
    """The refusal of units that are not there."""
    return OutOfStock(db.value(_code, sku_id=short.sku_id), short.wanted, short.available)


def release(uow: UnitOfWork, documents: Sequence[str], rows: list[Row] | None = None) -> None:
    """Take the promises to these orders back: they were cancelled or expired. The caller holds the orders.

    Args:
        rows: the levels of what they hold and wait for, when the caller has locked them.
    """
    # What waits is read first: units that come meanwhile turn it into what is held.
    waiting = backorders.waiting_of(uow, documents)
    held = uow.rows(_held, documents=documents)
    if rows is None:
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
    rows = levels.write(uow, rows, moves)
    backorders.serve(uow, rows, {row["sku_id"] for row in held})


def hand_over(uow: UnitOfWork, rows: list[Row], document: str, to: str) -> tuple[list[Row], list[Row]]:
    """What is promised to document `document` is promised to order `to` instead.

    Args:
        rows: locked levels, of all that `document` holds and maybe of more.

    Returns:
        The levels, and the back-orders that are `to`'s now.
    """
    moves = [
        Move(*shelf, kind, owner, reserved=count)
        for shelf, quantity in held_by(uow, document).items()
        for kind, owner, count in (("released", document, -quantity), ("allocated", to, quantity))
    ]
    return levels.write(uow, rows, moves), backorders.hand_over(uow, document, to)


def release_part(uow: UnitOfWork, rows: list[Row], units: Units, document: str) -> None:
    """Take the promise of some units to order `document` back: of those it waits for first, then of those
    in the warehouses that hold fewest of them.

    Args:
        rows: the locked levels of these units, and maybe of more.

    Raises:
        RuntimeError: the order holds fewer; the transaction must not be committed.
    """
    left = backorders.withdraw_part(uow, units, document)
    freed = rules.part_of(held_by(uow, document), left)
    released = {shelf: -count for shelf, count in freed.items()}
    rows = levels.move(uow, rows, "released", document, reserved=released)
    backorders.serve(uow, rows, {sku_id for sku_id, _ in freed})


def held_by(db: Reading, document: str, warehouse_id: str | None = None) -> dict[tuple[str, str], int]:
    """Units that an order holds in all warehouses or one, by SKU and warehouse id."""
    return {
        (row["sku_id"], row["warehouse_id"]): int(row["quantity"])
        for row in db.rows(_held, documents=[document])
        if warehouse_id in (None, row["warehouse_id"])
    }
