"""Cards are authorised first: what the order cannot have is let go of, and nothing has to be refunded."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import Shelves, key, level, ordered_over_http, paid_order, placed_order, rows_of, status_of
from test_api import send_webhook, started_payment
from test_tenders import expire
from test_tenders_api import ask_sandbox

from transactional.orders import after_sales
from transactional.payments import cashier, settlement
from transactional.payments.models import payments, refunds, tender_events
from transactional.shop import Shop


@dataclass(frozen=True)
class Shopper:
    """Somebody who has ordered six shirts and is about to pay at the sandbox."""

    shop: Shop
    client: TestClient
    sandbox: TestClient
    order: dict[str, Any]
    pay_url: str

    def pay(self, webhook: str = "never") -> None:
        self.sandbox.post(self.pay_url, data={"action": "pay", "webhook": webhook})

    def come_back(self) -> str:
        """The order's status, as the shopper's return finds it."""
        return str(self.client.get(f"/api/v1/orders/{self.order['token']}/return").json()["status"])


@pytest.fixture
def shopper(client: TestClient, sandbox: TestClient, open_for_business: Shop) -> Shopper:
    order = ordered_over_http(client, SHIRT0_S=6)
    pay_url = started_payment(client, order)["redirect_url"]
    return Shopper(open_for_business, client, sandbox, order, pay_url)


def told(shop: Shop) -> list[str]:
    return sorted(f"{row['type']} {row['outcome']}" for row in rows_of(shop, tender_events))


def statuses(shop: Shop) -> list[str]:
    return [row["status"] for row in rows_of(shop, payments)]


def test_what_the_order_can_have_is_captured(shopper: Shopper) -> None:
    shopper.pay()
    assert shopper.come_back() == "paid"
    assert told(shopper.shop) == ["authorise succeeded", "capture requested", "capture succeeded"]


def test_money_for_a_cancelled_order_is_let_go_of(shopper: Shopper) -> None:
    with shopper.shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, shopper.order["id"], "not wanted")
    shopper.pay()
    assert shopper.come_back() == "cancelled"
    assert statuses(shopper.shop) == ["voided"]
    assert rows_of(shopper.shop, refunds) == []
    assert told(shopper.shop) == [
        "authorise succeeded",
        "capture requested",
        "void requested",
        "void succeeded",
    ]


def test_late_money_is_let_go_of_when_the_stock_is_sold(
    shopper: Shopper, shelves: Shelves, clock: MovableClock
) -> None:
    expire(shopper.shop, clock)
    paid_order(shopper.shop, SHIRT0_S=5)
    shopper.pay()
    assert shopper.come_back() == "expired"
    assert sorted(statuses(shopper.shop)) == ["captured", "voided"]
    assert level(shopper.shop, shelves.skus["SHIRT0-S"]) == (10, 5)


def test_late_money_brings_the_order_back_when_all_is_there(
    shopper: Shopper, shelves: Shelves, clock: MovableClock
) -> None:
    expire(shopper.shop, clock)
    shopper.pay()
    assert shopper.come_back() == "paid"
    assert level(shopper.shop, shelves.skus["SHIRT0-S"]) == (10, 6)


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


def test_a_capture_without_an_answer_is_repeated(shopper: Shopper, clock: MovableClock) -> None:
    shop = shopper.shop
    shopper.pay()
    ask_sandbox(shopper.sandbox, shop, "/v1/silence", {"answers": 1})
    assert shopper.come_back() == "pending_payment"
    assert statuses(shop) == ["authorised"]
    address = f"/api/v1/orders/{shopper.order['token']}/payments"
    again = shopper.client.post(address, json={}, headers=key())
    assert again.json()["code"] == "illegal_transition", "nobody pays twice"
    clock.forward(minutes=1)
    asyncio.run(cashier.reconcile(shop))
    assert status_of(shop, shopper.order["id"]) == "paid"
    assert "capture unknown" in told(shop)


def test_the_webhook_of_an_authorisation_pays_the_order(shopper: Shopper, clock: MovableClock) -> None:
    shopper.pay(webhook="now")
    body = _webhook(shopper.sandbox)
    answers = [send_webhook(shopper.client, shopper.shop, body, clock).json() for _ in range(2)]
    assert answers == [{"outcome": "paid"}, {"outcome": "unchanged"}]


def _webhook(sandbox: TestClient) -> bytes:
    """What the sandbox is about to send."""
    (webhook,) = sandbox.app.state.store.due_webhooks()  # type: ignore[attr-defined]
    return str(webhook.body).encode()
