"""The unit of work: one request is one transaction, and every row it changes is in the change log.

Services write through `insert`, `update`, `increment` and `delete` and never commit; the transaction that
`Database` opened for them commits, or rolls back everything when an exception leaves it.
"""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any

import uuid_utils
from sqlalchemy import (
    Column,
    Delete,
    Executable,
    Insert,
    Select,
    Table,
    Update,
)

from transactional import change_log, row_statements
from transactional.change_log import Captured
from transactional.row_statements import Increment
from transactional.statements import Row as Row
from transactional.statements import Runner

NewId = Callable[[datetime], str]


_made = count(secrets.randbits(31))
_COUNTED = ~(0xFFF << 64 | 0xFFFFF << 42)


def uuid7(at: datetime) -> str:
    """An id whose time is `at`, so that replayed history sorts like history.

    Of one millisecond the later one sorts after: a process counts them, from a random start, in the first 32
    of the random bits (RFC 9562, 6.2).
    """
    drawn = uuid_utils.uuid7(nanoseconds=int(at.timestamp() * 1_000_000) * 1000)
    number = next(_made)
    counted = (number >> 20 & 0xFFF) << 64 | (number & 0xFFFFF) << 42
    return str(uuid_utils.UUID(int=drawn.int & _COUNTED | counted))


class Reading:
    """Queries inside one transaction."""

    def __init__(self, runner: Runner, now: datetime):
        self._runner = runner
        self.now = now

    @property
    def dialect(self) -> str:
        """sqlite or postgresql."""
        return self._runner.dialect.name

    def seen_at(self, moment: datetime) -> "Reading":
        """The same rows, as who asks at another moment sees them."""
        return Reading(self._runner, moment)

    def rows(self, statement: Executable, **parameters: Any) -> list[Row]:
        return self._runner.rows(statement, parameters)

    def row(self, statement: Executable, **parameters: Any) -> Row | None:
        found = self.rows(statement, **parameters)
        return found[0] if found else None

    def get(self, table: Table, row_id: str) -> Row | None:
        """The row of this id."""
        return self.row(row_statements.by_id(table), key=row_id)

    def value(self, statement: Executable, **parameters: Any) -> Any:
        """The first column of the first row; None when there is no row."""
        found = self.row(statement, **parameters)
        return None if found is None else next(iter(found.values()))


