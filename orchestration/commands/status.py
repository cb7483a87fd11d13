"""`storehouse status`: what waits, what is published, what failed, what runs."""

import typer
from rich.console import Console
from rich.table import Table

from settings import Settings

app = typer.Typer()


@app.command(epilog="Example: storehouse status")
def status() -> None:
    """Show what waits in spool and lake, the published build and its audits, and the processes."""
    from orchestration import overview

    settings = Settings()
    console = Console()
    console.print(_waiting(overview.waiting(settings)))
    published = overview.published(settings)
    if published is None:
        console.print("\nNothing is published yet.")
    else:
        console.print(_published(published))
    console.print(_processes(overview.health(settings)))


def _waiting(waiting: "overview.Waiting") -> Table:  # type: ignore[name-defined]  # noqa: F821
    table = _grid("[bold]Waiting")
    table.add_row("in the spool", f"{waiting.spool_files} files, {waiting.spool_bytes / 1e6:.1f} MB")
    table.add_row("in the lake since the last build", f"{waiting.lake_files} files")
    return table


def _published(published: "overview.Published") -> Table:  # type: ignore[name-defined]  # noqa: F821
    table = _grid("\n[bold]Published")
    table.add_row("build", published.build)
    table.add_row("state", published.state)
    table.add_row("audits", f"{published.tests_passed} passed, {published.tests_failed} failed")
    for failure in published.failed:
        table.add_row("failed", f"{failure.name} on {failure.model}: {failure.message}")
    for source in published.sources:
        through = source.data_through.strftime("through %Y-%m-%d %H:%M:%S UTC") if source.data_through else ""
        table.add_row(source.name, f"{source.rows:,} rows {through}")
    return table


def _processes(health: dict[str, bool]) -> Table:
    table = _grid("\n[bold]Processes")
    for name, answers in health.items():
        table.add_row(name, "answers" if answers else "does not answer")
    return table


def _grid(title: str) -> Table:
    return Table("", "", title=title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
