"""A batch builds what is affected, publishes what passes, and recovers from what does not."""

from pathlib import Path

import pytest
from lakes import Lake, change, event, order, order_line, shop

from orchestration.batch import Batches
from orchestration.lake_files import LakeFiles
from orchestration.serving import Status, open_published, read_status
from orchestration.transform import NodeResult, Transform
from orchestration.warehouse import open_warehouse
from settings import Settings


@pytest.fixture
def settings(after_opening: Settings) -> Settings:
    return after_opening


def models(results: list[NodeResult]) -> set[str]:
    return {result.name for result in results if result.kind == "model"}


def status_of(settings: Settings) -> Status:
    status = read_status(settings)
    assert status is not None
    return status


def figures(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with open_published(settings) as con:
        return con.execute(sql).fetchall()


def test_a_storehouses_first_batches(parsed: Transform, tmp_path: Path) -> None:
    """The first builds everything, the next ones only what their files affect."""
    settings = Settings(home=tmp_path / "new")
    lake = Lake(settings)
    batches = Batches(settings, Transform(settings, parsed.manifest))
    lake.write("shops", shop())
    lake.events(event(1, 0))
    first = batches.run()
    assert first is not None
    assert models(first.results) >= {"dim_dates", "fct_orders", "fct_sessions"}
    assert first.build is not None
    assert batches.run() is None

    lake.events(event(2, 5))
    visits = batches.run()
    assert visits is not None
    assert "fct_sessions" in models(visits.results)
    assert not models(visits.results) & {"fct_orders", "dim_dates", "dim_products"}
    assert figures(settings, "SELECT events FROM marts.fct_sessions") == [(2,)]

    lake.write("carts", change({"id": "cart-1", "currency": "GBP", "status": "open"}))
    basket = batches.run()
    assert basket is not None
    assert (basket.rows, basket.results, basket.build) == (1, [], None)


def test_an_order_that_comes_after_its_purchase_event_converts_the_session(
    settings: Settings, transform: Transform, lake: Lake
) -> None:
    batches = Batches(settings, transform)
    lake.events(event(1, 0), event(2, 1, "purchase", transaction_id="A1"))
    batches.run()
    converted = "SELECT converted, orders, revenue FROM marts.fct_sessions"
    assert figures(settings, converted) == [(False, 0, 0)]

    lake.order("A1", 1)
    batches.run()

    assert figures(settings, converted) == [(True, 1, 1000)]


def test_a_failed_audit_publishes_nothing_until_its_rows_are_put_right(
    settings: Settings, transform: Transform, lake: Lake
) -> None:
    batches = Batches(settings, transform)
    lake.order("A1", 0)
    good = batches.run()
    assert good is not None

    lake.write("orders", order("A2", 5, total=9999))
    lake.write("order_lines", order_line("A2"))
    bad = batches.run()
    assert bad is not None
    assert bad.build is None
    assert [failure.name for failure in bad.failed] == ["orders_add_up"]
    status = status_of(settings)
    assert (status.state, status.build) == ("failed", good.build)
    assert status.failed[0].model == "fct_orders"
    assert figures(settings, "SELECT order_number FROM marts.fct_orders") == [("A1",)]

    lake.events(event(1, 0))  # good by itself, but the bad order is still there
    still = batches.run()
    assert still is not None
    assert (still.build, status_of(settings).since) == (None, status.since)

    lake.write("orders", order("A2", 5, seq=2))
    mended = batches.run()
    assert mended is not None
    assert mended.failed == []
    assert status_of(settings).state == "ok"
    assert figures(settings, "SELECT count(*) FROM marts.fct_orders") == [(2,)]
    assert figures(settings, "SELECT events FROM marts.fct_sessions") == [(1,)]


def test_what_an_earlier_worker_loaded_and_did_not_publish_is_built(
    settings: Settings, transform: Transform, lake: Lake
) -> None:
    Batches(settings, transform).run()
    lake.order("A1", 0)
    with open_warehouse(settings) as warehouse:  # and here the worker is killed
        warehouse.load(LakeFiles(settings).waiting())

    batch = Batches(settings, transform).run()

    assert batch is not None
    assert batch.rows == 0
    assert figures(settings, "SELECT order_number FROM marts.fct_orders") == [("A1",)]


def test_another_definition_is_applied_to_history(
    settings: Settings, transform: Transform, lake: Lake
) -> None:
    lake.order("A1", 0)
    Batches(settings, transform).run()
    changed = Transform(settings, transform.manifest)
    changed.fingerprint = "another"

    batch = Batches(settings, changed).run()

    assert batch is not None
    assert "dim_dates" in models(batch.results)
    assert Batches(settings, changed).run() is None
