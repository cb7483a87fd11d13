"""History is repeatable, complete, and never half made."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import json
from rich.console import Console
from sqlalchemy import func, select

from orchestration import demo
from orchestration.simulation.catalogue import plan_products
from orchestration.simulation.history import History, play
from settings import Settings, UserError
from transactional.change_log import change_log
from transactional.orders.models import orders
from transactional.shop import open_shop
from transactional.stock.models import stock_levels, stock_movements

UNTIL = datetime(2026, 3, 30, 18, 30, tzinfo=UTC)  # the days before it hold a change to summer time
STOREHOUSE = Path(sys.executable).parent / "storehouse"


def play_days(
    home: Path, days: int = 3, seed: int = 5, *, must_accept_terms: bool = False
) -> tuple[Settings, History]:
    settings = Settings(home=home, terms_must_be_accepted=must_accept_terms)
    shop = open_shop(settings, clock=lambda: UNTIL)
    history = play(
        settings, shop.database, days=days, seed=seed, until=UNTIL, mean_visits=120, on_day=lambda: None
    )
    shop.database.engine.dispose()
    return settings, history


def events(settings: Settings) -> list[dict[str, object]]:
    segments = sorted((settings.spool / "simulation").glob("*.ndjson"))
    return [json.decode(line) for path in segments for line in path.read_bytes().splitlines()]


def test_the_same_seed_and_end_give_the_same_history(tmp_path: Path) -> None:
    (one, first), (two, second) = play_days(tmp_path / "a"), play_days(tmp_path / "b")
    assert first.orders_placed == second.orders_placed > 0
    assert events(one) == events(two)
    rows = []
    for settings in (one, two):
        with open_shop(settings).database.read() as db:
            rows.append(db.rows(select(orders).order_by(orders.c.id)))
    assert rows[0] == rows[1]


def test_shoppers_accept_terms_where_they_must(tmp_path: Path) -> None:
    _, history = play_days(tmp_path, days=1, must_accept_terms=True)
    assert history.orders_placed > 0


def test_another_seed_gives_another_history(tmp_path: Path) -> None:
    (one, _), (two, _) = play_days(tmp_path / "a", seed=1), play_days(tmp_path / "b", seed=2)
    assert events(one) != events(two)


def test_history_has_the_weeks_rhythm_and_everything_a_shop_lives_through(tmp_path: Path) -> None:
    settings, history = play_days(tmp_path, days=24)
    found = events(settings)
    assert len(found) == history.events_sent
    names = Counter(event["event_name"] for event in found)
    assert {"page_view", "view_item", "add_to_cart", "begin_checkout", "purchase", "search"} <= names.keys()
    assert all(str(event["occurred_at"]) < "2026-03-30T18:30" for event in found)
    with open_shop(settings).database.read() as db:
        statuses = Counter(row["status"] for row in db.rows(select(orders.c.status)))
        tables = {row["table_name"] for row in db.rows(select(change_log.c.table_name).distinct())}
        unexplained = db.rows(
            select(stock_levels.c.sku_id)
            .join(stock_movements, stock_movements.c.sku_id == stock_levels.c.sku_id)
            .group_by(stock_levels.c.sku_id, stock_levels.c.on_hand)
            .having(func.sum(stock_movements.c.on_hand_change) != stock_levels.c.on_hand)
        )
    assert {"paid", "shipped", "delivered", "expired"} <= statuses.keys()
    assert {"orders", "payments", "refunds", "credit_notes", "stock_movements", "skus"} <= tables
    assert unexplained == []


def test_the_catalogue_has_300_products_in_20_categories_each_with_a_picture() -> None:
    products = plan_products(seed=7)
    assert len(products) >= 300
    assert len({product.category for product in products}) == 20
    assert len({product.slug for product in products}) == len(products)
    assert len({sku.code for product in products for sku in product.skus}) == sum(
        len(p.skus) for p in products
    )
    assert all(
        product.picture.startswith("<svg") and product.picture.endswith("</svg>") for product in products
    )
    assert all(0 < sku.cost < sku.price <= sku.list_price for product in products for sku in product.skus)


def test_a_killed_fill_leaves_no_half_shop_and_the_next_one_succeeds(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    environment = os.environ | {"STOREHOUSE_HOME": str(tmp_path)}
    command = [STOREHOUSE, "simulate", "--days", "30", "--visits", "100"]
    filling = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while not (tmp_path / "filling" / "spool" / "simulation").exists():
        assert filling.poll() is None
    filling.send_signal(signal.SIGKILL)
    filling.wait()
    assert not demo.has_shop(settings)
    demo.fill(settings, Console(quiet=True), days=1, seed=3, mean_visits=20)
    assert demo.has_shop(settings)
    assert not (tmp_path / "filling").exists()


def test_a_shop_with_products_is_never_filled_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    demo.fill(settings, Console(quiet=True), days=1, seed=3, mean_visits=20)
    with pytest.raises(UserError, match="has products already"):
        demo.fill(settings, Console(quiet=True), days=1, seed=3, mean_visits=20)
