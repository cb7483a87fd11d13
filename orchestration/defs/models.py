"""Every dbt model as an asset and every dbt test as its check, built by the worker's own code."""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    MaterializeResult,
)
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from orchestration.asset_keys import asset_key, tested_model
from orchestration.batch import failures
from orchestration.transform import Transform
from orchestration.warehouse import open_warehouse
from settings import Settings


class Translator(DagsterDbtTranslator):
    """Keys and groups as the rest of Storehouse calls them."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        return AssetKey(asset_key(dbt_resource_props))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return "_".join(dbt_resource_props["fqn"][1:-1])


def model_assets(settings: Settings, manifest: Mapping[str, Any]) -> AssetsDefinition:
    """All models as one multi-asset, of which any subset can be materialised from Dagster's page."""
    nodes: dict[str, Mapping[str, Any]] = manifest["nodes"]
    names = {
        AssetKey(asset_key(node)): node["name"] for node in nodes.values() if node["resource_type"] == "model"
    }

    @dbt_assets(manifest=manifest, dagster_dbt_translator=Translator(), name="warehouse")
    def build(context: AssetExecutionContext) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        with open_warehouse(settings):  # waits until the worker is between two batches
            results = Transform(settings).build(sorted(names[key] for key in context.selected_asset_keys))
        for result in results:
            node = nodes[result.unique_id]
            if result.kind == "model" and result.is_good:
                yield MaterializeResult(
                    asset_key=AssetKey(asset_key(node)), metadata={"seconds": result.seconds}
                )
            elif result.kind == "test" and result.status != "skipped" and (model := tested_model(node)):
                key = AssetCheckKey(AssetKey(asset_key(nodes[model])), node["name"])
                if key in context.selected_asset_check_keys:
                    yield AssetCheckResult(
                        asset_key=key.asset_key,
                        check_name=key.name,
                        passed=result.is_good,
                        metadata={"failures": result.failures or 0},
                    )
        if failed := failures(results):
            raise Failure("; ".join(f"{failure.name}: {failure.message}" for failure in failed))

    return build
