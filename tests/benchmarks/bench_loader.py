"""Loader events/s beside plain DuckDB NDJSON to Parquet, on the same spooled events."""

import os
import shutil
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import duckdb

from ingestion.lake import columns_argument
from ingestion.loader import Loader
from settings import Settings
from tests.benchmarks.bench_collector import EVENT
from tests.benchmarks.table import Row
from web_analytics.events import Arrival, event_lines, parse

EVENTS = 200_000
SEGMENTS = 10
ROUNDS = 7


def _segments(folder: Path) -> list[Path]:
    """A first segment to warm up with, and ten as a busy collector leaves them, by 300 browsers."""
    folder.mkdir(parents=True)
    (event,), _ = parse(EVENT)
    paths = []
    for number in range(SEGMENTS + 1):
        path = folder / f"{number:012d}.ndjson"
        with path.open("wb") as segment:
            for index in range(EVENTS // SEGMENTS):
                event.event_id = uuid.uuid4()
                agent = f"Mozilla/5.0 (X11; Linux x86_64) Chrome/{index % 300}.0.0.0 Safari/537.36"
                segment.write(event_lines([event], Arrival("demo", datetime.now(UTC), agent, "tracker")))
        paths.append(path)
    return paths


def _plain(paths: list[Path], target: Path) -> float:
    """Seconds that DuckDB alone takes, told the types and in a connection that is already open."""
    files = ", ".join(f"'{path}'" for path in paths)
    with duckdb.connect() as con:
        started = time.perf_counter()
        con.execute(
            f"COPY (SELECT * FROM read_json([{files}], format = 'newline_delimited',"
            f" columns = {columns_argument('events')})) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return time.perf_counter() - started


def _load(paths: list[Path], home: Path) -> float:
    """Seconds that a running loader takes, from looking at the spool to the last segment removed."""
    spool = home / "spool" / "collector"
    spool.mkdir(parents=True)
    first, *rest = paths
    shutil.copy(first, spool)
    loader = Loader(Settings(home=home))
    try:
        loader.load()
        for path in rest:
            shutil.copy(path, spool)
        started = time.perf_counter()
        report = loader.load()
        seconds = time.perf_counter() - started
    finally:
        loader.close()
    if report.events != EVENTS:
        raise RuntimeError(f"{report.events} of {EVENTS} events loaded")
    return seconds


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("STOREHOUSE_BENCH_DIR")) as name:
        folder = Path(name)
        paths = _segments(folder / "made")
        os.sync()  # else the loader's own syncs wait for what benchmarks before it left to be written
        rounds = [
            (_load(paths, folder / f"home{number}"), _plain(paths[1:], folder / "plain.parquet"))
            for number in range(ROUNDS)
        ]
    ours, theirs = (EVENTS / median(seconds) for seconds in zip(*rounds, strict=True))
    return [Row("loader, 10 segments of 20,000 events", ours, "events/s", theirs, 0.8)]
