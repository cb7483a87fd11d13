"""From a purchase in Chromium to the Live page and to the marts, with simulated shoppers running."""

import subprocess
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from playwright.sync_api import Page

from tests.benchmarks.table import Row
from tests.browser import buy, chromium
from tests.e2e.house import House, running_house
from tests.processes import STOREHOUSE, eventually

PURCHASES = 20
SHOPPERS_A_MINUTE = 20
LIVE_SECONDS = 3.0
MART_SECONDS = 15.0


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as name, running_house(Path(name) / "var", days=14) as house:
        shoppers = subprocess.Popen(
            [STOREHOUSE, "simulate", "--live", "--shoppers", str(SHOPPERS_A_MINUTE)],
            env=house.environment,
            stdout=subprocess.DEVNULL,
        )
        try:
            live, marts = _measure(house)
        finally:
            shoppers.terminate()
            shoppers.wait()
    return [
        *_rows("purchase to Live page", live, LIVE_SECONDS),
        *_rows("purchase to fct_orders and fct_sessions", marts, MART_SECONDS),
    ]


def _rows(name: str, seconds: list[float], limit: float) -> list[Row]:
    cuts = quantiles(seconds, n=20, method="inclusive")
    return [
        Row(f"{name}, p50", cuts[9], "s", lower_is_better=True),
        Row(f"{name}, p95", cuts[18], "s", limit=limit, lower_is_better=True),
    ]


def _measure(house: House) -> tuple[list[float], list[float]]:
    live: list[float] = []
    marts: list[float] = []
    with chromium() as browser:
        watching = browser.new_page(viewport={"width": 1280, "height": 2000})
        watching.goto(f"{house.settings.dashboards_url}/live")
        watching.get_by_test_id("stMetric").first.wait_for(timeout=60_000)
        for number in range(PURCHASES):
            shopper = browser.new_page()
            order = buy(shopper, house.settings.shop_url, f"bench.{number}@example.com")
            bought = time.perf_counter()
            live.append(_until_live(watching, order, bought))
            marts.append(_until_in_marts(house, order, bought))
            shopper.context.close()
    return live, marts


def _until_live(watching: Page, order: str, since: float) -> float:
    """Seconds until the Live page names the order among the newest purchases."""
    watching.get_by_text(order).first.wait_for(timeout=60_000)
    return time.perf_counter() - since


def _until_in_marts(house: House, order: str, since: float) -> float:
    sql = (
        "select o.order_number from marts.fct_orders o join marts.fct_sessions s on s.shop_id = o.shop_id "
        f"and s.converted and s.revenue = o.net_sales and o.order_number = '{order}' "
        "join marts.fct_page_views v on v.shop_id = s.shop_id and v.session_id = s.session_id "
        "and v.page_path = '/orders/thanks' and v.viewed_at between o.ordered_at and s.ended_at"
    )
    eventually(lambda: house.query(sql), f"order {order} is in the marts", 120)
    return time.perf_counter() - since
