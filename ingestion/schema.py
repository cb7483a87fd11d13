"""The lake's tables: columns, DuckDB types and folders. Whoever writes or reads the lake starts here."""

from pathlib import Path

from sqlalchemy import JSON, BigInteger, Boolean, Date, Integer, String, Table
from sqlalchemy.types import TypeDecorator

from settings import Settings
from transactional.tables import LOGGED_TABLES

ITEM = (
    "STRUCT(item_id VARCHAR, item_name VARCHAR, item_brand VARCHAR, item_category VARCHAR,"
    ' item_variant VARCHAR, price BIGINT, quantity INTEGER, "index" INTEGER, item_list_name VARCHAR)'
)

EVENTS = {
    "shop_id": "VARCHAR",
    "event_id": "VARCHAR",
    "event_name": "VARCHAR",
    "occurred_at": "TIMESTAMP",
    "received_at": "TIMESTAMP",
    "visitor_id": "VARCHAR",
    "customer_id": "VARCHAR",
    "page_url": "VARCHAR",
    "page_title": "VARCHAR",
    "referrer": "VARCHAR",
    "user_agent": "VARCHAR",
    "language": "VARCHAR",
    "viewport_width": "INTEGER",
    "value": "BIGINT",
    "currency": "VARCHAR",
    "transaction_id": "VARCHAR",
    "search_term": "VARCHAR",
    "items": f"{ITEM}[]",
    "params": "VARCHAR",
    "http_status": "INTEGER",
    "source": "VARCHAR",
}

USER_AGENTS = {
    "user_agent": "VARCHAR",
    "browser": "VARCHAR",
    "browser_version": "VARCHAR",
    "os": "VARCHAR",
    "device_type": "VARCHAR",
    "is_bot": "BOOLEAN",
    "classifier": "VARCHAR",
}

QUARANTINE = {
    "shop_id": "VARCHAR",
    "received_at": "TIMESTAMP",
    "reason": "VARCHAR",
    "body": "VARCHAR",
}

# Tables the shop does not keep (yet) but other systems' files do.
IMPORTED = {
    "sellers": {
        "id": "VARCHAR",
        "city": "VARCHAR",
        "region": "VARCHAR",
        "postal_code": "VARCHAR",
        "country": "VARCHAR",
    },
}

# What every row of a changes table carries besides the shop's own columns.
CHANGE = {
    "_seq": "BIGINT",
    "_tx_id": "BIGINT",
    "_op": "VARCHAR",
    "_ts": "TIMESTAMP",
    "_actor": "VARCHAR",
    "_request_id": "VARCHAR",
    "_before": "VARCHAR",
}


def duckdb_type(column_type: object) -> str:
    """The DuckDB type that holds a column type of the shop; TypeError for one the lake does not know."""
    match column_type:
        case TypeDecorator():  # UtcDateTime is the shop's only one
            return "TIMESTAMP"
        case Boolean():
            return "BOOLEAN"
        case BigInteger():
            return "BIGINT"
        case Integer():
            return "INTEGER"
        case JSON() | String():
            return "VARCHAR"
        case Date():
            return "DATE"
        case _:
            raise TypeError(f"no lake type for {column_type!r}")


def _change_columns(table: Table) -> dict[str, str]:
    return {"shop_id": "VARCHAR"} | {c.name: duckdb_type(c.type) for c in table.columns} | CHANGE


CHANGES_TABLES: dict[str, dict[str, str]] = {
    name: {"shop_id": "VARCHAR"} | columns | CHANGE for name, columns in IMPORTED.items()
} | {table.name: _change_columns(table) for table in LOGGED_TABLES}

# Columns whose text is JSON.
JSON_COLUMNS: dict[str, set[str]] = {
    table.name: {column.name for column in table.columns if isinstance(column.type, JSON)}
    for table in LOGGED_TABLES
}

# Lake table -> column -> DuckDB type, in the order of the Parquet files.
LAKE_TABLES: dict[str, dict[str, str]] = {
    "events": EVENTS,
    "user_agents": USER_AGENTS,
    "quarantine": QUARANTINE,
    **CHANGES_TABLES,
}


def lake_folder(settings: Settings, table: str) -> Path:
    """The folder of a lake table's `date=` partitions; KeyError for a table the lake does not have."""
    if table in CHANGES_TABLES:
        return settings.lake / "changes" / table
    if table not in LAKE_TABLES:
        raise KeyError(table)
    return settings.lake / table
