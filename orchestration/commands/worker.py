"""`storehouse worker`: the micro-batches, lake to published build."""

from typing import Annotated

import typer
from rich.console import Console

from settings import Settings

app = typer.Typer()


@app.command(epilog="Example: storehouse worker --once")
def worker(
    once: Annotated[
        bool, typer.Option("--once", help="Load and publish what waits, say how much, exit.")
    ] = False,
) -> None:
    """Load what is new in the lake, build what it affects, audit and publish it, until stopped.

    With --once, also what waits in the spool and the shop's change log; exit code 1 when an audit failed.
    """
    import logging

    from orchestration import worker

    settings = Settings()
    if not once:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        worker.run(settings)
        return
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    with Console(stderr=True).status("Starting") as status:
        batches = worker.drain(settings, status.update)
    typer.echo(f"{sum(batch.rows for batch in batches)} rows loaded in {len(batches)} batches")
    for failure in (failure for batch in batches for failure in batch.failed):
        found = f" ({failure.failures} rows)" if failure.failures else ""
        typer.echo(f"failed: {failure.name} on {failure.model}{found}", err=True)
    if any(batch.failed for batch in batches):
        raise typer.Exit(1)
