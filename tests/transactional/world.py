"""The world of a random history: a furnished shop, a bank, a clock, and how things are done in it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Literal

from bank import Bank, Mood
from conftest import MovableClock
from hypothesis import event
from shopping import fill_shelves, sell_everywhere, sell_in_euros
from sqlalchemy import Table, func, select

from settings import Settings
from transactional.catalog import creation, sku_editing
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.models import categories, skus
from transactional.change_log import change_log
from transactional.errors import ShopError
from transactional.payments import gift_cards
from transactional.promotions import service as promotions
from transactional.promotions.schemas import CodesIn, PromotionIn
from transactional.shop import Shop, open_shop
from transactional.stock import service as stock
from transactional.stock import warehousing
from transactional.unit_of_work import Row, UnitOfWork

SAMPLE = "SHIRT1-M"  # costs nothing
SKUS = ("SHIRT0-S", "SHIRT0-M", "SHIRT1-S", "CARD-20", "CARD-50", SAMPLE)
COUPON = "FIFTH"
_PROMOTIONS: tuple[dict[str, Any], ...] = (
    {
        "name": "flash",
        "template": {"kind": "flash_sale", "price": 900, "units": 4},
        "budget": {"uses_per_customer": 3},
    },
    {
        "name": "tenth",
        "template": {"kind": "percent", "off_bp": 1_000, "of": "order"},
        "budget": {"money": 700},
    },
    {
        "name": "fifth",
        "template": {"kind": "percent", "off_bp": 2_000},
        "needs_code": True,
        "budget": {"uses": 3},
    },
)
Act = Callable[[UnitOfWork], object]
Fate = Literal["once", "twice", "crashes first"]
_shops = count()


class CrashError(Exception):
    """The process died before the commit."""


def counted_ids() -> Callable[[datetime], str]:
    """Ids in the order they were made, so that a sequence can be run again; no other shop has them."""
    numbers, shop = count(), next(_shops)

    def new_id(at: datetime) -> str:
        stamp = f"{int(at.timestamp() * 1000):012x}"
        return f"{stamp[:8]}-{stamp[8:]}-7000-8000-{next(numbers):06x}{shop:06x}"

    return new_id


def furnished(database_url: str, home: Path, clock: MovableClock, bank: Bank) -> Shop:
    """A shop with points that sells shirts, one for nothing, and gift cards, also in euros.

    Promotions are not on yet.
    """
    opened = open_shop(
        Settings(home=home, database_url=database_url), clock, counted_ids(), {bank.name: bank}
    )
    shop = replace(opened, terms=replace(opened.terms, points_per_unit=1, point_value=10))
    fill_shelves(shop, products=2, units=12)
    sell_everywhere(shop)
    with shop.database.transaction("staff") as uow:
        (category,) = uow.rows(categories.select())
        (sample,) = uow.rows(skus.select().where(skus.c.code == SAMPLE))
        sku_editing.edit_sku(uow, sample["id"], {"price": 0, "list_price": 0})
        drafts = [
            SkuDraft("CARD-20", 2_000, 2_000, 0, {"value": "20"}, tax_class="gift_card"),
            SkuDraft("CARD-50", 4_500, 5_000, 0, {"value": "50"}, tax_class="gift_card"),
        ]
        draft = ProductDraft("gift-card", "Gift card", category["id"], drafts)
        stock.receive(uow, dict.fromkeys(creation.create_product(uow, draft, "GBP").values(), 9), "CARDS")
        warehousing.put(
            uow, "north", name="North", country="GB", postal_code="LS1", priority=1, is_active=True
        )
        for currency in ("EUR", "GBP"):
            gift_cards.issue(uow, 1_500, currency, "a present")
    return sell_in_euros(shop, dict.fromkeys(SKUS, 1_300) | {SAMPLE: 0})


def drafted_promotions(shop: Shop) -> list[str]:
    """Ids of drafts with budgets of every kind; the last needs `COUPON`."""
    with shop.database.transaction("staff") as uow:
        made = [promotions.create(uow, PromotionIn.model_validate(each)) for each in _PROMOTIONS]
        promotions.make_codes(uow, made[-1], CodesIn(named=[COUPON], max_uses=2))
    return made


class World:
    """One shop with its bank; whatever is done there may be done twice, or be lost before its commit."""

    def __init__(self, database_url: str, home: Path):
        self.clock = MovableClock()
        self.bank = Bank()
        self.shop = furnished(database_url, home, self.clock, self.bank)
        self.promotions = drafted_promotions(self.shop)

    def act(self, fate: Fate, actor: str, do: Act) -> None:
        """Do one thing in a transaction of its own, as fate has it; the shop may refuse it."""
        self.clock.forward(seconds=1)
        if fate == "crashes first":
            before = self.logged()
            with suppress(CrashError, ShopError), self.shop.database.transaction(actor) as uow:
                do(uow)
                raise CrashError
            assert self.logged() == before
        for _ in range(2 if fate == "twice" else 1):
            try:
                with self.shop.database.transaction(actor) as uow:
                    do(uow)
            except ShopError as refusal:
                event(f"refused: {refusal.code}")  # shown by --hypothesis-show-statistics

    def converse(self, mood: Mood, talk: Awaitable[object]) -> None:
        """Talk with the bank while it is in this mood."""
        self.clock.forward(seconds=1)
        self.bank.mood = mood
        try:
            with suppress(ShopError):
                asyncio.run(self._waited(talk))
        finally:
            self.bank.mood = "well"

    async def _waited(self, talk: Awaitable[object]) -> None:
        await talk

    def logged(self) -> int:
        with self.shop.database.read() as db:
            return int(db.value(select(func.count()).select_from(change_log)))

    def one(self, table: Table, number: int) -> Row | None:
        """One of the latest rows of a table; None while it is empty."""
        with self.shop.database.read() as db:
            rows = db.rows(select(table).order_by(table.c.id.desc()).limit(6))
        return rows[number % len(rows)] if rows else None

    def sku(self, number: int) -> str:
        with self.shop.database.read() as db:
            return warehousing.sku_id(db, SKUS[number % len(SKUS)])
