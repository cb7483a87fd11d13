"""From a click to a dashboard, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser import buy, chromium
from tests.e2e.house import House
from tests.processes import eventually

pytestmark = pytest.mark.xdist_group("house")


def test_a_purchase_in_the_browser_reaches_live_page_orders_and_sessions(house: House) -> None:
    with chromium() as browser:
        watching = browser.new_page(viewport={"width": 1280, "height": 2000})
        watching.goto(f"{house.settings.dashboards_url}/live")
        expect(watching.get_by_role("heading", name="Live")).to_be_visible(timeout=60_000)
        paid = watching.get_by_test_id("stMetric").filter(has_text="Purchases")
        number = buy(browser.new_page(), house.settings.shop_url, "ada@example.com")
        expect(paid).to_contain_text("1", timeout=30_000)
    order = eventually(
        lambda: house.query(
            f"select * from marts.fct_orders where order_number = '{number}' and status = 'paid'"
        ),
        "the order is paid in fct_orders",
    )[0]
    assert order["paid"] == order["total_sales"] == order["ordered_total"]
    session = eventually(
        lambda: house.query(
            "select s.* from marts.fct_sessions s join marts.fct_page_views v using (shop_id, session_id) "
            "where s.converted and s.revenue = "
            f"(select net_sales from marts.fct_orders where order_number = '{number}') "
            "and v.page_path = '/orders/thanks' and s.browser ilike '%chrom%' limit 1"
        ),
        "the session has converted",
    )[0]
    assert session["orders"] == 1
