"""Whatever the shop does, its change log alone gives back its tables."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shopping import fill_shelves, order, rows_of
from test_promotions import active

from transactional.catalog import bulk, editing, feedback, pricing, repricing
from transactional.catalog.bulk import Rules, Selection
from transactional.catalog.editing import Picture
from transactional.catalog.models import products, reviews, skus
from transactional.catalog.repricing import Rule
from transactional.change_log import START, Change, as_json, read_changes
from transactional.checkout import service as checkout
from transactional.errors import ShopError
from transactional.orders import after_sales, service
from transactional.orders.models import orders
from transactional.payments import service as payments_service
from transactional.payments import settlement
from transactional.payments.models import payments, refunds
from transactional.promotions.models import order_promotions, promotion_budgets
from transactional.shop import Shop
from transactional.stock.models import stock_levels, stock_movements
from transactional.tables import LOGGED_TABLES
from transactional.unit_of_work import UnitOfWork

ACTIONS = (
    "order",
    "change a cart",
    "pay",
    "pay another amount",
    "decline",
    "expire",
    "cancel",
    "ship",
    "deliver",
    "return",
    "refund",
    "change the catalogue",
)
steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5), st.integers(1, 4)), min_size=1, max_size=40
)
_numbers = count()


def act(shop: Shop, uow: UnitOfWork, action: str, which: int, units: int) -> None:
    """Do one thing to the order (payment, refund...) number `which`; the shop may refuse it."""
    sku = f"SHIRT{which % 3}-{'SM'[units % 2]}"
    found = [row["id"] for row in uow.rows(orders.select().order_by(orders.c.id))]
    money = uow.rows(payments.select().order_by(payments.c.id))
    owed = [row["id"] for row in uow.rows(refunds.select().order_by(refunds.c.id))]
    external = f"ext_{next(_numbers)}"
    match action:
        case "order":
            order(uow, shop, {sku: units, "SHIRT0-S": 1})
        case "change a cart":
            cart_id = checkout.create(uow, shop.terms, "visitor")
            checkout.add(uow, cart_id, {sku: units, "SHIRT2-M": 1})
            first, *others = checkout.priced(uow, shop.terms, cart_id).lines
            checkout.set_quantity(uow, cart_id, first["id"], units + 1)
            for line in others:
                checkout.remove(uow, cart_id, line["id"])
        case "pay" if money:
            one = money[which % len(money)]
            settlement.record_capture(uow, one["id"], external, one["amount"], one["currency"])
        case "pay another amount" if money:
            one = money[which % len(money)]
            settlement.record_capture(uow, one["id"], external, units, one["currency"])
        case "decline" if money:
            settlement.record_end(uow, money[which % len(money)]["id"], external, "failed")
        case "expire":
            uow.at(uow.now + timedelta(minutes=31))
            service.expire_unpaid(uow)
        case "cancel" if found:
            after_sales.cancel(uow, found[which % len(found)])
        case "ship" if found:
            service.ship(uow, found[which % len(found)])
        case "deliver" if found:
            service.deliver(uow, found[which % len(found)])
        case "return" if found:
            order_id = found[which % len(found)]
            line = service.find(uow, order_id).lines[0]
            after_sales.return_lines(uow, order_id, {line["id"]: units})
        case "change the catalogue":
            change_catalogue(uow, which, units)
        case "refund" if owed:
            payments_service.record_refund(uow, owed[which % len(owed)], external)


def change_catalogue(uow: UnitOfWork, which: int, units: int) -> None:
    """Prices, pictures, a review and its moderation, and every SKU's price and stock in bulk."""
    product = uow.rows(products.select().order_by(products.c.slug))[which % 3]
    sku = uow.rows(skus.select().where(skus.c.product_id == product["id"]))[0]
    row = {"currency": "GBP", "customer_group": None, "price": units, "valid_from": uow.now}
    pricing.set_prices(uow, sku["id"], [row] * (units % 3))
    editing.set_pictures(uow, product["id"], [Picture(f"/media/{n}.svg") for n in range(units % 3)])
    review = feedback.review(uow, product["slug"], author="Ada", rating=units)
    feedback.moderate(uow, reviews, review["id"], "published", "Thank you.")
    rules = Rules(price=Rule("percent", -100 * units), on_hand=Rule("add", units - 2))
    shown = repricing.digest(bulk.preview(uow, Selection(), rules))
    bulk.apply(uow, Selection(), rules, shown)


