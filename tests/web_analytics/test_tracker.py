"""The tracker in a real Chromium."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import chromium
from playwright.sync_api import Browser, BrowserContext, Page
from processes import eventually
from tracked_site import Site

from settings import Settings
from web_analytics import tracker

QUEUED = "Object.keys(localStorage).filter(key => key.startsWith('sh_e:')).length"
DO_NOT_TRACK = "Object.defineProperty(navigator, 'doNotTrack', {get: () => '1'})"
PRIVACY_CONTROL = "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def start_site(settings: Settings) -> Iterator[Callable[..., Site]]:
    """Start sites with tracker settings of the test's choice."""
    started: list[Site] = []

    def start(**changes: Any) -> Site:
        site = Site(settings.model_copy(update=changes)).start()
        site.collector = site.url
        site.pages |= {"/": "", "/next": ""}
        started.append(site)
        return site

    yield start
    for site in started:
        site.stop()


@pytest.fixture
def site(start_site: Callable[..., Site]) -> Site:
    return start_site()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def test_the_script_is_smaller_than_three_kilobytes(settings: Settings) -> None:
    assert len(tracker.script(settings).gzipped) < 3_000


def test_a_page_view_says_which_page_and_which_visitor(
    site: Site, page: Page, context: BrowserContext
) -> None:
    page.set_viewport_size({"width": 1234, "height": 800})
    page.goto(f"{site.url}/?utm_source=news")
    eventually(lambda: site.names() == ["page_view"], "page_view arrived", 10)
    (event,) = site.accepted.values()
    (cookie,) = context.cookies()
    assert event["page_url"] == f"{site.url}/?utm_source=news"
    assert event["page_title"] == "Title of /"
    assert event["viewport_width"] == 1234
    assert event["visitor_id"] == cookie["value"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event["event_id"])
    assert (cookie["name"], cookie["sameSite"]) == ("sh_vid", "Lax")
    assert 399 < (cookie["expires"] - time.time()) / 86_400 <= 400


def test_the_visitor_and_the_referrer_stay_known_on_the_next_page(site: Site, page: Page) -> None:
    site.pages["/"] = '<a href="/next">next</a>'
    page.goto(site.url)
    eventually(lambda: len(site.accepted) == 1, "1 event accepted", 10)
    page.click("a")
    eventually(lambda: len(site.accepted) == 2, "2 events accepted", 10)
    first, second = sorted(site.accepted.values(), key=lambda event: event["occurred_at"])
    assert second["visitor_id"] == first["visitor_id"]
    assert second["referrer"] == f"{site.url}/"


def test_pages_declare_events_and_clicks(site: Site, page: Page) -> None:
    site.pages["/"] = """
        <script type="application/json" data-storehouse-event>
        [{"event_name": "view_item", "value": 2490, "items": [{"item_id": "MUG"}]}]</script>
        <script type="application/json" data-storehouse-event>not JSON</script>
        <script type="application/json" data-storehouse-event>
        {"event_name": "purchase", "event_id": "018f3a3e-7a4f-7c3c-8d2b-0123456789ab", "transaction_id": "1"}
        </script>
        <a href="/next" data-storehouse-click='{"event_name": "select_item"}'><b>go</b></a>"""
    page.goto(site.url)
    page.click("b")
    eventually(lambda: len(site.accepted) == 5, "5 events accepted", 10)
    events = {event["event_name"]: event for event in site.accepted.values()}
    assert set(events) == {"page_view", "view_item", "purchase", "select_item"}
    assert events["view_item"]["items"] == [{"item_id": "MUG"}]
    # A page that is loaded again must not buy again: it gives its purchase an id of its own.
    assert events["purchase"]["event_id"] == "018f3a3e-7a4f-7c3c-8d2b-0123456789ab"


