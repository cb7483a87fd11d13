"""A run costs what is new, and comes to the same as building everything from all of the lake."""

import pytest
from lakes import Lake
from worlds import World

from orchestration.batch import Batches, Steps, build_all
from orchestration.rebuild import compare
from orchestration.serving import current_build, read_status
from orchestration.transform import Transform
from orchestration.warehouse import open_warehouse
from settings import Settings


@pytest.mark.parametrize("seed", [1])
def test_batches_in_any_order_come_to_the_same_as_building_all_at_once(
    seed: int, settings: Settings, transform: Transform, batches: Batches, lake: Lake
) -> None:
    for files in World(seed).batches(4):
        for table, rows in files:
            lake.write(table, *rows)
        batches.run()  # an audit may fail while an order is here and its lines are not
    incremental = current_build(settings)
    assert read_status(settings).state == "ok"

    with open_warehouse(settings) as warehouse:
        _, full = build_all(warehouse, transform, Steps())

    assert incremental is not None
    assert full is not None
    comparisons = compare(settings, incremental, full)
    assert [mart for mart in comparisons if not mart.is_equal] == []
    assert sum(mart.rows_after or 0 for mart in comparisons if mart.mart != "dim_dates") > 100
