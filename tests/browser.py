"""Chromium, and a shopper who buys with it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

# A person's: headless Chromium counts as a bot, and what a closing page sends ignores a page's override.
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
ARGUMENTS = [
    f"--user-agent={CHROME}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless; fails when there is none (`make test` installs it)."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "no Chromium: run make test, which installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def buy(page: Page, shop_url: str, email: str, category: str = "mugs-cups") -> str:
    """Buy the first product of a category through the shop's pages; returns the order's number."""
    page.goto(f"{shop_url}/c/{category}")
    page.locator(".card a").first.click()
    page.get_by_role("button", name="Add to basket").click()
    page.get_by_role("link", name="Go to checkout").click()
    for name, value in {
        "email": email,
        "name": "Ada Lovelace",
        "address": "12 St James's Square",
        "city": "London",
        "postal_code": "SW1Y 4JH",
    }.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/pay/**")
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/thanks")
    return page.locator("main strong").first.inner_text()
