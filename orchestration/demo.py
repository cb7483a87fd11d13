"""Fills an empty home with the demo shop, so that the first start has something to show."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select

from orchestration.simulation.history import History, play
from settings import Settings, UserError
from transactional.catalog.models import products
from transactional.shop import open_shop

DAYS = 90
SEED = 7
MEAN_VISITS = 600


def fill_once(settings: Settings, console: Console) -> None:
    """Make the demo shop and its first warehouse, unless this home has a shop already.

    Raises:
        UserError: see `fill`; or the first build of the warehouse failed.
    """
    if has_shop(settings):
        return
    console.print("First start: making a demo shop with 90 days of history (about two minutes, once).")
    fill(settings, console, DAYS, SEED, MEAN_VISITS)
    _build_warehouse(settings, console)


def has_shop(settings: Settings) -> bool:
    """Whether the shop's database holds products."""
    if not settings.database_url and not (settings.home / "shop.db").exists():
        return False
    shop = open_shop(settings)
    with shop.database.read() as db:
        found = db.value(select(products.c.id).limit(1)) is not None
    shop.database.engine.dispose()
    return found


def fill(settings: Settings, console: Console, days: int, seed: int, mean_visits: float) -> None:
    """Play `days` of history that end now into an empty home, with a progress bar.

    Everything is made beside its place and moved there at the end, the shop's database last: an interrupted
    run leaves a folder that the next one removes, and never half a shop.

    Raises:
        UserError: the shop has products already.
    """
    if has_shop(settings):
        raise UserError(
            f"the shop of {settings.home} has products already: history can only be made in an empty one "
            "(an interrupted start on PostgreSQL leaves half a demo: empty that database)"
        )
    making = settings.home / "filling"
    shutil.rmtree(making, ignore_errors=True)
    history = _play(settings.model_copy(update={"home": making}), console, days, seed, mean_visits)
    _move(making / "media", settings.media)
    _move(making / "spool" / "simulation", settings.spool / "simulation")
    if not settings.database_url:
        _move(making / "shop.db", settings.home / "shop.db")
    shutil.rmtree(making)
    console.print(f"{history.orders_placed:,} orders and {history.events_sent:,} events in {days} days.")


def _play(settings: Settings, console: Console, days: int, seed: int, mean_visits: float) -> History:
    shop = open_shop(settings)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} days"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("Playing history", total=days)
        history = play(
            settings,
            shop.database,
            days=days,
            seed=seed,
            until=datetime.now(UTC),
            mean_visits=mean_visits,
            on_day=lambda: progress.advance(task),
        )
    shop.database.engine.dispose()
    return history


def _move(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def _build_warehouse(settings: Settings, console: Console) -> None:
    """Load and build in a process of its own, whose memory is given back before the servers start."""
    command = [str(Path(sys.executable).parent / "storehouse"), "worker", "--once"]
    with console.status("Loading the lake and building the warehouse (about a minute)"):
        built = subprocess.run(
            command,
            env=os.environ | {"STOREHOUSE_HOME": str(settings.home)},
            capture_output=True,
            text=True,
            check=False,
        )
    if built.returncode:
        raise UserError(f"the first build of the warehouse failed:\n{(built.stderr or built.stdout)[-2000:]}")
