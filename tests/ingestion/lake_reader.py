"""Reads a test's lake, as the warehouse would."""

from typing import Any

import duckdb

from ingestion.schema import CHANGES_TABLES, lake_folder
from settings import Settings


def exists(settings: Settings, table: str) -> bool:
    return any(lake_folder(settings, table).glob("date=*/*.parquet"))


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """Run SQL over the lake's tables: each changes table as `<name>` (latest rows) and `<name>_log` (all)."""
    with duckdb.connect() as con:
        for table in (*CHANGES_TABLES, "events", "user_agents", "quarantine"):
            if table not in sql or not exists(settings, table):
                continue
            files = (
                f"read_parquet('{lake_folder(settings, table)}/date=*/*.parquet', hive_partitioning = false)"
            )
            if table in CHANGES_TABLES:
                con.execute(f"CREATE VIEW {table}_log AS SELECT * FROM {files}")
                con.execute(
                    f"CREATE VIEW {table} AS SELECT * FROM {table}_log"
                    " QUALIFY row_number() OVER (PARTITION BY shop_id, id ORDER BY _seq DESC) = 1"
                )
            else:
                con.execute(f"CREATE VIEW {table} AS SELECT * FROM {files}")
        return con.execute(sql).fetchall()


def latest_rows(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every changes table's latest rows without the moment of the import, to compare whole lakes."""
    return {
        table: query(settings, f"SELECT * EXCLUDE (_ts) FROM {table} ORDER BY ALL")
        for table in CHANGES_TABLES
        if exists(settings, table)
    }
