"""What a checkout costs with 1,000,000 past orders, beside one with 10,000, on SQLite."""

import asyncio
import shutil
import statistics
import tempfile
from pathlib import Path

import httpx

from tests.benchmarks.big_shop import Running, Sold, fill, house_under_load, serving
from tests.benchmarks.checkout import CLIENTS, Checkout, spread
from tests.benchmarks.past_orders import copy_orders
from tests.benchmarks.table import Row
from tests.e2e.house import House
from transactional.security import sandbox_secret

TEMPLATES = 100
FEW, MANY = 10_000, 1_000_000
ORDERS = 150
ROUNDS = 9
MOST = 1.1


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        young, old = house_under_load(Path(folder) / "young"), house_under_load(Path(folder) / "old")
        sold = fill(young)
        with serving(young) as shop:
            asyncio.run(_buy(young, shop, sold, range(TEMPLATES)))
        database = young.settings.home / "shop.db"
        copy_orders(database, 1, FEW // TEMPLATES)
        shutil.copytree(young.settings.home, old.settings.home)
        copy_orders(old.settings.home / "shop.db", FEW // TEMPLATES, MANY // TEMPLATES)
        with serving(young) as few, serving(old) as many:
            return asyncio.run(_compare((young, few), (old, many), sold))


async def _buy(house: House, shop: Running, sold: Sold, orders: range) -> None:
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=CLIENTS)) as client:
        secret = sandbox_secret(house.settings)
        await spread(Checkout(shop.url, client, sold.skus, sold.gift_cards, secret).run, orders)


async def _compare(few: tuple[House, Running], many: tuple[House, Running], sold: Sold) -> list[Row]:
    """CPU rather than time: both write to the same disk."""
    cost: dict[str, list[float]] = {"few": [], "many": []}
    for number in range(ROUNDS + 1):
        orders = range((number + 1) * ORDERS, (number + 2) * ORDERS)
        for name, (house, shop) in (("few", few), ("many", many)):
            before = shop.cpu()
            await _buy(house, shop, sold, orders)
            cost[name].append((shop.cpu() - before) / ORDERS * 1000)
    measured = {name: statistics.median(each[1:]) for name, each in cost.items()}  # the first warms up
    name = f"CPU of a checkout, {MANY:,} past orders against {FEW:,}"
    return [Row(name, measured["many"], "ms", measured["few"], MOST, lower_is_better=True)]
