"""The shop's pages in a real browser, with and without JavaScript."""

import json
from collections.abc import Iterator

import pytest
from browser import buy, chromium
from playwright.sync_api import Browser, BrowserContext, Page
from processes import free_ports
from serving import Street
from shopping import fill_shelves, rows_of

from transactional.orders.models import orders
from transactional.shop import Shop, open_shop

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Shop, sandbox and collector as they are served; three products on the shelves."""
    found = Street(tmp_path_factory.mktemp("street") / "var", "", collector_port=free_ports(1)[0])
    shop = open_shop(found.settings)
    fill_shelves(shop)
    shop.database.engine.dispose()
    try:
        found.start("sandbox", "shop", "collector")
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def shop(street: Street) -> Iterator[Shop]:
    found = open_shop(street.settings)
    yield found
    found.database.engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def with_script(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context()
    yield found
    found.close()


@pytest.fixture
def without_script(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(java_script_enabled=False)
    yield found
    found.close()


def test_everything_can_be_bought_without_javascript(
    street: Street, shop: Shop, without_script: BrowserContext
) -> None:
    page = without_script.new_page()
    number = buy(page, street.settings.shop_url, "grace@example.com", category="clothes")
    assert [row["status"] for row in rows_of(shop, orders) if row["number"] == number] == ["paid"]
    page.goto(page.url.removesuffix("/thanks"))
    assert page.locator("h1").inner_text() == f"Order {number}"


def queued(page: Page, name: str) -> list[dict[str, object]]:
    """The events of this name that wait in the tracker's queue."""
    waiting = page.evaluate(
        "() => Object.keys(localStorage).filter(k => k.startsWith('sh_e:')).map(k => localStorage[k])"
    )
    return [event for event in map(json.loads, waiting) if event["event_name"] == name]


def test_the_basket_is_told_which_sku_was_chosen(street: Street, with_script: BrowserContext) -> None:
    page = with_script.new_page()
    page.route("**/collect", lambda route: route.abort())  # so that all events stay queued
    page.goto(f"{street.settings.shop_url}/p/shirt-1")
    page.get_by_text("M", exact=True).click()
    page.get_by_label("Quantity").select_option("2")
    page.get_by_role("button", name="Add to basket").click()
    page.wait_for_url("**/cart")
    (added,) = queued(page, "add_to_cart")
    assert (added["value"], added["currency"]) == (2_666, "GBP")
    (item,) = added["items"]  # type: ignore[misc]
    assert (item["item_id"], item["item_variant"], item["quantity"]) == ("SHIRT1-M", "M", 2)
