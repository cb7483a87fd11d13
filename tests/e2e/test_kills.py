"""`kill -9` while shoppers shop: everything acknowledged is in the marts, exactly once."""

import random
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from orchestration.simulation.people import invent
from tests.e2e.house import House, eventually

pytestmark = pytest.mark.xdist_group("house")

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
VICTIMS = (("serve", "collector"), ("load",), ("worker",), ("serve", "shop"))


@dataclass
class Traffic:
    """Shoppers that remember what was acknowledged, and repeat what was not with the same keys."""

    house: House
    visitor: str = field(default_factory=lambda: str(uuid4()))
    events: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.chance = random.Random(11)
        self.threads = [threading.Thread(target=self._click), threading.Thread(target=self._shop)]

    def __enter__(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)

    def _click(self) -> None:
        url = f"{self.house.settings.collector_url}/collect"
        while not self.stopped.is_set():
            event = {
                "event_id": str(uuid4()),
                "event_name": "page_view",
                "occurred_at": int(datetime.now(UTC).timestamp() * 1000),
                "visitor_id": self.visitor,
                "page_url": f"{self.house.settings.shop_url}/kill-test",
            }
            # A person's browser: what comes from a program is a bot's hit and no page view.
            if _acknowledged(url, event, {"user-agent": FIREFOX}, self.stopped) is not None:
                self.events.append(event["event_id"])
            self.stopped.wait(0.02)

    def _shop(self) -> None:
        api = f"{self.house.settings.shop_url}/api/v1"
        sku = httpx.get(f"{api}/products/{_any_slug(api)}").json()["skus"][0]["code"]
        while not self.stopped.is_set():
            cart = self._post(f"{api}/carts", {})
            token = cart and cart["token"]
            self._post(f"{api}/carts/{token}/lines", {"lines": [{"sku": sku, "quantity": 1}]})
            buyer = vars(invent(self.chance, self.chance.randrange(10**9)))
            order = self._post(f"{api}/orders", {"cart": token, "buyer": buyer})
            if order:
                self.orders.append(order["number"])
            self.stopped.wait(0.1)

    def _post(self, url: str, body: dict[str, object]) -> dict[str, str] | None:
        return _acknowledged(url, body, {"idempotency-key": str(uuid4())}, self.stopped)


def _acknowledged(
    url: str, body: dict[str, object], headers: dict[str, str], stopped: threading.Event
) -> dict[str, str] | None:
    """Repeat a request until it is acknowledged, as tracker and API clients do."""
    while not stopped.is_set():
        try:
            answer = httpx.post(url, json=body, headers=headers, timeout=5)
        except httpx.HTTPError:
            stopped.wait(0.1)
            continue
        if answer.is_success:
            return answer.json() if answer.content else {}
        if answer.status_code < 500:
            return None
        stopped.wait(0.1)
    return None


def _any_slug(api: str) -> str:
    return str(httpx.get(f"{api}/products?page_size=1").json()["items"][0]["slug"])


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

    eventually(all_there, 120, "every acknowledged event and order is in the marts")
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
