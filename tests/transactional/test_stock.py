"""Several warehouses: what is where, what is promised, and why."""

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import (
    ADA,
    Shelves,
    fill_shelves,
    order,
    paid_order,
    placed_order,
    rows_of,
    shipped_order,
)
from sqlalchemy import func, select, update
from test_races import at_once

from transactional.checkout import service as checkout
from transactional.errors import IllegalTransition, NotFound
from transactional.ledger.models import journal_entries, postings
from transactional.orders import after_sales, expiry, service, shipping
from transactional.orders.models import order_lines, orders, shipments
from transactional.payments import settlement
from transactional.shop import Shop, open_shop
from transactional.staff.models import shops
from transactional.stock import promises, transfers, warehousing
from transactional.stock import service as stock
from transactional.stock.errors import OutOfStock, TooManyArrived
from transactional.stock.models import stock_levels, stock_movements
from transactional.stock.rules import Place
from transactional.unit_of_work import UnitOfWork


def open_warehouse(shop: Shop, code: str, priority: int, country: str = "GB", postal_code: str = "") -> str:
    with shop.database.transaction("staff") as uow:
        row = warehousing.put(
            uow,
            code,
            name=code.title(),
            country=country,
            postal_code=postal_code,
            priority=priority,
            is_active=True,
        )
    return str(row["id"])


def prefer_the_nearest(uow: UnitOfWork) -> None:
    """As the setting says, which a shop takes over when it starts."""
    uow.write(update(shops).values(allocation="nearest"))


def stand(shop: Shop, sku_id: str) -> dict[str, tuple[int, int]]:
    """On hand and reserved by warehouse."""
    with shop.database.read() as db:
        levels = warehousing.stock_of(db, sku_id).levels
    return {row["warehouse"]: (row["on_hand"], row["reserved"]) for row in levels}


def posted(shop: Shop, document: str) -> list[tuple[str, str, int]]:
    """Source, destination and amount of what the ledger says of a document."""
    entries = {row["id"] for row in rows_of(shop, journal_entries) if row["document"] == document}
    return [
        (row["source"], row["destination"], row["amount"])
        for row in rows_of(shop, postings)
        if row["entry_id"] in entries
    ]


def movements_explain_every_level(shop: Shop) -> None:
    sums = (
        select(
            stock_movements.c.sku_id,
            stock_movements.c.warehouse_id,
            func.sum(stock_movements.c.on_hand_change).label("on_hand"),
            func.sum(stock_movements.c.reserved_change).label("reserved"),
        )
        .group_by(stock_movements.c.sku_id, stock_movements.c.warehouse_id)
        .order_by(stock_movements.c.sku_id)
    )
    with shop.database.read() as db:
        moved = {(row["sku_id"], row["warehouse_id"]): row for row in db.rows(sums)}
    for level in rows_of(shop, stock_levels):
        found = moved.get((level["sku_id"], level["warehouse_id"]), {"on_hand": 0, "reserved": 0})
        assert (level["on_hand"], level["reserved"]) == (found["on_hand"], found["reserved"])


