"""The warehouse's two files: whose turn it is, the raw tables, and loading the lake's files exactly once."""

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tenacity import RetryCallState, RetryError, Retrying, retry_if_exception, stop_when_event_set, wait_fixed

from ingestion.schema import LAKE_TABLES
from settings import Settings, UserError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

log = logging.getLogger(__name__)

Opened = TypeVar("Opened")

MEMORY_LIMIT = "600MB"
LOOK_AGAIN_SECONDS = 0.05
FILES_A_TRANSACTION = 500

# When a row of a lake table reached us; the latest one is what the source's data go through.
ARRIVED_AT = {"events": "received_at", "quarantine": "received_at", "user_agents": "NULL::TIMESTAMP"}

BOOKKEEPING = """
    CREATE TABLE IF NOT EXISTS raw.loaded_files (
        path VARCHAR NOT NULL, load_id BIGINT NOT NULL, rows BIGINT NOT NULL, loaded_at TIMESTAMP NOT NULL);
    CREATE TABLE IF NOT EXISTS raw.sources (source VARCHAR, rows BIGINT, data_through TIMESTAMP);
    CREATE TABLE IF NOT EXISTS raw.builds (
        build_id BIGINT NOT NULL, started_at TIMESTAMP NOT NULL, load_id BIGINT NOT NULL,
        published_at TIMESTAMP);
    CREATE TABLE IF NOT EXISTS raw.project (fingerprint VARCHAR NOT NULL);
"""


def warehouse_file(settings: Settings) -> Path:
    return settings.warehouse / "warehouse.duckdb"


def marts_file(settings: Settings) -> Path:
    return settings.warehouse / "marts.duckdb"


@dataclass(frozen=True)
class Source:
    """A lake table as far as it is loaded; `data_through` is UTC without a zone, null for user agents."""

    name: str
    rows: int
    data_through: datetime | None


