"""The warehouse made again from the lake, and whether it came out equal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.batch import Batches, Steps, build_all, failures
from orchestration.lake_files import LakeFiles
from orchestration.serving import Failure, build_file, current_build
from orchestration.transform import Transform
from orchestration.warehouse import open_warehouse
from settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Differs between any two builds of the same data.
TECHNICAL = "_build_id"


@dataclass(frozen=True)
class Comparison:
    """One mart before and after; a side where it does not exist has None rows."""

    mart: str
    rows_before: int | None
    rows_after: int | None
    only_before: int = 0
    only_after: int = 0

    @property
    def is_equal(self) -> bool:
        return self.rows_before == self.rows_after and not self.only_before and not self.only_after


@dataclass(frozen=True)
class Rebuild:
    """What a rebuild came to; `build` is None when an audit failed and nothing was published."""

    build: str | None
    rows: int
    failed: list["Failure"]
    comparisons: list[Comparison]


def rebuild(settings: Settings, tell: Callable[[str], None]) -> Rebuild:
    """Drop the warehouse, load all of the lake, build and audit everything, publish, and compare with before.

    Args:
        tell: called with each step as it begins.

    It compares what is made of the same files: those that came since the build before are a batch of their
    own afterwards. Until it is published, readers keep the build they have. The worker finishes a rebuild
    that was killed.
    """
    tell("Reading the models")
    transform = Transform(settings, tell=tell)
    tell("Waiting for the warehouse")
    with open_warehouse(settings) as warehouse:
        tell("Loading the lake")
        before = current_build(settings)
        files = warehouse.loaded_of(LakeFiles(settings).waiting())
        warehouse.empty()
        rows = warehouse.load(files)
        results, build = build_all(warehouse, transform, Steps())
        tell("Comparing with the build before")
        comparisons = compare(settings, before, build) if before and build else []
    tell("Building what came meanwhile")
    Batches(settings, transform).run()
    return Rebuild(build, rows, failures(results), comparisons)


def compare(settings: Settings, before: str, after: str) -> list[Comparison]:
    """Every mart of two published builds, row by row."""
    import duckdb

    with duckdb.connect() as con:
        for name, build in (("before", before), ("after", after)):
            con.execute(f"ATTACH '{build_file(settings, build)}' AS {name} (READ_ONLY)")
        names = con.execute(
            "SELECT DISTINCT table_name FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY 1"
        ).fetchall()
        return [_compare_mart(con, mart) for (mart,) in names]


def _compare_mart(con: "DuckDBPyConnection", mart: str) -> Comparison:
    before, after = (_columns(con, name, mart) for name in ("before", "after"))
    rows_before, rows_after = _rows(con, "before", mart, before), _rows(con, "after", mart, after)
    if before != after:
        return Comparison(mart, rows_before, rows_after, rows_before or 0, rows_after or 0)
    columns = ", ".join(f'"{column}"' for column in before)
    return Comparison(
        mart,
        rows_before,
        rows_after,
        only_before=_only_in(con, f"before.marts.{mart}", f"after.marts.{mart}", columns),
        only_after=_only_in(con, f"after.marts.{mart}", f"before.marts.{mart}", columns),
    )


def _columns(con: "DuckDBPyConnection", database: str, mart: str) -> list[str]:
    rows = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = 'marts'"
        " AND table_name = ? AND column_name <> ? ORDER BY column_name",
        [database, mart, TECHNICAL],
    ).fetchall()
    return [column for (column,) in rows]


def _rows(con: "DuckDBPyConnection", database: str, mart: str, columns: list[str]) -> int | None:
    if not columns:
        return None
    [(rows,)] = con.execute(f"SELECT count(*) FROM {database}.marts.{mart}").fetchall()  # noqa: S608 - our names
    return int(rows)


def _only_in(con: "DuckDBPyConnection", here: str, there: str, columns: str) -> int:
    [(rows,)] = con.execute(
        f"SELECT count(*) FROM (SELECT {columns} FROM {here} EXCEPT ALL SELECT {columns} FROM {there})"  # noqa: S608 - our names
    ).fetchall()
    return int(rows)
