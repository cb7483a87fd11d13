"""What Dagster shows: lineage from lake to dashboard, every test a check, and runs that build and publish."""

from pathlib import Path

import pytest
import yaml
from dagster import AssetKey, DagsterInstance, Definitions, materialize
from lakes import Lake, event, order, order_line

from orchestration.batch import Batches
from orchestration.defs.definitions import definitions
from orchestration.lake_files import LakeFiles
from orchestration.serving import current_build, open_published
from orchestration.transform import Transform, manifest_file
from orchestration.warehouse import open_warehouse
from settings import Settings

ASSETS = Path(__file__).with_name("assets.yml")
PUBLISHED = AssetKey(["serving", "published_build"])


@pytest.fixture(scope="module")
def defs(parsed: Transform) -> Definitions:
    return definitions(parsed.settings)


def test_every_asset_is_where_it_belongs_in_the_lineage(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    assets = {
        key.to_user_string(): sorted(parent.to_user_string() for parent in graph.get(key).parent_keys)
        for key in graph.get_all_asset_keys()
    }
    assert assets == yaml.safe_load(ASSETS.read_text())


def test_every_test_is_a_check_of_a_mart(defs: Definitions, parsed: Transform) -> None:
    checks = {key.name: key.asset_key.path[0] for key in defs.resolve_asset_graph().asset_check_keys}
    tests = {node.name for node in parsed.manifest.nodes.values() if str(node.resource_type) == "test"}
    assert checks.keys() == tests
    assert set(checks.values()) == {"marts"}


@pytest.fixture
def settings(after_opening: Settings) -> Settings:
    return after_opening


@pytest.fixture
def own(settings: Settings, parsed: Transform, transform: Transform, lake: Lake) -> Settings:
    """A Storehouse with one published visit, and the parsed project where its worker leaves it."""
    lake.events(event(1, 0))
    Batches(settings, transform).run()
    manifest_file(settings).write_bytes(manifest_file(parsed.settings).read_bytes())
    return settings


def load(settings: Settings) -> None:
    """Load what waits, as the worker did before somebody asks for a run."""
    with open_warehouse(settings) as warehouse:
        warehouse.load(LakeFiles(settings).waiting())


def test_models_and_publication_are_materialised_from_the_page(own: Settings, lake: Lake) -> None:
    before = current_build(own)
    lake.events(event(2, 5))
    load(own)
    assets = [asset for asset in definitions(own).assets or [] if hasattr(asset, "op")]

    with DagsterInstance.ephemeral() as instance:
        result = materialize(assets, instance=instance)

        assert result.success
        checks = result.get_asset_check_evaluations()
        assert len(checks) > 20
        assert all(check.passed for check in checks)
        assert instance.get_latest_materialization_event(PUBLISHED) is not None
    assert current_build(own) != before
    with open_published(own) as con:
        assert con.execute("SELECT events FROM marts.fct_sessions").fetchall() == [(2,)]


def test_a_failed_check_fails_the_run_and_publishes_nothing(own: Settings, lake: Lake) -> None:
    before = current_build(own)
    lake.write("orders", order("A1", 0, total=9999))
    lake.write("order_lines", order_line("A1"))
    load(own)
    assets = [asset for asset in definitions(own).assets or [] if hasattr(asset, "op")]

    with DagsterInstance.ephemeral() as instance:
        result = materialize(assets, instance=instance, raise_on_error=False)

        assert not result.success
        failed = [check.check_name for check in result.get_asset_check_evaluations() if not check.passed]
        assert failed == ["orders_add_up"]
        assert instance.get_latest_materialization_event(PUBLISHED) is None
    assert current_build(own) == before
