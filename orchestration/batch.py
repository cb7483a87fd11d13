"""One batch: load what waits in the lake, build what it affects, audit it, publish it."""

import logging
import threading
import time
from dataclasses import dataclass, field

from orchestration.lake_files import LakeFiles
from orchestration.publish import publish
from orchestration.serving import Failure, current_build, timestamp, write_status
from orchestration.transform import NodeResult, Transform
from orchestration.warehouse import Warehouse, open_warehouse
from settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """What a batch came to; `build` is what it published, None when it published nothing."""

    rows: int = 0
    results: list[NodeResult] = field(default_factory=list)
    build: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)  # by step

    @property
    def failed(self) -> list[Failure]:
        return failures(self.results)


class Batches:
    """Runs batches one after the other; between them others get the warehouse."""

    def __init__(self, settings: Settings, transform: Transform, stop: threading.Event | None = None) -> None:
        """A set `stop` ends waiting for the warehouse."""
        self._settings = settings
        self._stop = stop
        self._files = LakeFiles(settings)
        self._looked = False  # whether this process has looked at what an earlier one left unpublished
        self.transform = transform

    def run(self) -> Batch | None:
        """Run a batch if there is anything to do; None if there is not.

        Raises UserError when the warehouse cannot be opened, OSError when the disk is full.
        """
        waiting = self._files.waiting()
        if not waiting and self._looked:
            return None
        self._looked = False  # until this batch is through
        steps = Steps()
        with open_warehouse(self._settings, self._stop) as warehouse:
            steps.done("open")
            rows = warehouse.load(waiting)
            self._files.loaded(waiting)
            steps.done("load")
            results, build = self._build(warehouse, steps)
        steps.done("close")
        self._looked = True
        return Batch(rows, results, build, steps.seconds) if rows or results else None

    def retry(self) -> None:
        """Let the next run build what is not published, also when nothing new comes."""
        self._looked = False

    def _build(self, warehouse: Warehouse, steps: "Steps") -> tuple[list[NodeResult], str | None]:
        """Build what files affect that no published build has seen; the results and the published build."""
        if not warehouse.is_built_by(self.transform.fingerprint, self.transform.marts()):
            return build_all(warehouse, self.transform, steps)
        unpublished = warehouse.unpublished_tables()
        if unpublished is None:
            return build_and_publish(warehouse, self.transform, steps, [])
        affected = sorted(unpublished & self.transform.lake_tables())
        if not affected:
            return [], None
        return build_and_publish(
            warehouse, self.transform, steps, [f"source:raw.{table}+" for table in affected]
        )


def build_all(
    warehouse: Warehouse, transform: Transform, steps: "Steps"
) -> tuple[list[NodeResult], str | None]:
    """Build everything from all of raw, audit every row, and publish if nothing failed."""
    log.info("building every model from all of the lake")
    warehouse.drop_models()
    results = transform.build(audit_all=True)
    steps.done("build")
    if all(result.is_good or result.kind == "test" for result in results):
        warehouse.mark_built_by(transform.fingerprint)
    return results, finish(warehouse, transform, results, steps)


def build_and_publish(
    warehouse: Warehouse, transform: Transform, steps: "Steps", select: list[str]
) -> tuple[list[NodeResult], str | None]:
    """Build the selected models (none: all) with what is new, audit them, and publish if nothing failed."""
    results = transform.build(select)
    steps.done("build")
    return results, finish(warehouse, transform, results, steps)


def finish(
    warehouse: Warehouse, transform: Transform, results: list[NodeResult], steps: "Steps"
) -> str | None:
    """Publish if nothing failed, and record either way; the published build or None."""
    failed = failures(results)
    if failed:
        write_status(warehouse.settings, failed)
        for failure in failed:
            log.error("%s failed on %s: %s", failure.name, failure.model, failure.message)
        log.error("nothing is published; %s stays", current_build(warehouse.settings) or "no build")
        return None
    build = publish(warehouse, transform, results)
    through = {
        source.name: timestamp(source.data_through) for source in warehouse.sources() if source.data_through
    }
    write_status(warehouse.settings, [], through)
    steps.done("publish")
    return build


def failures(results: list[NodeResult]) -> list[Failure]:
    """What failed by itself, without what was skipped for it."""
    return [
        Failure(result.name, result.model, result.status, result.failures, result.message)
        for result in results
        if not result.is_good and result.status != "skipped"
    ]


class Steps:
    """A stopwatch: how long each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def done(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[step] = self.seconds.get(step, 0) + now - self._since
        self._since = now
