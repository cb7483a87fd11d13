"""Tenders over HTTP, with the sandbox in the same process: also when it does not answer."""

import asyncio
import json
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import UNWANTED, key, order_body, ordered_over_http, rows_of
from sqlalchemy import select
from test_api import send_webhook, started_payment, webhook_of

from transactional.change_log import change_log
from transactional.database import reading
from transactional.idempotency import idempotency_keys
from transactional.orders import expiry
from transactional.payments import cashier, refunding
from transactional.payments.models import payments, refunds, tender_events
from transactional.security import Keys, sandbox_secret
from transactional.shop import Shop

STAFF = "/api/v1/staff/payments"


def issued(client: TestClient, staff: dict[str, str], amount: int) -> dict[str, Any]:
    """A gift card with its code."""
    body = {"amount": amount, "reason": "a present"}
    made = client.post(f"{STAFF}/gift-cards", json=body, headers=key() | staff)
    assert (made.status_code, made.json()["code"]) == (201, None)
    found: dict[str, Any] = client.get(f"{STAFF}/gift-cards/{made.json()['id']}", headers=staff).json()
    return found


def ordered(client: TestClient, *tenders: dict[str, Any]) -> Any:
    """The answer to an order of 23.95."""
    cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
    lines = {"lines": [{"sku": "SHIRT0-S", "quantity": 2}]}
    client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key()).raise_for_status()
    return client.post("/api/v1/orders", json=order_body(cart) | {"tenders": list(tenders)}, headers=key())


