"""The micro-batch worker: looks for new files, runs a batch, yields the warehouse, reports to Dagster."""

import logging
import signal
import threading
import time
from collections.abc import Callable

from orchestration.batch import Batch, Batches
from orchestration.reporting import Reporter
from orchestration.serving import Failure, write_status
from orchestration.transform import Transform
from settings import Settings, UserError

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0


def run(settings: Settings) -> None:
    """Run batches until SIGTERM or SIGINT; a batch that is under way is finished first.

    A warehouse that cannot be opened, a full disk and a failed audit are waited out: the next new file, or
    RETRY_SECONDS, tries again.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    transform = Transform(settings)
    batches = Batches(settings, transform, stop)
    reporter = Reporter(settings, transform)
    retry_at = float("inf")
    while not stop.is_set():
        if time.monotonic() >= retry_at:
            batches.retry()
        batch, healthy = _attempt(settings, batches, stop)
        if batch is not None:
            reporter.add(batch)
        if not healthy or (batch is not None and batch.failed):
            retry_at = time.monotonic() + RETRY_SECONDS
        elif batch is not None:
            retry_at = float("inf")
        if batch is None:
            reporter.report_when_due()
            stop.wait(settings.batch_seconds if healthy else RETRY_SECONDS)
    reporter.report()


def drain(settings: Settings, tell: Callable[[str], None]) -> list[Batch]:
    """Move what waits in spool and change log to the lake, and run batches until nothing waits.

    Args:
        tell: called with what is done now, for a progress line.

    Stops at the first batch that failed. Raises UserError when the warehouse or the shop cannot be opened.
    """
    from ingestion.loader import load_once

    tell("Loading the spool and the change log")
    load_once(settings)
    tell("Reading the models")
    transform = Transform(settings, tell=tell)
    batches = Batches(settings, transform)
    reporter = Reporter(settings, transform)
    done: list[Batch] = []
    while batch := batches.run():
        log_batch(batch)
        done.append(batch)
        reporter.add(batch)
        if batch.failed:
            break
    tell("Telling Dagster")
    reporter.report()
    return done


def log_batch(batch: Batch) -> None:
    steps = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in batch.seconds.items())
    log.info(
        "%d rows in, %d models and tests, published %s (%s)",
        batch.rows,
        len(batch.results),
        batch.build,
        steps,
    )


def _attempt(settings: Settings, batches: Batches, stop: threading.Event) -> tuple[Batch | None, bool]:
    """Run a batch; it, and whether the machine let it."""
    try:
        batch = batches.run()
    except (UserError, OSError) as problem:
        if stop.is_set():
            return None, True
        log.error("%s; trying again in %.0f s", problem, RETRY_SECONDS)
        _record(settings, str(problem))
        return None, False
    if batch is not None:
        log_batch(batch)
    return batch, True


def _record(settings: Settings, problem: str) -> None:
    """Tell the dashboards, if the disk has room for that."""
    try:
        write_status(settings, [Failure("worker", "", "error", None, problem)])
    except OSError as unwritten:
        log.error("the status cannot be written either: %s", unwritten)
