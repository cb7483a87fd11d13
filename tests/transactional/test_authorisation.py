"""Cards are authorised first: what the order cannot have is let go of, and nothing has to be refunded."""

import asyncio
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import Shelves, key, level, ordered_over_http, paid_order, placed_order, rows_of, status_of
from test_api import send_webhook, started_payment
from test_tenders_api import ask_sandbox

from transactional.orders import after_sales, expiry
from transactional.payments import cashier, settlement
from transactional.payments.models import payments, refunds, tender_events
from transactional.shop import Shop


def pay(sandbox: TestClient, payment: dict[str, Any]) -> None:
    sandbox.post(payment["redirect_url"], data={"action": "pay", "webhook": "never"})


def come_back(client: TestClient, order: dict[str, Any]) -> str:
    return str(client.get(f"/api/v1/orders/{order['token']}/return").json()["status"])


def expire(shop: Shop, clock: MovableClock) -> None:
    clock.forward(minutes=31)
    with shop.database.transaction("system:expiry") as uow:
        expiry.expire_unpaid(uow)


def told(shop: Shop) -> list[str]:
    return sorted(f"{row['type']} {row['outcome']}" for row in rows_of(shop, tender_events))


@pytest.fixture
def order(client: TestClient) -> dict[str, Any]:
    return ordered_over_http(client, SHIRT0_S=6)


@pytest.fixture
def payment(client: TestClient, order: dict[str, Any]) -> dict[str, Any]:
    return started_payment(client, order)


def statuses(shop: Shop) -> list[str]:
    return [row["status"] for row in rows_of(shop, payments)]


def test_what_the_order_can_have_is_captured(
    client: TestClient,
    sandbox: TestClient,
    open_for_business: Shop,
    order: dict[str, Any],
    payment: dict[str, Any],
) -> None:
    pay(sandbox, payment)
    assert come_back(client, order) == "paid"
    assert told(open_for_business) == ["authorise succeeded", "capture requested", "capture succeeded"]


def test_money_for_a_cancelled_order_is_let_go_of(
    client: TestClient,
    sandbox: TestClient,
    open_for_business: Shop,
    order: dict[str, Any],
    payment: dict[str, Any],
) -> None:
    with open_for_business.database.transaction("staff") as uow:
        after_sales.cancel(uow, order["id"])
    pay(sandbox, payment)
    assert come_back(client, order) == "cancelled"
    assert statuses(open_for_business) == ["voided"]
    assert rows_of(open_for_business, refunds) == []
    assert told(open_for_business) == [
        "authorise succeeded",
        "capture requested",
        "void requested",
        "void succeeded",
    ]


def test_late_money_is_let_go_of_when_the_stock_is_sold(
    client: TestClient,
    sandbox: TestClient,
    open_for_business: Shop,
    shelves: Shelves,
    order: dict[str, Any],
    payment: dict[str, Any],
    clock: MovableClock,
) -> None:
    expire(open_for_business, clock)
    paid_order(open_for_business, SHIRT0_S=5)
    pay(sandbox, payment)
    assert come_back(client, order) == "expired"
    assert sorted(statuses(open_for_business)) == ["captured", "voided"]
    assert level(open_for_business, shelves.skus["SHIRT0-S"]) == (10, 5)


def test_late_money_brings_the_order_back_when_all_is_there(
    client: TestClient,
    sandbox: TestClient,
    open_for_business: Shop,
    shelves: Shelves,
    order: dict[str, Any],
    payment: dict[str, Any],
    clock: MovableClock,
) -> None:
    expire(open_for_business, clock)
    pay(sandbox, payment)
    assert come_back(client, order) == "paid"
    assert level(open_for_business, shelves.skus["SHIRT0-S"]) == (10, 6)


def test_another_amount_is_let_go_of(shop: Shop, shelves: Shelves) -> None:
    placed = placed_order(shop, SHIRT0_S=1)
    with shop.database.transaction("provider:sandbox") as uow:
        outcomes = [
            settlement.record_authorisation(uow, str(placed.payment_id), "pay_1", placed.total - 1, "GBP")
            for _ in range(2)
        ]
    assert outcomes == ["voiding", "unchanged"]
    assert status_of(shop, placed.order_id) == "pending_payment"


def test_a_trial_leaves_nothing_behind(shop: Shop, shelves: Shelves, clock: MovableClock) -> None:
    placed = placed_order(shop, SHIRT0_S=6)
    expire(shop, clock)
    with shop.database.transaction("provider:sandbox") as uow:
        told_now = settlement.record_authorisation(
            uow, str(placed.payment_id), "pay_1", placed.total, placed.currency
        )
    assert told_now == "authorised"
    assert status_of(shop, placed.order_id) == "expired"
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)


def test_a_capture_without_an_answer_is_repeated(
    client: TestClient,
    sandbox: TestClient,
    open_for_business: Shop,
    order: dict[str, Any],
    payment: dict[str, Any],
    clock: MovableClock,
) -> None:
    shop = open_for_business
    pay(sandbox, payment)
    ask_sandbox(sandbox, shop, "/v1/silence", {"answers": 1})
    assert come_back(client, order) == "pending_payment"
    assert statuses(shop) == ["authorised"]
    again = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key())
    assert again.json()["code"] == "illegal_transition", "nobody pays twice"
    clock.forward(minutes=1)
    asyncio.run(cashier.reconcile(shop))
    assert status_of(shop, order["id"]) == "paid"
    assert "capture unknown" in told(shop)


def test_the_webhook_of_an_authorisation_pays_the_order(
    client: TestClient,
    sandbox: TestClient,
    open_for_business: Shop,
    order: dict[str, Any],
    payment: dict[str, Any],
    clock: MovableClock,
) -> None:
    sandbox.post(payment["redirect_url"], data={"action": "pay", "webhook": "now"})
    body = _webhook(sandbox)
    answers = [send_webhook(client, open_for_business, body, clock).json() for _ in range(2)]
    assert answers == [{"outcome": "paid"}, {"outcome": "unchanged"}]


def _webhook(sandbox: TestClient) -> bytes:
    """What the sandbox is about to send."""
    (webhook,) = sandbox.app.state.store.due_webhooks()  # type: ignore[attr-defined]
    return str(webhook.body).encode()
