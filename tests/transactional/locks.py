"""Which rows transactions lock, and in which order: the README names the one that all keep to."""

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Select, Table

from transactional.ledger.models import ledger_accounts
from transactional.orders.change_models import order_changes
from transactional.orders.models import group_purchases, orders, shipments
from transactional.payments.models import payments, refunds
from transactional.promotions.models import promotion_budgets, promotion_codes, promotion_customers
from transactional.row_statements import Increment
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Row, UnitOfWork

# Rows of the first ones hang together by the lock of their order.
_PLACES = dict.fromkeys((orders, shipments, order_changes, payments, refunds, group_purchases), 0) | {
    stock_levels: 1,
    promotion_budgets: 2,
    promotion_customers: 3,
    promotion_codes: 4,
    ledger_accounts: 5,
}


class Lock(NamedTuple):
    """A row that a transaction locked, as locks are sorted."""

    place: int
    name: tuple[str, ...]

    @classmethod
    def of(cls, table: Table, row: Row) -> "Lock":
        names = {stock_levels: ("sku_id", "warehouse_id"), ledger_accounts: ("code",)}.get(table, ())
        return cls(_PLACES[table], tuple(str(row[name]) for name in names))


class Locks:
    """What each transaction locked that it did not hold."""

    def __init__(self) -> None:
        self.of_transaction: dict[UnitOfWork, list[Lock]] = {}
        self.statements: list[Table] = []

    def note(self, uow: UnitOfWork, table: Table, held: Container[object], rows: Iterable[Row]) -> None:
        self.statements.append(table)
        if table in _PLACES:
            new = [Lock.of(table, row) for row in rows if (table.name, row["id"]) not in held]
            self.of_transaction.setdefault(uow, []).extend(new)

    def out_of_order(self) -> list[tuple[Lock, Lock]]:
        """Rows that a transaction locked one after the other, and should have the other way round."""
        pairs = [pair for locked in self.of_transaction.values() for pair in pairwise(locked)]
        return [(first, then) for first, then in pairs if first > then]

    def of(self, table: Table) -> list[tuple[str, ...]]:
        """The names of the rows of a table that were locked."""
        locked = [lock for each in self.of_transaction.values() for lock in each]
        return [lock.name for lock in locked if lock.place == _PLACES[table]]


@contextmanager
def noted() -> Iterator[Locks]:
    """Note what is locked while the block runs."""
    locks = Locks()
    lock, lock_rows, increment = UnitOfWork.lock, UnitOfWork.lock_rows, UnitOfWork.increment

    def locking(uow: UnitOfWork, table: Table, row_id: str) -> Row | None:
        held = set(uow._held)
        row = lock(uow, table, row_id)
        locks.note(uow, table, held, [] if row is None else [row])
        return row

    def locking_rows(uow: UnitOfWork, table: Table, statement: Select[Any], **parameters: Any) -> list[Row]:
        held = set(uow._held)
        rows = lock_rows(uow, table, statement, **parameters)
        locks.note(uow, table, held, rows)
        return rows

    def incrementing(uow: UnitOfWork, change: Increment, key: Any, **by: int) -> Row | None:
        held = set(uow._held)
        row = increment(uow, change, key, **by)
        locks.note(uow, change.table, held, [] if row is None else [row])
        return row

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UnitOfWork, "lock", locking)
        patch.setattr(UnitOfWork, "lock_rows", locking_rows)
        patch.setattr(UnitOfWork, "increment", incrementing)
        yield locks
