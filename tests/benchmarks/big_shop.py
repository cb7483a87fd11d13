"""A shop with 10,000 products, its processes, and beside it the bare one that sells the same."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import select

from tests.benchmarks import bare_shop
from tests.e2e.house import House
from tests.processes import STOREHOUSE, eventually, free_ports
from transactional.catalog import creation
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.models import products, skus
from transactional.payments import gift_cards
from transactional.promotions import service as promotions
from transactional.promotions.schemas import PromotionIn
from transactional.promotions.templates import Percent
from transactional.shop import open_shop
from transactional.staff.service import Terms
from transactional.stock import service as stock
from transactional.unit_of_work import Row, UnitOfWork

PRODUCTS = 10_000
CATEGORIES = 20
GIFT_CARDS = 50


@dataclass(frozen=True)
class Sold:
    """Products as rows, each with its `skus`, and the codes of gift cards."""

    products: list[dict[str, Any]]
    gift_cards: list[str]

    @property
    def skus(self) -> list[str]:
        return [sku["code"] for product in self.products for sku in product["skus"]]


@dataclass(frozen=True)
class Running:
    """A server under load: where it listens and its process."""

    url: str
    process: psutil.Process

    def cpu(self) -> float:
        """CPU seconds it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def house_under_load(home: Path) -> House:
    """A house whose shop lets one address ask as often as it likes."""
    house = House(home)
    house.environment["STOREHOUSE_REQUESTS_PER_SECOND"] = "0"
    return house


def fill(house: House) -> Sold:
    """Give the shop products of two SKUs, goods on its shelves, gift cards and a promotion that is on."""
    shop = open_shop(house.settings)
    with shop.database.transaction("bench") as uow:
        shelves = [
            creation.create_category(uow, f"category-{number}", f"Category {number}")
            for number in range(CATEGORIES)
        ]
        brand = creation.create_brand(uow, "maker", "Maker")
        for number in range(PRODUCTS):
            creation.create_product(uow, _draft(number, shelves[number % CATEGORIES], brand), "GBP")
        found = _products(uow)
        units = {sku["id"]: 1_000_000 for product in found for sku in product["skus"]}
        stock.receive(uow, units, "DELIVERY-1")
        _start_promotion(uow, shop.terms)
        cards = [gift_cards.issue(uow, 10**9, "GBP", "bench") for _ in range(GIFT_CARDS)]
    shop.database.engine.dispose()
    return Sold(found, [shop.keys.gift_card_code(card["number"]) for card in cards])


def _draft(number: int, category: str, brand: str) -> ProductDraft:
    price = 1_000 + number % 97 * 10
    drafts = [
        SkuDraft(f"P{number}-{size}", price, price + 200, 400, {"size": size}, weight_grams=300)
        for size in ("S", "M")
    ]
    return ProductDraft(
        f"product-{number}",
        f"Product {number}",
        category,
        drafts,
        brand_id=brand,
        description="Well made. " * 20,
        image=f"/media/product-{number}.svg",
    )


def _start_promotion(uow: UnitOfWork, terms: Terms) -> None:
    draft = PromotionIn(name="Ten per cent", template=Percent(off_bp=bare_shop.PERCENT_OFF * 100, of="order"))
    promotions.change(uow, terms, promotions.create(uow, draft), "activate")


def _products(uow: UnitOfWork) -> list[dict[str, Any]]:
    """Every product with its SKUs."""
    offered: dict[str, list[Row]] = {}
    for sku in uow.rows(select(skus)):
        offered.setdefault(sku["product_id"], []).append(sku)
    return [{**product, "skus": offered[product["id"]]} for product in uow.rows(select(products))]


@contextmanager
def serving(house: House) -> Iterator[Running]:
    """The shop and its sandbox."""
    command = [str(STOREHOUSE), "serve"]
    with (
        _process([*command, "sandbox"], house.settings.sandbox_url, house.environment),
        _process([*command, "shop"], house.settings.shop_url, house.environment) as shop,
    ):
        yield shop


@contextmanager
def serving_bare(house: House, address: str) -> Iterator[Running]:
    """The bare shop on `address`, which asks the house's sandbox, and must run beside it."""
    (port,) = free_ports(1)
    secret = str(house.settings.secrets / "sandbox")
    command = [sys.executable, "-m", "tests.benchmarks.bare_shop", str(port), address]
    command += [house.settings.sandbox_url, secret]
    with _process(command, f"http://127.0.0.1:{port}", house.environment, Path.cwd()) as bare:
        yield bare


@contextmanager
def _process(
    command: list[str], url: str, environment: dict[str, str], folder: Path | None = None
) -> Iterator[Running]:
    started = subprocess.Popen(command, env=environment, cwd=folder)
    try:
        eventually(lambda: _answers(url), f"{command[-1]} answers")
        yield Running(url, psutil.Process(started.pid))
    finally:
        started.terminate()
        started.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False
