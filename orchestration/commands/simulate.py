"""`storehouse simulate`: shoppers of the past, or shoppers of right now."""

from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer()


@app.command(epilog="Examples: storehouse simulate --days 90; storehouse simulate --live --shoppers 20")
def simulate(
    days: Annotated[int, typer.Option(min=1, max=1000, help="Days of history to make, ending now.")] = 90,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shoppers.")] = 7,
    visits: Annotated[float, typer.Option(min=1, help="Visits on an average day of the history.")] = 600,
    live: Annotated[
        bool, typer.Option("--live", help="Send shoppers to the running shop instead, until Ctrl-C.")
    ] = False,
    shoppers: Annotated[int, typer.Option(min=1, max=500, help="With --live: visits a minute.")] = 20,
) -> None:
    """Fill an empty shop with history, or send live shoppers over HTTP to a running one."""
    from settings import Settings

    settings = Settings()
    console = Console()
    if live:
        from orchestration.simulation.live import send_shoppers

        send_shoppers(settings, console, shoppers, seed)
        return
    from orchestration import demo

    demo.fill(settings, console, days, seed, visits)
