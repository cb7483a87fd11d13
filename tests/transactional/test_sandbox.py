"""Shop and sandbox as two processes: whatever the webhook does, the order is paid once."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from databases import Databases
from processes import eventually
from serving import Street
from shopping import UNWANTED, fill_shelves, key, ordered_over_http, rows_of

from transactional.orders.models import orders
from transactional.payments.models import payments, refunds, webhook_inbox
from transactional.shop import Shop, open_shop
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Row


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Street]:
    street = Street(tmp_path_factory.mktemp("street") / "home", databases.take())
    yield street
    street.stop()
    databases.give_back(street.settings.database_url)


@pytest.fixture(scope="module")
def shop(street: Street) -> Iterator[Shop]:
    """A second look into the database of the running shop."""
    shop = open_shop(street.settings)
    fill_shelves(shop, units=100)
    street.start("sandbox", "shop")
    yield shop
    shop.database.engine.dispose()


@pytest.fixture
def client(street: Street, shop: Shop) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=street.settings.shop_url, timeout=20) as client:
        yield client


def started_payment(client: httpx.Client, order: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key())
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def status(client: httpx.Client, order: dict[str, Any]) -> str:
    return str(client.get(f"/api/v1/orders/{order['token']}").json()["status"])


def payments_of(shop: Shop, order: dict[str, Any]) -> list[Row]:
    return [row for row in rows_of(shop, payments) if row["order_id"] == order["id"]]


def messages_about(shop: Shop, payment: dict[str, Any]) -> int:
    found = rows_of(shop, webhook_inbox)
    return sum(row["body"]["payment"]["reference"] == payment["payment_id"] for row in found)


def test_every_kind_of_webhook_pays_the_order_once(street: Street, shop: Shop, client: httpx.Client) -> None:
    for mode, messages in {"now": 1, "late": 1, "twice": 1, "never": 0}.items():
        order = ordered_over_http(client, SHIRT0_S=1)
        payment = started_payment(client, order)
        assert street.pay(payment["redirect_url"], mode).status_code == 303
        # Nobody comes back in the browser: webhooks tell, or else the shop asks.
        eventually(lambda order=order: status(client, order) == "paid", f"paid with webhook {mode}")
        assert [row["status"] for row in payments_of(shop, order)] == ["captured"]
        if messages:
            eventually(lambda payment=payment: messages_about(shop, payment), "the webhook arrived")
        assert messages_about(shop, payment) == messages


def test_a_webhook_that_found_the_shop_dead_comes_again(
    street: Street, shop: Shop, client: httpx.Client
) -> None:
    order = ordered_over_http(client, SHIRT0_S=1)
    payment = started_payment(client, order)
    street.kill("shop")
    street.pay(payment["redirect_url"], "twice")
    street.kill("sandbox")
    street.start("sandbox", "shop")
    eventually(lambda: status(client, order) == "paid", "the sandbox remembers what it took")
    eventually(lambda: messages_about(shop, payment) == 1, "its webhook is acknowledged")


def test_a_cancelled_order_is_refunded_at_once(street: Street, shop: Shop, client: httpx.Client) -> None:
    order = ordered_over_http(client, SHIRT0_S=1)
    street.pay(started_payment(client, order)["redirect_url"])
    eventually(lambda: status(client, order) == "paid", "paid")
    headers = key() | {"Authorization": f"Bearer {shop.keys.staff_token}"}
    client.post(
        f"/api/v1/staff/orders/{order['id']}/cancel", json=UNWANTED, headers=headers
    ).raise_for_status()
    (payment,) = payments_of(shop, order)

    def refunded() -> bool:
        found = [row["status"] for row in rows_of(shop, refunds) if row["payment_id"] == payment["id"]]
        return found == ["succeeded"]

    eventually(refunded, "the provider sent the money back")


def test_the_shop_expires_orders_by_itself(street: Street, shop: Shop, client: httpx.Client) -> None:
    before = sum(row["reserved"] for row in rows_of(shop, stock_levels))
    order = ordered_over_http(client, SHIRT0_S=3)
    payment = started_payment(client, order)
    with shop.database.transaction("test") as uow:
        uow.update(orders, uow.lock(orders, order["id"]) or {}, expires_at=shop.database.clock())
    # The shop sleeps until the expiry it knew of; a restart makes it look again.
    street.kill("shop")
    street.start("shop")
    eventually(lambda: status(client, order) == "expired", "it expired")
    assert sum(row["reserved"] for row in rows_of(shop, stock_levels)) == before
    eventually(lambda: payments_of(shop, order)[0]["status"] == "voided", "nobody can pay for nothing")
    street.pay(payment["redirect_url"])
    assert payments_of(shop, order)[0]["status"] == "voided"
