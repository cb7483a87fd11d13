"""`kill -9` while shoppers shop: everything acknowledged is in the marts, exactly once."""

import random

import pytest

from tests.e2e.house import House
from tests.e2e.traffic import Traffic
from tests.processes import eventually

pytestmark = pytest.mark.xdist_group("house")

VICTIMS = (("serve", "collector"), ("load",), ("worker",), ("serve", "shop"))


def test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed(
    house: House, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(3)
    with Traffic(house) as traffic:
        for _ in range(request.config.getoption("--kills")):
            for victim in VICTIMS:
                traffic.stopped.wait(chance.uniform(0.2, 2.5))
                house.kill(*victim)
    assert traffic.events
    assert traffic.orders
    events, orders = sorted(traffic.events), sorted(traffic.orders)

    def all_there() -> bool:
        views = house.query(
            f"select count(*) as n from marts.fct_page_views where visitor_id = '{traffic.visitor}'"
        )
        numbers = house.query(
            "select count(*) as n from marts.fct_orders "
            f"where order_number in ({', '.join(repr(number) for number in orders)})"
        )
        return views[0]["n"] >= len(events) and numbers[0]["n"] >= len(orders)

    eventually(all_there, "every acknowledged event and order is in the marts", 120)
    found = house.query(
        "select page_view_id, count(*) as n from marts.fct_page_views "
        f"where visitor_id = '{traffic.visitor}' group by all"
    )
    assert {row["page_view_id"] for row in found} >= set(events)
    assert all(row["n"] == 1 for row in found)
    placed = house.query("select order_number, count(*) as n from marts.fct_orders group by all")
    assert {row["order_number"] for row in placed} >= set(orders)
    assert all(row["n"] == 1 for row in placed)
    doubled = house.query("select sale_id from marts.fct_sales group by shop_id, sale_id having count(*) > 1")
    assert doubled == []
    leftovers = [path for path in house.settings.home.rglob("*.tmp*") if path.is_file()]
    assert leftovers == [], "a restart must clean up what a kill left"