class UnitOfWork(Reading):
    """Reads and writes of one transaction; `now` is the moment stamped on everything it changes."""

    def __init__(self, runner: Runner, now: datetime, actor: str, request_id: str | None, new_id: NewId):
        super().__init__(runner, now)
        self.actor = actor
        self.request_id = request_id
        self._new_id = new_id
        self._changes: list[Captured] = []
        # Rows that nobody else can change before the commit, as they are now.
        self._held: dict[tuple[str, str | None], Row] = {}
        self._ids: dict[Column[Any], dict[Any, str]] = {}  # of those that were locked by another column
        # SQLite has one writer: nobody else changes what it has read, so that is locked already.
        self._is_alone = self.dialect == "sqlite"

    def new_id(self) -> str:
        return self._new_id(self.now)

    def at(self, now: datetime) -> None:
        """Go on at another moment: replayed history puts many days' requests into one transaction."""
        self.now = now

    def get(self, table: Table, row_id: str) -> Row | None:
        if self._is_alone:
            return self.lock(table, row_id)
        return self._held.get((table.name, row_id)) or super().get(table, row_id)

    def lock(self, table: Table, row_id: str) -> Row | None:
        """Read a row in order to change it; nobody else changes it until the commit."""
        held = self._held.get((table.name, row_id))
        if held is not None:
            return held
        row = self.row(row_statements.lock_by_id(table), key=row_id)
        if row is not None:
            self._held[table.name, row_id] = row
        return row

    def lock_rows(self, table: Table, statement: Select[Any], **parameters: Any) -> list[Row]:
        """Read rows in order to change those of `table`.

        Args:
            statement: made by `for_update`; it returns all columns of `table`, and more if it joins.
        """
        rows = self.rows(statement, **parameters)
        names = row_statements.columns_of(table)
        self._held.update({(table.name, row["id"]): {name: row[name] for name in names} for row in rows})
        return rows

    def lock_by(self, column: Column[Any], values: Collection[Any]) -> dict[Any, Row]:
        """Lock rows by a column that is unique, in its order; a value that no row has is missing.

        What was locked by it before is not asked for again.
        """
        table: Table = column.table
        ids = self._ids.setdefault(column, {})
        asked = sorted({value for value in values if (table.name, ids.get(value)) not in self._held})
        if asked:
            found = self.lock_rows(table, row_statements.lock_by(column), values=asked)
            ids.update({row[column.name]: row["id"] for row in found})
        there = {value: self._held.get((table.name, ids.get(value))) for value in values}
        return {value: row for value, row in there.items() if row is not None}

    def insert(self, table: Table, row: Mapping[str, Any]) -> Row:
        return self.insert_many(table, [row])[0]

    def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Insert rows; columns that are not named become null. Returns them whole."""
        if not rows:
            return []
        names = row_statements.columns_of(table)
        full = [{name: row.get(name) for name in names} for row in rows]
        for row in rows:
            if unknown := row.keys() - names:
                raise KeyError(f"{table.name} has no column {', '.join(sorted(unknown))}")
        for statement, parameters in row_statements.inserts(table, full):
            self._runner.write(statement, [parameters])
        for row in full:
            self._capture(table, "c", None, row)
        return full

    def insert_unless_there(self, table: Table, row: Mapping[str, Any], *by: str) -> bool:
        """Insert a row unless one has its value of the unique column(s) `by`; whether it was inserted.

        Waits for another transaction that is inserting the same.
        """
        return bool(self.insert_many_unless_there(table, [row], *by))

    def insert_many_unless_there(
        self, table: Table, rows: Sequence[Mapping[str, Any]], *by: str
    ) -> list[Row]:
        """Insert those rows whose values of the unique column(s) `by` no row has; returns them whole.

        Waits for another transaction that is inserting the same.
        """
        names = row_statements.columns_of(table)
        full = [{name: row.get(name) for name in names} for row in rows]
        statement = row_statements.insert_unless_there(table, by, self.dialect)
        inserted = {row["id"] for row in self._runner.rows_of_each(statement, full)}
        made = [row for row in full if row["id"] in inserted]
        for row in made:
            self._capture(table, "c", None, row)
        return made

    def update(self, table: Table, row: Row, **values: Any) -> Row:
        """Change columns of a row that this transaction locked or inserted. Returns it as it is then."""
        if (table.name, row["id"]) not in self._held:
            raise RuntimeError(f"{table.name} {row['id']} is changed without a lock")
        statement = row_statements.update_by_id(table, tuple(values))
        parameters = {f"new_{name}": value for name, value in values.items()}
        self._runner.write(statement, [{"key": row["id"], **parameters}])
        after = {**row, **values}
        self._capture(table, "u", row, after)
        return after

    def update_many(self, table: Table, changes: Mapping[str, Row]) -> None:
        """Change the same columns of several rows that this transaction locked, in one statement.

        Args:
            changes: new values by row id.
        """
        if not changes:
            return
        befores = {row_id: self._held[table.name, row_id] for row_id in changes}  # KeyError: not locked
        names = tuple(next(iter(changes.values())))
        self._runner.write(
            row_statements.update_by_id(table, names),
            [
                {"key": row_id, **{f"new_{name}": values[name] for name in names}}
                for row_id, values in changes.items()
            ],
        )
        for row_id, before in befores.items():
            self._capture(table, "u", before, {**before, **changes[row_id]})

    def increment(self, change: Increment, key: Any, **by: int) -> Row | None:
        """Add `by` to columns of the row that `key` finds; None when there is none or it may not change."""
        parameters = {f"by_{name}": amount for name, amount in by.items()}
        after = self.row(change.statement, key=key, **parameters)
        if after is None:
            return None
        before = {**after, **{name: after[name] - amount for name, amount in by.items()}}
        self._capture(change.table, "u", before, after)
        return after

    def delete(self, table: Table, row: Row) -> None:
        """Delete a row that this transaction locked or inserted."""
        if (table.name, row["id"]) not in self._held:
            raise RuntimeError(f"{table.name} {row['id']} is deleted without a lock")
        self._runner.write(row_statements.delete_by_id(table), [{"key": row["id"]}])
        self._capture(table, "d", row, None)

    def write(self, statement: Insert | Update | Delete, **parameters: Any) -> None:
        """Change bookkeeping that is not in the change log."""
        self._runner.write(statement, [parameters])

    def _capture(self, table: Table, op: str, before: Row | None, after: Row | None) -> None:
        if after is not None:
            self._held[table.name, after["id"]] = after
        elif before is not None:
            del self._held[table.name, before["id"]]
        if change_log.is_logged(table):
            self._changes.append(Captured(table, op, before, after, self.now))

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Undo at its end all that the block changes: it only shows whether it could be done."""
        held, changes = dict(self._held), list(self._changes)
        try:
            with self._runner.undone():
                yield
        finally:
            self._held, self._changes = held, changes

    def write_change_log(self) -> None:
        if self._changes:
            change_log.append(self._runner, self._changes, self.actor, self.request_id)
            self._changes = []