class TestAllocation:
    def test_an_order_leaves_from_the_first_warehouse_that_has_it(self, shop: Shop, shelves: Shelves) -> None:
        sku = shelves.skus["SHIRT0-S"]
        leeds = open_warehouse(shop, "leeds", 1)
        with shop.database.transaction("staff") as uow:
            stock.receive(uow, {sku: 20}, "DN-1", leeds)
        paid_order(shop, SHIRT0_S=2)
        assert stand(shop, sku) == {"main": (10, 2), "leeds": (20, 0)}
        paid_order(shop, SHIRT0_S=15)
        assert stand(shop, sku) == {"main": (10, 2), "leeds": (20, 15)}
        movements_explain_every_level(shop)

    def test_a_large_order_takes_what_all_have_and_leaves_in_parcels(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        sku = shelves.skus["SHIRT0-S"]
        leeds = open_warehouse(shop, "leeds", 1)
        with shop.database.transaction("staff") as uow:
            stock.receive(uow, {sku: 4}, "DN-1", leeds)
        placed = paid_order(shop, SHIRT0_S=13)
        assert stand(shop, sku) == {"main": (10, 10), "leeds": (4, 3)}
        with shop.database.transaction("staff") as uow:
            shipping.ship(uow, placed.order_id, warehouse_id=leeds)
        assert stand(shop, sku) == {"main": (10, 10), "leeds": (1, 0)}
        with shop.database.transaction("staff") as uow:
            shipping.ship(uow, placed.order_id)
        assert stand(shop, sku) == {"main": (0, 0), "leeds": (1, 0)}
        movements_explain_every_level(shop)

    def test_a_cancelled_order_frees_what_it_held_where_it_held_it(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        sku = shelves.skus["SHIRT0-S"]
        leeds = open_warehouse(shop, "leeds", 1)
        with shop.database.transaction("staff") as uow:
            stock.receive(uow, {sku: 4}, "DN-1", leeds)
        placed = paid_order(shop, SHIRT0_S=13)
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        assert stand(shop, sku) == {"main": (10, 0), "leeds": (4, 0)}

    def test_the_policy_nearest_prefers_the_warehouse_near_the_address(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        sku = shelves.skus["SHIRT0-S"]
        paris = open_warehouse(shop, "paris", 1, "FR", "75001")
        with shop.database.transaction("staff") as uow:
            stock.receive(uow, {sku: 4}, "DN-1", paris)
            prefer_the_nearest(uow)
            to = Place("FR", "75011")
            promises.reserve(uow, stock.lock(uow, [sku]), {sku: 1}, "ORDER-1", to=to)
            to = Place("GB", "SW1Y 4JH")
            promises.reserve(uow, stock.lock(uow, [sku]), {sku: 1}, "ORDER-2", to=to)
        assert stand(shop, sku) == {"main": (10, 1), "paris": (4, 1)}

    def test_it_does_so_also_for_an_order_that_is_paid_late(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        sku = shelves.skus["SHIRT0-S"]
        near = open_warehouse(shop, "near", 1, "GB", ADA.postal_code)
        with shop.database.transaction("staff") as uow:
            stock.receive(uow, {sku: 4}, "DN-1", near)
            prefer_the_nearest(uow)
        late = placed_order(shop, SHIRT0_S=1)
        assert stand(shop, sku) == {"main": (10, 0), "near": (4, 1)}
        clock.forward(minutes=31)
        with shop.database.transaction("system:expiry") as uow:
            expiry.expire_unpaid(uow)
        assert stand(shop, sku) == {"main": (10, 0), "near": (4, 0)}
        with shop.database.transaction("provider:sandbox") as uow:
            settlement.record_capture(uow, late.payment_id, "pay", late.total, "GBP")
        assert stand(shop, sku) == {"main": (10, 0), "near": (4, 1)}

    def test_the_shop_keeps_to_its_setting(self, shop: Shop, shelves: Shelves) -> None:
        settings = shop.settings.model_copy(update={"stock_allocation": "nearest"})
        open_shop(settings, shop.database.clock).database.engine.dispose()
        assert [row["allocation"] for row in rows_of(shop, shops)] == ["nearest"]

    def test_a_closed_warehouse_sells_nothing_and_keeps_its_promises(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        with shop.database.transaction("staff") as uow:
            warehousing.put(
                uow, "main", name="Main", country="GB", postal_code="", priority=0, is_active=False
            )
        with shop.database.transaction("shopper") as uow, pytest.raises(OutOfStock):
            order(uow, shop, {"SHIRT0-S": 1})
        with shop.database.transaction("staff") as uow:
            shipping.ship(uow, placed.order_id)
        assert stand(shop, shelves.skus["SHIRT0-S"]) == {"main": (8, 0)}


class TestWarehousing:
    def test_what_is_promised_cannot_be_adjusted_away(self, shop: Shop, shelves: Shelves) -> None:
        sku = shelves.skus["SHIRT0-S"]
        paid_order(shop, SHIRT0_S=7)
        with shop.database.transaction("staff") as uow, pytest.raises(OutOfStock):
            warehousing.adjust(uow, stock.main(uow), {sku: -4}, "COUNT-1", "lost")
        with shop.database.transaction("staff") as uow:
            warehousing.adjust(uow, stock.main(uow), {sku: -3}, "COUNT-1", "lost")
        assert stand(shop, sku) == {"main": (7, 7)}
        assert posted(shop, "COUNT-1") == [("expense:shrinkage", "asset:inventory", 3 * 400)]

    def test_a_transfer_is_in_transit_until_it_arrives(self, shop: Shop, shelves: Shelves) -> None:
        sku = shelves.skus["SHIRT0-S"]
        open_warehouse(shop, "leeds", 1)
        with shop.database.transaction("staff") as uow:
            number = transfers.send(uow, "main", "leeds", {sku: 6})
        with shop.database.read() as db:
            found = warehousing.stock_of(db, sku)
        assert found.in_transit == 6
        assert stand(shop, sku) == {"main": (4, 0)}
        with shop.database.transaction("staff") as uow:
            transfers.arrive(uow, number, {sku: 6})
        assert stand(shop, sku) == {"main": (4, 0), "leeds": (6, 0)}
        assert posted(shop, number) == []
        movements_explain_every_level(shop)

    def test_a_transfer_arrives_in_parts_and_its_rest_is_lost_when_it_is_closed(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        sku, other = shelves.skus["SHIRT0-S"], shelves.skus["SHIRT0-M"]
        open_warehouse(shop, "leeds", 1)
        with shop.database.transaction("staff") as uow:
            number = transfers.send(uow, "main", "leeds", {sku: 6, other: 1})
        for count in (3, 2):
            with shop.database.transaction("staff") as uow:
                transfers.arrive(uow, number, {sku: count})
        with shop.database.read() as db:
            assert warehousing.stock_of(db, sku).in_transit == 1
            assert transfers.transfer(db, number).transfer["status"] == "in_transit"
        with shop.database.transaction("staff") as uow, pytest.raises(TooManyArrived):
            transfers.arrive(uow, number, {sku: 2})
        with shop.database.transaction("staff") as uow:
            transfers.arrive(uow, number, {other: 1})
            transfers.close(uow, number, "the carrier lost it")
        assert stand(shop, sku) == {"main": (4, 0), "leeds": (5, 0)}
        with shop.database.read() as db:
            found = transfers.transfer(db, number)
            assert warehousing.stock_of(db, sku).in_transit == 0
        assert [(line["sent"], line["received"], line["lost"]) for line in found.lines] == [
            (1, 1, 0),
            (6, 5, 1),
        ]
        assert (found.transfer["status"], found.transfer["reason"]) == ("received", "the carrier lost it")
        assert posted(shop, number) == [("expense:shrinkage", "asset:inventory", 400)]
        with shop.database.transaction("staff") as uow, pytest.raises(IllegalTransition):
            transfers.close(uow, number, "again")
        movements_explain_every_level(shop)

    def test_a_transfer_arrives_once_and_not_with_more_than_was_sent(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        sku, other = shelves.skus["SHIRT0-S"], shelves.skus["SHIRT0-M"]
        open_warehouse(shop, "leeds", 1)
        with shop.database.transaction("staff") as uow:
            number = transfers.send(uow, "main", "leeds", {sku: 6})
        refusals: list[tuple[dict[str, int], type[Exception]]] = [
            ({sku: 7}, TooManyArrived),
            ({other: 1}, NotFound),
        ]
        for arrived, refusal in refusals:
            with shop.database.transaction("staff") as uow, pytest.raises(refusal):
                transfers.arrive(uow, number, arrived)

        def arrive(_: int) -> str:
            with shop.database.transaction("staff") as uow:
                transfers.arrive(uow, number)
            return "arrived"

        assert sorted(at_once(4, arrive)) == ["arrived"] + ["illegal_transition"] * 3
        assert stand(shop, sku) == {"main": (4, 0), "leeds": (6, 0)}
        with shop.database.transaction("staff") as uow, pytest.raises(IllegalTransition):
            transfers.send(uow, "main", "main", {sku: 1})

    def test_what_came_back_damaged_was_there_before_it_is_counted_out(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        sent = shipped_order(shop, SHIRT0_S=10)
        for _ in range(10):
            with shop.database.transaction("staff") as uow:
                line = sent.lines[0]["id"]
                after_sales.return_lines(uow, sent.order_id, {line: 1}, "torn", is_damaged=True)
        with shop.database.read() as db:
            told = warehousing.explain(db, shelves.skus["SHIRT0-S"], None, 100)
        assert [row["on_hand"] for row in reversed(told)][-20:] == [1, 0] * 10

    def test_movements_tell_why_on_hand_is_what_it_is(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        sku = shelves.skus["SHIRT0-S"]
        clock.forward(minutes=1)
        placed = paid_order(shop, SHIRT0_S=2)
        with shop.database.transaction("staff") as uow:
            uow.at(clock.now + timedelta(minutes=1))
            shipping.ship(uow, placed.order_id)
            uow.at(clock.now + timedelta(minutes=2))
            warehousing.adjust(uow, stock.main(uow), {sku: -1}, "COUNT-1", "lost")
        clock.forward(minutes=3)
        with shop.database.read() as db:
            told = warehousing.explain(db, sku, None, 10)
            rest = warehousing.explain(db, sku, told[1]["id"], 10)
        assert [(row["kind"], row["document"], row["on_hand"], row["reserved"]) for row in told] == [
            ("adjusted", "COUNT-1", 7, 0),
            ("shipped", placed.number, 8, 0),
            ("allocated", placed.number, 10, 2),
            ("received", "DELIVERY-1", 10, 0),
        ]
        assert [row["kind"] for row in rest] == ["allocated", "received"]
        (parcel,) = rows_of(shop, shipments)
        assert [row["shipment"] for row in told] == [None, parcel["number"], None, None]


def test_two_hundred_checkouts_over_forty_hot_skus_sell_what_is_there(new_shop: Callable[[], Shop]) -> None:
    """Two lines each, in opposite orders: no deadlock, no oversell, nothing left half-done."""
    shop = new_shop()
    shelves = fill_shelves(shop, products=20, units=6)
    leeds = open_warehouse(shop, "leeds", 1)
    with shop.database.transaction("staff") as uow:
        stock.receive(uow, dict.fromkeys(shelves.skus.values(), 3), "DN-1", leeds)
    pairs = [pair for pair in product(shelves.skus, shelves.skus) if pair[0] != pair[1]]
    chance = random.Random(5)
    wanted = [pair for pair in chance.sample(pairs, 100) for pair in (pair, pair[::-1])]
    with shop.database.transaction("test") as uow:
        carts = [checkout.create(uow, shop.terms) for _ in wanted]
        for cart_id, pair in zip(carts, wanted, strict=True):
            for code in pair:
                checkout.add(uow, cart_id, {code: chance.randint(1, 3)})

    def buy(number: int) -> str:
        with shop.database.transaction(f"shopper-{number}") as uow:
            service.place(uow, shop.terms, carts[number], ADA)
        return "ordered"

    results = at_once(200, buy)
    assert set(results) == {"ordered", "out_of_stock"}
    placed = rows_of(shop, orders)
    assert len(placed) == results.count("ordered")
    promised: dict[str, int] = {}
    for line in rows_of(shop, order_lines):
        promised[line["sku_id"]] = promised.get(line["sku_id"], 0) + line["quantity"]
    for sku_id in shelves.skus.values():
        levels = stand(shop, sku_id)
        assert sum(reserved for _, reserved in levels.values()) == promised.get(sku_id, 0) <= 9
    movements_explain_every_level(shop)


class TestOverHttp:
    def test_the_staff_opens_a_warehouse_fills_it_and_asks_why(
        self, client: TestClient, staff: dict[str, str], shelves: Shelves, clock: MovableClock
    ) -> None:
        clock.forward(minutes=1)
        opened = client.put(
            "/api/v1/staff/warehouses/leeds", json={"name": "Leeds", "country": "GB"}, headers=staff
        )
        assert opened.status_code == 200
        assert [each["code"] for each in get(client, staff, "/warehouses")["warehouses"]] == ["leeds", "main"]
        lines = [{"sku": "SHIRT0-S", "quantity": 5}, {"sku": "SHIRT0-S", "quantity": 1}]
        post(client, staff, "/stock/receipts", {"warehouse": "leeds", "document": "DN-9", "lines": lines})
        told = get(client, staff, "/stock/SHIRT0-S/movements")["movements"]
        assert (told[0]["document"], told[0]["on_hand"], told[0]["warehouse"]) == ("DN-9", 6, "leeds")
        sent = post(
            client,
            staff,
            "/stock/transfers",
            {"from_warehouse": "leeds", "to_warehouse": "main", "lines": lines[:1]},
        )
        assert get(client, staff, "/stock/SHIRT0-S")["in_transit"] == 5
        arrived = post(client, staff, f"/stock/transfers/{sent['number']}/arrive", {}, 200)
        assert arrived["lines"] == [{"sku": "SHIRT0-S", "sent": 5, "received": 5, "lost": 0}]
        assert get(client, staff, f"/stock/transfers/{sent['number']}") == arrived
        assert get(client, staff, "/stock/transfers?status=in_transit")["transfers"] == []
        assert get(client, staff, "/stock/transfers?warehouse=leeds")["transfers"] == [arrived]
        assert get(client, staff, f"/stock/transfers?before={sent['id']}")["transfers"] == []
        adjusted = post(
            client,
            staff,
            "/stock/adjustments",
            {
                "warehouse": "main",
                "document": "COUNT-3",
                "reason": "found",
                "lines": [{"sku": "SHIRT0-S", "quantity": 2}],
            },
        )
        assert adjusted["stocks"][0]["available"] == 10 + 6 + 2

    def test_stock_is_listed_by_warehouse_prefix_and_what_runs_low(
        self, client: TestClient, staff: dict[str, str], shop: Shop, shelves: Shelves
    ) -> None:
        leeds = open_warehouse(shop, "leeds", 1)
        with shop.database.transaction("staff") as uow:
            stock.receive(uow, {shelves.skus["SHIRT1-M"]: 3}, "DN-1", leeds)
        paid_order(shop, SHIRT0_S=7)

        def listed(query: str) -> list[tuple[str, str, int]]:
            items = get(client, staff, f"/stock?{query}")["items"]
            return [(each["sku"], each["warehouse"], each["available"]) for each in items]

        assert listed("below=4") == [("SHIRT0-S", "main", 3), ("SHIRT1-M", "leeds", 3)]
        assert listed("warehouse=leeds") == [("SHIRT1-M", "leeds", 3)]
        assert listed("prefix=SHIRT0") == [("SHIRT0-M", "main", 10), ("SHIRT0-S", "main", 3)]
        assert listed("prefix=shirt%25") == []
        assert listed("page=2&page_size=3") == listed("")[3:6]

    def test_a_shopper_sees_nothing_of_it(self, client: TestClient, shelves: Shelves) -> None:
        assert client.get("/api/v1/staff/stock/SHIRT0-S").status_code == 401
        assert client.get("/api/v1/staff/warehouses").status_code == 401

    def test_unknown_skus_and_warehouses_are_named(
        self, client: TestClient, staff: dict[str, str], shelves: Shelves
    ) -> None:
        body: dict[str, Any] = {
            "warehouse": "main",
            "document": "DN-9",
            "lines": [{"sku": "HAT", "quantity": 1}],
        }
        refused = post(client, staff, "/stock/receipts", body, 404)
        assert refused["details"] == {"what": "SKU", "key": "HAT"}
        refused = post(client, staff, "/stock/receipts", body | {"warehouse": "mars"}, 404)
        assert refused["details"] == {"what": "warehouse", "key": "mars"}


def get(client: TestClient, staff: dict[str, str], path: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/staff{path}", headers=staff)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def post(
    client: TestClient, staff: dict[str, str], path: str, body: dict[str, Any], status: int = 201
) -> dict[str, Any]:
    key = {"idempotency-key": f"{path}-{len(str(body))}-{status}"}
    answer = client.post(f"/api/v1/staff{path}", json=body, headers=staff | key)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found
