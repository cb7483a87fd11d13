"""The statements that read, lock and change rows, each made once."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite


class Increment:
    """A conditional update that adds to columns of one row without reading it first.

    The row found by `key` changes in one statement, so two transactions cannot both see the old value.
    """

    def __init__(
        self,
        table: Table,
        key: Column[Any],
        columns: Sequence[str],
        only_if: ColumnElement[bool] | None = None,
    ):
        """`only_if` may use the bind parameters `by_<column>`; when it is false no row changes."""
        conditions = [key == bindparam("key")] + ([] if only_if is None else [only_if])
        self.table = table
        self.statement = (
            update(table)
            .where(and_(*conditions))
            .values({name: table.c[name] + bindparam(f"by_{name}") for name in columns})
            .returning(*table.c)
        )


_MOST_AT_ONCE = 20  # rows of one insert; another number of them is another statement


def inserts(table: Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Insert, dict[str, Any]]]:
    """Insert rows that have all their columns: the statements for it, each with its parameters.

    Several rows are one statement, as each is sent to PostgreSQL and answered on its own.
    """
    for first in range(0, len(rows), _MOST_AT_ONCE):
        some = rows[first : first + _MOST_AT_ONCE]
        statement, names = _insert_of(table, len(some))
        values = (row[column] for row in some for column in columns_of(table))
        yield statement, dict(zip(names, values, strict=True))


@cache
def _insert_of(table: Table, count: int) -> tuple[Insert, tuple[str, ...]]:
    """An insert of `count` rows, and its parameters row by row."""
    rows = [
        {column.name: bindparam(f"{column.name}_{place}", type_=column.type) for column in table.columns}
        for place in range(count)
    ]
    return insert(table).values(rows), tuple(bind.key for row in rows for bind in row.values())


@lru_cache
def insert_unless_there(table: Table, by: tuple[str, ...], dialect: str) -> Insert:
    """Insert those rows whose columns `by` no other row has; returns their ids."""
    dialect_insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return dialect_insert(table).on_conflict_do_nothing(index_elements=by).returning(table.c.id)


@lru_cache
def columns_of(table: Table) -> tuple[str, ...]:
    return tuple(table.columns.keys())


@lru_cache
def by_id(table: Table) -> Select[Any]:
    """The row whose id is `key`."""
    return select(table).where(table.c.id == bindparam("key"))


@lru_cache
def lock_by_id(table: Table) -> Select[Any]:
    """The row whose id is `key`, to be changed."""
    # On PostgreSQL FOR NO KEY UPDATE: rows that merely refer to this one may still be inserted meanwhile.
    return by_id(table).with_for_update(key_share=True)


@lru_cache
def lock_by(column: Column[Any]) -> Select[Any]:
    """The rows whose unique column is one of `values`, to be changed, in its order."""
    wanted = select(column.table).where(column.in_(bindparam("values", expanding=True))).order_by(column)
    return for_update(wanted, column.table)


def for_update(statement: Select[Any], table: Table, *, skip_locked: bool = False) -> Select[Any]:
    """`statement`, locking the rows of `table` in the order it gives them; for `UnitOfWork.lock_rows`."""
    return statement.with_for_update(key_share=True, of=table, skip_locked=skip_locked)


@lru_cache
def update_by_id(table: Table, names: tuple[str, ...]) -> Update:
    """Give the columns `names` of the row whose id is `key` their `new_<name>`."""
    changed = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    return update(table).where(table.c.id == bindparam("key")).values(changed)


@lru_cache
def delete_by_id(table: Table) -> Delete:
    """Delete the row whose id is `key`."""
    return delete(table).where(table.c.id == bindparam("key"))
