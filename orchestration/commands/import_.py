"""`storehouse import`: other systems' files into the lake, each with a reconciliation at the end."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from settings import Settings, UserError

if TYPE_CHECKING:
    from ingestion.importers.outcome import Outcome

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Import another system's files into the lake."
)

Shop = Annotated[str, typer.Option(help="The shop these rows belong to in the lake: a-z, 0-9, - and _.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and check everything, write nothing.")]


@app.command(epilog="Example: storehouse import olist data/olist --shop olist")
def olist(
    folder: Annotated[Path, typer.Argument(help="The folder with the olist_*.csv files.")],
    shop: Shop,
    dry_run: DryRun = False,
) -> None:
    """Import the public Olist files: customers, orders, items, payments, reviews, products, sellers."""
    from ingestion.importers.olist import import_olist

    _check_shop(shop)
    with _progress(folder) as progress:
        outcome = import_olist(Settings(), folder, shop, dry_run, progress)
    _report(outcome, dry_run)


@app.command(epilog="Example: storehouse import orders data/online_retail --mapping online_retail --shop uci")
def orders(
    path: Annotated[Path, typer.Argument(help="A .csv, .csv.gz, .tsv or .tsv.gz file, or a folder of them.")],
    mapping: Annotated[
        str, typer.Option(help="A mapping file, or the name of a shipped one: online_retail.")
    ],
    shop: Shop,
    dry_run: DryRun = False,
) -> None:
    """Import order lines: the mapping names columns, dates, currency, time zone, signs and what to skip."""
    from ingestion.importers.mapping import load_mapping
    from ingestion.importers.orders import import_orders

    _check_shop(shop)
    described = load_mapping(mapping)
    with _progress(path) as progress:
        outcome = import_orders(Settings(), path, described, shop, dry_run, progress)
    _report(outcome, dry_run)


@app.command(
    epilog="Example: storehouse import access-log access.log --shop blog --host https://blog.example"
)
def access_log(
    path: Annotated[Path, typer.Argument(help="A log in the common or combined format, also .gz.")],
    shop: Shop,
    host: Annotated[str, typer.Option(help="What the paths belong to; by default https://<shop>.")] = "",
    dry_run: DryRun = False,
) -> None:
    """Import a web server's log as page views, assets, errors and bot hits."""
    from ingestion.importers.access_log import import_access_log
    from ingestion.importers.log_lines import host_url

    _check_shop(shop)
    url = host_url(host or shop)
    if url is None:
        raise UserError(f"--host {host}: this is no host; give one like https://www.example.com")
    with _progress(path) as progress:
        outcome = import_access_log(Settings(), path, shop, url, dry_run, progress)
    _report(outcome, dry_run)


def _check_shop(shop: str) -> None:
    """Raise UserError unless `shop` can be a shop_id."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", shop):
        raise UserError(
            f"--shop {shop}: a shop's name has a-z, 0-9, - and _, at most 63, and begins with none of the two"
        )


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of the file, or of the folder's files."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    files = [file for file in path.iterdir() if file.is_file()] if path.is_dir() else [path]
    total = sum(file.stat().st_size for file in files if file.exists())
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(path.name, total=total)
        yield lambda done: bar.advance(task, done)


def _report(outcome: "Outcome", dry_run: bool) -> None:
    for remark in outcome.remarks:
        typer.echo(f"  {remark}")
    typer.echo(outcome.closing_line + (" (dry run: nothing was written)" if dry_run else ""))
