"""Statements that are run again and again: compiled once, then run by the driver itself.

Core looks a statement's compiled form up, orders its parameters and wraps its result each time. Where an
order takes fifty statements that is a third of its CPU on SQLite and half of it on PostgreSQL: a row read by
its id takes 150 µs there through Core and 40 through the driver. SQLAlchemy still writes all the SQL and
converts all the values.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NoReturn, cast
from weakref import WeakKeyDictionary

import psycopg
from psycopg.pq.abc import PGconn
from sqlalchemy import ColumnElement, Connection, Delete, Dialect, Executable, Insert, Update
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import SelectBase

Row = dict[str, Any]
Convert = Callable[[Any], Any]
Columns = Sequence[tuple[Any, ColumnElement[Any]]]
Statement = SelectBase | Insert | Update | Delete

_MOST_IN_LIST = 20  # a list of values of another length is another statement
# psycopg's raw cursors take PostgreSQL's own placeholders, and need not look for others each time.
_NUMBERED: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Prepared:
    """A statement as a driver takes it.

    Args:
        columns: those that it returns.
        lengths: how many values each of its lists has.
    """

    def __init__(self, columns: Columns, dialect: Dialect, compiled: SQLCompiler, lengths: Mapping[str, int]):
        some = {name: None for name, bind in compiled.binds.items() if bind.required}
        lists = {name: [None] * length for name, length in lengths.items()}
        state = compiled.construct_expanded_state({**some, **lists})
        self.text: str | bytes = state.statement.encode() if _is_remote(dialect) else state.statement
        expanded = {each: name for name, places in state.parameter_expansion.items() for each in places}
        self._takes: list[tuple[str, Convert | None]] = []
        for name in state.positiontup or ():
            kind = compiled.binds[expanded.get(name, name)].type
            self._takes.append((name, kind.dialect_impl(dialect).bind_processor(dialect)))
        given = {*some, *(each for each, name in expanded.items() if name in lengths)}
        self._constants = {name: value for name, value in state.parameters.items() if name not in given}
        self._lists = [(name, state.parameter_expansion.get(name, ())) for name in lengths]
        self._dialect = dialect
        self._columns = columns
        self._names = tuple(str(name) for name, _ in columns)
        self._reads: list[tuple[int, Convert]] | None = None

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The parameters in their places, as the driver takes them."""
        given = {**self._constants, **parameters}
        for name, places in self._lists:
            given.update(zip(places, parameters[name], strict=True))
        return [given[name] if bind is None else bind(given[name]) for name, bind in self._takes]

    def rows(self, cursor: Any) -> list[Row]:
        """What the driver found, as Python's values by column name."""
        if self._reads is None:
            self._reads = self._readers(cursor.description)
        names, reads = self._names, self._reads
        if not reads:
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return [dict(zip(names, _read(row, reads), strict=True)) for row in cursor.fetchall()]

    def _readers(self, description: Sequence[Sequence[Any]]) -> list[tuple[int, Convert]]:
        found: list[tuple[int, Convert]] = []
        for place, ((_, column), told) in enumerate(zip(self._columns, description, strict=True)):
            read = column.type.dialect_impl(self._dialect).result_processor(self._dialect, told[1])
            if read is not None:
                found.append((place, read))
        return found


