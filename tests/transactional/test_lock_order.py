"""Locks are taken in the one order that the README names, also where one thing ends in another."""

import locks
import pytest
from conftest import MovableClock
from shopping import Shelves, placed_order
from test_order_changes import add_up
from test_stock import open_warehouse
from test_tenders import by_card, expire, gift_card, pay, placed_with

from transactional.shop import Shop
from transactional.stock import backorders, warehousing
from transactional.stock import service as stock
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Row


@pytest.fixture
def card(shop: Shop, shelves: Shelves) -> Row:
    return gift_card(shop, 5_000)


def test_an_expired_order_that_cannot_live_again(shop: Shop, card: Row, clock: MovableClock) -> None:
    placed = placed_with(shop, by_card(card, 1_000))
    expire(shop, clock)
    placed_with(shop, by_card(card, 4_500), sku="SHIRT2-S", units=3)
    with locks.noted() as locked:
        assert pay(shop, placed) == "refunding"
    assert locked.out_of_order() == []
    assert locked.statements.count(stock_levels) == 1
    add_up(shop)


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