def replayed(changes: list[Change]) -> dict[str, dict[str, Any]]:
    """The tables that a reader of the log ends up with; checks that every change fits the one before."""
    tables: dict[str, dict[str, Any]] = {table.name: {} for table in LOGGED_TABLES}
    for change in sorted(changes, key=lambda each: each.seq):
        rows = tables[change.table_name]
        before = None if change.before is None else json.loads(change.before)
        assert rows.get(change.row_id) == before, change
        if change.after is None:
            del rows[change.row_id]
        else:
            rows[change.row_id] = json.loads(change.after)
    return tables


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_replaying_the_log_gives_the_tables(
    new_shop: Callable[[], Shop], history: list[tuple[str, int, int]]
) -> None:
    shop = new_shop()
    fill_shelves(shop)
    active(shop, {"kind": "flash_sale", "price": 900, "units": 5}, budget={"uses_per_customer": 3})
    for action, which, units in [("order", 0, 1), ("pay", 0, 1), ("order", 1, 2), *history]:
        try:
            with shop.database.transaction("test") as uow:
                act(shop, uow, action, which, units)
        except ShopError:
            continue
    tables = replayed(read_changes(shop.database.engine, START, 100_000))
    for table in LOGGED_TABLES:
        found = {row["id"]: json.loads(as_json(table, row)) for row in rows_of(shop, table)}
        assert tables[table.name] == found
    money_and_stock_add_up(shop)
    promotions_are_counted(shop)
    shop.database.engine.dispose()


def money_and_stock_add_up(shop: Shop) -> None:
    """No unit and no penny is lost or doubled."""
    moved: dict[str, int] = {}
    for row in rows_of(shop, stock_movements):
        moved[row["sku_id"]] = moved.get(row["sku_id"], 0) + row["on_hand_change"]
    promised: dict[str, int] = {}
    placed = rows_of(shop, orders)
    with shop.database.read() as db:
        for row in placed:
            if row["status"] in ("pending_payment", "paid"):
                for sku_id, units in service.units(db, row["id"]).items():
                    promised[sku_id] = promised.get(sku_id, 0) + units
    for row in rows_of(shop, stock_levels):
        assert (row["on_hand"], row["reserved"]) == (moved[row["sku_id"]], promised.get(row["sku_id"], 0))
    kept = {row["id"]: 0 for row in placed}
    for row in rows_of(shop, payments):
        if row["status"] == "captured":
            back = sum(each["amount"] for each in rows_of(shop, refunds) if each["payment_id"] == row["id"])
            assert back <= row["amount"]
            kept[row["order_id"]] += row["amount"] - back
    for row in placed:
        if row["status"] in ("paid", "shipped", "delivered"):
            assert kept[row["id"]] <= row["total"]
        else:
            assert kept[row["id"]] == 0, "money is never kept without an order"


def promotions_are_counted(shop: Shop) -> None:
    """What a promotion gave is what the orders have that were not called off."""
    alive = {row["id"] for row in rows_of(shop, orders) if row["status"] not in ("cancelled", "expired")}
    given = [row for row in rows_of(shop, order_promotions) if row["order_id"] in alive]
    (budget,) = rows_of(shop, promotion_budgets)
    assert budget["units"] == sum(row["units"] for row in given) <= 5
    assert budget["money"] == sum(row["amount"] for row in given)
    assert budget["uses"] == len({row["order_id"] for row in given})
