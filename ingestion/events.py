"""Spooled lines to the lake's events, user agents and quarantine."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion import user_agents
from ingestion.lake import Publication, columns_argument, copy, literal
from ingestion.user_agents import KnownUserAgents

if TYPE_CHECKING:
    import duckdb


def stage_events(
    publication: Publication,
    con: "duckdb.DuckDBPyConnection",
    known: KnownUserAgents,
    paths: list[Path],
    name: str,
) -> int:
    """Stage the events of some segments, and before them what is new about their user agents.

    Args:
        paths: NDJSON files, one event a line.
        name: of the lake files, without extension.

    Returns:
        how many events there are.
    """
    parquet, rows = _read(publication, con, "events", paths)
    readable = "event_id IS NOT NULL AND received_at IS NOT NULL"
    good, days = _look(con, parquet, readable)
    if days:
        stage_user_agents(publication, con, known, parquet, days[-1])
    _stage(publication, con, "events", parquet, readable, name, days, whole=good == rows)
    if good < rows:
        _stage_unreadable(publication, con, parquet, readable, paths, name)
    return good


def stage_quarantine(
    publication: Publication, con: "duckdb.DuckDBPyConnection", paths: list[Path], name: str
) -> int:
    """Stage what the collector refused; returns how many rows that is."""
    parquet, rows = _read(publication, con, "quarantine", paths)
    readable = "received_at IS NOT NULL"
    good, days = _look(con, parquet, readable)
    _stage(publication, con, "quarantine", parquet, readable, name, days, whole=good == rows)
    if good < rows:
        _stage_unreadable(publication, con, parquet, readable, paths, name)
    return good


def stage_user_agents(
    publication: Publication,
    con: "duckdb.DuckDBPyConnection",
    known: KnownUserAgents,
    parquet: Path,
    day: date,
) -> None:
    """Stage a row for each user agent in a file of events that has none yet."""
    query = f"SELECT DISTINCT user_agent FROM read_parquet({literal(parquet)}) WHERE user_agent IS NOT NULL"
    new = known.new(name for (name,) in con.execute(query).fetchall())
    if new:
        table = user_agents.fill_table(con, new)
        target = publication.target("user_agents", day, user_agents.file_name(new))
        publication.copy(con, f"SELECT * FROM {table} ORDER BY user_agent", target)
        known.add(new)


def _read(
    publication: Publication, con: "duckdb.DuckDBPyConnection", table: str, paths: list[Path]
) -> tuple[Path, int]:
    """Type the lines into one Parquet file; a line that cannot be typed becomes a row of nulls."""
    parquet = publication.scratch(table)
    files = "[" + ", ".join(literal(path) for path in paths) + "]"
    query = (
        f"SELECT * FROM read_json({files}, format = 'newline_delimited', ignore_errors = true,"
        f" columns = {columns_argument(table)})"
    )
    return parquet, copy(con, query, parquet)


def _look(con: "duckdb.DuckDBPyConnection", parquet: Path, readable: str) -> tuple[int, list[date]]:
    """How many rows are readable, and the days (UTC) they were received on, in order."""
    query = (
        f"SELECT received_at::DATE AS day, count(*) FROM read_parquet({literal(parquet)})"
        f" WHERE {readable} GROUP BY ALL ORDER BY ALL"
    )
    counts = con.execute(query).fetchall()
    return sum(count for _, count in counts), [day for day, _ in counts]


def _stage(
    publication: Publication,
    con: "duckdb.DuckDBPyConnection",
    table: str,
    parquet: Path,
    readable: str,
    name: str,
    days: list[date],
    whole: bool,
) -> None:
    """Stage a file for each day; the common batch is of one day and already is that file."""
    if len(days) == 1 and whole:
        parquet.rename(publication.stage(publication.target(table, days[0], name)))
        return
    for day in days:
        query = (
            f"SELECT * FROM read_parquet({literal(parquet)})"
            f" WHERE {readable} AND received_at::DATE = {literal(day)}"
        )
        publication.copy(con, query, publication.target(table, day, name))


def _stage_unreadable(
    publication: Publication,
    con: "duckdb.DuckDBPyConnection",
    parquet: Path,
    readable: str,
    paths: list[Path],
    name: str,
) -> None:
    """Keep the lines of a damaged segment in the quarantine: a disk fault must not stop the loader."""
    query = (
        f"SELECT file_row_number FROM read_parquet({literal(parquet)}, file_row_number = true)"
        f" WHERE NOT ({readable}) ORDER BY 1"
    )
    wanted = {number for (number,) in con.execute(query).fetchall()}
    now = datetime.now(UTC)
    con.execute("CREATE OR REPLACE TEMP TABLE unreadable (reason VARCHAR, body VARCHAR)")
    con.executemany(
        "INSERT INTO unreadable VALUES (?, ?)",
        [
            (f"unreadable line of segment {path.name}", line.decode("utf-8", "backslashreplace"))
            for number, (path, line) in enumerate(_lines(paths))
            if number in wanted
        ],
    )
    producer, first, last = name.rsplit("-", 2)
    target = publication.target("quarantine", now.date(), f"{producer}.unreadable-{first}-{last}")
    query = (
        f"SELECT NULL::VARCHAR AS shop_id, TIMESTAMP {literal(now.replace(tzinfo=None))} AS received_at,"
        " reason, body FROM unreadable"
    )
    publication.copy(con, query, target)


def _lines(paths: list[Path]) -> Iterator[tuple[Path, bytes]]:
    for path in paths:
        with path.open("rb") as segment:
            for line in segment:
                yield path, line.rstrip(b"\n")
