"""Locks are taken in the one order that the README names, also where one thing ends in another."""

from dataclasses import replace

import locks
import pytest
from conftest import MovableClock
from shopping import Shelves, paid_order, placed_order, rows_of, status_of
from test_group_purchase import group_status, join, joined, open_group
from test_order_changes import add_up, change
from test_partial_cancellation import lines_of
from test_stock import open_warehouse
from test_tenders import balance_of_ada, by_card, expire, gift_card, left_on, pay, placed_with

from transactional.ledger.models import ledger_accounts
from transactional.orders import after_sales, changes, shipping
from transactional.orders.change_models import order_changes
from transactional.orders.service import Placed
from transactional.payments import chargebacks
from transactional.payments.tenders import Wanted
from transactional.shop import Shop
from transactional.stock import backorders, warehousing
from transactional.stock import service as stock
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Row


@pytest.fixture
def card(shop: Shop, shelves: Shelves) -> Row:
    return gift_card(shop, 5_000)


def with_a_change(shop: Shop, placed: Placed, card: Row) -> None:
    """One that adds a unit of a SKU that comes first, and waits for more than the card may give."""
    change(shop, placed.order_id, add=[("SHIRT0-S", 1)], wanted=[by_card(card, 100)])
    assert [row["status"] for row in rows_of(shop, order_changes)] == ["open"]


class TestWithAnOpenChange:
    def test_an_order_is_cancelled(self, shop: Shop, card: Row) -> None:
        placed = paid_order(shop, SHIRT1_M=1)
        with_a_change(shop, placed, card)
        with locks.noted() as locked, shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        assert locked.out_of_order() == []
        assert locked.statements.count(stock_levels) == 1
        assert left_on(shop, card) == 5_000
        add_up(shop)

    def test_the_rest_of_one_that_is_partly_shipped_is_cancelled(self, shop: Shop, card: Row) -> None:
        placed = paid_order(shop, SHIRT1_M=2)
        with shop.database.transaction("staff") as uow:
            shipping.ship(uow, placed.order_id, {lines_of(shop, placed.order_id)["SHIRT1-M"]: 1})
        with_a_change(shop, placed, card)
        with locks.noted() as locked, shop.database.transaction("staff") as uow:
            note = after_sales.cancel(uow, placed.order_id, "not wanted")
        assert note is not None and note.amount == 1_333
        assert status_of(shop, placed.order_id) == "shipped"
        assert locked.out_of_order() == []
        assert locked.statements.count(stock_levels) == 1
        assert left_on(shop, card) == 5_000
        add_up(shop)

    def test_a_chargeback_takes_the_money(self, shop: Shop, card: Row) -> None:
        balance = Wanted("balance", balance_of_ada(shop, 5_000), 100)
        placed = placed_with(shop, balance)
        assert pay(shop, placed) == "paid"
        with_a_change(shop, placed, card)
        with locks.noted() as locked, shop.database.transaction("provider:sandbox") as uow:
            chargebacks.record(uow, str(placed.payment_id), "dispute-1", placed.total - 100)
        assert locked.out_of_order() == []
        assert len(locked.of(ledger_accounts)) == 2
        assert [row["status"] for row in rows_of(shop, order_changes)] == ["cancelled"]
        assert left_on(shop, card) == 5_000

    def test_the_change_is_given_up(self, shop: Shop, card: Row) -> None:
        placed = paid_order(shop, SHIRT1_M=1)
        with_a_change(shop, placed, card)
        (row,) = rows_of(shop, order_changes)
        with locks.noted() as locked, shop.database.transaction("staff") as uow:
            changes.cancel(uow, placed.order_id, row["number"])
        assert locked.out_of_order() == []
        assert left_on(shop, card) == 5_000


def test_a_change_that_a_gift_card_pays_takes_effect(shop: Shop, card: Row) -> None:
    generous = replace(shop, terms=replace(shop.terms, points_per_unit=1, point_value=10))
    placed = placed_with(generous, Wanted("balance", balance_of_ada(shop, 5_000), 100))
    assert pay(shop, placed) == "paid"
    with locks.noted() as locked:
        made = change(generous, placed.order_id, add=[("SHIRT1-M", 1)], wanted=[by_card(card)])
    assert made["status"] == "applied"
    assert locked.out_of_order() == []
    add_up(shop)


def test_an_expired_order_that_cannot_live_again(shop: Shop, card: Row, clock: MovableClock) -> None:
    placed = placed_with(shop, by_card(card, 1_000))
    expire(shop, clock)
    placed_with(shop, by_card(card, 4_500), sku="SHIRT2-S", units=3)
    with locks.noted() as locked:
        assert pay(shop, placed) == "refunding"
    assert locked.out_of_order() == []
    assert locked.statements.count(stock_levels) == 1
    add_up(shop)


def test_the_last_buyer_of_a_group_pays_with_a_gift_card(shop: Shop, card: Row) -> None:
    open_group(shop, buyers=2)
    joined(shop, 1)
    with locks.noted() as locked:
        join(shop, 2, tenders=[by_card(card)])
    assert group_status(shop) == "completed"
    assert locked.out_of_order() == []


class TestClosedWarehouses:
    @pytest.fixture
    def closed(self, shop: Shop, shelves: Shelves) -> str:
        sku, row_id = shelves.skus["SHIRT0-S"], open_warehouse(shop, "old", 1)
        with shop.database.transaction("staff") as uow:
            stock.receive(uow, {sku: 3}, "DN-1", row_id)
            terms = {"name": "Old", "country": "GB", "postal_code": "", "priority": 1}
            warehousing.put(uow, "old", is_active=False, **terms)
        return row_id

    def test_a_sale_leaves_their_levels_alone(self, shop: Shop, shelves: Shelves, closed: str) -> None:
        with locks.noted() as locked:
            placed_order(shop, SHIRT0_S=1)
        ((sku, warehouse),) = locked.of(stock_levels)
        assert sku == shelves.skus["SHIRT0-S"] and warehouse != closed

    def test_a_sale_beyond_what_is_there_locks_all_of_a_sku(
        self, shop: Shop, shelves: Shelves, closed: str
    ) -> None:
        with shop.database.transaction("staff") as uow:
            most = {"most": 5, "days": 9, "available_from": None}
            backorders.put(uow, shelves.skus["SHIRT0-S"], policy="backorder", **most)
        with locks.noted() as locked:
            placed_order(shop, SHIRT0_S=11)
        assert closed in {warehouse for _, warehouse in locked.of(stock_levels)}
        assert locked.out_of_order() == []
