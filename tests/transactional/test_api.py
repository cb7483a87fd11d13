"""The JSON API, with the sandbox in the same process."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from processes import free_ports
from shopping import UNWANTED, Shelves, asking, key, level, order_body, ordered_over_http, rows_of

from transactional import idempotency
from transactional.app import create_app
from transactional.change_log import START, read_changes
from transactional.orders import after_sales
from transactional.orders.models import orders
from transactional.payments import cashier, refunding, signatures
from transactional.payments.models import payments, refunds
from transactional.payments.sandbox.client import SandboxProvider
from transactional.security import sandbox_secret
from transactional.shop import Shop


def started_payment(client: httpx.Client, order: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key())
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def webhook_of(order: dict[str, Any], payment: dict[str, Any], event_id: str = "evt_1") -> bytes:
    return json.dumps(
        {
            "id": event_id,
            "type": "payment.captured",
            "created_at": "2026-11-22T10:00:00Z",
            "payment": {
                "id": payment["redirect_url"].rsplit("/", 1)[1],
                "reference": payment["payment_id"],
                "status": "captured",
                "amount": order["total"],
                "currency": order["currency"],
                "pay_url": payment["redirect_url"],
            },
        }
    ).encode()


def send_webhook(client: TestClient, shop: Shop, body: bytes, clock: MovableClock) -> httpx.Response:
    signature = signatures.sign(sandbox_secret(shop.settings), body, clock.now)
    return client.post("/api/v1/webhooks/sandbox", content=body, headers={signatures.HEADER: signature})


class TestBuying:
    def test_from_cart_to_paid_order(
        self, client: TestClient, sandbox: TestClient, open_for_business: Shop
    ) -> None:
        cart = client.post("/api/v1/carts", json={"visitor_id": "v1"}, headers=key()).json()
        lines = {"lines": [{"sku": "SHIRT0-S", "quantity": 2}, {"sku": "SHIRT1-M"}]}
        filled = client.post(f"/api/v1/carts/{cart['token']}/lines", json=lines, headers=key())
        assert (filled.status_code, filled.json()["goods"]) == (201, 3_333)
        preview = client.get(f"/api/v1/carts/{cart['token']}/checkout").json()
        assert (preview["amounts"]["total"], preview["shortages"]) == (3_728, [])
        body = order_body(cart["token"]) | {"expected_total": 3_728}
        placed = client.post("/api/v1/orders", json=body, headers=key())
        assert (placed.status_code, placed.json()["status"]) == (201, "pending_payment")
        payment = started_payment(client, placed.json())
        page = sandbox.get(payment["redirect_url"])
        assert "GBP 37.28" in page.text
        back = sandbox.post(payment["redirect_url"], data={"action": "pay", "webhook": "never"})
        assert back.status_code == 303
        returned = client.get(back.headers["location"])
        assert returned.json()["status"] == "paid"
        assert client.get(f"/api/v1/orders/{placed.json()['token']}").json()["status"] == "paid"

    def test_after_a_declined_payment_another_can_be_made(
        self, client: TestClient, sandbox: TestClient, open_for_business: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        first = started_payment(client, order)
        sandbox.post(first["redirect_url"], data={"action": "decline"})
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "pending_payment"
        second = started_payment(client, order)
        assert second["payment_id"] != first["payment_id"]
        sandbox.post(second["redirect_url"], data={"action": "pay"})
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"

    def test_asking_to_pay_again_leads_to_the_same_payment(self, client: TestClient) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        assert started_payment(client, order) == started_payment(client, order)

    def test_lines_are_changed_and_removed(self, client: TestClient) -> None:
        cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S"}, {"sku": "SHIRT1-S"}]}
        first, second = client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key()).json()["lines"]
        changed = client.put(f"/api/v1/carts/{cart}/lines/{first['id']}", json={"quantity": 5}).json()
        assert changed["lines"][0]["quantity"] == 5
        left = client.delete(f"/api/v1/carts/{cart}/lines/{second['id']}").json()
        assert [line["sku"] for line in left["lines"]] == ["SHIRT0-S"]

    def test_a_refused_order_says_why(self, client: TestClient) -> None:
        cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S", "quantity": 11}]}
        client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key())
        preview = client.get(f"/api/v1/carts/{cart}/checkout").json()
        assert preview["shortages"] == [{"sku": "SHIRT0-S", "wanted": 11, "available": 10}]
        refused = client.post("/api/v1/orders", json=order_body(cart), headers=key())
        assert (refused.status_code, refused.json()["code"]) == (409, "out_of_stock")
        assert refused.json()["details"] == {"sku": "SHIRT0-S", "wanted": 11, "available": 10}


class TestWebhook:
    def test_before_the_browser_and_doubled_makes_one_payment(
        self, client: TestClient, open_for_business: Shop, clock: MovableClock
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = webhook_of(order, started_payment(client, order))
        outcomes = [send_webhook(client, open_for_business, body, clock).json()["outcome"] for _ in range(2)]
        assert outcomes == ["paid", "unchanged"]
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"
        assert [row["status"] for row in rows_of(open_for_business, payments)] == ["captured"]

    def test_even_before_the_answer_of_the_provider_was_stored(
        self, client: TestClient, open_for_business: Shop, clock: MovableClock
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        (payment,) = rows_of(open_for_business, payments)
        told = {"payment_id": payment["id"], "redirect_url": "http://sandbox/pay/pay_1"}
        assert (
            send_webhook(client, open_for_business, webhook_of(order, told), clock).json()["outcome"]
            == "paid"
        )

    @pytest.mark.parametrize("fault", ["unsigned", "of another body", "too old"])
    def test_a_wrong_signature_is_refused(
        self, client: TestClient, open_for_business: Shop, clock: MovableClock, fault: str
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = webhook_of(order, started_payment(client, order))
        secret = sandbox_secret(open_for_business.settings)
        signature = {
            "unsigned": "",
            "of another body": signatures.sign(secret, body + b" ", clock.now),
            "too old": signatures.sign(secret, body, clock.now),
        }[fault]
        if fault == "too old":
            clock.forward(minutes=6)
        headers = {signatures.HEADER: signature}
        refused = client.post("/api/v1/webhooks/sandbox", content=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")
        assert client.get(f"/api/v1/orders/{order['token']}").json()["status"] == "pending_payment"


class TestIdempotency:
    def test_a_replayed_order_is_one_order_with_one_answer(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S"}]}
        client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key())
        same = key()
        answers = [client.post("/api/v1/orders", json=order_body(cart), headers=same) for _ in range(3)]
        assert {answer.text for answer in answers} == {answers[0].text}
        assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, "true", "true"]
        assert len(rows_of(open_for_business, orders)) == 1

    def test_what_a_repeat_did_is_rolled_back(self, client: TestClient) -> None:
        cart, same = client.post("/api/v1/carts", json={}, headers=key()).json()["token"], key()
        address, lines = f"/api/v1/carts/{cart}/lines", {"lines": [{"sku": "SHIRT0-S"}]}
        answers = [client.post(address, json=lines, headers=same) for _ in range(2)]
        assert answers[0].text == answers[1].text
        assert answers[1].headers["idempotency-replayed"] == "true"
        assert [line["quantity"] for line in client.get(f"/api/v1/carts/{cart}").json()["lines"]] == [1]

    def test_the_same_key_for_something_else_is_refused(self, client: TestClient) -> None:
        same = key()
        client.post("/api/v1/carts", json={}, headers=same)
        for address, body in (("", {"visitor_id": "v2"}), ("?visitor_id=v2", {})):
            refused = client.post(f"/api/v1/carts{address}", json=body, headers=same)
            assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")

    def test_a_post_without_a_key_is_refused(self, client: TestClient) -> None:
        for headers in ({}, {"Idempotency-Key": "short"}):
            refused = client.post("/api/v1/carts", json={}, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")

    def test_an_error_changed_nothing_and_may_be_tried_again(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        same = key()
        cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
        assert client.post("/api/v1/orders", json=order_body(cart), headers=same).status_code == 409
        client.post(f"/api/v1/carts/{cart}/lines", json={"lines": [{"sku": "SHIRT0-S"}]}, headers=key())
        assert client.post("/api/v1/orders", json=order_body(cart), headers=same).status_code == 201

    def test_paying_is_replayed_even_when_the_order_is_paid_meanwhile(
        self, client: TestClient, sandbox: TestClient
    ) -> None:
        order, same = ordered_over_http(client, SHIRT0_S=1), key()
        address = f"/api/v1/orders/{order['token']}/payments"
        first = client.post(address, json={}, headers=same)
        sandbox.post(first.json()["redirect_url"], data={"action": "pay"})
        client.get(f"/api/v1/orders/{order['token']}/return")
        assert client.post(address, json={}, headers=same).text == first.text
        again = client.post(address, json={}, headers=key())
        assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")

    def test_old_keys_are_forgotten(
        self, client: TestClient, open_for_business: Shop, clock: MovableClock
    ) -> None:
        same = key()
        first = client.post("/api/v1/carts", json={}, headers=same).json()["token"]
        clock.forward(hours=25)
        with open_for_business.database.transaction("system:forget") as uow:
            idempotency.forget(uow, clock.now)
        assert client.post("/api/v1/carts", json={}, headers=same).json()["token"] != first


class TestStaff:
    def test_every_action_needs_the_token(self, client: TestClient, open_for_business: Shop) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        for action in ("ship", "deliver", "cancel", "returns"):
            for headers in (key(), key() | {"Authorization": "Bearer wrong"}):
                address = f"/api/v1/staff/orders/{order['id']}/{action}"
                refused = client.post(address, json={}, headers=headers)
                assert (refused.status_code, refused.json()["code"]) == (401, "not_authorised")

    def test_what_staff_does_is_in_the_log_as_theirs(
        self,
        client: TestClient,
        open_for_business: Shop,
        staff: dict[str, str],
        clock: MovableClock,
        shelves: Shelves,
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=2)
        body = webhook_of(order, started_payment(client, order))
        send_webhook(client, open_for_business, body, clock)
        address = f"/api/v1/staff/orders/{order['id']}"
        headers = staff | key() | {"X-Request-ID": "packing-7"}
        assert client.post(f"{address}/ship", headers=headers).json()["status"] == "shipped"
        assert client.post(f"{address}/deliver", headers=staff | key()).json()["status"] == "delivered"
        returning = {"lines": [{"order_line_id": order["lines"][0]["id"], "quantity": 1}], "reason": "torn"}
        note = client.post(f"{address}/returns", json=returning, headers=staff | key())
        assert (note.status_code, note.json()["amount"]) == (201, 1_000)
        assert level(open_for_business, shelves.skus["SHIRT0-S"]) == (9, 0)
        by_staff = [
            change
            for change in read_changes(open_for_business.database.engine, START, 1_000)
            if change.actor == "staff" and change.table_name == "orders"
        ]
        assert next(change.request_id for change in by_staff) == "packing-7"
        assert len(by_staff) == 3

    def test_a_cancelled_orders_money_goes_back_at_the_provider(
        self, client: TestClient, sandbox: TestClient, open_for_business: Shop, staff: dict[str, str]
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=2)
        sandbox.post(started_payment(client, order)["redirect_url"], data={"action": "pay"})
        client.get(f"/api/v1/orders/{order['token']}/return")
        address = f"/api/v1/staff/orders/{order['id']}/cancel"
        assert client.post(address, json=UNWANTED, headers=staff | key()).json()["status"] == "cancelled"
        assert asyncio.run(refunding.send_refunds(open_for_business)) == 1
        assert asyncio.run(refunding.send_refunds(open_for_business)) == 0
        assert [row["status"] for row in rows_of(open_for_business, refunds)] == ["succeeded"]


class TestFaults:
    """Of an adapter, or of whatever is done to one row: they keep no other row waiting."""

    def stumbling(self, shop: Shop, sandbox: TestClient, external_id: str) -> Shop:
        """The shop with an adapter that fails at one payment."""
        ask = asking(sandbox.app)

        async def stumble(method: str, url: str, headers: Any, body: str | None) -> tuple[int, bytes]:
            if external_id in url:
                raise RuntimeError("a fault of the adapter")
            return await ask(method, url, headers, body)

        settings = shop.settings
        provider = SandboxProvider(settings.sandbox_url, sandbox_secret(settings), stumble)
        return replace(shop, providers={"sandbox": provider})

    def test_an_answer_that_is_no_payment_is_no_answer(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        started_payment(client, order)

        async def garble(*_: object) -> tuple[int, bytes]:
            return 200, b'{"status": "captured"}'

        provider = SandboxProvider("http://127.0.0.1:1", b"secret", garble)
        confused = replace(open_for_business, providers={"sandbox": provider})
        puzzled = TestClient(create_app(confused.settings, confused), raise_server_exceptions=False)
        answer = puzzled.get(f"/api/v1/orders/{order['token']}/return")
        assert (answer.status_code, answer.json()["status"]) == (200, "pending_payment")

    def test_other_payments_are_reconciled_and_refunded(
        self, client: TestClient, sandbox: TestClient, open_for_business: Shop, clock: MovableClock
    ) -> None:
        made = [ordered_over_http(client, SHIRT0_S=1) for _ in range(2)]
        for order in made:
            url = started_payment(client, order)["redirect_url"]
            sandbox.post(url, data={"action": "pay", "webhook": "never"})
        clock.forward(minutes=1)
        first, second = rows_of(open_for_business, payments)
        shop = self.stumbling(open_for_business, sandbox, first["external_id"])
        assert asyncio.run(cashier.reconcile(shop)) == 1
        assert asyncio.run(cashier.reconcile(open_for_business)) == 1
        for order in made:
            with shop.database.transaction("staff") as uow:
                after_sales.cancel(uow, order["id"], "not wanted")
        assert asyncio.run(refunding.send_refunds(shop)) == 1
        sent = {row["payment_id"]: row["status"] for row in rows_of(shop, refunds)}
        assert sent == {first["id"]: "pending", second["id"]: "succeeded"}
        assert asyncio.run(refunding.send_refunds(open_for_business)) == 1


class TestReconciliation:
    def test_a_payment_nobody_told_us_about_is_found(
        self, client: TestClient, sandbox: TestClient, open_for_business: Shop, clock: MovableClock
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        payment = started_payment(client, order)
        sandbox.post(payment["redirect_url"], data={"action": "pay", "webhook": "never"})
        clock.forward(minutes=1)
        assert asyncio.run(cashier.reconcile(open_for_business)) == 1
        assert client.get(f"/api/v1/orders/{order['token']}").json()["status"] == "paid"

    def test_an_id_lost_in_a_crash_is_asked_for_again(
        self, client: TestClient, sandbox: TestClient, open_for_business: Shop, clock: MovableClock
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        shop = open_for_business
        # The provider made the payment, and the shop died before it stored the answer.
        remote = asyncio.run(cashier.start(shop, order["id"], "http://127.0.0.1/back"))
        assert rows_of(shop, payments)[0]["external_id"] is None
        clock.forward(minutes=1)
        assert asyncio.run(cashier.reconcile(shop)) == 0
        assert rows_of(shop, payments)[0]["external_id"] == remote.external_id

    def test_the_payment_of_an_order_that_is_over_is_closed_at_the_provider(
        self,
        client: TestClient,
        sandbox: TestClient,
        open_for_business: Shop,
        staff: dict[str, str],
        clock: MovableClock,
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        payment = started_payment(client, order)
        client.post(f"/api/v1/staff/orders/{order['id']}/cancel", json=UNWANTED, headers=staff | key())
        clock.forward(minutes=1)
        assert asyncio.run(cashier.reconcile(open_for_business)) == 1
        sandbox.post(payment["redirect_url"], data={"action": "pay"})
        assert "voided" in sandbox.get(payment["redirect_url"]).text
        assert [row["status"] for row in rows_of(open_for_business, payments)] == ["voided"]

    def test_without_the_provider_the_order_is_kept(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        (nobodys,) = free_ports(1)
        away = SandboxProvider(f"http://127.0.0.1:{nobodys}", b"secret")
        app = create_app(open_for_business.settings, replace(open_for_business, providers={"sandbox": away}))
        cut_off = TestClient(app)
        refused = cut_off.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key())
        assert (refused.status_code, refused.json()["code"]) == (503, "payment_provider_unavailable")
        assert cut_off.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "pending_payment"


class TestManners:
    def test_malformed_payloads_are_422_with_the_place(self, client: TestClient) -> None:
        refused = client.post("/api/v1/orders", json={"cart": 7}, headers=key())
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        assert ["body", "cart"] in [error["at"] for error in refused.json()["details"]["errors"]]
        assert client.post("/api/v1/carts", content=b"{", headers=key()).status_code == 422

    def test_a_zero_byte_breaks_nothing(self, client: TestClient) -> None:
        made = client.post("/api/v1/carts", json={"visitor_id": "a\x00b"}, headers=key())
        assert made.status_code in (201, 422)
        assert client.get("/api/v1/products/a%00b").status_code in (404, 422)

    @pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "\u20ac"])
    def test_a_made_up_token_opens_nothing(self, client: TestClient, token: str) -> None:
        for address in (f"/api/v1/carts/{token}", f"/api/v1/orders/{token}"):
            refused = client.get(address)
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found")

    def test_the_token_of_a_cart_does_not_open_an_order(self, client: TestClient) -> None:
        cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
        assert client.get(f"/api/v1/orders/{cart}").status_code == 404

    def test_a_body_that_is_too_large_is_refused(self, client: TestClient) -> None:
        for body in (b"x" * 70_000, iter([b"x" * 40_000] * 2)):
            refused = client.post("/api/v1/carts", content=body, headers=key())
            assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")

    def test_who_asks_too_often_has_to_wait(self, open_for_business: Shop) -> None:
        settings = open_for_business.settings.model_copy(
            update={"request_burst": 3, "requests_per_second": 0.001}
        )
        client = TestClient(create_app(settings, open_for_business))
        statuses = [client.get("/api/v1/categories").status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert client.get("/api/v1/categories").headers["retry-after"] == "1"
        for apart in ("/healthz", "/static/shop.css"):
            assert [client.get(apart).status_code for _ in range(4)] == [200, 200, 200, 429]

    def test_every_answer_carries_a_request_id_and_security_headers(self, client: TestClient) -> None:
        for address in ("/healthz", "/api/v1/nowhere"):
            answer = client.get(address, headers={"X-Request-ID": "mine"})
            assert answer.headers["x-request-id"] == "mine"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert client.get("/healthz", headers={"X-Request-ID": "a b"}).headers["x-request-id"] != "a b"

    def test_the_catalogue_is_listed(self, client: TestClient) -> None:
        assert [item["slug"] for item in client.get("/api/v1/categories").json()["items"]] == ["clothes"]
        listed = client.get("/api/v1/products", params={"category": "clothes", "sort": "price_desc"}).json()
        assert [item["slug"] for item in listed["items"]] == ["shirt-2", "shirt-1", "shirt-0"]
        assert client.get("/api/v1/products/shirt-0").json()["skus"][0]["available"] == 10
        missing = client.get("/api/v1/products/none")
        assert (missing.status_code, missing.json()["code"]) == (404, "not_found")

    def test_every_route_and_refusal_is_in_the_openapi_document(self, client: TestClient) -> None:
        document = client.get("/api/v1/openapi.json").json()
        operations = {
            (method, path): operation
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if path.startswith("/api/")
        }
        assert ("post", "/api/v1/orders") in operations
        for (method, path), operation in operations.items():
            assert operation["summary"], path
            # A preview changes nothing: kept with a key it would be yesterday's.
            is_preview = path.endswith(("/checkout", "/changes/preview", "/evaluate"))
            if method == "post" and "/webhooks/" not in path and not is_preview:
                keys = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
                assert keys and keys[0]["required"], path
