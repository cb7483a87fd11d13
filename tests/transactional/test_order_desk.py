"""What the staff and the buyer do with orders besides selling them: find, give away, call off, take back."""

import asyncio
import logging
from typing import Any

import books
import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import (
    ADA,
    Shelves,
    key,
    level,
    ordered_over_http,
    paid_order,
    placed_order,
    rows_of,
    shipped_order,
    status_of,
)
from sqlalchemy import update
from sqlalchemy.exc import DatabaseError
from test_group_purchase import group_status, joined, open_group
from test_partial_cancellation import lines_of

from transactional import background
from transactional.database import writing
from transactional.ledger import chart
from transactional.orders import after_sales
from transactional.orders.models import ORDER_STATUSES, orders
from transactional.orders.schemas import Status
from transactional.payments.models import payments, refunds
from transactional.payments.settlement import record_capture
from transactional.shop import Shop
from transactional.stock import service as stock
from transactional.stock import warehousing
from transactional.stock.models import stock_levels, stock_movements

STAFF = "/api/v1/staff"
BUYER = {name: value for name, value in vars(ADA).items() if value is not None}


def found(client: TestClient, staff: dict[str, str], **search: Any) -> list[str]:
    answer = client.get(f"{STAFF}/orders", params=search, headers=staff)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


