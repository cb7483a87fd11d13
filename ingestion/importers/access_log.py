"""Importer of a web server's access log: page views, assets and errors, each line one event."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, json

from ingestion.events import stage_events
from ingestion.importers import log_lines
from ingestion.importers.log_lines import Hit
from ingestion.importers.outcome import Outcome, Rejects
from ingestion.importers.sources import Progress, fingerprint, no_progress, text_lines
from ingestion.importers.staging import VERSION, Import, importing, repeated, row_id
from ingestion.importers.values import BadValueError
from ingestion.user_agents import KnownUserAgents, classify
from settings import Settings, UserError

KIND = "access-log"
CHUNK_BYTES = 64_000_000
# Equal lines with more others between them are not numbered; a log's equal lines share a second.
REMEMBERED_LINES = 200_000
_encoder = json.Encoder()


class _Event(Struct, omit_defaults=True, gc=False):
    """A row of the lake's events, as far as a log knows it."""

    shop_id: str
    event_id: str
    event_name: str
    occurred_at: str
    received_at: str
    visitor_id: str
    page_url: str
    http_status: int
    source: str  # "access_log"; a default would be left out of the line
    referrer: str | None = None
    user_agent: str | None = None


def import_access_log(
    settings: Settings,
    path: Path,
    shop: str,
    host: str,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> Outcome:
    """Import a log as events of `shop`, all together; `host` (scheme://name) completes the paths to URLs.

    Raises UserError when the file cannot be read or none of its lines is a log line.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    what = f"{VERSION}\0{fingerprint(path)}\0{host}"
    with importing(settings, shop, KIND, hashlib.sha256(what.encode()).hexdigest()) as run:
        read = run.already_read()
        if read is not None:
            progress(path.stat().st_size)
            return repeated(read)
        outcome = Outcome()
        reject_path = settings.rejects / f"{run.producer}-{path.name}.csv"
        with Rejects(reject_path, outcome, dry_run) as rejects:
            chunks = _Chunks(run)
            for hit, event in _events(run, path, host, outcome, rejects, progress):
                chunks.add(event)
                outcome.kinds[_counted_as(hit)] += 1
            chunks.stage()
        outcome.loaded = outcome.read - outcome.rejected
        if not outcome.loaded:
            reject_path.unlink(missing_ok=True)
            raise UserError(f"{path}: line 1: neither common nor combined log format, nor is any other line")
        run.stage_shop(settings.shop_time_zone, settings.shop_currency, settings.shop_locale, seq=-1)
        run.finish(outcome, dry_run)
        return outcome


def _events(
    run: Import, path: Path, host: str, outcome: Outcome, rejects: Rejects, progress: Progress
) -> Iterator[tuple[Hit, _Event]]:
    visitors = _Visitors(run.settings, run.shop)
    occurrences = _Occurrences()
    for number, line in text_lines(path, progress):
        outcome.read += 1
        try:
            hit = log_lines.parse(line)
        except BadValueError as problem:
            rejects.add(path, number, str(problem), line)
            continue
        at = hit.at.replace(tzinfo=None).isoformat(" ")
        yield (
            hit,
            _Event(
                shop_id=run.shop,
                event_id=row_id(run.shop, KIND, host, line, str(occurrences.number(line))),
                event_name=hit.kind,
                occurred_at=at,
                received_at=at,
                visitor_id=visitors.id_of(hit.address, hit.user_agent or ""),
                page_url=log_lines.page_url(host, hit.target),
                http_status=hit.status,
                source="access_log",
                referrer=hit.referrer,
                user_agent=hit.user_agent,
            ),
        )


def _counted_as(hit: Hit) -> str:
    """Each line counts once, as in marts.fct_requests: a bot's first, then an error, an asset or a view."""
    if hit.user_agent is not None and classify(hit.user_agent).is_bot:
        return "bot hits"
    if hit.kind == log_lines.ERROR:
        return "errors"
    return "views" if hit.kind == log_lines.PAGE_VIEW else "assets"


class _Chunks:
    """Collects events and stages them in files of bounded size, whatever the length of the log."""

    def __init__(self, run: Import) -> None:
        self._run = run
        self._known = KnownUserAgents(run.settings, run.con)
        self._path = run.publication.scratch("log")
        self._file = self._path.open("wb")
        self._bytes = 0
        self._staged = 0

    def add(self, event: _Event) -> None:
        line = _encoder.encode(event) + b"\n"
        self._file.write(line)
        self._bytes += len(line)
        if self._bytes >= CHUNK_BYTES:
            self.stage()

    def stage(self) -> None:
        """Stage what is collected as the next file of each day."""
        self._file.close()
        if self._bytes:
            self._staged += 1
            name = f"{self._run.name}-{self._staged:06d}"
            stage_events(self._run.publication, self._run.con, self._known, [self._path], name)
        self._file = self._path.open("wb")
        self._bytes = 0


class _Occurrences:
    """Numbers equal lines: a client may ask for one thing twice in a second, and both count."""

    def __init__(self) -> None:
        self._recent: dict[bytes, int] = {}
        self._older: dict[bytes, int] = {}

    def number(self, line: str) -> int:
        key = hashlib.blake2b(line.encode(), digest_size=16).digest()
        count = self._recent.get(key, 0) or self._older.get(key, 0)
        self._recent[key] = count + 1
        if len(self._recent) >= REMEMBERED_LINES:
            self._recent, self._older = {}, self._recent
        return count


class _Visitors:
    """Visitor ids that cannot be turned back into addresses: a hash with a secret that stays in this home."""

    def __init__(self, settings: Settings, shop: str) -> None:
        self._key = _secret(settings.secrets / "access-log-visitors")
        self._shop = shop

    def id_of(self, address: str, user_agent: str) -> str:
        text = "\0".join((self._shop, address, user_agent))
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=16).hexdigest()


def _secret(path: Path) -> bytes:
    """The secret in `path`, made whole the first time."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_bytes(secrets.token_bytes(32))
        temporary.rename(path)
    return path.read_bytes()