def test_the_api_takes_events_and_fields_for_all_of_them_also_before_it_is_loaded(
    site: Site, page: Page
) -> None:
    site.pages["/"] = """<script>
        window.storehouse = function () { (storehouse.q = storehouse.q || []).push(arguments); };
        storehouse("set", {customer_id: "c-1"});
        storehouse("event", "login", {params: {method: "mail"}});</script>"""
    page.goto(site.url)
    page.evaluate("storehouse('event', 'search', {search_term: 'mug'})")
    eventually(lambda: {"login", "search"} <= set(site.names()), "both arrived", 10)
    events = {event["event_name"]: event for event in site.accepted.values()}
    assert events["login"]["params"] == {"method": "mail"}
    assert events["search"]["search_term"] == "mug"
    assert events["search"]["customer_id"] == "c-1"


def test_the_queue_survives_a_reload_and_is_sent_with_the_same_ids(site: Site, page: Page) -> None:
    site.status = 503
    page.goto(site.url)
    page.evaluate("storehouse('event', 'add_to_cart', {value: 100})")
    queued = page.evaluate("Object.keys(localStorage).map(key => key.slice(-36))")
    page.wait_for_timeout(400)  # the first try is refused meanwhile
    assert site.accepted == {}
    page.reload()
    site.status = 200
    eventually(lambda: len(site.accepted) == 3, "3 events accepted", 10)
    assert set(queued) < set(site.accepted)
    page.wait_for_function(f"{QUEUED} === 0")


def test_a_refused_event_is_sent_again_with_its_id(site: Site, page: Page) -> None:
    site.status = 503
    page.goto(site.url)
    with page.expect_response("**/collect") as refused:
        pass
    first = refused.value.request.post_data_json
    site.status = 200
    with page.expect_response("**/collect") as answered:
        pass
    assert answered.value.request.post_data_json == first
    page.wait_for_function(f"{QUEUED} === 0")
    assert list(site.accepted) == [first[0]["event_id"]]


def test_events_made_offline_are_sent_when_the_network_is_back(
    site: Site, page: Page, context: BrowserContext
) -> None:
    page.goto(site.url)
    eventually(lambda: len(site.accepted) == 1, "1 event accepted", 10)
    context.set_offline(True)
    page.evaluate("storehouse('event', 'view_cart')")
    page.wait_for_timeout(400)
    context.set_offline(False)
    eventually(lambda: "view_cart" in site.names(), "view_cart arrived", 10)


def test_what_the_collector_finds_wrong_is_not_sent_for_ever(site: Site, page: Page) -> None:
    site.status = 400
    page.goto(site.url)
    page.wait_for_function(f"{QUEUED} === 0")


def test_leaving_the_page_sends_what_waits(site: Site, page: Page) -> None:
    page.goto(site.url)
    eventually(lambda: len(site.accepted) == 1, "1 event accepted", 10)
    page.evaluate("storehouse('event', 'begin_checkout'); location.href = 'about:blank'")
    page.wait_for_url("about:blank")  # Chromium never closes a page that is closed while it navigates
    eventually(lambda: "begin_checkout" in site.names(), "begin_checkout arrived", 10)


def test_closing_the_tab_sends_what_waits(site: Site, page: Page) -> None:
    page.goto(site.url)
    eventually(lambda: len(site.accepted) == 1, "1 event accepted", 10)
    page.evaluate("storehouse('event', 'view_promotion')")
    page.close(run_before_unload=True)
    eventually(lambda: "view_promotion" in site.names(), "view_promotion arrived", 10)


@pytest.mark.parametrize("signal", [DO_NOT_TRACK, PRIVACY_CONTROL])
def test_a_visitor_who_asks_not_to_be_tracked_is_not(
    start_site: Callable[..., Site], context: BrowserContext, signal: str
) -> None:
    context.add_init_script(signal)
    page = context.new_page()
    site = start_site()
    page.goto(site.url)
    page.evaluate("storehouse('event', 'search')")
    page.wait_for_timeout(500)
    assert (site.posts, context.cookies(), page.evaluate("localStorage.length")) == ([], [], 0)
    deaf = start_site(tracker_honours_privacy_signals=False)
    page.goto(deaf.url)
    eventually(lambda: deaf.names() == ["page_view"], "page_view arrived", 10)