class Warehouse:
    """The open warehouse. While it is open no other process can open it: DuckDB's file lock is the mutex."""

    def __init__(self, settings: Settings, con: "DuckDBPyConnection") -> None:
        """Made by `open_warehouse`."""
        self.settings = settings
        self.con = con

    def load(self, waiting: dict[str, list[str]]) -> int:
        """Load those of the files that are not in the ledger yet; returns the number of rows.

        Rows and ledger are written in one transaction, so a file is loaded entirely and once, wherever a
        crash comes. Files are numbered in the order they were written, so that loading the whole lake again
        gives them the same order.
        """
        fresh = self._not_loaded([path for paths in waiting.values() for path in paths])
        files = sorted(
            ((self.settings.lake / path).stat().st_mtime_ns, path, table)
            for table, paths in waiting.items()
            for path in paths
            if path in fresh
        )
        rows = 0
        for start in range(0, len(files), FILES_A_TRANSACTION):
            rows += self._load_files(
                [(path, table) for _, path, table in files[start : start + FILES_A_TRANSACTION]]
            )
        return rows

    def loaded_of(self, files: dict[str, list[str]]) -> dict[str, list[str]]:
        """Those of the files, by lake table, that are in the warehouse; all of them when it is empty."""
        fresh = self._not_loaded([path for paths in files.values() for path in paths])
        loaded = {table: [path for path in paths if path not in fresh] for table, paths in files.items()}
        return loaded if any(loaded.values()) else files

    def _not_loaded(self, paths: list[str]) -> set[str]:
        rows = self.con.execute(
            "SELECT path FROM (SELECT unnest(?) AS path) AS waiting ANTI JOIN raw.loaded_files USING (path)",
            [paths],
        ).fetchall()
        return {path for (path,) in rows}

    def _load_files(self, files: list[tuple[str, str]]) -> int:
        [(last,)] = self.con.execute("SELECT coalesce(max(load_id), 0) FROM raw.loaded_files").fetchall()
        numbered = [(last + 1 + index, path, table) for index, (path, table) in enumerate(files)]
        self.con.execute("BEGIN")
        try:
            rows = sum(
                self._load_table(table, [(number, path) for number, path, of in numbered if of == table])
                for table in dict.fromkeys(table for _, _, table in numbered)
            )
            self.con.execute("COMMIT")
        except BaseException:
            self.con.execute("ROLLBACK")
            raise
        return rows

    def _load_table(self, table: str, files: list[tuple[int, str]]) -> int:
        """Insert one table's files and their ledger rows inside the running transaction."""
        numbers = [number for number, _ in files]
        paths = [path for _, path in files]
        known = ", ".join(f"'{column}'" for column in LAKE_TABLES[table])
        self.con.execute(
            # Files from before a column was added do not have it: what none of them has stays null.
            f"INSERT INTO raw.{table} BY NAME SELECT COLUMNS(name -> name IN ({known})),"  # noqa: S608 - ours
            " list_extract($numbers, CAST(file_index AS BIGINT) + 1) AS _load_id"
            " FROM read_parquet($files, union_by_name = true, hive_partitioning = false)",
            {"numbers": numbers, "files": [str(self.settings.lake / path) for path in paths]},
        )
        self.con.execute(
            "INSERT INTO raw.loaded_files SELECT files.path, files.load_id, count(loaded._load_id),"  # noqa: S608
            " timezone('UTC', now())"
            " FROM (SELECT unnest($numbers) AS load_id, unnest($paths) AS path) AS files"
            f" LEFT JOIN (SELECT _load_id FROM raw.{table} WHERE _load_id >= {numbers[0]}) AS loaded"
            " ON loaded._load_id = files.load_id GROUP BY files.path, files.load_id ORDER BY files.load_id",
            {"numbers": numbers, "paths": paths},
        )
        arrived_at = ARRIVED_AT.get(table, "_ts")
        [(rows, data_through)] = self.con.execute(
            f"SELECT count(*), max({arrived_at}) FROM raw.{table} WHERE _load_id >= {numbers[0]}"  # noqa: S608
        ).fetchall()
        self.con.execute(
            "UPDATE raw.sources SET rows = rows + $rows, data_through = greatest(data_through, $through)"
            " WHERE source = $table",
            {"rows": rows, "through": data_through, "table": table},
        )
        return int(rows)

    def sources(self) -> list[Source]:
        """Every lake table that has rows."""
        rows = self.con.execute(
            "SELECT source, rows, data_through FROM raw.sources WHERE rows > 0 ORDER BY 1"
        )
        return [Source(*row) for row in rows.fetchall()]

    def unpublished_tables(self) -> set[str] | None:
        """Lake tables with files no published build has seen; None when nothing was ever published."""
        [(load_id,)] = self.con.execute(
            "SELECT max(load_id) FROM raw.builds WHERE published_at IS NOT NULL"
        ).fetchall()
        if load_id is None:
            return None
        rows = self.con.execute(
            "SELECT DISTINCT regexp_extract(path, '(?:changes/)?([^/]+)/date=', 1) FROM raw.loaded_files"
            " WHERE load_id > ?",
            [load_id],
        ).fetchall()
        return {table for (table,) in rows}

    def is_built_by(self, fingerprint: str, marts: list[str]) -> bool:
        """Whether every mart is there and was built with these definitions."""
        [(missing,)] = self.con.execute(
            "SELECT count(*) FROM (SELECT unnest(?) AS table_name) AS marts ANTI JOIN"
            " (FROM duckdb_tables() WHERE database_name = 'serving' AND schema_name = 'marts')"
            " USING (table_name)",
            [marts],
        ).fetchall()
        known = self.con.execute("SELECT 1 FROM raw.project WHERE fingerprint = ?", [fingerprint]).fetchone()
        return missing == 0 and known is not None

    def mark_built_by(self, fingerprint: str) -> None:
        self.con.execute("BEGIN; DELETE FROM raw.project")
        self.con.execute("INSERT INTO raw.project VALUES (?)", [fingerprint])
        self.con.execute("COMMIT")

    def mark_published(self) -> None:
        """Remember that the latest build is published, and forget all but the last thousand builds."""
        self.con.execute(
            "BEGIN; UPDATE raw.builds SET published_at = timezone('UTC', now())"
            " WHERE build_id = (SELECT max(build_id) FROM raw.builds);"
            " DELETE FROM raw.builds WHERE build_id < (SELECT max(build_id) - 1000 FROM raw.builds); COMMIT"
        )

    def drop_models(self) -> None:
        """Drop all that dbt built, so that it is built from all of raw; a crash in between changes nothing.

        The warehouse's file stays, because its lock is the mutex; the marts' file is made anew and compact.
        """
        self.con.execute(
            "DELETE FROM raw.project; DROP SCHEMA IF EXISTS staging CASCADE;"
            " DROP SCHEMA IF EXISTS intermediate CASCADE; DETACH serving; CHECKPOINT"
        )
        marts_file(self.settings).unlink()
        _create(self.con, self.settings)

    def empty(self) -> None:
        """Drop everything, to load all of the lake again."""
        self.drop_models()
        self.con.execute("DROP SCHEMA raw CASCADE; CHECKPOINT")
        _create(self.con, self.settings)

    def detach_marts(self) -> None:
        """Close the marts' file with everything in it, so that it can be copied.

        Closing any handle of a file drops the POSIX locks this process has on it, so it must not be copied
        while it is open.
        """
        self.con.execute("CHECKPOINT serving; DETACH serving")


