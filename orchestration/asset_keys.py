"""How things are called in Dagster; light, so that the worker can name an asset without dagster-dbt."""

from collections.abc import Mapping
from typing import Any

PUBLISHED = ["serving", "published_build"]


def asset_key(node: Mapping[str, Any]) -> list[str]:
    """The key of a node of dbt's manifest: lake tables as lake/<table>, models as <schema>/<model>."""
    match node["resource_type"]:
        case "source":
            return ["lake", node["name"]]
        case "exposure":
            return ["dashboards", node["name"]]
        case _:
            return [node["schema"], node["name"]]


def tested_model(test: Mapping[str, Any]) -> str | None:
    """Unique id of the model a test is a check of; a test of several models names it in its meta."""
    if reference := test["config"].get("meta", {}).get("dagster", {}).get("ref"):
        return f"model.{test['package_name']}.{reference['name']}"
    attached: str | None = test.get("attached_node")
    return attached
