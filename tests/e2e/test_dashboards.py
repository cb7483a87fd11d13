"""Every dashboard page on a real build, wide and narrow."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.e2e.house import House

pytestmark = pytest.mark.xdist_group("house")

PAGES = {"": "Overview", "sales": "Sales", "web": "Web", "live": "Live"}


def open_page(page: Page, house: House, path: str) -> None:
    page.goto(f"{house.settings.dashboards_url}/{path}")
    expect(page.get_by_role("heading", name=PAGES[path], exact=True)).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_shows_its_figures_within_the_screen(house: House, width: int) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        for path in ("", "sales", "web"):
            open_page(page, house, path)
            expect(page.get_by_test_id("stMetric").nth(4)).to_be_visible(timeout=60_000)
            expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible(timeout=60_000)
            assert page.get_by_test_id("stException").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_page_says_its_build_and_how_fresh_it_is(house: House) -> None:
    build = (house.settings.serving / "CURRENT").read_text().strip()[:8]
    with chromium() as browser:
        page = browser.new_page()
        for path in ("", "sales", "web"):
            open_page(page, house, path)
            caption = page.get_by_test_id("stCaptionContainer").first
            expect(caption).to_contain_text("Data through", timeout=60_000)
            expect(caption).to_contain_text(build)
            expect(caption).to_contain_text("compared with")


def test_a_table_is_exported_with_its_filters_and_build(house: House) -> None:
    with chromium() as browser:
        page = browser.new_page()
        open_page(page, house, "sales")
        button = page.get_by_role("button", name="CSV", exact=True)
        expect(button).to_be_visible(timeout=60_000)
        # A click before the page is whole is lost: it is drawn anew.
        app = page.get_by_test_id("stApp")
        expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)
        with page.expect_download() as downloading:
            button.click()
        text = downloading.value.path().read_text("utf-8-sig")
    assert "# Shop: Storehouse (demo)" in text
    assert "# Build: " in text
    assert "Net sales" in text or "net_sales" in text
