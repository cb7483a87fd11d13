"""What `storehouse status` shows, read without opening the warehouse, which the worker may have open."""

from dataclasses import dataclass
from datetime import datetime

from ingestion.schema import LAKE_TABLES, lake_folder
from orchestration.serving import Failure, current_build, open_published, published_at, read_status
from orchestration.warehouse import Source
from settings import Settings


@dataclass(frozen=True)
class Waiting:
    """What is not published yet."""

    spool_files: int
    spool_bytes: int
    lake_files: int


@dataclass(frozen=True)
class Published:
    """The current build, and what has failed since."""

    build: str
    state: str
    tests_passed: int
    tests_failed: int
    sources: list[Source]
    failed: list[Failure]


def waiting(settings: Settings) -> Waiting:
    """Count what the loader and the worker have not moved on."""
    sizes = [
        path.stat().st_size for path in settings.spool.glob("*/*") if path.suffix in {".open", ".ndjson"}
    ]
    build = current_build(settings)
    since = datetime.fromisoformat(published_at(build)).timestamp() if build else 0.0
    lake_files = sum(
        1
        for table in LAKE_TABLES
        for partition in lake_folder(settings, table).glob("date=*")
        if partition.stat().st_mtime > since
        for path in partition.glob("*.parquet")
        if path.stat().st_mtime > since
    )
    return Waiting(len(sizes), sum(sizes), lake_files)


def published(settings: Settings) -> Published | None:
    """The current build as it describes itself; None before the first."""
    build = current_build(settings)
    if build is None:
        return None
    with open_published(settings, build) as con:
        [(passed, failed)] = con.execute(
            "SELECT count(*) FILTER (status = 'pass'), count(*) FILTER (status <> 'pass') FROM meta.tests"
        ).fetchall()
        sources = [
            Source(*row) for row in con.execute("SELECT * FROM meta.sources ORDER BY source").fetchall()
        ]
    status = read_status(settings)
    if status is None or status.state == "ok":
        state = "as new as the last batch"
    else:
        state = f"old: nothing could be published since {status.since}"
    return Published(build, state, passed, failed, sources, status.failed if status else [])


def health(settings: Settings) -> dict[str, bool]:
    """Whether each server answers on its port."""
    from orchestration.supervision import answers, processes

    return {process.name: answers(process.health) for process in processes(settings) if process.health}