@contextmanager
def open_warehouse(settings: Settings, stop: threading.Event | None = None) -> Iterator[Warehouse]:
    """Open the warehouse with the marts attached as `serving`, waiting for whoever has it open.

    Those who wait queue at a second lock, so a worker that opens it again at once does not overtake them.
    Raises UserError when the files cannot be opened, or when `stop` was set while waiting.
    """
    import duckdb

    settings.warehouse.mkdir(parents=True, exist_ok=True)
    try:
        with _turn(settings, stop):
            con = _when_free(
                lambda: duckdb.connect(str(warehouse_file(settings))),
                lambda problem: isinstance(problem, duckdb.IOException) and "lock" in str(problem),
                stop,
            )
        try:
            _create(con, settings)
            yield Warehouse(settings, con)
        finally:
            con.close()
    except duckdb.IOException as problem:
        raise UserError(f"the warehouse cannot be opened or written: {problem}") from problem


def _create(con: "DuckDBPyConnection", settings: Settings) -> None:
    con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'; SET TimeZone = 'UTC'")
    con.execute(f"ATTACH IF NOT EXISTS '{marts_file(settings)}' AS serving")
    con.execute(f"CREATE SCHEMA IF NOT EXISTS raw; {BOOKKEEPING}")
    have = dict(
        con.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns()"
            " WHERE database_name = 'warehouse' AND schema_name = 'raw' GROUP BY 1"
        ).fetchall()
    )
    for table, columns in LAKE_TABLES.items():
        if table not in have:
            definition = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            con.execute(f"CREATE TABLE raw.{table} ({definition}, _load_id BIGINT)")
            con.execute("INSERT INTO raw.sources VALUES (?, 0, NULL)", [table])
        for name in columns.keys() - have.get(table, columns.keys()):
            con.execute(f'ALTER TABLE raw.{table} ADD COLUMN "{name}" {columns[name]}')


@contextmanager
def _turn(settings: Settings, stop: threading.Event | None) -> Iterator[None]:
    with (settings.warehouse / "turn.lock").open("a") as lock:
        _when_free(
            lambda: fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB),
            lambda problem: isinstance(problem, BlockingIOError),
            stop,
        )
        yield


def _when_free(
    opens: Callable[[], Opened], is_busy: Callable[[BaseException], bool], stop: threading.Event | None
) -> Opened:
    """What `opens` returns once it does not find its file in use; says so once while it waits."""

    def tell(attempt: RetryCallState) -> None:
        if attempt.attempt_number == 1:
            log.info("another process has the warehouse open: waiting for its turn to end")

    retrying = Retrying(
        retry=retry_if_exception(is_busy),
        wait=wait_fixed(LOOK_AGAIN_SECONDS),
        stop=stop_when_event_set(stop or threading.Event()),
        before_sleep=tell,
    )
    try:
        return retrying(opens)
    except RetryError as problem:
        raise UserError("stopped while waiting for the warehouse") from problem
