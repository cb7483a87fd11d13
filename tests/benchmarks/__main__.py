"""`make bench`: every benchmark, one table; ends with 1 when a limit is not met."""

import sys
from importlib import import_module

from rich.console import Console
from rich.table import Table

from tests.benchmarks.table import Row

BENCHMARKS = (
    "bench_collector",
    "bench_loader",
    "bench_shop",
    "bench_history",
    "bench_catalog",
    "bench_promotions",
    "bench_batch",
    "bench_freshness",
)


def main(names: list[str]) -> int:
    console = Console(width=None if sys.stdout.isatty() else 120)
    rows: list[Row] = []
    for name in names or BENCHMARKS:
        with console.status(f"Running {name}"):
            rows += import_module(f"tests.benchmarks.{name}").run()
    table = Table("figure", "measured", "unit", "baseline", "ratio", "limit", "")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.measured:,.4g}" if row.measured < 1000 else f"{row.measured:,.0f}",
            row.unit,
            "" if row.baseline is None else f"{row.baseline:,.4g}",
            "" if row.ratio is None else f"{row.ratio:.2f}",
            "" if row.limit is None else f"{'≤' if row.lower_is_better else '≥'} {row.limit:g}",
            "" if row.limit is None else ("met" if row.passes else "[bold red]missed"),
        )
    console.print(table)
    return 0 if all(row.passes for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
