"""Group purchases: all buyers or none."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import books
import pytest
from bank import Bank
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import ADA, Shelves, key, level, rows_of, status_of
from test_races import at_once

from transactional import background
from transactional.checkout.errors import CartTooLarge
from transactional.errors import ShopError
from transactional.ledger import chart
from transactional.orders import after_sales, group_entry, groups, service, shipping
from transactional.orders.errors import AlreadyInGroup, GroupClosed
from transactional.orders.models import group_purchases, orders
from transactional.orders.service import Placed
from transactional.payments import gift_cards, settlement
from transactional.payments.models import refunds
from transactional.payments.tenders import Wanted
from transactional.shop import Shop


def open_group(shop: Shop, buyers: int = 3, **more: Any) -> None:
    terms = {"sku": "SHIRT0-S", "price": 600, "per_buyer": 2, "buyers_wanted": buyers} | more
    with shop.database.transaction("staff") as uow:
        group_entry.create(uow, "shirts", closes_at=uow.now + timedelta(days=1), **terms)


def join(shop: Shop, number: int, quantity: int = 1, **how: Any) -> Placed:
    """Buyer `number` joins and has not paid yet."""
    buyer = replace(ADA, email=f"buyer{number}@example.com")
    with shop.database.transaction("shopper") as uow:
        return group_entry.join(uow, shop.terms, "shirts", buyer, quantity, **how)


def pay(shop: Shop, placed: Placed) -> str:
    assert placed.payment_id is not None
    with shop.database.transaction("provider:sandbox") as uow:
        remote = f"pay_{placed.payment_id}"
        return settlement.record_capture(uow, placed.payment_id, remote, placed.total, placed.currency)


def joined(shop: Shop, number: int, quantity: int = 1) -> Placed:
    placed = join(shop, number, quantity)
    assert pay(shop, placed) == "paid"
    return placed


def group_status(shop: Shop) -> str:
    (row,) = rows_of(shop, group_purchases)
    return str(row["status"])


def refunded(shop: Shop) -> int:
    return sum(row["amount"] for row in rows_of(shop, refunds))


def test_members_wait_until_the_last_has_paid(shop: Shop, shelves: Shelves) -> None:
    open_group(shop)
    first, second = joined(shop, 1), joined(shop, 2, quantity=2)
    assert status_of(shop, first.order_id) == status_of(shop, second.order_id) == "gathering"
    with shop.database.transaction("staff") as uow, pytest.raises(ShopError):
        shipping.ship(uow, first.order_id)
    with shop.database.read() as db:
        group = groups.find(db, "shirts")
    assert (group.buyers, group.missing) == (2, 1)
    third = joined(shop, 3)
    for placed in (first, second, third):
        assert status_of(shop, placed.order_id) == "paid"
    assert group_status(shop) == "completed"
    with shop.database.transaction("staff") as uow:
        shipping.ship(uow, second.order_id)
        line = service.find(uow, second.order_id).lines[0]
    assert (line["unit_price"], line["quantity"], line["list_price"]) == (600, 2, 1_200)


def test_two_last_buyers_at_once_are_both_in(shop: Shop, shelves: Shelves) -> None:
    open_group(shop, buyers=4)
    members = [join(shop, number) for number in range(4)]
    assert at_once(4, lambda number: pay(shop, members[number])) == ["paid"] * 4
    assert {status_of(shop, placed.order_id) for placed in members} == {"paid"}
    assert group_status(shop) == "completed"


def test_a_group_that_does_not_fill_up_gives_everything_back(
    shop: Shop, shelves: Shelves, clock: MovableClock
) -> None:
    open_group(shop)
    with shop.database.transaction("staff") as uow:
        card = gift_cards.issue(uow, 250, "GBP", "sorry")
    card_of = chart.held(chart.GIFT_CARD, card["id"])
    with_card = join(shop, 1, tenders=[Wanted("gift_card", card["number"])])
    assert with_card.payment_id is not None
    with shop.database.transaction("provider:sandbox") as uow:
        rest = with_card.total - 250
        settlement.record_capture(uow, with_card.payment_id, "pay_1", rest, "GBP")
    other = joined(shop, 2)
    clock.forward(hours=23)
    late = join(shop, 3)
    clock.forward(hours=1, minutes=1)
    for _ in range(2):
        asyncio.run(background.close_groups(shop))
    assert group_status(shop) == "failed"
    assert status_of(shop, with_card.order_id) == status_of(shop, other.order_id) == "cancelled"
    assert refunded(shop) == with_card.total + other.total
    ledger = books.ledger_of(shop)
    assert ledger[card_of, "GBP"] == 250
    assert sum(ledger[name, "GBP"] for name in (chart.SALES, chart.DISCOUNTS, chart.RETURNS)) == 0
    assert ledger[chart.SHIPPING, "GBP"] == ledger[chart.TAX, "GBP"] == 0
    assert status_of(shop, late.order_id) == "cancelled"
    assert pay(shop, late) == "refunding"
    assert refunded(shop) == with_card.total + other.total + late.total
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)


def test_what_was_cut_off_while_calling_off_goes_on(
    shop: Shop, shelves: Shelves, clock: MovableClock
) -> None:
    open_group(shop, buyers=4)
    members = [joined(shop, number) for number in range(3)]
    clock.forward(days=2)
    with shop.database.transaction("system:groups") as uow:
        assert group_entry.fail_overdue(uow) == 1
        group_entry.call_off(uow, members[0].order_id)
    asyncio.run(background.close_groups(shop))
    assert {status_of(shop, placed.order_id) for placed in members} == {"cancelled"}
    assert refunded(shop) == sum(placed.total for placed in members)


def test_a_member_that_leaves_makes_room(shop: Shop, shelves: Shelves) -> None:
    open_group(shop, buyers=2)
    gone = joined(shop, 1)
    with shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, gone.order_id, "changed their mind")
    joined(shop, 2)
    assert group_status(shop) == "open"
    joined(shop, 1)
    assert group_status(shop) == "completed"


def test_who_ordered_in_time_and_pays_after_it_is_complete_is_in(shop: Shop, shelves: Shelves) -> None:
    open_group(shop, buyers=2)
    slow = join(shop, 3)
    joined(shop, 1), joined(shop, 2)
    assert pay(shop, slow) == "paid"
    assert status_of(shop, slow.order_id) == "paid"


def test_nobody_joins_twice_too_much_or_too_late(shop: Shop, shelves: Shelves, clock: MovableClock) -> None:
    open_group(shop, buyers=2)
    join(shop, 1)
    with pytest.raises(AlreadyInGroup):
        join(shop, 1)
    with pytest.raises(CartTooLarge):
        join(shop, 2, quantity=3)
    clock.forward(days=1)
    with pytest.raises(GroupClosed):
        join(shop, 2)
    assert len(rows_of(shop, orders)) == 1


def test_a_large_member_is_looked_at_when_the_group_is_complete(shop: Shop, shelves: Shelves) -> None:
    careful = replace(shop, terms=replace(shop.terms, review_above=1_400))
    open_group(careful, buyers=2)
    large, small = joined(careful, 1, quantity=2), joined(careful, 2)
    assert status_of(shop, large.order_id) == "in_review"
    assert status_of(shop, small.order_id) == "paid"


def test_one_paid_with_a_gift_card_only_waits_too(shop: Shop, shelves: Shelves) -> None:
    open_group(shop, buyers=2)
    with shop.database.transaction("staff") as uow:
        card = gift_cards.issue(uow, 10_000, "GBP", "sorry")
    placed = join(shop, 1, tenders=[Wanted("gift_card", card["number"])])
    assert status_of(shop, placed.order_id) == "gathering"
    with shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, placed.order_id, "not wanted")
    books.add_up(shop, Bank())


def test_groups_over_http(client: TestClient, staff: dict[str, str], shelves: Shelves) -> None:
    body = {
        "code": "shirts",
        "sku": "SHIRT0-S",
        "price": 600,
        "buyers_wanted": 2,
        "closes_at": "2026-11-23T10:00:00Z",
    }
    staffs = "/api/v1/staff/groups"
    assert client.post(staffs, json=body | {"price": 1_000}, headers=staff | key()).json()["code"] == (
        "group_price_too_high"
    )
    assert client.post(staffs, json=body | {"sku": "NONE"}, headers=staff | key()).status_code == 409
    over = client.post(staffs, json=body | {"closes_at": "2026-11-22T10:00:00Z"}, headers=staff | key())
    assert (over.json()["code"], over.json()["details"]["field"]) == ("group_over", "closes_at")
    assert client.post(staffs, json=body, headers=staff | key()).status_code == 201
    assert client.post(staffs, json=body, headers=staff | key()).json()["code"] == "group_code_taken"
    assert client.post(staffs, json=body, headers=key()).status_code == 401
    buyer = {name: value for name, value in vars(ADA).items() if value is not None}
    order = client.post("/api/v1/groups/shirts/orders", json={"buyer": buyer}, headers=key())
    assert (order.status_code, order.json()["lines"][0]["unit_price"]) == (201, 600)
    cheaper = {"buyer": buyer, "price": 1}
    assert client.post("/api/v1/groups/shirts/orders", json=cheaper, headers=key()).status_code == 422
    found = client.get("/api/v1/groups/shirts").json()
    assert (found["buyers"], found["missing"], found["status"]) == (0, 2, "open")
    assert client.get("/api/v1/groups/none").status_code == 404
