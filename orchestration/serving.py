"""The published files: which one is current, and what the last batch came to. Others only read."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from settings import Settings, UserError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Failure:
    """A model that could not be built, or a test that found rows."""

    name: str
    model: str
    status: str
    failures: int | None
    message: str


@dataclass(frozen=True)
class Status:
    """serving/STATUS.json: whether the published build is as new as the lake; else since when, and why."""

    state: Literal["ok", "failed"]
    since: str  # when it became so, ISO 8601 UTC
    checked_at: str
    build: str | None  # the published build
    published_at: str | None
    data_through: dict[str, str] = field(default_factory=dict)  # source -> UTC, of the published build
    failed: list[Failure] = field(default_factory=list)


def current_build(settings: Settings) -> str | None:
    """Id of the published build; None when nothing is published yet."""
    try:
        return (settings.serving / "CURRENT").read_text().strip() or None
    except FileNotFoundError:
        return None


def build_file(settings: Settings, build: str) -> Path:
    return settings.serving / f"{build}.duckdb"


def builds(settings: Settings) -> list[str]:
    """Ids of the builds that are kept, oldest first."""
    return sorted(path.stem for path in settings.serving.glob("*.duckdb"))


@contextmanager
def open_published(settings: Settings, build: str | None = None) -> Iterator["DuckDBPyConnection"]:
    """A connection that reads one published build, the current one by default, and nothing else.

    Raises UserError when nothing is published, or the build is gone.
    """
    import duckdb

    build = build or current_build(settings)
    if build is None:
        raise UserError("nothing is published yet: start the worker, or run storehouse worker --once")
    try:
        con = duckdb.connect(str(build_file(settings, build)), read_only=True, config={"threads": 2})
    except duckdb.IOException as problem:
        raise UserError(f"build {build} cannot be opened: {problem}") from problem
    try:
        con.execute("SET TimeZone = 'UTC'; SET enable_external_access = false; SET lock_configuration = true")
        yield con
    finally:
        con.close()


def read_status(settings: Settings) -> Status | None:
    """What the last batch came to; None before the first."""
    try:
        stored = json.loads((settings.serving / "STATUS.json").read_text())
    except FileNotFoundError:
        return None
    return Status(**stored | {"failed": [Failure(**failure) for failure in stored["failed"]]})


def write_status(
    settings: Settings, failed: list[Failure], data_through: dict[str, str] | None = None
) -> None:
    """Record what a batch came to.

    Args:
        failed: what failed, so that nothing was published; none when the batch was published.
        data_through: of the published build, by source; those of the build that stays when something failed.
    """
    before = read_status(settings)
    now = timestamp(datetime.now(UTC))
    state: Literal["ok", "failed"] = "failed" if failed else "ok"
    build = current_build(settings)
    if data_through is None:
        data_through = before.data_through if before else {}
    status = Status(
        state=state,
        since=before.since if before and before.state == state else now,
        checked_at=now,
        build=build,
        published_at=published_at(build) if build else None,
        data_through=data_through,
        failed=failed,
    )
    replace_file(settings.serving / "STATUS.json", json.dumps(asdict(status), indent=2) + "\n")


def timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def build_id(moment: datetime) -> str:
    """Ids sort by the time they were made, to the microsecond."""
    return moment.strftime("%Y%m%dT%H%M%S%fZ")


def replace_file(path: Path, text: str) -> None:
    """Write a small file so that a reader, or a crash, finds the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.tmp")
    with written.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def published_at(build: str) -> str:
    """When a build was published, ISO 8601 UTC."""
    return timestamp(datetime.strptime(build, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC))
