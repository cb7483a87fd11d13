"""The worker as a process: it finishes what it began, survives being killed, and tells Dagster."""

import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dagster import AssetCheckKey, AssetKey
from lakes import Lake, event, shop
from processes import STOREHOUSE, eventually

from orchestration.batch import Batch
from orchestration.dagster_home import open_instance
from orchestration.reporting import Reporter
from orchestration.serving import current_build, open_published, read_status
from orchestration.transform import NodeResult, Transform
from orchestration.warehouse import open_warehouse
from settings import Settings

pytestmark = pytest.mark.xdist_group("worker")


@contextmanager
def worker(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [STOREHOUSE, "worker"],
        env={"STOREHOUSE_HOME": str(settings.home), "STOREHOUSE_BATCH_SECONDS": "0.1", "PATH": ""},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def state(settings: Settings) -> str | None:
    status = read_status(settings)
    return status and status.state


def published_events(settings: Settings) -> int:
    if current_build(settings) is None:
        return 0
    with open_published(settings) as con:
        [(events,)] = con.execute("SELECT coalesce(sum(events), 0) FROM marts.fct_sessions").fetchall()
    return int(events)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One Storehouse for most tests here: a worker reads the models of a new one for seconds."""
    return Settings(home=tmp_path_factory.mktemp("worker") / "var")


def test_the_worker_publishes_what_comes_and_stops_when_told(settings: Settings, lake: Lake) -> None:
    lake.write("shops", shop())
    lake.events(event(1, 0))
    before = published_events(settings)
    with worker(settings) as process:
        eventually(lambda: published_events(settings) == before + 1, "the first event is published", 90)
        with open_warehouse(settings):  # between two batches it is anybody's
            lake.events(event(2, 1))
        eventually(lambda: published_events(settings) == before + 2, "the second event is published", 90)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_every_event_is_published_once_however_often_the_worker_is_killed(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "var")  # new: the first build is killed too
    lake = Lake(settings)
    lake.write("shops", shop())
    chance = random.Random(7)
    for kill in range(3):
        for number in range(5):
            lake.events(event(kill * 10 + number, number))
        with worker(settings) as process:
            eventually((settings.warehouse / "warehouse.duckdb").exists, "it has begun", 90)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, 8))
    with worker(settings):
        eventually(lambda: published_events(settings) == 15, "every event is published", 90)
    assert state(settings) == "ok"


def test_a_disk_error_is_told_and_waited_out(settings: Settings, lake: Lake) -> None:
    lake.write("shops", shop())
    lake.events(event(100, 0))
    settings.serving.mkdir(parents=True, exist_ok=True)
    in_the_way = settings.serving / ".CURRENT.tmp"
    in_the_way.mkdir()
    with worker(settings) as process:
        eventually(lambda: state(settings) == "failed", "it says that it cannot publish", 90)
        assert process.poll() is None
    status = read_status(settings)
    assert status is not None
    assert "CURRENT" in status.failed[0].message


def test_dagster_is_told_what_was_built_and_audited(parsed: Transform, settings: Settings) -> None:
    fct_orders = result("model.storehouse.fct_orders", "model", "success")
    good = result("test.storehouse.daily_sales_add_up", "test", "pass")
    bad = result("test.storehouse.orders_add_up", "test", "fail", failures=3)
    reporter = Reporter(settings, parsed)
    reporter.add(Batch(results=[fct_orders, good, bad], build="20261102T120000000000Z"))

    reporter.report_when_due()

    with open_instance(settings) as instance:
        made = instance.get_latest_materialization_event(AssetKey(["marts", "fct_orders"]))
        published = instance.get_latest_materialization_event(AssetKey(["serving", "published_build"]))
        checks = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [
                AssetCheckKey(AssetKey(["marts", "rpt_sales_daily"]), "daily_sales_add_up"),
                AssetCheckKey(AssetKey(["marts", "fct_orders"]), "orders_add_up"),
            ]
        )
    assert made is not None
    assert published is not None
    assert {key.name: check.status.value for key, check in checks.items() if check} == {
        "daily_sales_add_up": "SUCCEEDED",
        "orders_add_up": "FAILED",
    }


def result(unique_id: str, kind: str, status: str, failures: int | None = None) -> NodeResult:
    return NodeResult(unique_id, unique_id.split(".")[-1], kind, "", status, failures, "", 0.1)
