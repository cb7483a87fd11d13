"""Tells Dagster what the worker did, without a Dagster run: a run costs more than a whole batch."""

import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestration.asset_keys import PUBLISHED, asset_key, tested_model
from orchestration.batch import Batch
from orchestration.transform import NodeResult, Transform
from settings import Settings

if TYPE_CHECKING:
    from dagster import AssetCheckEvaluation, AssetMaterialization

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0


class Reporter:
    """Gathers what batches built and reports the latest of each, at most once a minute, between batches."""

    def __init__(self, settings: Settings, transform: Transform) -> None:
        self._settings = settings
        self._node = transform.node
        self._latest: dict[str, NodeResult] = {}
        self._build: str | None = None
        self._due = time.monotonic()

    def add(self, batch: Batch) -> None:
        self._latest |= {result.unique_id: result for result in batch.results if result.status != "skipped"}
        self._build = batch.build or self._build

    def report_when_due(self) -> None:
        if self._latest and time.monotonic() >= self._due:
            self.report()

    def report(self) -> None:
        """Report what was gathered. Dagster that cannot be reached costs its picture, not the warehouse."""
        if not self._latest:
            return
        from orchestration.dagster_home import open_instance

        try:
            with open_instance(self._settings) as instance:
                for event in self._events():
                    instance.report_runless_asset_event(event)
        except Exception:
            log.exception("Dagster was not told about the last batches")
        self._latest.clear()
        self._build = None
        self._due = time.monotonic() + EVERY_SECONDS

    def _events(self) -> Iterator["AssetMaterialization | AssetCheckEvaluation"]:
        from dagster import AssetCheckEvaluation, AssetKey, AssetMaterialization

        for result in self._latest.values():
            node = self._node(result.unique_id)
            if result.kind == "model" and result.is_good:
                yield AssetMaterialization(AssetKey(asset_key(node)), metadata={"seconds": result.seconds})
            elif result.kind == "test" and (model := tested_model(node)):
                yield AssetCheckEvaluation(
                    asset_key=AssetKey(asset_key(self._node(model))),
                    check_name=result.name,
                    passed=result.is_good,
                    metadata={"failures": result.failures or 0},
                )
        if self._build:
            yield AssetMaterialization(AssetKey(PUBLISHED), metadata={"build": self._build})
