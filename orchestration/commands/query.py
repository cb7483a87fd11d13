"""`storehouse query`: look something up in the published build."""

import csv
import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from settings import Settings, UserError

app = typer.Typer()


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@app.command(
    epilog='Example: storehouse query "select shop_id, sum(net_sales) from marts.fct_orders group by 1"'
)
def query(
    sql: Annotated[str, typer.Argument(help="A statement on the schemas marts and meta.", metavar="SQL")],
    format_: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
) -> None:
    """Run SQL on the published build; it can read nothing else and change nothing."""
    import duckdb

    from orchestration.serving import open_published

    with open_published(Settings()) as con:
        try:
            result = con.execute(sql)
            names = [column[0] for column in result.description or []]
            rows = result.fetchall()
        except duckdb.Error as problem:
            raise UserError(str(problem).split("\n\n")[0].replace("\n", " ")) from None
    match format_:
        case Format.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerows([names, *rows])
        case Format.JSON:
            json.dump([dict(zip(names, row, strict=True)) for row in rows], sys.stdout, default=str, indent=2)
            sys.stdout.write("\n")
        case Format.TABLE:
            _print(_table(names, rows))


def _print(table: Table) -> None:
    """Print all of every column: a figure cut short to fit the screen would be worse than a long line."""
    console = Console()
    width = max(console.width, console.measure(table, options=console.options.update(width=100_000)).maximum)
    Console(width=width).print(table)


def _table(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Table:
    table = Table(box=None)
    for position, name in enumerate(names):
        numeric = any(isinstance(row[position], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    return table
