"""dbt in this process: parsed once, built many times."""

import fcntl
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.asset_keys import tested_model
from orchestration.warehouse import marts_file, warehouse_file
from settings import Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

log = logging.getLogger(__name__)

PROJECT = Path(__file__).parent.parent / "dbt_project"
GOOD = {"success", "pass", "warn", "no-op"}


@dataclass(frozen=True)
class NodeResult:
    """What became of one model or test. `failures` counts the rows a test found; null for a model."""

    unique_id: str
    name: str
    kind: str  # model, test, ...
    model: str  # of a test, the model it audits
    status: str
    failures: int | None
    message: str
    seconds: float

    @property
    def is_good(self) -> bool:
        return self.status in GOOD


def environment(settings: Settings) -> dict[str, str]:
    """What profiles.yml asks for."""
    return {
        "STOREHOUSE_DBT_WAREHOUSE": str(warehouse_file(settings)),
        "STOREHOUSE_DBT_MARTS": str(marts_file(settings)),
    }


def manifest_file(settings: Settings) -> Path:
    """The parsed project as JSON, for readers that must not parse it themselves."""
    return settings.warehouse / "manifest.json"


class Transform:
    """The parsed dbt project. The caller holds the warehouse open; dbt joins that DuckDB instance."""

    def __init__(
        self, settings: Settings, manifest: "Manifest | None" = None, tell: Callable[[str], None] = log.debug
    ) -> None:
        """Parse the project: seconds the first time, a fraction of one when nothing changed since.

        Args:
            manifest: the project as parsed before, when that is at hand; it is the same for every warehouse.
            tell: called with what is being built now, for a progress line.
        """
        self.settings = settings
        self._target = settings.warehouse / "dbt"
        self._target.mkdir(parents=True, exist_ok=True)
        self._tell = tell
        self.manifest = manifest or self._parse()
        self.fingerprint = self._fingerprint()

    def _parse(self) -> "Manifest":
        with (self._target / "lock").open("a") as lock:  # worker and Dagster page start at the same time
            fcntl.flock(lock, fcntl.LOCK_EX)
            manifest: Manifest = self.invoke("parse", "--write-json")
            self._publish_manifest(manifest_file(self.settings))
        return manifest

    def build(self, select: Iterable[str] = (), *, audit_all: bool = False) -> list[NodeResult]:
        """Build models and audit them; what failed, and what was skipped for that, is among the results.

        Args:
            select: dbt selectors; none means all of the project.
            audit_all: every row instead of those since the last published build.
        """
        arguments = ["--no-write-json"]
        for kind in ("unit_test", "exposure"):
            arguments += ["--exclude-resource-type", kind]
        if selectors := list(select):
            arguments += ["--select", *selectors]
        if audit_all:
            arguments += ["--vars", json.dumps({"audit": "all"})]
        results = self.invoke("build", *arguments)
        return [
            _node_result(result) for result in results.results if result.node.resource_type != "operation"
        ]

    def _fingerprint(self) -> str:
        """Changes whenever a definition does, so that it is applied to history."""
        definitions = [(node.unique_id, node.checksum.checksum) for node in self._models()]
        definitions += [
            (macro.unique_id, macro.macro_sql)
            for macro in self.manifest.macros.values()
            if macro.package_name == self.manifest.metadata.project_name
        ]
        definitions.append(("project", (PROJECT / "dbt_project.yml").read_text()))
        return hashlib.sha256(repr(sorted(definitions)).encode()).hexdigest()

    def node(self, unique_id: str) -> dict[str, Any]:
        """A model or test as it stands in the manifest's JSON."""
        node: dict[str, Any] = self.manifest.nodes[unique_id].to_dict(omit_none=False)
        return node

    def marts(self) -> list[str]:
        """Names of the tables that are published."""
        return sorted(node.name for node in self._models() if node.database == "serving")

    def lake_tables(self) -> set[str]:
        """Lake tables that a model reads."""
        read = {parent for node in self._models() for parent in node.depends_on.nodes}
        return {source.name for source in self.manifest.sources.values() if source.unique_id in read}

    def columns(self) -> list[tuple[str, str, str, str]]:
        """(mart, column, type, description) of every column that is published."""
        return [
            (node.name, column.name, str(column.data_type), column.description)
            for node in self._models()
            if node.database == "serving"
            for column in node.columns.values()
        ]

    def kpis(self) -> list[tuple[str, str, str, str, str]]:
        """(mart, column, name, definition, unit) of the columns declared as a KPI."""
        return [
            (node.name, column.name, kpi["name"], kpi["definition"], kpi["unit"])
            for node in self._models()
            for column in node.columns.values()
            if (kpi := (column.config.meta or column.meta).get("kpi"))
        ]

    def _models(self) -> list[Any]:
        return [node for node in self.manifest.nodes.values() if str(node.resource_type) == "model"]

    def invoke(self, command: str, *arguments: str) -> Any:
        """Run one dbt command and return its result. Raises the exception dbt stopped with, if it did."""
        from dbt.cli.main import dbtRunner

        os.environ.update(environment(self.settings))
        common = [
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(self._target), "--log-path", str(self._target)),
            *("--log-level", "none", "--log-level-file", "none", "--no-use-colors", "--no-version-check"),
        ]
        runner = dbtRunner(manifest=getattr(self, "manifest", None), callbacks=[self._watch])
        outcome = runner.invoke([command, *common, *arguments])
        if outcome.exception is not None:
            raise outcome.exception
        return outcome.result

    def _watch(self, event: Any) -> None:
        if event.info.name == "NodeStart":
            self._tell(f"Building {event.data.node_info.node_name}")

    def _publish_manifest(self, path: Path) -> None:
        written = path.with_suffix(".tmp")
        shutil.copyfile(self._target / "manifest.json", written)
        written.replace(path)


def _node_result(result: Any) -> NodeResult:
    node = result.node
    tested = tested_model(node.to_dict()) if node.resource_type == "test" else None
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        kind=str(node.resource_type),
        model=tested.split(".")[-1] if tested else node.name,
        status=str(result.status),
        failures=result.failures,
        message=(result.message or "").strip(),
        seconds=result.execution_time,
    )