def tenders_of(client: TestClient, staff: dict[str, str], order: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.get(f"{STAFF}/orders/{order['id']}/tenders", headers=staff)
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def told(shop: Shop, kind: str) -> list[str]:
    """The outcomes of this kind of action, by name."""
    return sorted(row["outcome"] for row in rows_of(shop, tender_events) if row["type"] == kind)


def ask_sandbox(sandbox: TestClient, shop: Shop, path: str, body: dict[str, int]) -> Any:
    headers = {"authorization": f"Bearer {sandbox_secret(shop.settings).decode()}"}
    return sandbox.post(path, json=body, headers=headers).raise_for_status().json()


class TestLookingForGiftCards:
    @pytest.fixture
    def cards(self, client: TestClient, staff: dict[str, str], clock: MovableClock) -> list[dict[str, Any]]:
        """One of 10.00, one that is blocked, and one that ended yesterday, the oldest first."""
        found = []
        for amount in (1_000, 2_000, 3_000):
            clock.forward(seconds=1)
            found.append(issued(client, staff, amount))
        client.post(f"{STAFF}/gift-cards/{found[1]['id']}/block", headers=key() | staff).raise_for_status()
        body = {"amount": 4_000, "reason": "a present", "expires_at": f"{clock():%Y-%m-%dT%H:%M:%SZ}"}
        clock.forward(days=-1)
        made = client.post(f"{STAFF}/gift-cards", json=body, headers=key() | staff)
        clock.forward(days=2)
        return [*found, made.json()]

    def looked_for(self, client: TestClient, staff: dict[str, str], **query: Any) -> list[int]:
        answer = client.get(f"{STAFF}/gift-cards", headers=staff, params=query)
        assert answer.status_code == 200, answer.text
        assert all(each["code"] is None for each in answer.json()["items"])
        return sorted(each["initial"] for each in answer.json()["items"])

    def test_they_are_found_by_status_end_and_number(
        self, client: TestClient, staff: dict[str, str], cards: list[dict[str, Any]]
    ) -> None:
        assert self.looked_for(client, staff) == [1_000, 2_000, 3_000, 4_000]
        assert self.looked_for(client, staff, status="blocked") == [2_000]
        assert self.looked_for(client, staff, status=["blocked", "active"], is_expired=False) == [
            1_000,
            2_000,
            3_000,
        ]
        assert self.looked_for(client, staff, is_expired=True) == [4_000]
        number = cards[2]["number"]
        assert self.looked_for(client, staff, number=number[-6:].lower()) == [3_000]
        assert self.looked_for(client, staff, number="-".join((number[:4], number[4:8], number[8:]))) == [
            3_000
        ]
        assert self.looked_for(client, staff, number="%") == []
        refused = client.get(f"{STAFF}/gift-cards", headers=staff, params={"status": "lost"})
        assert refused.status_code == 422 and "status" in refused.text

    def test_each_has_what_is_left_on_it_page_by_page(
        self, client: TestClient, staff: dict[str, str], cards: list[dict[str, Any]]
    ) -> None:
        tender = {"method": "gift_card", "code": cards[2]["code"], "amount": 900}
        ordered(client, tender).raise_for_status()
        listed, query = [], {"limit": 3}
        while True:
            page = client.get(f"{STAFF}/gift-cards", headers=staff, params=query).json()
            listed += [(each["initial"], each["balance"]) for each in page["items"]]
            if page["next"] is None:
                break
            query = {"limit": 3, "before": page["next"]}
        assert sorted(listed) == [(1_000, 1_000), (2_000, 2_000), (3_000, 2_100), (4_000, 4_000)]

    def test_they_are_the_staffs(self, client: TestClient) -> None:
        assert client.get(f"{STAFF}/gift-cards").status_code == 401


class TestGiftCards:
    def test_a_card_and_a_provider_pay_together(
        self, client: TestClient, staff: dict[str, str], sandbox: TestClient
    ) -> None:
        card = issued(client, staff, 1_000)
        order = ordered(
            client, {"method": "gift_card", "code": card["code"].lower().replace("-", " ")}
        ).json()
        payment = started_payment(client, order)
        assert payment["amount"] == 1_395
        sandbox.post(payment["redirect_url"], data={"action": "pay"})
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"
        found = tenders_of(client, staff, order)
        assert [(each["method"], each["captured"]) for each in found] == [
            ("gift_card", 1_000),
            ("card", 1_395),
        ]
        assert client.get(f"{STAFF}/gift-cards/{card['id']}", headers=staff).json()["balance"] == 0

    def test_a_declined_payment_is_tried_again_for_the_rest(
        self, client: TestClient, staff: dict[str, str], sandbox: TestClient
    ) -> None:
        card = issued(client, staff, 1_000)
        order = ordered(client, {"method": "gift_card", "code": card["code"]}).json()
        first = started_payment(client, order)
        sandbox.post(first["redirect_url"], data={"action": "decline"})
        client.get(f"/api/v1/orders/{order['token']}/return")
        again = started_payment(client, order)
        assert again["payment_id"] != first["payment_id"]
        assert again["amount"] == 1_395

    def test_a_card_that_is_enough_pays_at_once(self, client: TestClient, staff: dict[str, str]) -> None:
        card = issued(client, staff, 5_000)
        answer = ordered(client, {"method": "gift_card", "code": card["code"], "amount": 4_000})
        assert (answer.status_code, answer.json()["status"]) == (201, "paid")

    def test_the_code_stands_nowhere_in_the_database(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        code = issued(client, staff, 1_000)["code"]
        ordered(client, {"method": "gift_card", "code": code}).raise_for_status()
        with reading(open_for_business.database.engine) as db:
            for table in (change_log, idempotency_keys):
                written = repr([tuple(row) for row in db.execute(select(table)).all()])
                assert code not in written
                assert code.replace("-", "") not in written

    @pytest.mark.parametrize("code", ["", "1234", "0F3K-9QXA-7M2D-5RTE-81HW", "ÄÖÜ"])
    def test_a_code_we_did_not_make_is_refused(self, client: TestClient, code: str) -> None:
        answer = ordered(client, {"method": "gift_card", "code": code})
        assert (answer.status_code, answer.json()["code"]) == (409, "gift_card_not_valid")

    def test_a_blocked_card_is_refused_until_it_is_unblocked(
        self, client: TestClient, staff: dict[str, str]
    ) -> None:
        card = issued(client, staff, 1_000)
        tender = {"method": "gift_card", "code": card["code"]}
        blocked = client.post(f"{STAFF}/gift-cards/{card['id']}/block", headers=key() | staff).json()
        assert (blocked["status"], blocked["balance"]) == ("blocked", 1_000)
        assert ordered(client, tender).json()["code"] == "gift_card_not_valid"
        client.post(f"{STAFF}/gift-cards/{card['id']}/unblock", headers=key() | staff).raise_for_status()
        assert ordered(client, tender).status_code == 201

    def test_a_card_is_not_issued_when_it_would_be_over_already(
        self, client: TestClient, staff: dict[str, str]
    ) -> None:
        body = {"amount": 1_000, "reason": "a present", "expires_at": "2026-11-22T10:00:00Z"}
        answer = client.post(f"{STAFF}/gift-cards", json=body, headers=key() | staff)
        assert (answer.status_code, answer.json()["code"]) == (409, "gift_card_not_valid")

    def test_an_empty_card_is_refused(self, client: TestClient, staff: dict[str, str]) -> None:
        tender = {"method": "gift_card", "code": issued(client, staff, 2_395)["code"]}
        ordered(client, tender).raise_for_status()
        answer = ordered(client, tender)
        assert (answer.status_code, answer.json()["code"]) == (409, "tender_empty")


class TestWallets:
    def test_a_credited_balance_pays(self, client: TestClient, staff: dict[str, str]) -> None:
        ordered_over_http(client, SHIRT1_S=1)  # makes her known
        body = {"email": "Ada@example.com", "amount": 500, "reason": "The parcel came late"}
        credited = client.post(f"{STAFF}/credits", json=body, headers=key() | staff)
        assert (credited.status_code, credited.json()["balance"]) == (201, 500)
        wallet = client.get(f"{STAFF}/wallet?email=ada@example.com", headers=staff).json()
        order = ordered(client, {"method": "balance", "wallet": wallet["token"]}).json()
        assert tenders_of(client, staff, order)[0]["captured"] == 500

    def test_somebody_unknown_has_no_wallet(self, client: TestClient, staff: dict[str, str]) -> None:
        assert client.get(f"{STAFF}/wallet?email=x@y.z", headers=staff).status_code == 404
        answer = ordered(client, {"method": "points", "wallet": "made-up"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    def test_it_is_the_staffs(self, client: TestClient) -> None:
        assert client.get(f"{STAFF}/wallet?email=ada@example.com").status_code == 401


def test_a_malformed_tender_is_an_invalid_request(client: TestClient) -> None:
    for tender in ({"method": "shells"}, {"method": "gift_card"}, {"method": "balance", "code": "1"}):
        assert ordered(client, tender).status_code == 422


class TestUnknown:
    @pytest.fixture
    def order(self, client: TestClient, sandbox: TestClient) -> dict[str, Any]:
        """Waits for its payment."""
        order = ordered_over_http(client, SHIRT0_S=2)
        started_payment(client, order)
        return order

    def test_a_refund_without_an_answer_is_unknown_until_it_is_asked_about_again(
        self,
        client: TestClient,
        staff: dict[str, str],
        sandbox: TestClient,
        open_for_business: Shop,
        order: dict[str, Any],
    ) -> None:
        shop = open_for_business
        (payment,) = rows_of(shop, payments)
        sandbox.post(f"/pay/{payment['external_id']}", data={"action": "pay"})
        client.get(f"/api/v1/orders/{order['token']}/return")
        client.post(f"/api/v1/staff/orders/{order['id']}/cancel", json=UNWANTED, headers=key() | staff)
        ask_sandbox(sandbox, shop, "/v1/silence", {"answers": 2})
        for _ in range(2):
            assert asyncio.run(refunding.send_refunds(shop)) == 0
        assert told(shop, "refund") == ["requested", "unknown"]
        assert tenders_of(client, staff, order)[0]["refunding"] == 2_395
        assert asyncio.run(refunding.send_refunds(shop)) == 1
        assert told(shop, "refund") == ["requested", "succeeded", "unknown"]
        assert [row["status"] for row in rows_of(shop, refunds)] == ["succeeded"]
        assert tenders_of(client, staff, order)[0]["refunded"] == 2_395

    def test_a_void_without_an_answer_is_unknown_until_it_is_asked_about_again(
        self, sandbox: TestClient, open_for_business: Shop, order: dict[str, Any], clock: MovableClock
    ) -> None:
        shop = open_for_business
        clock.forward(minutes=31)
        with shop.database.transaction("system:expiry") as uow:
            expiry.expire_unpaid(uow)
        ask_sandbox(sandbox, shop, "/v1/silence", {"answers": 1})
        assert asyncio.run(cashier.reconcile(shop)) == 0
        assert told(shop, "void") == ["requested", "unknown"]
        assert asyncio.run(cashier.reconcile(shop)) == 1
        assert told(shop, "void") == ["requested", "succeeded", "unknown"]
        assert [row["status"] for row in rows_of(shop, payments)] == ["voided"]


def test_a_dispute_is_a_chargeback(
    client: TestClient, sandbox: TestClient, open_for_business: Shop, clock: MovableClock
) -> None:
    shop = open_for_business
    order = ordered_over_http(client, SHIRT0_S=2)
    payment = started_payment(client, order)
    sandbox.post(payment["redirect_url"], data={"action": "pay", "webhook": "never"})
    (row,) = rows_of(shop, payments)
    ask_sandbox(sandbox, shop, f"/v1/payments/{row['external_id']}/disputes", {"amount": 2_395})
    body = json.loads(webhook_of(order, payment, "evt_2"))
    body |= {"type": "payment.disputed", "dispute": {"id": "dp_1", "amount": 2_395}}
    answers = [send_webhook(client, shop, json.dumps(body).encode(), clock).json() for _ in range(2)]
    assert [each["outcome"] for each in answers] == ["charged_back", "unchanged"]
    assert told(shop, "chargeback") == ["succeeded"]


def test_codes_are_read_as_people_type_them() -> None:
    keys = Keys(b"secret", "token")
    number = "0123456789AB"
    code = keys.gift_card_code(number)
    assert len(code) == 24
    assert keys.gift_card_number(code.replace("0", "o").replace("1", "l").replace("-", "")) == number
    wrong = code[:-1] + ("0" if code[-1] != "0" else "2")
    assert keys.gift_card_number(wrong) is None