class TestFinding:
    def test_the_staff_finds_orders_by_what_it_knows_of_them(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        first, second = (ordered_over_http(client, SHIRT0_S=1) for _ in range(2))
        paid = paid_order(open_for_business, SHIRT1_S=1)
        client.put(f"{STAFF}/orders/{first['id']}/marks/call-back", json={"colour": "red"}, headers=staff)
        numbers = sorted([paid.number, second["number"], first["number"]])
        assert sorted(found(client, staff)) == numbers
        assert found(client, staff, status="paid") == [paid.number]
        both = found(client, staff, status=["paid", "pending_payment"], email=ADA.email)
        assert sorted(both) == numbers
        assert found(client, staff, channel="api", number=second["number"][:9]) == [second["number"]]
        assert found(client, staff, mark="call-back") == [first["number"]]
        assert found(client, staff, email="nobody@example.com") == []
        assert found(client, staff, is_changing=True) == []
        assert found(client, staff, placed_to="2020-01-01T00:00:00Z") == []
        assert client.get(f"{STAFF}/orders").status_code == 401

    def test_pages_follow_each_other_without_gap(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        with open_for_business.database.transaction("staff") as uow:
            stock.receive(uow, {shelves.skus["SHIRT0-S"]: 60}, "DN-1")
        placed = [placed_order(open_for_business, SHIRT0_S=1).number for _ in range(53)]
        first = client.get(f"{STAFF}/orders", headers=staff).json()
        rest = client.get(f"{STAFF}/orders", params={"before": first["next"]}, headers=staff).json()
        assert [len(page["items"]) for page in (first, rest)] == [50, 3]
        assert rest["next"] is None
        listed = [item["number"] for page in (first, rest) for item in page["items"]]
        assert sorted(listed) == sorted(placed)

    def test_every_state_can_be_looked_for(self) -> None:
        assert Status.__args__ == ORDER_STATUSES  # type: ignore[attr-defined]


class TestGiftLists:
    def body(self, *names: str, **more: Any) -> dict[str, Any]:
        recipients = [BUYER | {"email": f"{name}@example.com", "name": name} for name in names]
        lines = [{"sku": "SHIRT0-S", "quantity": 2}]
        return {"purpose": "gift", "reason": "thanks", "recipients": recipients, "lines": lines} | more

    def test_everybody_on_the_list_gets_an_order_that_nobody_pays(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        answer = client.post(f"{STAFF}/gift-lists", json=self.body("ada", "grace"), headers=staff | key())
        assert answer.status_code == 201, answer.text
        assert [item["email"] for item in answer.json()["items"]] == ["ada@example.com", "grace@example.com"]
        made = rows_of(open_for_business, orders)
        assert {(row["status"], row["purpose"], row["total"]) for row in made} == {("paid", "gift", 0)}
        assert level(open_for_business, shelves.skus["SHIRT0-S"]) == (10, 4)
        assert rows_of(open_for_business, payments) == []

    def test_one_who_cannot_be_served_is_named_and_nobody_gets_anything(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        many = self.body(*(f"friend{number}" for number in range(6)))
        answer = client.post(f"{STAFF}/gift-lists", json=many, headers=staff | key())
        assert (answer.status_code, answer.json()["code"]) == (409, "recipient_refused")
        details = answer.json()["details"]
        assert (details["recipient"], details["code"]) == (6, "out_of_stock")
        assert rows_of(open_for_business, orders) == []
        assert level(open_for_business, shelves.skus["SHIRT0-S"]) == (10, 0)


class TestCallingOff:
    def test_a_buyer_calls_the_own_order_off_on_its_page(
        self, client: TestClient, open_for_business: Shop, shelves: Shelves
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=2)
        (payment,) = rows_of(open_for_business, payments)
        with open_for_business.database.transaction("provider:sandbox") as uow:
            record_capture(uow, payment["id"], "pay_1", payment["amount"], payment["currency"])
        page = client.post(f"/orders/{order['token']}/cancel").text
        assert "This order was cancelled" in page and "Yes, cancel it" not in page
        assert [row["amount"] for row in rows_of(open_for_business, refunds)] == [order["total"]]
        again = client.post(f"/api/v1/orders/{order['token']}/cancel", headers=key())
        assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")

    def test_what_is_on_its_way_is_not_called_off_by_its_buyer(
        self, client: TestClient, open_for_business: Shop, shelves: Shelves
    ) -> None:
        placed = shipped_order(open_for_business, SHIRT0_S=1)
        token = open_for_business.keys.token("order", placed.order_id)
        assert "Yes, cancel it" not in client.get(f"/orders/{token}").text
        assert client.post(f"/api/v1/orders/{token}/cancel", headers=key()).status_code == 409

    def test_a_group_is_given_up_by_the_staff_and_its_members_get_their_money(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        shop = open_for_business
        open_group(shop)
        member = joined(shop, 1)
        ended = client.post(f"{STAFF}/groups/shirts/end", headers=staff | key())
        assert (ended.status_code, ended.json()["status"]) == (200, "failed")
        asyncio.run(background.close_groups(shop))
        assert (group_status(shop), status_of(shop, member.order_id)) == ("failed", "cancelled")
        again = client.post(f"{STAFF}/groups/shirts/end", headers=staff | key())
        assert again.json()["code"] == "group_closed"
        (listed,) = client.get(f"{STAFF}/groups", headers=staff).json()["items"]
        assert listed["code"] == "shirts"

    def test_an_order_that_cannot_expire_does_not_keep_the_stock_of_others(
        self, shop: Shop, shelves: Shelves, clock: MovableClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        stuck, other = placed_order(shop, SHIRT0_S=1), placed_order(shop, SHIRT0_S=2)
        with writing(shop.database.engine) as connection:
            # Somebody went past the shop: giving this unit back would make what is promised negative.
            connection.execute(update(stock_levels).values(reserved=2))
        clock.forward(minutes=31)
        with caplog.at_level(logging.CRITICAL):
            asyncio.run(background.expire(shop))
        assert {status_of(shop, each.order_id) for each in (stuck, other)} >= {"expired"}


class TestTakingBack:
    def give_back(self, shop: Shop, order_id: str, units: int, **how: Any) -> None:
        line = lines_of(shop, order_id)["SHIRT0-S"]
        with shop.database.transaction("staff") as uow:
            after_sales.return_lines(uow, order_id, {line: units}, "too small", **how)

    def test_units_come_back_where_they_are(self, shop: Shop, shelves: Shelves) -> None:
        placed = shipped_order(shop, SHIRT0_S=2)
        with shop.database.transaction("staff") as uow:
            warehousing.put(
                uow, "leeds", name="Leeds", country="GB", postal_code="LS1", priority=1, is_active=True
            )
        self.give_back(shop, placed.order_id, 1, warehouse="leeds")
        with shop.database.transaction("staff") as uow:
            warehousing.put(
                uow, "main", name="Main", country="GB", postal_code="", priority=0, is_active=False
            )
        self.give_back(shop, placed.order_id, 1)
        at = {row["warehouse"]: row["on_hand"] for row in self.stock_of(shop, shelves.skus["SHIRT0-S"])}
        assert at == {"main": 8, "leeds": 2}

    def stock_of(self, shop: Shop, sku_id: str) -> list[dict[str, Any]]:
        with shop.database.read() as db:
            return warehousing.stock_of(db, sku_id).levels

    def test_what_comes_back_damaged_is_credited_and_not_sold_again(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        placed = shipped_order(shop, SHIRT0_S=2)
        self.give_back(shop, placed.order_id, 2, is_damaged=True)
        assert level(shop, shelves.skus["SHIRT0-S"]) == (8, 0)
        assert status_of(shop, placed.order_id) == "returned"
        kinds = [row["kind"] for row in rows_of(shop, stock_movements)][-2:]
        assert kinds == ["returned", "adjusted"]
        ledger = books.ledger_of(shop)
        assert -ledger[chart.SHRINKAGE, "GBP"] == 2 * 400
        assert ledger[chart.COST_OF_GOODS, "GBP"] == 0
        books.inventory_adds_up(shop, ledger, "GBP")

    def test_how_stock_moved_is_written_once(self, shop: Shop, shelves: Shelves) -> None:
        with pytest.raises(DatabaseError), writing(shop.database.engine) as connection:
            connection.execute(update(stock_movements).values(on_hand_change=9))
