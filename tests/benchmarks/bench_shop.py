"""The shop over HTTP, one process on SQLite: checkouts, CPU per order, product list and detail."""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from typing import Any
from uuid import uuid4

import httpx
import psutil

from orchestration.simulation.people import invent
from tests.benchmarks.table import Row
from tests.e2e.house import STOREHOUSE, House, eventually
from transactional.payments import signatures
from transactional.security import sandbox_secret

ORDERS = 400
WARM_UP = 60
READS = 1500
CLIENTS = 4
MOST_CPU_MS = 20.0


@contextmanager
def _serving(house: House, *services: str) -> Iterator[list[psutil.Process]]:
    started = [Popen([STOREHOUSE, "serve", service], env=house.environment) for service in services]
    ports = {"shop": house.settings.shop_port, "sandbox": house.settings.sandbox_port}
    try:
        for service in services:
            eventually(lambda at=ports[service]: _answers(at), 60, f"the {service} answers")
        yield [psutil.Process(each.pid) for each in started]
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


class Checkout:
    """Five requests: create a cart, add three lines, place the order, ask for the payment, its webhook."""

    def __init__(self, house: House, client: httpx.AsyncClient, skus: list[str]) -> None:
        self._api = f"{house.settings.shop_url}/api/v1"
        self._client = client
        self._skus = skus
        self._secret = sandbox_secret(house.settings)

    async def run(self, number: int) -> None:
        cart = await self._post("/carts", {})
        lines = [
            {"sku": self._skus[(number * 3 + place) % len(self._skus)], "quantity": 1} for place in range(3)
        ]
        await self._post(f"/carts/{cart['token']}/lines", {"lines": lines})
        buyer = vars(invent(random.Random(number), number))
        order = await self._post("/orders", {"cart": cart["token"], "buyer": buyer})
        payment = await self._post(f"/orders/{order['token']}/payments", {})
        await self._webhook(payment)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(
            self._api + path, json=body, headers={"idempotency-key": str(uuid4())}
        )
        answer.raise_for_status()
        parsed: dict[str, Any] = answer.json()
        return parsed

    async def _webhook(self, payment: dict[str, Any]) -> None:
        event = {
            "id": str(uuid4()),
            "type": "payment.captured",
            "created_at": datetime.now(UTC).isoformat(),
            "payment": {
                "id": payment["redirect_url"].rsplit("/", 1)[-1],
                "reference": payment["payment_id"],
                "status": "captured",
                "amount": payment["amount"],
                "currency": payment["currency"],
                "pay_url": payment["redirect_url"],
            },
        }
        request = self._client.build_request("POST", f"{self._api}/webhooks/sandbox", json=event)
        request.headers[signatures.HEADER] = signatures.sign(self._secret, request.content, datetime.now(UTC))
        (await self._client.send(request)).raise_for_status()


async def _spread(work: Callable[[int], Awaitable[None]], count: int, clients: int = CLIENTS) -> float:
    """Do `work` for 0..count-1 from several clients at once; returns the seconds it took."""
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            await work(number)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(clients)))
    return time.perf_counter() - started


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        house = House(Path(name) / "var")
        house.environment["STOREHOUSE_REQUESTS_PER_SECOND"] = "0"
        house.run("simulate", "--days", "1", "--visits", "10")
        with _serving(house, "sandbox", "shop") as (_, shop):
            return asyncio.run(_measure(house, shop))


async def _measure(house: House, shop: psutil.Process) -> list[Row]:
    api = f"{house.settings.shop_url}/api/v1"
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=CLIENTS)) as client:
        cards = (await client.get(f"{api}/products", params={"page_size": 100})).json()["items"]
        products = [(await client.get(f"{api}/products/{card['slug']}")).json() for card in cards]
        skus = [sku["code"] for product in products for sku in product["skus"]]
        checkout = Checkout(house, client, skus)
        await _spread(checkout.run, WARM_UP)
        before = _cpu(shop)
        seconds = await _spread(checkout.run, ORDERS)
        cpu = (_cpu(shop) - before) / ORDERS * 1000

        async def list_page(number: int) -> None:
            page = {"page": number % 5 + 1, "page_size": 20}
            (await client.get(f"{api}/products", params=page)).raise_for_status()

        async def detail(number: int) -> None:
            (await client.get(f"{api}/products/{cards[number % len(cards)]['slug']}")).raise_for_status()

        lists = statistics.median([READS / await _spread(list_page, READS) for _ in range(3)])
        details = statistics.median([READS / await _spread(detail, READS) for _ in range(3)])
    return [
        Row("checkout, five requests, SQLite, one process", ORDERS / seconds, "orders/s"),
        Row("shop CPU per order", cpu, "ms", limit=MOST_CPU_MS, lower_is_better=True),
        Row("product list of 20", lists, "requests/s"),
        Row("product detail", details, "requests/s"),
    ]
