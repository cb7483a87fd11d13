"""Units that are sold before they are there: on back-order, or before their day."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shopping import (
    ADA,
    Shelves,
    fill_shelves,
    level,
    ordered_over_http,
    paid_order,
    placed_order,
    rows_of,
    status_of,
)
from test_partial_cancellation import cancel, lines_of
from test_races import at_once
from test_stock import movements_explain_every_level, open_warehouse, stand

from transactional import background
from transactional.checkout import service as checkout
from transactional.errors import ShopError
from transactional.orders import after_sales, expiry, progress, service, shipping
from transactional.orders.errors import UnitsWaiting
from transactional.orders.models import orders
from transactional.shop import Shop
from transactional.stock import backorders as backlog
from transactional.stock import promises, warehousing
from transactional.stock import service as stock
from transactional.stock.errors import OutOfStock
from transactional.stock.models import backorders


def on_backorder(shop: Shop, sku_id: str, most: int = 5, days: int = 12) -> None:
    with shop.database.transaction("staff") as uow:
        backlog.put(uow, sku_id, policy="backorder", most=most, days=days, available_from=None)


def on_preorder(shop: Shop, sku_id: str, day: datetime, most: int = 5) -> None:
    with shop.database.transaction("staff") as uow:
        backlog.put(uow, sku_id, policy="preorder", most=most, days=None, available_from=day)


def receive(shop: Shop, sku_id: str, units: int) -> None:
    with shop.database.transaction("staff") as uow:
        stock.receive(uow, {sku_id: units}, f"DN-{uow.new_id()}")


def ship(shop: Shop, order_id: str, quantities: dict[str, int] | None = None) -> None:
    with shop.database.transaction("staff") as uow:
        shipping.ship(uow, order_id, quantities)


def waiting(shop: Shop) -> dict[str, int]:
    """Units that wait, by order number."""
    return {row["document"]: row["waiting"] for row in rows_of(shop, backorders) if row["waiting"]}


@pytest.fixture
def sku(shelves: Shelves) -> str:
    """Ten of SHIRT0-S are there."""
    return shelves.skus["SHIRT0-S"]


def test_what_is_there_is_promised_and_the_rest_waits(shop: Shop, sku: str) -> None:
    on_backorder(shop, sku)
    placed = placed_order(shop, SHIRT0_S=13)
    assert level(shop, sku) == (10, 10)
    assert waiting(shop) == {placed.number: 3}
    (order,), (row,) = rows_of(shop, orders), rows_of(shop, backorders)
    assert row["expected_at"] == order["placed_at"] + timedelta(days=12)
    assert order["promised_at"] > row["expected_at"]


def test_orders_may_wait_for_so_many_units_together(shop: Shop, sku: str) -> None:
    on_backorder(shop, sku)
    placed_order(shop, SHIRT0_S=13)
    with pytest.raises(OutOfStock) as refused:
        placed_order(shop, SHIRT0_S=3)
    assert refused.value.details["available"] == 2
    placed_order(shop, SHIRT0_S=2)


def test_what_comes_goes_to_the_oldest_first(shop: Shop, sku: str, clock: MovableClock) -> None:
    on_backorder(shop, sku)
    first = paid_order(shop, SHIRT0_S=12)
    clock.forward(seconds=1)
    second = paid_order(shop, SHIRT0_S=3)
    receive(shop, sku, 3)
    assert waiting(shop) == {second.number: 2}
    assert level(shop, sku) == (13, 13)
    receive(shop, sku, 4)
    assert waiting(shop) == {}
    assert level(shop, sku) == (17, 15)
    for placed in (first, second):
        ship(shop, placed.order_id)
    assert level(shop, sku) == (2, 0)
    movements_explain_every_level(shop)


def test_an_order_that_waits_is_not_sent_whole(shop: Shop, sku: str) -> None:
    on_backorder(shop, sku)
    placed = paid_order(shop, SHIRT0_S=12)
    with pytest.raises(UnitsWaiting):
        ship(shop, placed.order_id)
    line = lines_of(shop, placed.order_id)["SHIRT0-S"]
    ship(shop, placed.order_id, {line: 10})
    assert status_of(shop, placed.order_id) == "partly_shipped"
    receive(shop, sku, 2)
    ship(shop, placed.order_id)
    assert status_of(shop, placed.order_id) == "shipped"
    assert level(shop, sku) == (0, 0)


def test_cancelled_units_that_wait_are_given_up_first(shop: Shop, sku: str) -> None:
    on_backorder(shop, sku)
    placed = paid_order(shop, SHIRT0_S=13)
    cancel(shop, placed.order_id, SHIRT0_S=2)
    assert waiting(shop) == {placed.number: 1}
    assert level(shop, sku) == (10, 10)
    cancel(shop, placed.order_id, SHIRT0_S=3)
    assert waiting(shop) == {}
    assert level(shop, sku) == (10, 8)
    ship(shop, placed.order_id)


def test_a_cancelled_order_gives_its_units_to_one_that_waits(shop: Shop, sku: str) -> None:
    on_backorder(shop, sku)
    first, second = paid_order(shop, SHIRT0_S=11), paid_order(shop, SHIRT0_S=4)
    with shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, first.order_id, "not wanted")
    assert waiting(shop) == {}
    assert level(shop, sku) == (10, 4)
    assert [(row["quantity"], row["cancelled"]) for row in rows_of(shop, backorders)] == [(1, 1), (4, 0)]
    ship(shop, second.order_id)


def test_an_order_that_expires_waits_no_longer(shop: Shop, sku: str, clock: MovableClock) -> None:
    on_backorder(shop, sku)
    placed_order(shop, SHIRT0_S=12)
    clock.forward(days=1)
    with shop.database.transaction("system:expiry") as uow:
        expiry.expire_unpaid(uow)
    assert waiting(shop) == {}
    assert level(shop, sku) == (10, 0)


def test_one_that_is_paid_after_that_waits_again(shop: Shop, sku: str, clock: MovableClock) -> None:
    on_backorder(shop, sku)
    placed = placed_order(shop, SHIRT0_S=12)
    clock.forward(days=1)
    with shop.database.transaction("system:expiry") as uow:
        expiry.expire_unpaid(uow)
    with shop.database.transaction("provider") as uow:
        assert service.mark_paid(uow, service.lock(uow, placed.order_id))
    assert waiting(shop) == {placed.number: 2}
    assert level(shop, sku) == (10, 10)


def test_found_and_returned_units_go_to_who_waits(shop: Shop, sku: str) -> None:
    on_backorder(shop, sku)
    sent = paid_order(shop, SHIRT0_S=1)
    ship(shop, sent.order_id)
    waits = paid_order(shop, SHIRT0_S=12)
    with shop.database.transaction("staff") as uow:
        after_sales.return_lines(
            uow, sent.order_id, {lines_of(shop, sent.order_id)["SHIRT0-S"]: 1}, "too small"
        )
    assert waiting(shop) == {waits.number: 2}
    with shop.database.transaction("staff") as uow:
        warehousing.adjust(uow, stock.main(uow), {sku: 2}, "COUNT-1", "found")
    assert waiting(shop) == {}


def test_a_preorder_gets_nothing_before_its_day(shop: Shop, sku: str, clock: MovableClock) -> None:
    on_preorder(shop, sku, clock() + timedelta(days=3))
    placed = paid_order(shop, SHIRT0_S=4)
    receive(shop, sku, 1)
    assert level(shop, sku) == (11, 0)
    assert waiting(shop) == {placed.number: 4}
    with pytest.raises(OutOfStock):
        placed_order(shop, SHIRT0_S=2)
    with shop.database.read() as db:
        assert backlog.due(db, 10) == []
    clock.forward(days=3)
    with shop.database.read() as db:
        assert backlog.due(db, 10) == [sku]
    with shop.database.transaction("system:supply") as uow:
        backlog.serve_due(uow, [sku])
    assert waiting(shop) == {}
    assert level(shop, sku) == (11, 4)
    ship(shop, placed.order_id)


def test_who_preordered_comes_before_who_orders_on_the_day(shop: Shop, sku: str, clock: MovableClock) -> None:
    on_preorder(shop, sku, clock() + timedelta(days=3))
    placed_order(shop, SHIRT0_S=4)
    clock.forward(days=3)
    with pytest.raises(OutOfStock):
        placed_order(shop, SHIRT0_S=7)
    placed_order(shop, SHIRT0_S=6)
    assert waiting(shop) == {}
    assert level(shop, sku) == (10, 10)


def test_a_sku_without_a_supply_is_sold_from_stock_only(shop: Shop, sku: str) -> None:
    on_backorder(shop, sku)
    with shop.database.transaction("staff") as uow:
        backlog.remove(uow, sku)
    with pytest.raises(OutOfStock):
        placed_order(shop, SHIRT0_S=11)


def test_the_shop_serves_preorders_by_itself_when_their_day_has_come(
    shop: Shop, sku: str, clock: MovableClock
) -> None:
    on_preorder(shop, sku, clock() + timedelta(days=3))
    placed_order(shop, SHIRT0_S=4)
    assert asyncio.run(background.supply(shop)) > 0
    assert level(shop, sku) == (10, 0)
    clock.forward(days=3)
    asyncio.run(background.supply(shop))
    assert level(shop, sku) == (10, 4)


def test_what_is_served_comes_from_the_preferred_warehouse(shop: Shop, sku: str, clock: MovableClock) -> None:
    north = open_warehouse(shop, "north", priority=1)
    open_warehouse(shop, "main", priority=2)
    with shop.database.transaction("staff") as uow:
        stock.receive(uow, {sku: 3}, "DN-1", north)
    on_preorder(shop, sku, clock() + timedelta(days=3))
    placed_order(shop, SHIRT0_S=4)
    clock.forward(days=3)
    asyncio.run(background.supply(shop))
    assert stand(shop, sku) == {"main": (10, 1), "north": (3, 3)}


def test_a_warehouse_that_opens_again_serves_who_waits_before_anybody_else(shop: Shop, sku: str) -> None:
    north = open_warehouse(shop, "north", priority=5)
    on_backorder(shop, sku)
    first = placed_order(shop, SHIRT0_S=12)
    with shop.database.transaction("staff") as uow:
        stock_of_north = {"name": "North", "country": "GB", "postal_code": "", "priority": 5}
        warehousing.put(uow, "north", **stock_of_north, is_active=False)
        stock.receive(uow, {sku: 2}, "DN-1", north)
        backlog.remove(uow, sku)
    assert waiting(shop) == {first.number: 2}
    with shop.database.transaction("staff") as uow:
        warehousing.put(uow, "north", **stock_of_north, is_active=True)
    assert waiting(shop) == {}
    with pytest.raises(OutOfStock):
        placed_order(shop, SHIRT0_S=1)


def test_the_staff_sets_how_a_sku_is_sold_and_sees_why_an_order_waits(
    client: TestClient, staff: dict[str, str], clock: MovableClock
) -> None:
    address = "/api/v1/staff/stock/SHIRT0-S/supply"
    terms = {"policy": "backorder", "most": 5, "days": 12}
    assert client.put(address, json=terms, headers=staff).json()["owed"] == 0
    ordered_over_http(client, SHIRT0_S=11)
    clock.forward(seconds=1)
    second = ordered_over_http(client, SHIRT0_S=2)
    assert client.get(address, headers=staff).json()["owed"] == 3
    told = client.get(f"/api/v1/staff/orders/{second['id']}/backorders", headers=staff).json()
    assert told["is_waiting"]
    (item,) = told["items"]
    assert (item["sku"], item["waiting"], item["ahead"], item["policy"]) == ("SHIRT0-S", 2, 1, "backorder")
    assert client.put(address, json={"policy": "stock"}, headers=staff).json()["owed"] == 3
    assert client.put(address, json={"policy": "preorder", "most": 5}, headers=staff).status_code == 422
    assert client.put(address.replace("0-S", "9-S"), json=terms, headers=staff).status_code == 404


def test_the_product_page_says_when_it_ships(
    client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
) -> None:
    for size in ("S", "M"):
        with open_for_business.database.transaction("staff") as uow:
            warehousing.adjust(uow, stock.main(uow), {shelves.skus[f"SHIRT0-{size}"]: -10}, "C-1", "lost")
    assert "Sold out" in client.get("/p/shirt-0").text
    address = "/api/v1/staff/stock/SHIRT0-M/supply"
    client.put(address, json={"policy": "backorder", "most": 5, "days": 12}, headers=staff)
    assert "On back-order: ships in 12 days" in client.get("/p/shirt-0").text
    day = "2035-05-03T09:00:00Z"
    client.put(address, json={"policy": "preorder", "most": 5, "available_from": day}, headers=staff)
    assert "Pre-order: ships from 3 May" in client.get("/p/shirt-0").text
    small, medium = client.get("/api/v1/products/shirt-0").json()["skus"]
    assert small["beyond_stock"] is None
    assert medium["beyond_stock"]["orderable"] == 5
    assert medium["available"] == 0


def test_fifty_carts_racing_for_a_limit_of_five_make_five_orders(new_shop: Callable[[], Shop]) -> None:
    shop = new_shop()
    shelves = fill_shelves(shop, products=1, units=0)
    on_backorder(shop, shelves.skus["SHIRT0-S"])
    with shop.database.transaction("test") as uow:
        carts = [checkout.create(uow, shop.terms) for _ in range(50)]
        for cart_id in carts:
            checkout.add(uow, cart_id, {"SHIRT0-S": 1})

    def buy(number: int) -> str:
        with shop.database.transaction(f"shopper-{number}") as uow:
            service.place(uow, shop.terms, carts[number], ADA)
        return "ordered"

    assert sorted(at_once(50, buy)) == ["ordered"] * 5 + ["out_of_stock"] * 45
    assert sum(waiting(shop).values()) == 5


def test_deliveries_orders_and_cancellations_at_once_lose_no_unit(new_shop: Callable[[], Shop]) -> None:
    shop = new_shop()
    shelves = fill_shelves(shop, products=1, units=0)
    for sku_id in shelves.skus.values():
        on_backorder(shop, sku_id, most=100)
    early = [paid_order(shop, SHIRT0_S=1, SHIRT0_M=2) for _ in range(10)]

    def act(number: int) -> str:
        with shop.database.transaction("test") as uow:
            if number % 3 == 0:
                stock.receive(uow, dict.fromkeys(shelves.skus.values(), 2), f"DN-{number}")
            elif number % 3 == 1:
                after_sales.cancel(uow, early[number // 3].order_id, "not wanted")
            else:
                cart_id = checkout.create(uow, shop.terms)
                checkout.add(uow, cart_id, {"SHIRT0-M": 1, "SHIRT0-S": 1})
                service.place(uow, shop.terms, cart_id, ADA)
        return "done"

    assert at_once(30, act) == ["done"] * 30
    movements_explain_every_level(shop)
    for sku_id in shelves.skus.values():
        nothing_is_free_while_somebody_waits(shop, sku_id)


def nothing_is_free_while_somebody_waits(shop: Shop, sku_id: str) -> None:
    on_hand, reserved = level(shop, sku_id)
    waits = sum(row["waiting"] for row in rows_of(shop, backorders) if row["sku_id"] == sku_id)
    assert 0 <= reserved <= on_hand
    assert waits == 0 or on_hand == reserved


STEPS = st.lists(
    st.tuples(st.sampled_from(["order", "receive", "cancel", "cancel part", "ship"]), st.integers(1, 6)),
    min_size=3,
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_every_order_holds_or_waits_for_what_it_still_gets(
    new_shop: Callable[[], Shop], steps: list[tuple[str, int]]
) -> None:
    shop = new_shop()
    sku_id = fill_shelves(shop, products=1, units=2).skus["SHIRT0-S"]
    on_backorder(shop, sku_id, most=8)
    placed: list[Any] = []
    for step, count in steps:
        try:
            _take(shop, sku_id, placed, step, count)
        except ShopError:
            continue
        nothing_is_free_while_somebody_waits(shop, sku_id)
    for each in placed:
        _holds_what_it_still_gets(shop, each)
    movements_explain_every_level(shop)


def _take(shop: Shop, sku_id: str, placed: list[Any], step: str, count: int) -> None:
    if step == "order":
        placed.append(paid_order(shop, SHIRT0_S=count))
    elif step == "receive":
        receive(shop, sku_id, count)
    elif placed:
        order_id = placed[count % len(placed)].order_id
        if step == "ship":
            ship(shop, order_id)
        elif step == "cancel":
            with shop.database.transaction("staff") as uow:
                after_sales.cancel(uow, order_id, "not wanted")
        else:
            cancel(shop, order_id, SHIRT0_S=count)


def _holds_what_it_still_gets(shop: Shop, placed: Any) -> None:
    with shop.database.read() as db:
        found = service.find(db, placed.order_id)
        sold = progress.of_order(db, found.order, found.lines)
        held = sum(promises.held_by(db, placed.number).values())
        waits = sum(row["waiting"] for row in backlog.waiting_of(db, [placed.number]))
    is_over = found.order["status"] in ("cancelled", "expired")
    assert held + waits == (0 if is_over else sum(line.open for line in sold.values()))
