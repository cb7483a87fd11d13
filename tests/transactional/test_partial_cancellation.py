"""Units taken off an order that is paid: their stock is free, their money goes back, the rest goes on."""

import pytest
from fastapi.testclient import TestClient
from shopping import (
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
from test_ledger import balances

from transactional.errors import IllegalTransition, NotFound
from transactional.ledger import chart
from transactional.orders import after_sales, service, shipping
from transactional.orders.credits import CreditNote
from transactional.orders.errors import TooManyCancelled, TooManyReturned
from transactional.orders.models import credit_note_lines, credit_notes, orders
from transactional.payments.models import payments, refunds
from transactional.payments.settlement import record_capture
from transactional.shop import Shop
from transactional.stock import service as stock
from transactional.stock import warehousing
from transactional.stock.models import stock_levels


def lines_of(shop: Shop, order_id: str) -> dict[str, str]:
    """Ids of the order lines by SKU code."""
    with shop.database.read() as db:
        return {line["sku"]: line["id"] for line in service.find(db, order_id).lines}


def cancel(shop: Shop, order_id: str, **units: int) -> CreditNote:
    """SKU codes are written with `_` for `-`."""
    lines = lines_of(shop, order_id)
    with shop.database.transaction("staff") as uow:
        quantities = {lines[code.replace("_", "-")]: count for code, count in units.items()}
        return after_sales.cancel_lines(uow, order_id, quantities, "not there")


def test_cancelled_units_are_free_and_their_money_goes_back(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3, SHIRT1_M=2)
    note = cancel(shop, placed.order_id, SHIRT0_S=1, SHIRT1_M=2)
    assert (note.kind, note.amount) == ("cancellation", 1_000 + 2 * 1_333)
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 2)
    assert level(shop, shelves.skus["SHIRT1-M"]) == (10, 0)
    assert [(row["amount"], row["credit_note_id"]) for row in rows_of(shop, refunds)] == [
        (note.amount, note.id)
    ]
    assert sum(row["shipping"] for row in rows_of(shop, credit_note_lines)) == 0
    assert status_of(shop, placed.order_id) == "paid"


def test_the_rest_is_shipped_and_costs_what_it_is(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3)
    cancel(shop, placed.order_id, SHIRT0_S=1)
    with shop.database.transaction("staff") as uow:
        shipping.ship(uow, placed.order_id)
    assert level(shop, shelves.skus["SHIRT0-S"]) == (8, 0)
    assert balances(shop)[chart.COST_OF_GOODS] == 2 * 400


def test_cancelled_units_cannot_come_back(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3)
    cancel(shop, placed.order_id, SHIRT0_S=2)
    line = lines_of(shop, placed.order_id)["SHIRT0-S"]
    with shop.database.transaction("staff") as uow:
        shipping.ship(uow, placed.order_id)
        with pytest.raises(TooManyReturned):
            after_sales.return_lines(uow, placed.order_id, {line: 2}, "too small")
        after_sales.return_lines(uow, placed.order_id, {line: 1}, "too small")
    assert sum(row["amount"] for row in rows_of(shop, refunds)) == 3 * 1_000
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)


def test_cancelling_the_rest_gives_back_what_is_left_with_delivery(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3, SHIRT1_M=1)
    cancel(shop, placed.order_id, SHIRT0_S=1)
    with shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, placed.order_id, "not wanted")
    assert sum(row["amount"] for row in rows_of(shop, refunds)) == placed.total
    lines, (order,) = rows_of(shop, credit_note_lines), rows_of(shop, orders)
    assert sum(line["quantity"] for line in lines) == 4
    assert sum(line["shipping"] for line in lines) == order["shipping"]
    assert sum(line["tax"] for line in lines) == order["tax"]
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)


def test_cancelling_every_unit_cancels_the_order(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=2, SHIRT1_M=1)
    cancel(shop, placed.order_id, SHIRT0_S=2)
    note = cancel(shop, placed.order_id, SHIRT1_M=1)
    assert note.amount == placed.total - 2 * 1_000
    assert status_of(shop, placed.order_id) == "cancelled"
    assert {row["kind"] for row in rows_of(shop, credit_notes)} == {"cancellation"}


def test_units_are_freed_where_fewest_are_held(shop: Shop, shelves: Shelves) -> None:
    sku = shelves.skus["SHIRT0-S"]
    with shop.database.transaction("staff") as uow:
        leeds = warehousing.put(
            uow, "leeds", name="Leeds", country="GB", postal_code="LS1", priority=1, is_active=True
        )["id"]
        stock.receive(uow, {sku: 5}, "DN-1", leeds)
    placed = paid_order(shop, SHIRT0_S=13)
    cancel(shop, placed.order_id, SHIRT0_S=4)
    levels = [row for row in rows_of(shop, stock_levels) if row["sku_id"] == sku]
    assert {row["warehouse_id"] == leeds: row["reserved"] for row in levels} == {True: 0, False: 9}


def test_what_is_not_paid_or_gone_cannot_be_cancelled_in_part(shop: Shop, shelves: Shelves) -> None:
    for placed in (placed_order(shop, SHIRT0_S=2), shipped_order(shop, SHIRT0_S=2)):
        with pytest.raises(IllegalTransition):
            cancel(shop, placed.order_id, SHIRT0_S=1)


def test_no_more_is_cancelled_than_is_left(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=2)
    with pytest.raises(TooManyCancelled) as refused:
        cancel(shop, placed.order_id, SHIRT0_S=3)
    assert (refused.value.details["cancellable"], refused.value.details["wanted"]) == (2, 3)
    other = lines_of(shop, paid_order(shop, SHIRT0_M=1).order_id)["SHIRT0-M"]
    with pytest.raises(NotFound), shop.database.transaction("staff") as uow:
        after_sales.cancel_lines(uow, placed.order_id, {other: 1}, "not wanted")
    assert rows_of(shop, credit_notes) == []


def test_staff_cancels_units_over_http_and_a_line_named_twice_counts_twice(
    client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
) -> None:
    order = ordered_over_http(client, SHIRT0_S=3)
    with open_for_business.database.transaction("provider:sandbox") as uow:
        (payment,) = uow.rows(payments.select())
        record_capture(uow, payment["id"], "pay_1", payment["amount"], payment["currency"])
    line = {"order_line_id": order["lines"][0]["id"], "quantity": 1}
    path = f"/api/v1/staff/orders/{order['id']}/cancellations"
    answer = client.post(path, json={"lines": [line, line], "reason": "gone"}, headers=staff | key())
    assert (answer.status_code, answer.json()["amount"]) == (201, 2_000)
    refused = client.post(path, json={"lines": [line, line], "reason": "gone"}, headers=staff | key())
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_cancelled")
