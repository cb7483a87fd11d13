"""The shop's database: column types, the clock and the engine."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

import msgspec
import psycopg
from psycopg.types.string import TextLoader
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    MetaData,
    String,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class _UuidText(postgresql.UUID[str]):
    """PostgreSQL's UUID that is text here, with no object between: see `_prepare_postgresql`."""

    def __init__(self) -> None:
        super().__init__(as_uuid=False)

    def bind_processor(self, dialect: Dialect) -> None:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


# UUIDv7 as text.
Id = String(36).with_variant(_UuidText(), "postgresql")

# An amount of money in minor units (pence, cents); its currency stands in the same row.
Money = BigInteger


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC with microseconds; refuses a datetime without a time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        # The rows of a transaction share their moments, and SQLite's takes 3 µs to write one.
        return lru_cache(maxsize=64)(cast(Callable[[datetime | None], Any], super().bind_processor(dialect)))

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def id_column() -> Column[str]:
    return Column("id", Id, primary_key=True)


def reference(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[str]:
    """A foreign key column `name` to `target` ("table.column")."""
    return Column(name, Id, ForeignKey(target), nullable=nullable, index=index)


def moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, UtcDateTime, nullable=nullable)


SQLITE_PRAGMAS = (
    "journal_mode=WAL",  # readers (ingestion, pages) never wait for a writer
    "synchronous=FULL",  # an acknowledged order is on disk
    "foreign_keys=ON",
    "cache_size=-16000",
    # 40 MB of log, not 4: a page that many orders change is carried over once, a tenth of their time.
    "wal_autocheckpoint=10000",
)
_BUSY_ON_SQLITE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN)
# Connections, locks and deadlocks, too many connections, time limits and shutdowns.
_BUSY_ON_POSTGRESQL = ("08", "40", "53300", "55P03", "57")

Clock = Callable[[], datetime]
# Several times faster than the standard library's, which is felt where a page shows many SKUs.
_JSON: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}


def utc_now() -> datetime:
    return datetime.now(UTC)


def connect(url: str) -> Engine:
    """Open the engine of a shop database; use it through `writing` and `reading`.

    Args:
        url: `sqlite:///<path>` or `postgresql://...` (psycopg 3).
    """
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        # Locks are held for milliseconds: whoever waits seconds for one meets a fault and must not hang too.
        options = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
        engine = create_engine(
            address.set(drivername="postgresql+psycopg"),
            connect_args={"options": options},
            pool_size=10,
            max_overflow=40,
            pool_use_lifo=True,  # the server's process that was used last has the most at hand
            **_JSON,
        )
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    engine = create_engine(
        address,
        connect_args={"isolation_level": None, "timeout": 10, "cached_statements": 500},
        pool_size=10,
        max_overflow=60,
        # The connection used last knows the pages written last; `writing` and `reading` end what they begin.
        pool_use_lifo=True,
        pool_reset_on_return=None,
        **_JSON,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_postgresql(connection: DBAPIConnection, _record: object) -> None:
    driver = cast(psycopg.Connection, connection)
    driver.adapters.register_loader("uuid", TextLoader)
    driver.prepared_max = 500  # a shop has more statements than the driver's hundred, each planned once


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def is_busy(problem: OperationalError) -> bool:
    """Whether the database may answer when asked again: somebody holds a lock, or it was not reached."""
    if isinstance(problem.orig, sqlite3.Error):
        # The low byte is the code, the rest says more of it.
        return getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF in _BUSY_ON_SQLITE
    state = getattr(problem.orig, "sqlstate", None)
    return state is None or state.startswith(_BUSY_ON_POSTGRESQL)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: commits at the end, rolls back when an exception leaves the block."""
    with engine.begin() as connection:
        # SQLite takes the write lock at once: upgrading a read transaction later can fail without waiting.
        _on_sqlite(connection, "BEGIN IMMEDIATE")
        yield connection


@contextmanager
def rehearsing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes and is rolled back at the end."""
    with engine.connect() as connection, connection.begin() as transaction:
        _on_sqlite(connection, "BEGIN IMMEDIATE")
        yield connection
        transaction.rollback()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and waits for no writer.

    On PostgreSQL each statement has its own: it sees what is committed by then, as it would in a common one.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        _on_sqlite(connection, "BEGIN")
        try:
            yield connection
        finally:
            if connection.dialect.name == "sqlite":
                # Unlike the statement, silent where SQLite has ended it by itself: then its error is told.
                connection.connection.rollback()


def _on_sqlite(connection: Connection, statement: str) -> None:
    # Not an event on the engine: a single one makes SQLAlchemy dispatch events around every statement.
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute(statement)
