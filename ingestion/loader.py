"""The loader: moves what the collectors spooled and the shop changed into the lake, each row exactly once.

The names of the lake's files are the checkpoints: a file from the spool is named after its segments, a file
of changes after its position in the change log. Nothing else remembers what is loaded.
"""

import logging
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from ingestion import changes, lake, spool
from ingestion.events import stage_events, stage_quarantine
from ingestion.user_agents import KnownUserAgents
from settings import Settings, UserError
from transactional.change_log import Position, read_changes
from transactional.database import connect

PRODUCER = "loader"
CHANGES_A_BATCH = 50_000
WATCH_SECONDS = 0.05
RETRY_SECONDS = 5.0
KINDS = {"events": "", "quarantine": ".quarantine"}

log = logging.getLogger(__name__)


@dataclass
class LoadReport:
    """What one load moved; `files` are the lake files it published."""

    events: int = 0
    quarantined: int = 0
    changes: int = 0
    files: list[Path] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.files


class Loader:
    """Loads batch after batch and remembers between them only what it could read again from the lake."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token = uuid.uuid4().hex
        self._con = lake.connect(settings)
        self._engine: Engine = connect(settings.shop_database_url)
        self._forget()

    def load(self) -> LoadReport:
        """Move everything that waits. Raises UserError when the shop database does not answer."""
        report = LoadReport()
        with lake.publication(self._settings, PRODUCER, self._token, wait=True) as publication:
            if publication.taken_over:
                self._forget()
            for folder in spool.producers(self._settings.spool):
                for table, suffix in KINDS.items():
                    self._load_spool(publication, report, folder, table, suffix)
            self._load_changes(publication, report)
        return report

    def close(self) -> None:
        self._con.close()
        self._engine.dispose()

    def _forget(self) -> None:
        """Read the checkpoints from the lake again when they are needed next."""
        self._last_segments: dict[str, dict[str, int]] = {}
        self._known_agents: KnownUserAgents | None = None
        self._position: Position | None = None

    def _load_spool(
        self, publication: lake.Publication, report: LoadReport, folder: Path, table: str, suffix: str
    ) -> None:
        segments = spool.sealed(folder, suffix)
        if not segments:
            return
        if table not in self._last_segments:
            self._last_segments[table] = lake.last_numbers(self._settings, table)
        loaded = self._last_segments[table].get(folder.name, -1)
        for segment in segments:
            if segment.number <= loaded:  # a crash came between publishing and removing
                segment.path.unlink()
        for batch in spool.batches([segment for segment in segments if segment.number > loaded]):
            paths = [segment.path for segment in batch]
            name = f"{folder.name}-{batch[0].number:012d}-{batch[-1].number:012d}"
            if table == "events":
                if self._known_agents is None:
                    self._known_agents = KnownUserAgents(self._settings, self._con)
                report.events += stage_events(publication, self._con, self._known_agents, paths, name)
            else:
                report.quarantined += stage_quarantine(publication, self._con, paths, name)
            report.files += publication.commit()
            self._last_segments[table][folder.name] = batch[-1].number
            for path in paths:
                path.unlink()

    def _load_changes(self, publication: lake.Publication, report: LoadReport) -> None:
        if self._position is None:
            self._position = changes.last_position(self._settings)
        while True:
            try:
                batch = read_changes(self._engine, self._position, CHANGES_A_BATCH)
            except OperationalError as problem:
                raise UserError(f"the shop database does not answer: {problem.orig}") from problem
            if not batch:
                return
            changes.stage_changes(publication, self._con, self._settings.shop_id, batch)
            report.files += publication.commit()
            report.changes += len(batch)
            self._position = batch[-1].position


def load_once(settings: Settings) -> LoadReport:
    """Move everything that waits in the spool and the change log into the lake, and return what was moved."""
    lake.recover(settings)
    loader = Loader(settings)
    try:
        return loader.load()
    finally:
        loader.close()


def run(settings: Settings, stop: threading.Event) -> None:
    """Load every `settings.batch_seconds`, at once when something comes after a pause, until `stop` is set.

    A shop database that does not answer and a full disk are waited out.
    """
    lake.recover(settings)
    loader = Loader(settings)
    try:
        while not stop.is_set():
            before = _trace(settings)
            try:
                report = loader.load()
                if not report.is_empty:
                    log.info(
                        "%d events, %d quarantined, %d changes",
                        report.events,
                        report.quarantined,
                        report.changes,
                    )
                stop.wait(0 if report.is_empty else settings.batch_seconds)
                _wait_for_work(settings, stop, before if report.is_empty else None)
            except (UserError, OSError) as problem:
                log.warning("%s; trying again in %.0f s", problem, RETRY_SECONDS)
                stop.wait(RETRY_SECONDS)
    finally:
        loader.close()


def _wait_for_work(settings: Settings, stop: threading.Event, before: tuple[int, ...] | None) -> None:
    """Return when the spool or the shop's SQLite file changed, at the latest after `batch_seconds`."""
    until = time.monotonic() + settings.batch_seconds
    while before is not None and time.monotonic() < until and not stop.wait(WATCH_SECONDS):
        if _trace(settings) != before:
            return


def _trace(settings: Settings) -> tuple[int, ...]:
    """Changes whenever there may be something to load; costs a few stat calls."""
    paths = [settings.spool, *spool.producers(settings.spool), settings.home / "shop.db-wal"]
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
