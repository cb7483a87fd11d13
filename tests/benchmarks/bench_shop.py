"""The shop over HTTP beside hand-written SQL on FastAPI: checkouts, CPU per order, lists and details."""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.benchmarks import bare_shop
from tests.benchmarks.big_shop import Running, Sold, fill, house_under_load, serving, serving_bare
from tests.benchmarks.checkout import CLIENTS, Checkout, spread
from tests.benchmarks.table import Row
from tests.postgresql import PostgresServer
from transactional.security import sandbox_secret

ORDERS = 80
READS = 300
ROUNDS = 11
WARM_UP = 60
MOST_CPU_MS = 15.0
LEAST_CHECKOUTS = 0.5
LEAST_READS = 0.6


class Figures:
    """What one server did, round by round."""

    def __init__(self) -> None:
        self.checkouts: list[float] = []  # orders/s
        self.cpu: list[float] = []  # ms an order
        self.lists: list[float] = []  # requests/s
        self.details: list[float] = []


Sides = Sequence[tuple[Running, Figures]]


def run() -> list[Row]:
    rows = _on("SQLite", None)
    server = PostgresServer(durable=True)
    try:
        return rows + _on("PostgreSQL", server)
    finally:
        server.stop()


def _on(name: str, server: PostgresServer | None) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        house = house_under_load(Path(folder) / "var")
        if server:
            house.settings = house.settings.model_copy(update={"database_url": server.create()})
            house.environment["STOREHOUSE_DATABASE_URL"] = house.settings.database_url
        sold = fill(house)
        address = server.create() if server else str(Path(folder) / "bare.db")
        with serving(house) as shop:
            bare_shop.fill(address, sold.products, sold.gift_cards)
            with serving_bare(house, address) as bare:
                secret = sandbox_secret(house.settings)
                sides = (shop, Figures()), (bare, Figures())
                asyncio.run(_warm_up(sides, sold, secret))
                if server:
                    server.settle(house.settings.shop_database_url)
                    server.settle(address)
                asyncio.run(_compare(sides, sold, secret))
    return _rows(name, *(figures for _, figures in sides))


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=CLIENTS))


async def _warm_up(sides: Sides, sold: Sold, secret: bytes) -> None:
    async with _client() as client:
        for server, _ in sides:
            await spread(Checkout(server.url, client, sold.skus, sold.gift_cards, secret).run, range(WARM_UP))


async def _compare(sides: Sides, sold: Sold, secret: bytes) -> None:
    """Both in turns, so that a noisy minute of the machine falls on both."""
    slugs = [str(product["slug"]) for product in sold.products]
    async with _client() as client:
        for number in range(1, ROUNDS + 1):
            orders = range(number * ORDERS, (number + 1) * ORDERS)
            for server, figures in sides:
                checkout = Checkout(server.url, client, sold.skus, sold.gift_cards, secret)
                await _one_round(server, figures, checkout, orders)
                await _reads(server, figures, client, slugs)


async def _one_round(server: Running, figures: Figures, checkout: Checkout, orders: range) -> None:
    before = server.cpu()
    seconds = await spread(checkout.run, orders)
    figures.checkouts.append(ORDERS / seconds)
    figures.cpu.append((server.cpu() - before) / ORDERS * 1000)


async def _reads(server: Running, figures: Figures, client: httpx.AsyncClient, slugs: list[str]) -> None:
    api = f"{server.url}/api/v1"

    async def list_page(number: int) -> None:
        page = {"page": number % 50 + 1, "page_size": 20}
        (await client.get(f"{api}/products", params=page)).raise_for_status()

    async def detail(number: int) -> None:
        (await client.get(f"{api}/products/{slugs[number * 7 % len(slugs)]}")).raise_for_status()

    figures.lists.append(READS / await spread(list_page, range(READS)))
    figures.details.append(READS / await spread(detail, range(READS)))


def _rows(name: str, shop: Figures, bare: Figures) -> list[Row]:
    def beside(what: str, unit: str, ours: list[float], theirs: list[float], limit: float) -> Row:
        return Row(f"{what}, {name}", statistics.median(ours), unit, statistics.median(theirs), limit)

    return [
        beside("checkout of five requests", "orders/s", shop.checkouts, bare.checkouts, LEAST_CHECKOUTS),
        Row(
            f"shop CPU per order, {name}",
            statistics.median(shop.cpu),
            "ms",
            limit=MOST_CPU_MS,
            lower_is_better=True,
        ),
        Row(f"bare shop's CPU per order, {name}", statistics.median(bare.cpu), "ms"),
        beside("list of 20 among 10,000", "requests/s", shop.lists, bare.lists, LEAST_READS),
        beside("product detail", "requests/s", shop.details, bare.details, LEAST_READS),
    ]
