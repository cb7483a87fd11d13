"""The values that marts know are those that the shop has: another one would block every publication."""

import re
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import CheckConstraint, Table

from transactional.orders.models import ORDER_PURPOSES
from transactional.tables import LOGGED_TABLES

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"

# By model and column: the columns of the shop that it shows.
OF_THE_SHOP = {
    ("fct_orders", "status"): ["orders.status"],
    ("fct_orders", "purpose"): ["orders.purpose"],
    ("fct_order_transitions", "from_status"): ["orders.status"],
    ("fct_order_transitions", "to_status"): ["orders.status"],
    ("fct_order_changes", "status"): ["order_changes.status"],
    ("fct_payments", "status"): ["payments.status", "refunds.status"],
    ("fct_tenders", "kind"): ["payments.kind"],
    ("fct_tender_events", "event_type"): ["tender_events.type"],
    ("fct_tender_events", "outcome"): ["tender_events.outcome"],
    ("fct_payout_lines", "kind"): ["payout_lines.kind"],
    ("fct_shipments", "status"): ["shipments.status"],
    ("fct_stock_movements", "kind"): ["stock_movements.kind"],
    ("fct_stock_transfers", "status"): ["transfers.status"],
}
# What the models themselves make.
OF_THE_MODELS = {
    ("fct_sales", "kind"),
    ("fct_tenders", "status"),
    ("fct_ledger_postings", "side"),
    ("fct_requests", "kind"),
}


def known() -> dict[tuple[str, str], set[str]]:
    """What the project's own lists say, by model and column."""
    found = {}
    for path in MODELS.rglob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            for column in model.get("columns", []):
                for test in column.get("data_tests", []):
                    if "known_values" in test:
                        values = set(test["known_values"]["arguments"]["values"])
                        found[model["name"], column["name"]] = values
    return found


def allowed(table: Table) -> dict[str, set[str]]:
    """What the shop's own constraints allow in a table's columns."""
    found: dict[str, set[str]] = {}
    for constraint in table.constraints:
        text = str(constraint.sqltext) if isinstance(constraint, CheckConstraint) else ""
        if one_of := re.fullmatch(r"(\w+) in \((.*)\)", text):
            found[f"{table.name}.{one_of[1]}"] = set(re.findall(r"'(\w+)'", one_of[2]))
    return found


def test_every_list_is_the_shops_own() -> None:
    # Two without a constraint, and all that have one.
    shops = {"orders.purpose": set(ORDER_PURPOSES), "payments.kind": {"external", "internal"}}
    for table in LOGGED_TABLES:
        shops |= allowed(table)
    expected: dict[Any, set[str]] = {
        place: set.union(*(shops[column] for column in columns)) for place, columns in OF_THE_SHOP.items()
    }
    assert {place: values for place, values in known().items() if place not in OF_THE_MODELS} == expected