def _is_remote(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"


def _read(row: Sequence[Any], reads: list[tuple[int, Convert]]) -> list[Any]:
    values = list(row)
    for place, read in reads:
        values[place] = read(values[place])
    return values


async def _answered(server: PGconn) -> None:
    """Wait until the server answers what was sent, or do not when that was too much to be sent at once."""
    server.send_flush_request()
    if server.flush():
        return
    loop, answered = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(server.socket, answered.set)
    try:
        await answered.wait()
    finally:
        loop.remove_reader(server.socket)


class _Forms:
    """The prepared forms of one statement, by the lengths of its lists."""

    def __init__(self, statement: Statement, dialect: Dialect):
        self._dialect = dialect
        self._columns = tuple(statement.exported_columns.items())
        self._compiled = statement.compile(dialect=_NUMBERED if _is_remote(dialect) else dialect)
        lists = (bind for bind in self._compiled.post_compile_params if bind.required)
        self._lists = tuple(sorted(bind.key for bind in lists))
        self._forms: dict[tuple[int, ...], Prepared] = {}

    def form(self, parameters: Mapping[str, Any]) -> Prepared | None:
        """None when a list is too long."""
        lengths = tuple([len(parameters[name]) for name in self._lists])
        form = self._forms.get(lengths)
        if form is None and max(lengths, default=0) <= _MOST_IN_LIST:
            named = dict(zip(self._lists, lengths, strict=True))
            form = Prepared(self._columns, self._dialect, self._compiled, named)
            self._forms[lengths] = form
        return form


_forms: dict[str, WeakKeyDictionary[Executable, _Forms | None]] = {
    name: WeakKeyDictionary() for name in ("sqlite", "postgresql")
}


def _prepared(statement: Executable, dialect: Dialect, parameters: Mapping[str, Any]) -> Prepared | None:
    """None for a statement that is run for the first time: one that is made for each request is not kept."""
    seen = _forms[dialect.name]
    forms = seen.get(statement)
    if forms is None:
        is_known = statement in seen
        if isinstance(statement, Statement):
            seen[statement] = forms = _Forms(statement, dialect) if is_known else None
    return None if forms is None else forms.form(parameters)


class Runner:
    """Runs statements inside the transaction of a connection.

    What is only written waits until something is read or the transaction ends, and is sent together then:
    PostgreSQL is reached once for all of it.
    """

    def __init__(self, connection: Connection):
        self._connection = connection
        self.dialect = connection.dialect
        self._driver: Any = connection.connection.driver_connection
        self._is_remote = _is_remote(self.dialect)
        self._error: type[Exception] = self.dialect.loaded_dbapi.Error
        self._cursor = self._new_cursor()
        self._waiting: list[tuple[Prepared, list[list[Any]]]] = []

    def _new_cursor(self) -> Any:
        return psycopg.RawCursor(self._driver) if self._is_remote else self._driver.cursor()

    def rows(self, statement: Executable, parameters: Mapping[str, Any]) -> list[Row]:
        """Run a statement at once; what it returns."""
        prepared = _prepared(statement, self.dialect, parameters)
        if prepared is None:
            self.flush()
            found = self._connection.execute(statement, parameters)
            names = tuple(found.keys())
            return [dict(zip(names, row, strict=True)) for row in found.all()]
        values = prepared.values(parameters)
        try:
            with self._together():
                self._send()
                self._cursor.execute(prepared.text, values)
            return prepared.rows(self._cursor)
        except self._error as problem:
            self._refused(problem)

    def rows_of_each(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Run a statement at once for all of `rows`; what it returns, in no order."""
        if len(rows) == 1:
            return self.rows(statement, rows[0])
        self.flush()
        return [dict(each) for each in self._connection.execute(statement, list(rows)).mappings()]

    def write(self, statement: Insert | Update | Delete, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement that returns nothing, once for each of `rows`, before anything is read."""
        prepared = _prepared(statement, self.dialect, rows[0])
        if prepared is None:
            self.flush()
            self._connection.execute(statement, list(rows))
            return
        self._waiting.append((prepared, [prepared.values(row) for row in rows]))

    def flush(self) -> None:
        """Run what waits."""
        try:
            with self._together():
                self._send()
        except self._error as problem:
            self._refused(problem)

    def commit(self) -> None:
        """Run what waits, and end PostgreSQL's transaction with it: one way less to go."""
        try:
            with self._together():
                self._send()
                if self._is_remote:
                    # The driver's own can wait in a pipeline for the answer to what it has not sent.
                    self._cursor.execute(b"commit")
        except self._error as problem:
            self._refused(problem)

    async def commit_aside(self) -> None:
        """As `commit`, but others may go on while PostgreSQL writes to its disk."""
        if not self._is_remote:
            self.commit()
            return
        try:
            with self._driver.pipeline():
                self._send()
                self._cursor.execute(b"commit")
                await _answered(self._driver.pgconn)
        except self._error as problem:
            self._refused(problem)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo at its end what the block wrote."""
        self.flush()
        written = self._connection.begin_nested()
        try:
            yield
            self.flush()
        finally:
            self._waiting = []
            written.rollback()

    def _send(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        writer = self._new_cursor()  # answers to what is sent together find the cursor that asked
        for prepared, rows in waiting:
            if len(rows) == 1:
                writer.execute(prepared.text, rows[0])
            else:
                writer.executemany(prepared.text, rows)

    def _together(self) -> AbstractContextManager[Any]:
        """Send everything before waiting for any answer; it pays from three statements on."""
        return self._driver.pipeline() if self._is_remote and len(self._waiting) > 1 else nullcontext()

    def _refused(self, problem: Any) -> NoReturn:
        """Raise what SQLAlchemy would."""
        is_lost = self.dialect.is_disconnect(problem, self._driver, self._cursor)
        if is_lost:
            self._connection.invalidate(problem)
        # Without what was written: a log is no place for what shoppers typed.
        told = DBAPIError.instance(
            None,
            None,
            problem,
            self._error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=self.dialect,
        )
        raise cast(Exception, told) from problem
