"""Importer of the public Olist files: a Brazilian marketplace's orders, payments and reviews."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion.importers.olist_files import (
    EXPORT_TIME,
    FILES,
    ITEMS,
    ORDERS,
    PAYMENTS,
    REVIEWS,
    TYPES,
    OlistFile,
)
from ingestion.importers.olist_rows import TIME_ZONE, stage_rows
from ingestion.importers.outcome import Outcome, Rejects
from ingestion.importers.sources import Progress, Record, Source, inspect, no_progress, records
from ingestion.importers.staging import VERSION, Import, importing, repeated
from ingestion.importers.values import BadValueError, decimal, iso, minor_units, moments, whole
from settings import Settings, UserError

KIND = "olist"


def import_olist(
    settings: Settings, folder: Path, shop: str, dry_run: bool = False, progress: Progress = no_progress
) -> Outcome:
    """Import the eight files of `folder` as one: their rows appear in the lake together.

    Raises UserError naming the file, line and column when one is missing or is not what it should be.
    """
    sources = {file.file: inspect(_find(folder, file), ["utf-8"]) for file in FILES}
    for file in FILES:
        _positions(sources[file.file], file)
    what = "\0".join([str(VERSION), *(source.digest for source in sources.values())])
    with importing(settings, shop, KIND, hashlib.sha256(what.encode()).hexdigest()) as run:
        read = run.already_read()
        if read is not None:
            progress(sum(source.size for source in sources.values()))
            return repeated(read)
        outcome = Outcome()
        known_orders: set[str] = set()
        with Rejects(settings.rejects / f"{run.producer}.csv", outcome, dry_run) as rejects:
            for file in FILES:
                _Reader(run, file, sources[file.file], known_orders, outcome, rejects).read(progress)
        stage_rows(run)
        run.finish(outcome, dry_run)
        return outcome


def _find(folder: Path, file: OlistFile) -> Path:
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder")
    for name in (f"{file.file}.csv", f"{file.file}.csv.gz"):
        if (folder / name).is_file():
            return folder / name
    raise UserError(f"{folder}: {file.file}.csv is missing")


def _positions(source: Source, file: OlistFile) -> dict[str, int]:
    """Where the columns stand. Raises UserError naming those that are missing."""
    header = next(records(source, None), None)
    if header is None:
        raise UserError(f"{source.path}: the file is empty")
    names = [name.strip() for name in header.values]
    missing = [name for name in file.columns if name not in names]
    if missing:
        raise UserError(
            f"{source.path}: line 1: column {', '.join(missing)} is missing; found {', '.join(names)[:200]}"
        )
    return {name: names.index(name) for name in file.columns}


class _Reader:
    """Reads one file into the DuckDB table of its name."""

    def __init__(
        self,
        run: Import,
        file: OlistFile,
        source: Source,
        known_orders: set[str],
        outcome: Outcome,
        rejects: Rejects,
    ) -> None:
        self._run = run
        self._file = file
        self._source = source
        self._known_orders = known_orders
        self._outcome = outcome
        self._rejects = rejects
        self._moment: Callable[[str, str], datetime] = moments([EXPORT_TIME], TIME_ZONE)
        self._seen: set[tuple[Any, ...]] = set()

    def read(self, progress: Progress) -> None:
        file, outcome = self._file, self._outcome
        positions = _positions(self._source, file)
        lines = self._run.lines(file.table, {name: TYPES[kind] for name, kind in file.columns.items()})
        rows = records(self._source, None, progress)
        width = len(next(rows).values)
        for record in rows:
            outcome.read += 1
            try:
                if len(record.values) != width:
                    raise BadValueError(f"{len(record.values)} fields instead of {width}")
                line = self._parse(record, positions)
            except BadValueError as problem:
                self._rejects.add(self._source.path, record.line, str(problem), record.raw)
                continue
            key = tuple(line[name] for name in file.key)
            if key in self._seen:
                outcome.skipped[f"{file.file}: {' and '.join(file.key)} as in an earlier line"] += 1
                continue
            self._seen.add(key)
            if file is ORDERS:
                self._known_orders.add(line["order_id"])
            lines.add(line)
        outcome.loaded += lines.count
        outcome.kinds[file.file] += lines.count
        lines.into(self._run.con, file.table)

    def _parse(self, record: Record, positions: dict[str, int]) -> dict[str, Any]:
        file = self._file
        line: dict[str, Any] = {}
        for name, kind in file.columns.items():
            text = record.values[positions[name]]
            if not text.strip():
                if name not in file.optional:
                    raise BadValueError(f"{name} is empty")
                line[name] = None
                continue
            match kind:
                case "money":
                    line[name] = minor_units(decimal(text, name), 2)
                case "whole":
                    line[name] = whole(decimal(text, name), name)
                case "time":
                    line[name] = iso(self._moment(text, name))
                case _:
                    line[name] = text.strip()
        if file in (ITEMS, PAYMENTS, REVIEWS) and line["order_id"] not in self._known_orders:
            raise BadValueError(f"order_id {line['order_id']} is not in {ORDERS.file}")
        return line
