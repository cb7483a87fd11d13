"""What a checkout costs with 1,000,000 past orders, beside one with 10,000, on SQLite."""

import asyncio
import shutil
import statistics
import tempfile
from pathlib import Path

import httpx

from tests.benchmarks.big_shop import Running, fill, house_under_load, serving
from tests.benchmarks.checkout import CLIENTS, Checkout, spread
from tests.benchmarks.past_orders import copy_orders
from tests.benchmarks.table import Row
from tests.e2e.house import House
from transactional.security import sandbox_secret

TEMPLATES = 100
FEW, MANY = 10_000, 1_000_000
ORDERS = 150
ROUNDS = 5
MOST = 1.1


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        young, old = house_under_load(Path(folder) / "young"), house_under_load(Path(folder) / "old")
        skus = [sku["code"] for product in fill(young) for sku in product["skus"]]
        with serving(young) as shop:
            asyncio.run(_buy(young, shop, skus, range(TEMPLATES)))
        database = young.settings.home / "shop.db"
        copy_orders(database, 1, FEW // TEMPLATES)
        shutil.copytree(young.settings.home, old.settings.home)
        copy_orders(old.settings.home / "shop.db", FEW // TEMPLATES, MANY // TEMPLATES)
        with serving(young) as few, serving(old) as many:
            return asyncio.run(_compare((young, few), (old, many), skus))


async def _buy(house: House, shop: Running, skus: list[str], orders: range) -> None:
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=CLIENTS)) as client:
        await spread(Checkout(shop.url, client, skus, sandbox_secret(house.settings)).run, orders)


async def _compare(few: tuple[House, Running], many: tuple[House, Running], skus: list[str]) -> list[Row]:
    """CPU rather than time: both write to the same disk."""
    cost: dict[str, list[float]] = {"few": [], "many": []}
    for number in range(ROUNDS + 1):
        orders = range((number + 1) * ORDERS, (number + 2) * ORDERS)
        for name, (house, shop) in (("few", few), ("many", many)):
            before = shop.cpu()
            await _buy(house, shop, skus, orders)
            cost[name].append((shop.cpu() - before) / ORDERS * 1000)
    measured = {name: statistics.median(each[1:]) for name, each in cost.items()}  # the first warms up
    name = f"CPU of a checkout, {MANY:,} past orders against {FEW:,}"
    return [Row(name, measured["many"], "ms", measured["few"], MOST, lower_is_better=True)]
