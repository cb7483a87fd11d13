"""A history for a shop: its orders copied many times, with all that belongs to them, in SQL."""

import sqlite3
from pathlib import Path

from sqlalchemy import Column, String, Table

from transactional.tables import metadata

HISTORY = (
    "customers",
    "carts",
    "cart_lines",
    "orders",
    "order_transitions",
    "order_lines",
    "order_promotions",
    "payments",
    "tender_events",
    "stock_movements",
    "journal_entries",
    "postings",
)
_NAMES = ("number", "document", "reference", "external_id", "email")
# Deliveries are no part of an order.
_OF_ORDERS = {
    "stock_movements": "where document in (select number from orders)",
    "journal_entries": "where document in (select number from orders)",
    "postings": "where entry_id in (select id from the_journal_entries)",
}


def copy_orders(database: Path, first: int, last: int) -> None:
    """Copy every order made by a shopper `last - first` times; the copies are older than all ids.

    The change log is not copied: it is only ever written at its end.

    Args:
        first, last: the copies' numbers, which name them; the last is not made.
    """
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-400000"):
        connection.execute(f"pragma {pragma}")
    for table in (metadata.tables[name] for name in HISTORY):
        connection.execute(
            f"create temp table the_{table.name} as select * from {table.name} {_template(table)}"
        )
    for table in (metadata.tables[name] for name in HISTORY):
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        values = ", ".join(_copied(column) for column in table.columns)
        connection.execute(
            "with recursive copies(c) as (select ? union all select c + 1 from copies where c + 1 < ?)"
            f" insert into {table.name} ({names}) select {values} from copies cross join the_{table.name}",
            (first, last),
        )
    connection.execute("pragma journal_mode=WAL")
    connection.close()


def _template(table: Table) -> str:
    """Only what shoppers made: copies have ids that begin with zeros."""
    of_orders = _OF_ORDERS.get(table.name, "")
    return f"{of_orders} {'and' if of_orders else 'where'} id not like '000%'"


def _copied(column: Column[object]) -> str:
    name = f'"{column.name}"'
    refers = [key.column.table.name for key in column.foreign_keys]
    if column.name == "id" or any(table in HISTORY for table in refers):
        return f"printf('%08x', c) || substr({name}, 9)"
    if column.name in _NAMES and isinstance(column.type, String):
        return f"{name} || '-' || c"
    return name
