"""The whole shop with Alipay: the library talks to a gateway on a socket that checks and signs with RSA2."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import alipay_server
import httpx
import pytest
from alipay_server import APP_ID, AlipayServer, rsa_key
from conftest import MovableClock
from databases import Databases
from fastapi.testclient import TestClient
from shopping import UNWANTED, fill_shelves, key, ordered_over_http, rows_of

from settings import Settings, UserError
from transactional.app import create_app
from transactional.money import minor_units
from transactional.payments import cashier, refunding
from transactional.payments.alipay.client import AlipayProvider
from transactional.payments.errors import PaymentRefused
from transactional.payments.models import payments, refunds, webhook_inbox
from transactional.payments.provider import PaymentRequest
from transactional.shop import Shop, open_shop

WEBHOOKS = "/api/v1/webhooks/alipay"
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.fixture
def server() -> Iterator[AlipayServer]:
    with alipay_server.running() as server:
        yield server


def provider(server: AlipayServer, owner: str = "shop") -> AlipayProvider:
    public = server.key.public_key().export_key().decode()
    return AlipayProvider(APP_ID, rsa_key(owner).export_key().decode(), public, server.url)


@pytest.fixture
def shop(databases: Databases, tmp_path: Path, clock: MovableClock, server: AlipayServer) -> Iterator[Shop]:
    """A shop that sells in yuan and takes Alipay, with goods on its shelves."""
    settings = Settings(home=tmp_path / "var", database_url=databases.take(), shop_currency="CNY")
    opened = open_shop(settings, clock, providers={"alipay": provider(server)})
    fill_shelves(opened)
    yield opened
    opened.database.engine.dispose()
    databases.give_back(settings.database_url)


@pytest.fixture
def client(shop: Shop) -> TestClient:
    return TestClient(create_app(shop.settings, shop), raise_server_exceptions=False)


@pytest.fixture
def staff(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {shop.keys.staff_token}"}


def started(client: TestClient, order: dict[str, Any]) -> str:
    """The page to which the shopper is sent."""
    answer = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key())
    answer.raise_for_status()
    return str(answer.json()["redirect_url"])


def told(client: TestClient, body: bytes) -> httpx.Response:
    return client.post(WEBHOOKS, content=body, headers=FORM)


def status(client: TestClient, order: dict[str, Any]) -> str:
    return str(client.get(f"/api/v1/orders/{order['token']}").json()["status"])


def cancelled(client: TestClient, server: AlipayServer, staff: dict[str, str]) -> dict[str, Any]:
    """A paid order that was called off."""
    order = ordered_over_http(client, SHIRT0_S=2)
    told(client, server.notice(server.pay(started(client, order)))).raise_for_status()
    address = f"/api/v1/staff/orders/{order['id']}/cancel"
    client.post(address, json=UNWANTED, headers=staff | key()).raise_for_status()
    return order


class TestPaying:
    def test_the_notice_before_the_browser_pays_the_order_once(
        self, client: TestClient, server: AlipayServer, shop: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        trade = server.pay(started(client, order))
        assert trade["total_amount"] == "13.95"
        assert trade["notify_url"].endswith(WEBHOOKS)
        answers = [told(client, server.notice(trade)) for _ in range(2)]
        assert [(each.status_code, each.text) for each in answers] == [(200, "success")] * 2
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"
        (payment,) = rows_of(shop, payments)
        assert (payment["provider"], payment["method"]) == ("alipay", "wallet")
        assert (payment["status"], payment["amount"], payment["currency"]) == ("captured", 1_395, "CNY")
        assert [row["body"]["subject"] for row in rows_of(shop, webhook_inbox)] == ["衬衫 & more"]

    def test_without_a_notice_the_browsers_return_pays_it(
        self, client: TestClient, server: AlipayServer
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        server.pay(started(client, order))
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"

    def test_notices_in_any_order_pay_it_once(
        self, client: TestClient, server: AlipayServer, shop: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        trade = server.pay(started(client, order))
        for number, told_status in enumerate(
            ("TRADE_FINISHED", "TRADE_SUCCESS", "WAIT_BUYER_PAY", "TRADE_CLOSED")
        ):
            body = server.notice(trade, f"n{number}", trade_status=told_status)
            assert told(client, body).text == "success"
        assert status(client, order) == "paid"
        assert [row["status"] for row in rows_of(shop, payments)] == ["captured"]

    def test_a_closed_trade_leaves_the_order_open_for_another(
        self, client: TestClient, server: AlipayServer
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        trade = server.open_page(started(client, order))
        trade["trade_status"] = "TRADE_CLOSED"
        told(client, server.notice(trade)).raise_for_status()
        assert status(client, order) == "pending_payment"
        server.pay(started(client, order))
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"
        assert len(server.trades) == 2

    def test_another_amount_is_not_accepted_and_goes_back(
        self, client: TestClient, server: AlipayServer, shop: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        trade = server.pay(started(client, order), amount="0.01")
        assert told(client, server.notice(trade)).text == "success"
        assert status(client, order) == "pending_payment"
        assert asyncio.run(refunding.send_refunds(shop)) == 1
        assert [each["refund_amount"] for each in server.refunds.values()] == ["0.01"]

    def test_another_currency_is_refused(self, server: AlipayServer) -> None:
        address = "https://shop.example/"
        pounds = PaymentRequest(
            "018f0000-0000-7000-8000-000000000000", 100, "GBP", "A shirt", address, address
        )
        with pytest.raises(PaymentRefused):
            asyncio.run(provider(server).create(pounds))
        assert provider(server).methods("GBP") == ()


class TestSignatures:
    def test_one_changed_byte_is_refused_and_changes_nothing(
        self, client: TestClient, server: AlipayServer, shop: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = server.notice(server.pay(started(client, order)))
        refused = told(client, body.replace(b"total_amount=13.95", b"total_amount=13.96"))
        assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")
        assert status(client, order) == "pending_payment"
        assert rows_of(shop, webhook_inbox) == []

    def test_another_key_or_another_app_is_refused(self, client: TestClient, server: AlipayServer) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        trade = server.pay(started(client, order))
        assert told(client, server.notice(trade, key=rsa_key("stranger"))).status_code == 401
        assert told(client, server.notice(trade, app_id="2021000000000002")).status_code == 401
        assert status(client, order) == "pending_payment"

    @pytest.mark.parametrize("body", [b"", b"{}", b"\xff=1", b"sign=%25&sign_type=RSA2", b"sign=AA=="])
    def test_what_is_no_notice_is_refused(self, client: TestClient, body: bytes) -> None:
        assert told(client, body).status_code == 401

    def test_an_order_that_is_not_ours_is_not_found(self, client: TestClient, server: AlipayServer) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        trade = server.pay(started(client, order))
        other = server.notice(trade, out_trade_no="018f0000000070008000000000000000")
        assert told(client, other).status_code == 404

    def test_an_answer_that_alipay_did_not_sign_is_no_answer(
        self, client: TestClient, server: AlipayServer
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        server.pay(started(client, order))
        server.key = rsa_key("stranger")
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "pending_payment"

    def test_alipay_refuses_another_key_of_the_shop(self, server: AlipayServer, shop: Shop) -> None:
        wrong = provider(server, "stranger")
        client = TestClient(create_app(shop.settings, replace(shop, providers={"alipay": wrong})))
        order = ordered_over_http(client, SHIRT0_S=1)
        with pytest.raises(AssertionError, match="not signed"):
            server.open_page(started(client, order))

    def test_a_file_that_is_no_key_is_told_at_the_start(self, server: AlipayServer) -> None:
        with pytest.raises(UserError):
            AlipayProvider(APP_ID, "no key", "no key", server.url)


class TestGivingBack:
    def test_a_cancelled_orders_money_goes_back_once(
        self, client: TestClient, server: AlipayServer, shop: Shop, staff: dict[str, str]
    ) -> None:
        order = cancelled(client, server, staff)
        assert asyncio.run(refunding.send_refunds(shop)) == 1
        assert asyncio.run(refunding.send_refunds(shop)) == 0
        (back,) = server.refunds.values()
        assert minor_units(back["refund_amount"], "CNY") == order["total"]

    def test_a_refund_whose_answer_was_lost_is_one_refund(
        self, client: TestClient, server: AlipayServer, shop: Shop, staff: dict[str, str]
    ) -> None:
        cancelled(client, server, staff)
        server.lose_answers = True
        assert asyncio.run(refunding.send_refunds(shop)) == 0
        server.lose_answers = False
        assert asyncio.run(refunding.send_refunds(shop)) == 1
        assert server.calls.count("alipay.trade.refund") == 2
        assert len(server.refunds) == 1
        assert [row["status"] for row in rows_of(shop, refunds)] == ["succeeded"]

    def test_a_slow_refund_is_asked_about_until_it_arrives(
        self, client: TestClient, server: AlipayServer, shop: Shop, staff: dict[str, str]
    ) -> None:
        cancelled(client, server, staff)
        server.slow_refunds = True
        assert asyncio.run(refunding.send_refunds(shop)) == 0
        server.slow_refunds = False
        assert asyncio.run(refunding.send_refunds(shop)) == 1

    def test_more_than_is_left_is_refused(self, client: TestClient, server: AlipayServer, shop: Shop) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        trade = server.pay(started(client, order))
        refund = shop.providers["alipay"].refund(trade["out_trade_no"], order["id"], order["total"] + 1)
        answer = asyncio.run(refund)
        assert (answer.succeeded, answer.settled) == (False, True)


class TestStrangeAnswers:
    @pytest.mark.parametrize("says", ['{"msg":"busy"}', "[]", "null", "<html>", '{"sign":"x"}'])
    def test_what_is_no_answer_leaves_all_as_it_was(
        self, client: TestClient, server: AlipayServer, shop: Shop, clock: MovableClock, says: str
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        server.pay(started(client, order))
        server.says = says
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "pending_payment"
        server.says = ""
        clock.forward(minutes=1)
        assert asyncio.run(cashier.reconcile(shop)) == 1

    def test_a_status_that_nobody_knows_is_asked_about_again(
        self, client: TestClient, server: AlipayServer, shop: Shop, clock: MovableClock
    ) -> None:
        strange, other = (ordered_over_http(client, SHIRT0_S=1) for _ in range(2))
        trades = [server.pay(started(client, each)) for each in (strange, other)]
        trades[0]["trade_status"] = "TRADE_PONDERED"
        answer = client.get(f"/api/v1/orders/{strange['token']}/return")
        assert (answer.status_code, answer.json()["status"]) == (200, "pending_payment")
        clock.forward(minutes=1)
        assert asyncio.run(cashier.reconcile(shop)) == 1
        assert [status(client, each) for each in (strange, other)] == ["pending_payment", "paid"]


class TestVoiding:
    @pytest.mark.parametrize("opened", [True, False])
    def test_the_trade_of_an_order_that_is_over_is_closed(
        self,
        client: TestClient,
        server: AlipayServer,
        shop: Shop,
        staff: dict[str, str],
        clock: MovableClock,
        opened: bool,
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        page = started(client, order)
        if opened:
            assert server.open_page(page)["time_expire"] == "2026-11-22 18:30:00", "half an hour, in Shanghai"
        client.post(f"/api/v1/staff/orders/{order['id']}/cancel", json=UNWANTED, headers=staff | key())
        clock.forward(minutes=1)
        assert asyncio.run(cashier.reconcile(shop)) == 1
        assert [row["status"] for row in rows_of(shop, payments)] == ["voided"]
        assert [trade["trade_status"] for trade in server.trades.values()] == ["TRADE_CLOSED"] * opened

    def test_voiding_what_is_paid_tells_that_it_is_paid(
        self, client: TestClient, server: AlipayServer, shop: Shop
    ) -> None:
        trade = server.pay(started(client, ordered_over_http(client, SHIRT0_S=1)))
        answer = asyncio.run(shop.providers["alipay"].void(trade["out_trade_no"]))
        assert (answer.status, answer.amount) == ("captured", 1_395)
