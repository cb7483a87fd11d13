"""The whole shop with Stripe: its SDK talks to a server on a socket that answers and signs as Stripe does."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stripe_server
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import UNWANTED, Shelves, key, ordered_over_http, rows_of
from stripe_server import SECRET_KEY, WEBHOOK_SECRET, StripeServer, signature
from test_ledger import balances

from transactional.app import create_app
from transactional.ledger import chart
from transactional.ledger.chart import held
from transactional.payments import cashier, events, refunding
from transactional.payments.errors import PaymentRefused, ProviderUnavailable
from transactional.payments.models import payments, refunds, tender_events, webhook_inbox
from transactional.payments.payouts.reconciliation import reconcile
from transactional.payments.provider import PaymentRequest
from transactional.payments.stripe.amounts import from_stripe, to_stripe
from transactional.payments.stripe.client import StripeProvider
from transactional.shop import Shop

WEBHOOKS = "/api/v1/webhooks/stripe"


@pytest.fixture
def server() -> Iterator[StripeServer]:
    with stripe_server.running() as server:
        yield server


def provider(server: StripeServer, secret_key: str = SECRET_KEY) -> StripeProvider:
    every = ("card", "card_instalments", "wallet", "bank_redirect")
    return StripeProvider(secret_key, WEBHOOK_SECRET, every, server.url, "https://checkout.stripe.com")


@pytest.fixture
def stripe_shop(shop: Shop, shelves: Shelves, server: StripeServer) -> Shop:
    return replace(shop, providers={"stripe": provider(server)})


@pytest.fixture
def client(stripe_shop: Shop) -> TestClient:
    return TestClient(create_app(stripe_shop.settings, stripe_shop), raise_server_exceptions=False)


@pytest.fixture
def staff(stripe_shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {stripe_shop.keys.staff_token}"}


def started(client: TestClient, order: dict[str, Any], **body: str) -> str:
    """The id of the session at Stripe to which the shopper is sent."""
    answer = client.post(f"/api/v1/orders/{order['token']}/payments", json=body, headers=key())
    answer.raise_for_status()
    return str(answer.json()["redirect_url"]).rsplit("/", 1)[1]


def told(client: TestClient, body: bytes, **signed: Any) -> httpx.Response:
    return client.post(WEBHOOKS, content=body, headers=signature(body, **signed))


def status(client: TestClient, order: dict[str, Any]) -> str:
    return str(client.get(f"/api/v1/orders/{order['token']}").json()["status"])


def paid(client: TestClient, server: StripeServer) -> dict[str, Any]:
    order = ordered_over_http(client, SHIRT0_S=2)
    body = server.paid_event(server.pay(started(client, order)))
    assert told(client, body).json() == {"outcome": "paid"}
    return order


class TestPaying:
    def test_the_webhook_before_the_browser_pays_the_order_once(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        session = server.pay(started(client, order))
        body = server.paid_event(session)
        assert [told(client, body).json()["outcome"] for _ in range(2)] == ["paid", "unchanged"]
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"
        (payment,) = rows_of(stripe_shop, payments)
        assert (payment["provider"], payment["external_id"]) == ("stripe", session["payment_intent"])
        assert (payment["status"], payment["amount"]) == ("captured", order["total"])

    def test_without_a_webhook_the_browsers_return_pays_it(
        self, client: TestClient, server: StripeServer
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        server.pay(started(client, order))
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"

    def test_who_paid_already_is_not_sent_to_pay_again(
        self, client: TestClient, server: StripeServer
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        server.pay(started(client, order))
        refused = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key())
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
        assert status(client, order) == "paid"

    def test_an_expired_session_is_followed_by_another(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        server.sessions[started(client, order)] |= {"status": "expired", "url": None}
        server.pay(started(client, order))
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"
        assert sorted(row["status"] for row in rows_of(stripe_shop, payments)) == ["captured", "voided"]

    def test_events_in_any_order_pay_it_once(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        session = server.pay(started(client, order, method="wallet"))
        intent = server.intents[session["payment_intent"]]
        stale = {**session, "status": "expired", "payment_status": "unpaid", "payment_intent": None}
        bodies = [
            server.event("payment_intent.payment_failed", intent | {"status": "requires_payment_method"}),
            server.event("payment_intent.succeeded", intent),
            server.event("checkout.session.completed", session),
            server.event("checkout.session.expired", stale),
            server.event("customer.created", {"id": "cus_1"}),
        ]
        outcomes = [told(client, body).json()["outcome"] for body in bodies]
        assert outcomes == ["unchanged", "paid", "unchanged", "unchanged", "unchanged"]
        assert status(client, order) == "paid"
        assert len(rows_of(stripe_shop, webhook_inbox)) == 5

    @pytest.mark.parametrize("kind", ["checkout.session.expired", "checkout.session.async_payment_failed"])
    def test_a_payment_that_came_to_nothing_leaves_the_order_open_for_another(
        self, client: TestClient, server: StripeServer, kind: str
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        first = server.sessions[started(client, order)]
        first["status"] = "expired" if kind.endswith("expired") else "complete"
        assert told(client, server.event(kind, first)).json() == {"outcome": "closed"}
        assert status(client, order) == "pending_payment"
        second = started(client, order)
        assert second != first["id"]
        server.pay(second)
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"

    @pytest.mark.parametrize("other", [{"amount": 1}, {"currency": "eur"}])
    def test_another_amount_or_currency_on_a_card_is_let_go_of(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, other: dict[str, Any]
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = server.paid_event(server.pay(started(client, order), **other))
        assert told(client, body).json() == {"outcome": "closed"}
        assert [each["status"] for each in server.intents.values()] == ["canceled"]
        assert rows_of(stripe_shop, refunds) == []

    @pytest.mark.parametrize("other", [{"amount": 1}, {"currency": "eur"}])
    def test_another_amount_or_currency_is_not_accepted_and_goes_back(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, other: dict[str, Any]
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        session = server.pay(started(client, order, method="bank_redirect"), **other)
        body = server.event("checkout.session.completed", session)
        assert told(client, body).json() == {"outcome": "refunding"}
        assert status(client, order) == "pending_payment"
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 1
        assert [each["amount"] for each in server.refunds.values()] == [session["amount_total"]]

    def test_the_method_decides_what_the_page_offers(self, client: TestClient, server: StripeServer) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        cards = started(client, order)
        banks = started(client, order, method="bank_redirect")
        assert server.sessions[cards]["status"] == "expired", "nobody pays twice"
        assert server.sessions[banks]["payment_method_types"] == ["pay_by_bank"]


class TestSignatures:
    def test_one_changed_byte_is_refused_and_changes_nothing(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = server.paid_event(server.pay(started(client, order)))
        at = body.index(b"pi_")
        changed = body[:at] + b"P" + body[at + 1 :]
        refused = client.post(WEBHOOKS, content=changed, headers=signature(body))
        assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")
        assert status(client, order) == "pending_payment"
        assert rows_of(stripe_shop, webhook_inbox) == []

    @pytest.mark.parametrize("signed", [{"secret": "whsec_other"}, {"age": 301}])
    def test_another_secret_or_an_old_signature_is_refused(
        self, client: TestClient, server: StripeServer, signed: dict[str, Any]
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = server.paid_event(server.pay(started(client, order)))
        assert told(client, body, **signed).status_code == 401
        assert status(client, order) == "pending_payment"

    @pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"object": "event"}'])
    def test_what_is_signed_but_no_event_is_refused(self, client: TestClient, body: bytes) -> None:
        assert told(client, body).status_code == 401

    def test_stripe_refuses_a_wrong_key_and_the_order_is_kept(
        self, stripe_shop: Shop, server: StripeServer
    ) -> None:
        wrong = replace(stripe_shop, providers={"stripe": provider(server, "sk_test_other")})
        client = TestClient(create_app(wrong.settings, wrong))
        order = ordered_over_http(client, SHIRT0_S=1)
        refused = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key())
        assert (refused.status_code, refused.json()["code"]) == (503, "payment_provider_unavailable")
        assert status(client, order) == "pending_payment"


class TestGivingBack:
    def cancelled(self, client: TestClient, server: StripeServer, staff: dict[str, str]) -> dict[str, Any]:
        order = paid(client, server)
        self.cancel(client, order, staff)
        return order

    def cancel(self, client: TestClient, order: dict[str, Any], staff: dict[str, str]) -> None:
        client.post(
            f"/api/v1/staff/orders/{order['id']}/cancel", json=UNWANTED, headers=staff | key()
        ).raise_for_status()

    def test_a_cancelled_orders_money_goes_back_once(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, staff: dict[str, str]
    ) -> None:
        order = self.cancelled(client, server, staff)
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 1
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 0
        assert [each["amount"] for each in server.refunds.values()] == [order["total"]]

    def test_a_refund_whose_answer_was_lost_is_found_again(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, staff: dict[str, str]
    ) -> None:
        self.cancelled(client, server, staff)
        (owed,) = rows_of(stripe_shop, refunds)
        captured = rows_of(stripe_shop, payments)[0]["external_id"]
        stripe = stripe_shop.providers["stripe"]
        first = asyncio.run(stripe.refund(captured, owed["id"], owed["amount"]))
        server.answers.clear()  # a day later Stripe has forgotten the key
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 1
        assert list(server.refunds) == [first.external_id]
        assert rows_of(stripe_shop, refunds)[0]["external_id"] == first.external_id

    def test_a_slow_refund_ends_when_stripe_says_so(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, staff: dict[str, str]
    ) -> None:
        self.cancelled(client, server, staff)
        server.refund_status = "pending"
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 0
        (made,) = server.refunds.values()
        told(client, server.event("refund.updated", made, 1)).raise_for_status()
        assert [row["status"] for row in rows_of(stripe_shop, refunds)] == ["pending"]
        made["status"] = "succeeded"
        told(client, server.event("refund.updated", made, 2)).raise_for_status()
        assert [row["status"] for row in rows_of(stripe_shop, refunds)] == ["succeeded"]
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 0

    def test_a_balance_that_is_too_small_is_passing(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, staff: dict[str, str]
    ) -> None:
        self.cancelled(client, server, staff)
        server.refund_refusal = "balance_insufficient"
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 0
        assert [row["status"] for row in rows_of(stripe_shop, refunds)] == ["pending"]
        server.refund_refusal = None
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 1

    def test_more_than_is_left_is_refused(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        order = paid(client, server)
        captured = rows_of(stripe_shop, payments)[0]["external_id"]
        refund = stripe_shop.providers["stripe"].refund(captured, "refund-1", order["total"] + 1)
        answer = asyncio.run(refund)
        assert (answer.succeeded, answer.settled) == (False, True)


class TestRefundsMadeAtStripe:
    """Somebody gave money back in Stripe's own dashboard: such refunds have none of our metadata."""

    def test_one_is_recorded_once_however_it_is_told(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        order = paid(client, server)
        made = server.refund_by_hand(500)
        told_as = [
            ("refund.created", made),
            ("charge.refunded", server.charge_of(made)),
            ("refund.updated", made),
            ("refund.created", made),
        ]
        outcomes = [told(client, server.event(*each)).json()["outcome"] for each in told_as]
        assert outcomes == ["refunded", "unchanged", "unchanged", "unchanged"]
        (refund,) = rows_of(stripe_shop, refunds)
        assert (refund["reversal"], refund["external_id"]) == (f"outside:{made['id']}", made["id"])
        assert (refund["status"], refund["amount"]) == ("succeeded", 500)
        (payment,) = rows_of(stripe_shop, payments)
        with stripe_shop.database.read() as db:
            holding = events.holdings(db, order["id"])[payment["id"]]
            untold = reconcile(db, "stripe", db.now + timedelta(days=9), ("missing",)).items
        assert (holding.refunded, holding.left) == (500, order["total"] - 500)
        assert sorted(row["our_amount"] for row in untold) == [-500, order["total"]]
        found = balances(stripe_shop)
        assert found[chart.REFUNDED_OUTSIDE] == 500 and chart.REFUNDS not in found
        assert found[held(chart.RECEIVABLE, "stripe")] == order["total"] - 500

    def test_a_credit_note_that_finds_its_money_gone_is_what_it_was_for(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, staff: dict[str, str]
    ) -> None:
        order = paid(client, server)
        told(client, server.event("refund.created", server.refund_by_hand(500))).raise_for_status()
        TestGivingBack().cancel(client, order, staff)
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 1
        assert sum(each["amount"] for each in server.refunds.values()) == order["total"]
        found = balances(stripe_shop)
        for account in (chart.REFUNDED_OUTSIDE, chart.REFUNDS, held(chart.RECEIVABLE, "stripe")):
            assert account not in found

    def test_it_pays_a_refund_that_had_failed(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, staff: dict[str, str]
    ) -> None:
        order = paid(client, server)
        TestGivingBack().cancel(client, order, staff)
        server.refund_refusal = "charge_disputed"
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 1
        made = server.refund_by_hand(order["total"])
        assert told(client, server.event("refund.created", made)).json() == {"outcome": "refunded"}
        assert client.get("/api/v1/staff/payments/refunds", headers=staff).json()["items"] == []
        assert not balances(stripe_shop).keys() & {chart.REFUNDED_OUTSIDE, chart.REFUNDS}

    def test_one_that_does_not_arrive_is_owed(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, staff: dict[str, str]
    ) -> None:
        order = paid(client, server)
        made = server.refund_by_hand(500)
        told(client, server.event("refund.created", made)).raise_for_status()
        failed = server.event("refund.failed", made | {"status": "failed"})
        assert [told(client, failed).status_code for _ in range(2)] == [200, 200]
        (listed,) = client.get("/api/v1/staff/payments/refunds", headers=staff).json()["items"]
        assert (listed["number"], listed["amount"]) == (order["number"], 500)
        assert balances(stripe_shop)[chart.REFUNDS] == 500

    def test_more_than_there_is_waits_with_its_problem_until_it_fits(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, staff: dict[str, str]
    ) -> None:
        order = paid(client, server)
        TestGivingBack().cancel(client, order, staff)
        body = server.event("refund.created", server.refund_by_hand(order["total"]))
        for _ in range(2):
            refused = told(client, body)
            assert (refused.status_code, refused.json()["code"]) == (409, "refund_exceeds_payment")
        (kept,) = client.get("/api/v1/staff/payments/messages", headers=staff).json()["items"]
        assert kept["source"] == "stripe" and "another refund" in kept["problem"]
        assert [row["status"] for row in rows_of(stripe_shop, refunds)] == ["pending"]
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 1, "Stripe refuses ours, as all is back"
        assert [told(client, body).json()["outcome"] for _ in range(2)] == ["refunded", "unchanged"]
        assert client.get("/api/v1/staff/payments/messages", headers=staff).json()["items"] == []
        assert not balances(stripe_shop).keys() & {chart.REFUNDED_OUTSIDE, chart.REFUNDS}

    def test_of_a_payment_that_is_not_known_it_is_to_be_told_again(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        session = server.pay(started(client, ordered_over_http(client, SHIRT0_S=2), method="wallet"))
        body = server.event("refund.created", server.refund_by_hand(500))
        assert told(client, body).status_code == 404
        told(client, server.paid_event(session)).raise_for_status()
        assert told(client, body).json() == {"outcome": "refunded"}

    def test_letting_go_of_what_was_authorised_is_no_refund(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = server.paid_event(server.pay(started(client, order), amount=1))
        assert told(client, body).json() == {"outcome": "closed"}
        released = server.event("refund.created", server.refund_by_hand(1))
        assert told(client, released).json() == {"outcome": "unchanged"}

    @pytest.mark.parametrize("way", ["nothing", "retry", "to-balance"])
    def test_one_of_ours_that_failed_and_went_after_all_is_not_lost(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, staff: dict[str, str], way: str
    ) -> None:
        order = paid(client, server)
        TestGivingBack().cancel(client, order, staff)
        server.refund_status = "failed"
        assert asyncio.run(refunding.send_refunds(stripe_shop)) == 1
        (made,) = server.refunds.values()
        if way != "nothing":
            at = f"/api/v1/staff/payments/refunds/{made['metadata']['refund_id']}/{way}"
            client.post(at, headers=staff | key()).raise_for_status()
        clock = int(stripe_shop.database.clock().timestamp())
        went = made | {"status": "succeeded"}
        stale = server.event("refund.updated", went, 1, created=clock - 60)
        assert told(client, stale).json() == {"outcome": "unchanged"}
        answer = told(client, server.event("refund.updated", went, 2, created=clock + 60))
        found = balances(stripe_shop)
        listed = client.get("/api/v1/staff/payments/refunds", headers=staff).json()["items"]
        if way == "retry":
            assert answer.json()["code"] == "refund_exceeds_payment", "the second may go too"
            return
        assert answer.json() == {"outcome": "refunded"} and listed == []
        assert held(chart.RECEIVABLE, "stripe") not in found and chart.REFUNDS not in found
        assert found.get(chart.REFUNDED_OUTSIDE, 0) == (order["total"] if way == "to-balance" else 0)
        assert found.get(chart.BALANCE, 0) == (order["total"] if way == "to-balance" else 0)


class TestFaults:
    def test_a_lost_answer_is_repeated_without_a_second_session(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, clock: MovableClock
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        server.lose_answers = True
        path = f"/api/v1/orders/{order['token']}/payments"
        assert client.post(path, json={}, headers=key()).status_code == 503
        server.lose_answers = False
        # With another return address Stripe refuses the key: the session is looked up.
        again = client.post(path, json={"return_url": "https://elsewhere.example/"}, headers=key())
        assert again.status_code == 201
        assert len(server.sessions) == 1

    def test_the_session_of_an_order_that_is_over_is_closed(
        self,
        client: TestClient,
        server: StripeServer,
        stripe_shop: Shop,
        staff: dict[str, str],
        clock: MovableClock,
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        session = started(client, order)
        client.post(f"/api/v1/staff/orders/{order['id']}/cancel", json=UNWANTED, headers=staff | key())
        clock.forward(minutes=1)
        assert asyncio.run(cashier.reconcile(stripe_shop)) == 1
        assert server.sessions[session]["status"] == "expired"
        assert [row["status"] for row in rows_of(stripe_shop, payments)] == ["voided"]

    def test_voiding_what_is_paid_tells_that_it_is_paid(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        session = started(client, ordered_over_http(client, SHIRT0_S=1))
        server.pay(session)
        asyncio.run(stripe_shop.providers["stripe"].capture(server.sessions[session]["payment_intent"]))
        assert asyncio.run(stripe_shop.providers["stripe"].void(session)).status == "captured"

    def test_voiding_what_is_authorised_lets_go_of_it(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        session = started(client, ordered_over_http(client, SHIRT0_S=1))
        server.pay(session)
        assert asyncio.run(stripe_shop.providers["stripe"].void(session)).status == "voided"
        assert [each["status"] for each in server.intents.values()] == ["canceled"]

    def test_a_capture_whose_answer_was_lost_is_found_by_the_reconciler(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, clock: MovableClock
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = server.paid_event(server.pay(started(client, order)))
        server.lose_answers = True
        assert told(client, body).json() == {"outcome": "authorised"}
        server.lose_answers = False
        assert status(client, order) == "pending_payment"
        clock.forward(minutes=1)
        assert asyncio.run(cashier.reconcile(stripe_shop)) == 1
        assert status(client, order) == "paid"
        assert sorted((row["type"], row["outcome"]) for row in rows_of(stripe_shop, tender_events)) == [
            ("authorise", "succeeded"),
            ("capture", "requested"),
            ("capture", "succeeded"),
            ("capture", "unknown"),
        ]

    def test_a_payment_stripe_never_takes_is_refused(self, server: StripeServer) -> None:
        address = "https://shop.example/"
        tiny = PaymentRequest("018f0000-0000-7000-8000-000000000000", 1, "GBP", "Tiny", address, address)
        with pytest.raises(PaymentRefused):
            asyncio.run(provider(server).create(tiny))

    def test_a_refused_payment_is_not_asked_for_again(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop, clock: MovableClock
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        server.least = 1_000_000
        refused = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key())
        assert (refused.status_code, refused.json()["code"]) == (409, "payment_refused")
        clock.forward(minutes=1)
        assert [asyncio.run(cashier.reconcile(stripe_shop)) for _ in range(2)] == [1, 0]
        assert [row["status"] for row in rows_of(stripe_shop, payments)] == ["failed"]

    def test_its_connections_can_be_closed(self, server: StripeServer) -> None:
        async def used_and_closed() -> bool:
            stripe = provider(server)
            with suppress(ProviderUnavailable):
                await stripe.fetch("cs_test_nowhere")
            await stripe.close()
            return stripe._http._client_async.is_closed

        assert asyncio.run(used_and_closed())

    def test_what_stripe_does_not_know_is_no_answer(self, server: StripeServer) -> None:
        with pytest.raises(ProviderUnavailable):
            asyncio.run(provider(server).fetch("cs_test_nowhere"))

    def test_a_dispute_takes_the_money_and_gives_it_back_when_it_is_won(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        order = paid(client, server)
        dispute = self.disputed(server, status="needs_response")
        taken = {"balance_transactions": [{"amount": -100, "net": -1_600}]}
        told_before = [
            told(client, server.event(f"charge.dispute.{kind}", dispute | more)).json()["outcome"]
            for kind, more in (("created", {}), ("funds_withdrawn", taken), ("updated", taken))
        ]
        assert told_before == ["disputed", "charged_back", "unchanged"]
        assert status(client, order) == "in_review"
        outcomes = [
            told(client, server.event(f"charge.dispute.{kind}", dispute | {"status": "won"})).json()[
                "outcome"
            ]
            for kind in ("closed", "funds_reinstated")
        ]
        assert outcomes == ["reinstated", "unchanged"]
        assert self.chargebacks(stripe_shop) == ["failed", "requested", "succeeded"]

    def test_a_dispute_that_is_told_with_the_money_it_took_is_charged_back(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        paid(client, server)
        dispute = self.disputed(server, status="needs_response", balance_transactions=[{"amount": -100}])
        body = server.event("charge.dispute.created", dispute)
        assert [told(client, body).json()["outcome"] for _ in range(2)] == ["charged_back", "unchanged"]
        lost = server.event("charge.dispute.closed", dispute | {"status": "lost"})
        assert told(client, lost).json() == {"outcome": "unchanged"}
        assert self.chargebacks(stripe_shop) == ["succeeded"]

    def test_an_inquiry_takes_nothing(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        order = paid(client, server)
        dispute = self.disputed(server, status="warning_needs_response", balance_transactions=[])
        told(client, server.event("charge.dispute.created", dispute)).raise_for_status()
        closed = server.event("charge.dispute.closed", dispute | {"status": "warning_closed"})
        assert told(client, closed).json() == {"outcome": "unchanged"}
        assert status(client, order) == "paid"
        assert self.chargebacks(stripe_shop) == ["failed", "requested"]

    def disputed(self, server: StripeServer, **more: Any) -> dict[str, Any]:
        (intent,) = server.intents.values()
        return {"id": "dp_1", "payment_intent": intent["id"], "amount": 100, "currency": "gbp", **more}

    def chargebacks(self, shop: Shop) -> list[str]:
        return sorted(row["outcome"] for row in rows_of(shop, tender_events) if row["type"] == "chargeback")

    def test_a_dispute_of_a_payment_we_have_not_heard_of_is_to_be_told_again(
        self, client: TestClient, server: StripeServer, stripe_shop: Shop
    ) -> None:
        dispute = {"id": "dp_1", "payment_intent": "pi_unknown", "amount": 100, "currency": "gbp"}
        assert told(client, server.event("charge.dispute.created", dispute)).status_code == 404
        assert rows_of(stripe_shop, webhook_inbox) == []


@pytest.mark.parametrize(
    ("currency", "ours", "theirs"),
    [("GBP", 1999, 1999), ("JPY", 1999, 1999), ("KWD", 1990, 1990), ("ISK", 500, 50_000), ("UGX", 7, 700)],
)
def test_minor_units_are_those_of_stripe(currency: str, ours: int, theirs: int) -> None:
    assert (to_stripe(ours, currency), from_stripe(theirs, currency)) == (theirs, ours)


def test_an_amount_that_we_cannot_hold_is_no_amount() -> None:
    with pytest.raises(ValueError, match="too many"):
        from_stripe(50_001, "ISK")


def test_an_answer_that_is_no_session_is_no_answer(client: TestClient, server: StripeServer) -> None:
    order = ordered_over_http(client, SHIRT0_S=1)
    session = started(client, order)
    server.sessions[session] = {"id": session, "object": "checkout.session"}
    answer = client.get(f"/api/v1/orders/{order['token']}/return")
    assert (answer.status_code, answer.json()["status"]) == (200, "pending_payment")
