"""`storehouse up`: everything on one machine, from one command."""

import signal
from types import FrameType

import typer
from rich.console import Console
from rich.table import Table

from settings import Settings

app = typer.Typer()


@app.command(epilog="Example: storehouse up")
def up() -> None:
    """Start shop, collector, warehouse worker, Dagster and dashboards; Ctrl-C stops them all.

    The first time a demo shop with 90 days of history is made; later starts go on from the same state.
    """
    from orchestration import demo, supervision

    settings = Settings()
    console = Console()
    # A shell that starts a job in the background ignores SIGINT for it, so ask for both.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    supervision.check_home(settings)
    with supervision.only_one(settings):
        supervision.check_ports(settings)
        try:
            demo.fill_once(settings, console)
        except KeyboardInterrupt:
            console.print("Stopped before the demo shop was complete; the next start makes it anew.")
            raise typer.Exit(1) from None
        supervisor = supervision.start(settings)
        try:
            with console.status("Starting"):
                supervision.wait_until_healthy(settings, supervisor)
            _print_addresses(settings, console)
            supervisor.wait()
        except KeyboardInterrupt:
            pass
        finally:
            with console.status("Stopping"):
                supervisor.terminate()
                supervisor.wait()
                supervision.stop_leftovers(settings)  # what a stopped process had started itself
        console.print("Stopped.")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _print_addresses(settings: Settings, console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_row("Shop", f"[link]{settings.shop_url}")
    table.add_row("Dashboards", f"[link]{settings.dashboards_url}")
    table.add_row("Dagster", f"[link]{settings.dagster_url}")
    console.print("[bold]Storehouse is up[/bold] (Ctrl-C stops it)")
    console.print(table)
