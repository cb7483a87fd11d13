"""The module Dagster loads. It reads the project as parsed before, so loading it parses nothing."""

import json

import dagster

from orchestration.defs.lake import lake_assets
from orchestration.defs.models import model_assets
from orchestration.defs.serving import dashboard_assets, publish_asset
from orchestration.transform import manifest_file
from settings import Settings


def definitions(settings: Settings) -> dagster.Definitions:
    """Everything Dagster shows. Raises FileNotFoundError before the project was ever parsed."""
    manifest = json.loads(manifest_file(settings).read_text())
    return dagster.Definitions(
        assets=[
            *lake_assets(manifest),
            model_assets(settings, manifest),
            publish_asset(settings, manifest),
            *dashboard_assets(manifest),
        ]
    )


@dagster.definitions
def defs() -> dagster.Definitions:
    return definitions(Settings())
