"""Publishing, and the dashboards that read what is published."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetKey, AssetsDefinition, AssetSpec, Failure, MaterializeResult, asset

from orchestration.asset_keys import PUBLISHED, asset_key
from orchestration.batch import Steps, build_and_publish
from orchestration.transform import Transform
from orchestration.warehouse import open_warehouse
from settings import Settings


def publish_asset(settings: Settings, manifest: Mapping[str, Any]) -> AssetsDefinition:
    """The published build, downstream of every mart."""
    marts = [
        AssetKey(asset_key(node))
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["database"] == "serving"
    ]

    @asset(key=AssetKey(PUBLISHED), deps=marts, group_name="serving", kinds={"duckdb"})
    def published_build() -> MaterializeResult[None]:
        """Builds what is not built yet, audits what is not published yet, and publishes it."""
        with open_warehouse(settings) as warehouse:
            results, build = build_and_publish(warehouse, Transform(settings), Steps(), [])
        if build is None:
            failed = ", ".join(
                result.name for result in results if not result.is_good and result.status != "skipped"
            )
            raise Failure(f"nothing is published, because these failed: {failed}")
        return MaterializeResult(metadata={"build": build})

    return published_build


def dashboard_assets(manifest: Mapping[str, Any]) -> list[AssetSpec]:
    """One external asset for each dashboard page; the live page reads the lake as well."""
    return [
        AssetSpec(
            asset_key(exposure),
            deps=[
                AssetKey(PUBLISHED),
                *(
                    AssetKey(asset_key(manifest["sources"][node]))
                    for node in exposure["depends_on"]["nodes"]
                    if node in manifest["sources"]
                ),
            ],
            group_name="dashboards",
            kinds={"streamlit"},
            description=exposure["description"],
            owners=[],
            metadata={"owner": exposure["owner"]["name"]},
        )
        for exposure in manifest["exposures"].values()
    ]
