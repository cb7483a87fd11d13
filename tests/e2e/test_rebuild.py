"""The warehouse made again from the lake while shoppers shop."""

import pytest

from tests.e2e.house import House
from tests.e2e.traffic import Traffic
from tests.processes import eventually

pytestmark = pytest.mark.xdist_group("house")


def test_a_rebuild_beside_the_running_worker_comes_out_equal_and_loses_nothing(house: House) -> None:
    marts = [row["mart"] for row in house.query('select distinct "table" as mart from meta.columns')]
    with Traffic(house) as traffic:
        traffic.stopped.wait(2)
        printed = house.run("rebuild")
    assert "different" not in printed
    assert all(f"{mart} " in printed for mart in marts)
    orders = ", ".join(repr(number) for number in traffic.orders)
    eventually(
        lambda: (
            house.query(f"select count(*) as n from marts.fct_orders where order_number in ({orders})")[0][
                "n"
            ]
            == len(traffic.orders)
        ),
        "the orders placed meanwhile are in fct_orders",
    )
