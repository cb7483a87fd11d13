"""`storehouse load`: the loader process, spool and change log to the lake."""

import signal
import threading
from typing import Annotated

import typer

from settings import Settings

app = typer.Typer()


@app.command(epilog="Example: storehouse load --once")
def load(
    once: Annotated[bool, typer.Option("--once", help="Load what waits, say how much, and exit.")] = False,
) -> None:
    """Move what the collector spooled and what the shop changed into the lake, until stopped."""
    import logging

    from ingestion import loader

    settings = Settings()
    if once:
        report = loader.load_once(settings)
        typer.echo(
            f"{report.events} events, {report.quarantined} quarantined, {report.changes} changes"
            f" -> {len(report.files)} lake files"
        )
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loader.run(settings, stop)
