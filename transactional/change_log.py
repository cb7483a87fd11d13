"""The change log: one row per changed row, and the reader that never skips or splits a transaction."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    inspect,
    literal_column,
    select,
    table,
    tuple_,
)
from sqlalchemy.exc import OperationalError, ProgrammingError

from transactional.database import UtcDateTime, metadata, moment, reading
from transactional.statements import Runner

change_log = Table(
    "change_log",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tx_id", BigInteger, nullable=False, comment="The database transaction that made the change."),
    moment("ts"),
    Column("table_name", String(63), nullable=False),
    Column("row_id", String(63), nullable=False),
    Column("op", String(1), nullable=False, comment="c, u or d."),
    # Text, not JSON: written and read as it is, so that nothing parses it on the way to the lake.
    Column("before", Text, nullable=True, comment="The full row before, as JSON."),
    Column("after", Text, nullable=True, comment="The full row after, as JSON."),
    Column("actor", String(64), nullable=False),
    Column("request_id", String(64), nullable=True),
    Index("ix_change_log_tx_id_seq", "tx_id", "seq"),
    # A seq is never given twice, also after old rows are removed: readers remember where they were.
    sqlite_autoincrement=True,
)


class Position(NamedTuple):
    """Where a reader is: everything up to and with this row has been read."""

    tx_id: int
    seq: int


START = Position(0, 0)


class Change(NamedTuple):
    """One change of one row. `seq` orders the changes of one row; reading goes on by `position`."""

    seq: int
    tx_id: int
    ts: datetime
    table_name: str
    row_id: str
    op: str
    before: str | None
    after: str | None
    actor: str
    request_id: str | None

    @property
    def position(self) -> Position:
        return Position(self.tx_id, self.seq)


class Captured(NamedTuple):
    """A change on its way to the log."""

    table: Table
    op: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    ts: datetime


def is_logged(table: Table) -> bool:
    """Whether changes of `table` go to the log; bookkeeping tables opt out with `info`."""
    return bool(table.info.get("logged", True))


@lru_cache
def _moments(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if isinstance(column.type, UtcDateTime))


@lru_cache(maxsize=64)  # the rows of a transaction share their moments
def iso_moment(value: datetime) -> str:
    """`value` as 2026-11-22T10:00:00.000000Z."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def as_json(table: Table, row: Mapping[str, Any]) -> str:
    """A row of `table` as the change log holds it."""
    plain = dict(row)
    for name in _moments(table):
        if plain[name] is not None:
            plain[name] = iso_moment(plain[name])
    return msgspec.json.encode(plain).decode()


_written = [change_log.c[name] for name in Change._fields if name not in ("seq", "tx_id")]
_names = [each.name for each in _written]
_insert_sqlite = insert(change_log).values({name: bindparam(name) for name in ("tx_id", *_names)})
_sequences = table("sqlite_sequence", column("name", String), column("seq", Integer))
_last_seq = select(_sequences.c.seq).where(_sequences.c.name == change_log.name)
# All rows are one parameter: a fifth of the CPU that a row each takes.
_rows = (
    func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
    .table_valued(column("position", Integer), *(column(each.name, each.type) for each in _written))
    .render_derived(with_types=True)
)
_insert_postgresql = insert(change_log).from_select(
    ["tx_id", *_names],
    select(
        literal_column("pg_current_xact_id()::text::bigint"), *(_rows.c[name] for name in _names)
    ).order_by(_rows.c.position),
)


def append(runner: Runner, changes: list[Captured], actor: str, request_id: str | None) -> None:
    """Write `changes` into the running transaction.

    Called last before the commit: the rows are still locked then, so the seq of two changes of one row
    has the order in which they happened, also on PostgreSQL where transactions overlap.
    """
    rows = [
        {
            "ts": change.ts,
            "table_name": str(change.table.name),
            "row_id": (change.after or change.before or {})["id"],
            "op": change.op,
            "before": None if change.before is None else as_json(change.table, change.before),
            "after": None if change.after is None else as_json(change.table, change.after),
            "actor": actor,
            "request_id": request_id,
        }
        for change in changes
    ]
    if runner.dialect.name == "postgresql":
        for position, row in enumerate(rows):
            row["position"] = position
        runner.write(_insert_postgresql, [{"rows": msgspec.json.encode(rows).decode()}])
        return
    # SQLite has one writer, so the first seq of a transaction names it.
    last = runner.rows(_last_seq, {})
    tx_id = 1 + (last[0]["seq"] if last else 0)
    runner.write(_insert_sqlite, [{**row, "tx_id": tx_id} for row in rows])


_columns = [change_log.c[name] for name in Change._fields]
_by_seq = select(*_columns).order_by(change_log.c.seq)
_by_tx = select(*_columns).order_by(change_log.c.tx_id, change_log.c.seq)
# Sequences commit out of order: a transaction that took a low seq may commit after one with a higher seq.
# Transactions below xmin are all over and no new one can come below it: nothing appears behind a reader.
_finished = change_log.c.tx_id < literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_next_sqlite = _by_seq.where(change_log.c.seq > bindparam("seq")).limit(bindparam("limit"))
_next_postgresql = _by_tx.where(
    _finished, tuple_(change_log.c.tx_id, change_log.c.seq) > tuple_(bindparam("tx_id"), bindparam("seq"))
).limit(bindparam("limit"))
_rest_of_transaction = _by_seq.where(
    change_log.c.tx_id == bindparam("tx_id"), change_log.c.seq > bindparam("seq")
)


def read_changes(engine: Engine, after: Position, limit: int) -> list[Change]:
    """Read the next committed changes, oldest transaction first and only whole transactions.

    Args:
        engine: the shop database (`transactional.database.connect`).
        after: `START`, or the `position` of the last change read.
        limit: how many rows to aim for; exceeded only to finish a transaction.

    Returns:
        The changes, empty when there is nothing new or the shop has never started.
    """
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        return []  # connecting would create the file, and only the shop does that
    try:
        with reading(engine) as connection:
            return _read(connection, after, limit)
    except (OperationalError, ProgrammingError):
        if inspect(engine).has_table(change_log.name):
            raise
        return []


def _read(connection: Connection, after: Position, limit: int) -> list[Change]:
    on_postgresql = connection.dialect.name == "postgresql"
    statement = _next_postgresql if on_postgresql else _next_sqlite
    where = {"tx_id": after.tx_id, "seq": after.seq} if on_postgresql else {"seq": after.seq}
    changes = [Change._make(row) for row in connection.execute(statement, {**where, "limit": limit})]
    if len(changes) == limit:
        rest = connection.execute(_rest_of_transaction, changes[-1].position._asdict())
        changes.extend(Change._make(row) for row in rest)
    return changes
