"""Stock day by day: complete, and at the cost of what is new."""

from typing import Any

from lakes import Lake, at, change, shop

from orchestration.batch import Batches
from orchestration.serving import open_published, read_status
from orchestration.warehouse import open_warehouse
from settings import Settings

DAY = 24 * 60


def move(lake: Lake, name: str, day: float, units: int, sku: str = "mug") -> None:
    row = {
        "id": name,
        "sku_id": sku,
        "warehouse_id": "main",
        "kind": "received",
        "document": name,
        "on_hand_change": units,
        "reserved_change": 0,
        "moved_at": at(day * DAY),
    }
    lake.write("stock_movements", change(row))


def snapshots(settings: Settings, sku: str = "mug") -> list[Any]:
    with open_published(settings) as published:
        return published.execute(
            "select cast(shop_day as varchar), on_hand from marts.rpt_stock_snapshots_daily"
            " where sku_id = ? order by shop_day",
            [sku],
        ).fetchall()


def written(settings: Settings) -> int:
    """Rows of the snapshots that the last build wrote."""
    with open_warehouse(settings) as warehouse:
        found = warehouse.con.execute(
            "select count(*) from serving.marts.rpt_stock_snapshots_daily"
            " where _build_id = (select max(build_id) from raw.builds)"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_every_shelf_has_every_day_until_the_last(settings: Settings, batches: Batches, lake: Lake) -> None:
    move(lake, "D1", 0, 5)
    move(lake, "D2", 3, 2, sku="cup")
    batches.run()
    assert read_status(settings).state == "ok"
    assert snapshots(settings) == [(f"2026-11-0{day}", 5) for day in (2, 3, 4, 5)]
    assert snapshots(settings, "cup") == [("2026-11-05", 2)]


def test_a_run_writes_the_days_that_are_new_however_long_the_history(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    move(lake, "D1", -700, 5)
    move(lake, "D2", -700, 5, sku="cup")
    move(lake, "D3", 0, 1)
    batches.run()
    assert written(settings) == 2 * 701
    move(lake, "D4", 0, 1)
    batches.run()
    assert written(settings) == 1  # a shelf, its day
    move(lake, "D5", 2, 1)
    batches.run()
    assert written(settings) == 2 * 2  # both shelves' new days
    assert snapshots(settings)[-3:] == [("2026-11-02", 7), ("2026-11-03", 7), ("2026-11-04", 8)]
    assert snapshots(settings, "cup")[-1] == ("2026-11-04", 5)


def test_what_arrives_late_is_written_from_its_day_on(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    move(lake, "D1", 0, 5)
    move(lake, "D2", 3, 1)
    batches.run()
    move(lake, "late", 2, 10)
    batches.run()
    assert written(settings) == 2
    assert [units for _, units in snapshots(settings)] == [5, 5, 15, 16]


def test_a_shop_that_moves_to_another_time_zone_moves_its_days(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    move(lake, "D1", 0.45, 5)  # 22:48 UTC
    batches.run()
    lake.write("shops", shop("Australia/Sydney", _seq=2))
    batches.run()
    assert read_status(settings).state == "ok"
    assert snapshots(settings) == [("2026-11-03", 5)]
