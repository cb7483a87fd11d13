"""Publishing: the marts' file, with what is known about it, becomes the build that readers open."""

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from orchestration.serving import build_file, build_id, builds, current_build, replace_file, sync_folder
from orchestration.transform import NodeResult, Transform
from orchestration.warehouse import Warehouse, marts_file
from settings import Settings

META = """
    CREATE SCHEMA IF NOT EXISTS serving.meta;
    CREATE TABLE IF NOT EXISTS serving.meta.tests (
        name VARCHAR, model VARCHAR, status VARCHAR, failures BIGINT, checked_at TIMESTAMP);
    CREATE OR REPLACE TABLE serving.meta.build (
        build VARCHAR, published_at TIMESTAMP, warehouse_build BIGINT, fingerprint VARCHAR);
    CREATE OR REPLACE TABLE serving.meta.sources (source VARCHAR, rows BIGINT, data_through TIMESTAMP);
"""


def publish(warehouse: Warehouse, transform: Transform, results: list[NodeResult]) -> str:
    """Publish the marts as they are and return the build's id. The warehouse stays open without them.

    Args:
        results: of this build's models and tests; what the tests came to is published with the marts.
    """
    settings = warehouse.settings
    moment = datetime.now(UTC)
    build = build_id(moment)
    _write_meta(warehouse, transform, results, build, moment)
    warehouse.detach_marts()
    target = build_file(settings, build)
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy_durably(marts_file(settings), target)
    replace_file(settings.serving / "CURRENT", f"{build}\n")
    _drop_old(settings)
    warehouse.mark_published()
    return build


def _write_meta(
    warehouse: Warehouse, transform: Transform, results: list[NodeResult], build: str, moment: datetime
) -> None:
    con = warehouse.con
    naive = moment.replace(tzinfo=None)
    fingerprint = transform.fingerprint
    con.execute("BEGIN")
    described = _is_described(warehouse, fingerprint)
    con.execute(META)
    con.execute(
        "INSERT INTO serving.meta.build SELECT ?, ?, max(build_id), ? FROM raw.builds",
        [build, naive, fingerprint],
    )
    con.execute(
        "INSERT INTO serving.meta.sources SELECT source, rows, data_through FROM raw.sources WHERE rows > 0"
    )
    tests = [result for result in results if result.kind == "test"]
    con.execute(
        "DELETE FROM serving.meta.tests WHERE list_contains(?, name)", [[test.name for test in tests]]
    )
    _insert(
        warehouse,
        "tests",
        [(test.name, test.model, test.status, test.failures or 0, naive) for test in tests],
    )
    if not described:
        con.execute(
            "CREATE OR REPLACE TABLE serving.meta.columns"
            ' ("table" VARCHAR, "column" VARCHAR, type VARCHAR, description VARCHAR);'
            " CREATE OR REPLACE TABLE serving.meta.kpis"
            ' ("table" VARCHAR, "column" VARCHAR, name VARCHAR, definition VARCHAR, unit VARCHAR)'
        )
        _insert(warehouse, "columns", transform.columns())
        _insert(warehouse, "kpis", transform.kpis())
    con.execute("COMMIT")


def _is_described(warehouse: Warehouse, fingerprint: str) -> bool:
    """Whether the last publication from here already wrote the definitions that this project has."""
    known = warehouse.con.execute(
        "SELECT 1 FROM duckdb_tables()"
        " WHERE database_name = 'serving' AND schema_name = 'meta' AND table_name = 'kpis'"
    ).fetchone()
    if known is None:
        return False
    same = warehouse.con.execute("SELECT 1 FROM serving.meta.build WHERE fingerprint = ?", [fingerprint])
    return same.fetchone() is not None


def _insert(warehouse: Warehouse, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert all rows in one statement; one statement a row would cost more than the rest of publishing."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        values = ", ".join("unnest(?)" for _ in columns)
        warehouse.con.execute(f"INSERT INTO serving.meta.{table} SELECT {values}", columns)


def _copy_durably(source: Path, target: Path) -> None:
    """Copy a file that is not open anywhere; blocks are shared where the file system can."""
    written = target.with_name(f"{target.name}.tmp")
    try:
        with source.open("rb") as reader, written.open("wb") as writer:
            if hasattr(os, "copy_file_range"):
                left = os.fstat(reader.fileno()).st_size
                while left:
                    left -= os.copy_file_range(reader.fileno(), writer.fileno(), left)
            else:
                shutil.copyfileobj(reader, writer, 1 << 20)
            writer.flush()
            os.fsync(writer.fileno())
    except OSError:
        written.unlink(missing_ok=True)  # a full disk gets its space back
        raise
    written.replace(target)
    sync_folder(target.parent)


def _drop_old(settings: Settings) -> None:
    """Keep the newest builds. Who has an older one open goes on reading it."""
    for leftover in settings.serving.glob("*.duckdb.tmp"):
        leftover.unlink()
    keep = {*builds(settings)[-settings.kept_builds :], current_build(settings)}
    for build in builds(settings):
        if build not in keep:
            build_file(settings, build).unlink(missing_ok=True)
