"""The lake's tables: written by ingestion, so here they are assets somebody else makes."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetSpec

from orchestration.asset_keys import asset_key


def lake_assets(manifest: Mapping[str, Any]) -> list[AssetSpec]:
    """One external asset for each of dbt's sources."""
    return [
        AssetSpec(asset_key(source), group_name="lake", kinds={"parquet"}, description=source["description"])
        for source in manifest["sources"].values()
    ]
