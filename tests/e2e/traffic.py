"""Shoppers over HTTP that remember what was acknowledged."""

import random
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from orchestration.simulation.people import invent
from tests.e2e.house import House

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"


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
        self.skus = _skus(f"{self.house.settings.shop_url}/api/v1")  # before anything is killed
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
        while not self.stopped.is_set():
            cart = self._post(f"{api}/carts", {})
            token = cart and cart["token"]
            self._post(
                f"{api}/carts/{token}/lines",
                {"lines": [{"sku": self.chance.choice(self.skus), "quantity": 1}]},
            )
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


def _skus(api: str) -> list[str]:
    """SKUs of many products, so that none sells out."""
    products = httpx.get(f"{api}/products?page_size=30").json()["items"]
    return [
        sku["code"]
        for product in products
        for sku in httpx.get(f"{api}/products/{product['slug']}").json()["skus"]
    ]
