"""The change log read as the warehouse reads it: replaying it from nothing gives the tables."""

import json
from typing import Any

from shopping import rows_of

from transactional.change_log import START, Change, as_json, read_changes
from transactional.shop import Shop
from transactional.tables import LOGGED_TABLES


def changes_of(shop: Shop) -> list[Change]:
    """The whole log in the order it was written."""
    return sorted(read_changes(shop.database.engine, START, 1_000_000), key=lambda each: each.seq)


def replayed(changes: list[Change]) -> dict[str, dict[str, Any]]:
    """The tables that a reader of the log ends up with; checks that every change fits the one before."""
    tables: dict[str, dict[str, Any]] = {table.name: {} for table in LOGGED_TABLES}
    for change in changes:
        rows = tables[change.table_name]
        before = None if change.before is None else json.loads(change.before)
        assert rows.get(change.row_id) == before, change
        if change.after is None:
            del rows[change.row_id]
        else:
            rows[change.row_id] = json.loads(change.after)
    return tables


def log_gives_the_tables(shop: Shop, changes: list[Change]) -> None:
    """Every logged table, row by row."""
    tables = replayed(changes)
    for table in LOGGED_TABLES:
        found = {row["id"]: json.loads(as_json(table, row)) for row in rows_of(shop, table)}
        assert tables[table.name] == found, table.name
