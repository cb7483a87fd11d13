"""Writing to the lake: files appear whole, and those that belong together appear together or not at all."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.schema import LAKE_TABLES, lake_folder
from settings import Settings, UserError

if TYPE_CHECKING:
    import duckdb

STAGING = ".staging"
MANIFEST = "MANIFEST"
LOCK = "lock"
PARQUET = "FORMAT parquet, COMPRESSION zstd"


class Publication:
    """Files on their way into the lake.

    They are staged beside it, made durable, listed in a manifest, and then renamed to their places. Once the
    manifest is durable they are published: a crash after it is rolled forward by `recover`, one before it
    leaves nothing.
    """

    def __init__(self, settings: Settings, folder: Path, taken_over: bool) -> None:
        """Made by `publication`, which holds the lock on the staging `folder`."""
        self.taken_over = taken_over  # whether somebody else published as this producer since we did
        self._lake = settings.lake
        self._settings = settings
        self._folder = folder
        self._targets: dict[str, Path] = {}

    def target(self, table: str, day: date, name: str) -> Path:
        """Where a file of a lake table belongs; `name` without the extension."""
        return lake_folder(self._settings, table) / f"date={day.isoformat()}" / f"{name}.parquet"

    def scratch(self, name: str) -> Path:
        """A path for a file that is needed meanwhile and never published."""
        return self._folder / f"{name}.scratch"

    def stage(self, target: Path) -> Path:
        """The path to write the file that is to become `target`; they appear in the order they are staged."""
        staged = f"{len(self._targets):06d}.tmp"
        self._targets[staged] = target
        return self._folder / staged

    def copy(self, con: "duckdb.DuckDBPyConnection", query: str, target: Path) -> int:
        """Stage the result of `query` as `target`; returns its rows."""
        return copy(con, query, self.stage(target))

    def commit(self) -> list[Path]:
        """Publish what was staged; when this returns it is durable. Returns the published paths."""
        for staged in self._targets:
            _sync(self._folder / staged)
        if len(self._targets) > 1:  # a single rename is atomic by itself
            _write_manifest(
                self._folder, {s: str(t.relative_to(self._lake)) for s, t in self._targets.items()}
            )
        targets = list(self._targets.values())
        _rename_all(self._folder, self._targets)
        self._targets = {}
        return targets


@contextmanager
def publication(
    settings: Settings, producer: str, owner: str = "", wait: bool = False
) -> Iterator[Publication]:
    """Stage files as `producer`, after finishing what an interrupted run of it left.

    Args:
        producer: who publishes; one process at a time.
        owner: names the caller, so that it can tell whether another one published in between.
        wait: for the process that is publishing as this producer, instead of raising UserError.
    """
    folder = settings.lake / STAGING / producer
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            raise UserError(
                f"another process is writing to the lake as {producer}: wait until it ends"
            ) from None
        lock.seek(0)
        taken_over = lock.read() != owner
        lock.truncate(0)
        lock.write(owner)
        lock.flush()
        _settle(settings.lake, folder)
        try:
            yield Publication(settings, folder, taken_over)
        finally:
            _settle(settings.lake, folder)


def recover(settings: Settings) -> None:
    """Finish or undo what killed processes left half-published; leave alone what a live one is at."""
    for lock_path in (settings.lake / STAGING).glob(f"*/{LOCK}"):
        with lock_path.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            _settle(settings.lake, lock_path.parent)


def last_numbers(settings: Settings, table: str) -> dict[str, int]:
    """Producer -> the highest `last` among the names of its files of a lake table."""
    highest: dict[str, int] = {}
    for path in lake_folder(settings, table).glob("date=*/*.parquet"):
        producer, _, last = path.stem.rsplit("-", 2) if path.stem.count("-") >= 2 else ("", "", "")
        if last.isdigit():
            highest[producer] = max(highest.get(producer, 0), int(last))
    return highest


def copy(con: "duckdb.DuckDBPyConnection", query: str, path: Path) -> int:
    """Write the result of `query` to a Parquet file; returns its rows."""
    row = con.execute(f"COPY ({query}) TO {literal(path)} ({PARQUET})").fetchone()
    return int(row[0]) if row else 0


def columns_argument(table: str) -> str:
    """The `columns` argument of DuckDB's JSON reader for a lake table."""
    return (
        "{"
        + ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in LAKE_TABLES[table].items())
        + "}"
    )


def literal(value: object) -> str:
    """A SQL string."""
    return "'" + str(value).replace("'", "''") + "'"


def connect(settings: Settings, memory_megabytes: int = 400) -> "duckdb.DuckDBPyConnection":
    """An in-memory DuckDB that stays small and works in UTC."""
    import duckdb

    settings.lake.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        config={
            "memory_limit": f"{memory_megabytes}MB",
            "threads": min(2, os.cpu_count() or 1),
            "temp_directory": str(settings.lake / STAGING / f"duckdb-{os.getpid()}"),
            "autoinstall_known_extensions": False,
        }
    )
    con.execute("SET TimeZone = 'UTC'")
    return con


def _settle(lake: Path, folder: Path) -> None:
    """Roll a published folder forward, then empty it (but for its lock)."""
    manifest = folder / MANIFEST
    if manifest.exists():
        targets = json.loads(manifest.read_text())
        _rename_all(folder, {staged: lake / target for staged, target in targets.items()})
    for left in folder.iterdir():
        if left.name != LOCK:
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _write_manifest(folder: Path, targets: dict[str, str]) -> None:
    temporary = folder / f"{MANIFEST}.tmp"
    with temporary.open("w") as file:
        json.dump(targets, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(folder / MANIFEST)
    _sync(folder)


def _rename_all(folder: Path, targets: dict[str, Path]) -> None:
    for target_folder in dict.fromkeys(target.parent for target in targets.values()):
        _make_folder(target_folder)
    for staged, target in targets.items():
        if (folder / staged).exists():  # else an interrupted run has renamed it
            (folder / staged).rename(target)
    for target_folder in {target.parent for target in targets.values()}:
        _sync(target_folder)
    (folder / MANIFEST).unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    """Create a folder and its parents durably."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