def test_cookieless_mode_sets_no_cookie_and_removes_an_old_one(
    start_site: Callable[..., Site], page: Page, context: BrowserContext
) -> None:
    site = start_site(tracker_cookieless=True)
    context.add_cookies([{"name": "sh_vid", "value": "old", "url": site.url}])
    page.goto(site.url)
    eventually(lambda: len(site.accepted) == 1, "1 event accepted", 10)
    (event,) = site.accepted.values()
    assert "visitor_id" not in event
    assert context.cookies() == []
    page.wait_for_function("localStorage.length === 0")


def test_history_navigation_is_a_page_view(site: Site, page: Page) -> None:
    page.goto(site.url)
    for step in (
        "history.pushState({}, '', '/next'); document.title = 'Next'",
        "history.replaceState({}, '', '/next?size=m')",
        "history.replaceState({}, '', '/next?size=m')",  # the same page
        "history.pushState({}, '', '/next?size=m#reviews')",  # a place on it
        "history.back()",
        "history.go(-1)",
    ):
        page.evaluate(step)
        page.wait_for_timeout(60)  # navigations are separate moments, as a person's are
    eventually(lambda: len(site.accepted) == 4, "4 events accepted", 10)
    page.wait_for_timeout(300)
    views = sorted(site.accepted.values(), key=lambda event: event["occurred_at"])
    paths = [view["page_url"].removeprefix(site.url) for view in views]
    assert paths == ["/", "/next", "/next?size=m", "/"]
    assert views[1]["page_title"] == "Next"
    assert views[1]["referrer"] == f"{site.url}/"


def test_the_queue_is_bounded_and_the_oldest_go_first(site: Site, page: Page) -> None:
    site.status = 503
    page.goto(site.url)
    page.evaluate("for (let i = 0; i < 600; i++) storehouse('event', 'scroll', {value: i})")
    assert page.evaluate(QUEUED) == 500
    site.status = 200
    eventually(lambda: len(site.accepted) == 500, "500 events accepted", 10)
    assert max(event.get("value", -1) for event in site.accepted.values()) == 599


def test_events_are_sent_without_local_storage(site: Site, context: BrowserContext) -> None:
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
    )
    page = context.new_page()
    page.goto(site.url)
    eventually(lambda: site.names() == ["page_view"], "page_view arrived", 10)


def test_two_tabs_share_a_queue_and_lose_nothing(site: Site, context: BrowserContext) -> None:
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(site.url)
    for number in range(30):
        tabs[number % 2].evaluate(f"storehouse('event', 'scroll', {{value: {number}}})")
    eventually(lambda: len(site.accepted) == 32, "32 events accepted", 10)
    tabs[0].wait_for_function(f"{QUEUED} === 0")
    values = sorted(event["value"] for event in site.accepted.values() if "value" in event)
    assert values == list(range(30))


def test_the_real_collector_takes_what_the_tracker_sends(
    site: Site, page: Page, start_collector: Any
) -> None:
    collector = start_collector(public_shop_url=site.url)
    site.collector = collector.url
    page.goto(f"{site.url}/?utm_source=news")
    page.evaluate(
        "storehouse('event', 'add_to_cart', {value: 1245, currency: 'GBP', params: {rank: 1.5},"
        " items: [{item_id: 'MUG', price: 1245, quantity: 1, index: 0}]})"
    )
    page.wait_for_function(f"{QUEUED} === 0")
    view, added = collector.lines()
    assert (view["event_name"], added["event_name"]) == ("page_view", "add_to_cart")
    assert added["items"] == [{"item_id": "MUG", "price": 1245, "quantity": 1, "index": 0}]
    assert collector.lines(".quarantine") == []
