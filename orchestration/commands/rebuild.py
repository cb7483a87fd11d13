"""`storehouse rebuild`: the warehouse made again from the lake."""

import typer
from rich.console import Console
from rich.table import Table

from settings import Settings

app = typer.Typer()


@app.command(epilog="Example: storehouse rebuild")
def rebuild() -> None:
    """Make the warehouse again from the lake, publish it, and say for every mart whether it came out equal.

    Exit code 1 when an audit failed, so that nothing is published.
    """
    import logging

    from orchestration.rebuild import Rebuild
    from orchestration.rebuild import rebuild as run

    logging.basicConfig(level=logging.CRITICAL)
    console = Console()
    with console.status("Starting") as status:
        result: Rebuild = run(Settings(), status.update)
    if result.build is None:
        for failure in result.failed:
            typer.echo(f"failed: {failure.name} on {failure.model}: {failure.message}", err=True)
        raise typer.Exit(1)
    console.print(f"{result.rows:,} rows loaded, published {result.build}")
    if result.comparisons:
        console.print(_table(result))


def _table(result: "Rebuild") -> Table:  # type: ignore[name-defined]  # noqa: F821
    table = Table("mart", "", box=None)
    for heading in ("rows before", "rows now", "only before", "only now"):
        table.add_column(heading, justify="right")
    for mart in result.comparisons:
        figures = (mart.rows_before, mart.rows_after, mart.only_before, mart.only_after)
        table.add_row(
            mart.mart,
            "equal" if mart.is_equal else "different",
            *("-" if n is None else f"{n:,}" for n in figures),
        )
    return table
