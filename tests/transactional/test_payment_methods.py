"""A shop with Stripe and the sandbox: which ways to pay it offers, and what choosing one does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import asking, key, ordered_over_http, rows_of
from webpage import Webpage

from settings import Settings, UserError
from transactional.app import create_app
from transactional.payments import methods
from transactional.payments.errors import PaymentMethodUnknown
from transactional.payments.methods import Choice
from transactional.payments.models import payments
from transactional.payments.providers import open_providers
from transactional.payments.sandbox.client import SandboxProvider
from transactional.payments.stripe.client import StripeProvider
from transactional.security import sandbox_secret
from transactional.shop import Shop


@pytest.fixture
def shop_with_both(open_for_business: Shop) -> Shop:
    """Stripe comes first; nobody answers there."""
    stripe = StripeProvider(
        "sk_test", "whsec", ("card", "bank_redirect"), "http://127.0.0.1:9", "https://checkout.stripe.com"
    )
    return replace(open_for_business, providers={"stripe": stripe, **open_for_business.providers})


@pytest.fixture
def client(shop_with_both: Shop) -> TestClient:
    return TestClient(create_app(shop_with_both.settings, shop_with_both), raise_server_exceptions=False)


def test_the_first_providers_card_is_the_default(shop_with_both: Shop) -> None:
    providers = shop_with_both.providers
    assert methods.choose(providers, "GBP") == Choice("stripe", "card")
    assert methods.choose(providers, "GBP", "bank_redirect") == Choice("stripe", "bank_redirect")
    assert methods.choose(providers, "GBP", "card", "sandbox") == Choice("sandbox", "card")


def test_what_the_shop_takes_depends_on_the_currency(shop_with_both: Shop) -> None:
    offered = methods.offered(shop_with_both.providers, "JPY")
    assert offered == [Choice("stripe", "card"), Choice("sandbox", "card")]
    with pytest.raises(PaymentMethodUnknown):
        methods.choose(shop_with_both.providers, "JPY", "bank_redirect")


def test_the_ways_to_pay_are_listed(client: TestClient) -> None:
    listed = client.get("/api/v1/payment-methods").json()["items"]
    assert [(way["provider"], way["method"]) for way in listed] == [
        ("stripe", "card"),
        ("sandbox", "card"),
        ("stripe", "bank_redirect"),
    ]
    assert listed[2]["name"] == "Online banking (Stripe)"


@pytest.mark.parametrize("wanted", [{"method": "wallet"}, {"provider": "paypal"}])
def test_an_unknown_way_to_pay_is_refused(client: TestClient, wanted: dict[str, str]) -> None:
    order = ordered_over_http(client, SHIRT0_S=1)
    refused = client.post(f"/api/v1/orders/{order['token']}/payments", json=wanted, headers=key())
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_method_unknown")
    assert "card through sandbox" in refused.json()["details"]["offered"]


def test_paying_elsewhere_calls_the_first_payment_off(
    client: TestClient, sandbox: TestClient, shop_with_both: Shop
) -> None:
    order = ordered_over_http(client, SHIRT0_S=1)
    path = f"/api/v1/orders/{order['token']}/payments"
    assert client.post(path, json={}, headers=key()).status_code == 503, "nobody answers at Stripe"
    chosen = client.post(path, json={"provider": "sandbox"}, headers=key()).json()
    sandbox.post(chosen["redirect_url"], data={"action": "pay"})
    assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"
    made = {row["provider"]: row["status"] for row in rows_of(shop_with_both, payments)}
    assert made == {"stripe": "voided", "sandbox": "captured"}


def test_the_checkout_page_offers_the_choice(
    client: TestClient, sandbox: TestClient, shop_with_both: Shop
) -> None:
    client.post("/cart/lines", data={"sku": "SHIRT0-S", "quantity": "1"})
    page = Webpage(client.get("/checkout").text)
    assert "How would you like to pay?" in page.text
    form = page.form("/checkout").values
    assert form["pay_with"] == "stripe:card"
    address = {"email": "ada@example.com", "name": "Ada", "address": "1 Road", "city": "York"}
    sent = {**form, **address, "postal_code": "YO1", "country": "GB", "pay_with": "sandbox:card"}
    answer = client.post("/checkout", data=sent, follow_redirects=False)
    assert answer.headers["location"].startswith(shop_with_both.settings.sandbox_url)
    assert "https://checkout.stripe.com" in answer.headers["content-security-policy"]


def test_an_order_whose_provider_is_away_can_be_paid_elsewhere_from_its_page(
    client: TestClient, shop_with_both: Shop
) -> None:
    order = ordered_over_http(client, SHIRT0_S=1)
    address = f"/orders/{order['token']}"
    page = Webpage(client.post(f"{address}/pay", data={"pay_with": "stripe:card"}).text)
    assert "stripe does not answer" in page.text and "Card (Sandbox)" in page.text
    unknown = client.post(f"{address}/pay", data={"pay_with": "paypal:card"})
    assert "This shop does not take card through paypal" in Webpage(unknown.text).text
    chosen = client.post(f"{address}/pay", data={"pay_with": "sandbox:card"}, follow_redirects=False)
    assert chosen.headers["location"].startswith(shop_with_both.settings.sandbox_url)


def test_one_way_to_pay_is_no_question(open_for_business: Shop) -> None:
    client = TestClient(create_app(open_for_business.settings, open_for_business))
    client.post("/cart/lines", data={"sku": "SHIRT0-S", "quantity": "1"})
    assert "How would you like to pay?" not in client.get("/checkout").text


class TestInstalments:
    @pytest.fixture
    def client(self, open_for_business: Shop, sandbox: TestClient) -> TestClient:
        """Of a shop whose sandbox takes cards in instalments too."""
        settings = open_for_business.settings
        offering = SandboxProvider(
            settings.sandbox_url,
            sandbox_secret(settings),
            asking(sandbox.app),
            ("card", "card_instalments"),
        )
        shop = replace(open_for_business, providers={"sandbox": offering})
        return TestClient(create_app(settings, shop), raise_server_exceptions=False)

    def test_the_numbers_are_listed_asked_for_stored_and_passed_on(
        self, client: TestClient, sandbox: TestClient, shop: Shop
    ) -> None:
        listed = client.get("/api/v1/payment-methods").json()["items"]
        assert [way["installments"] for way in listed] == [1, 3, 6, 12]
        assert listed[2]["name"] == "Card, in 6 instalments (Sandbox)"
        order = ordered_over_http(client, SHIRT0_S=1)
        path = f"/api/v1/orders/{order['token']}/payments"
        wanted = {"method": "card_instalments", "installments": 6}
        started = client.post(path, json=wanted, headers=key()).json()
        again = client.post(path, json={}, headers=key()).json()
        assert again["payment_id"] == started["payment_id"], "what was chosen stays chosen"
        assert "In 6 instalments" in sandbox.get(started["redirect_url"]).text
        sandbox.post(started["redirect_url"], data={"action": "pay"})
        client.get(f"/api/v1/orders/{order['token']}/return")
        (captured,) = [row for row in rows_of(shop, payments) if row["status"] == "captured"]
        assert (captured["method"], captured["installments"]) == ("card_instalments", 6)
        shown = client.get(f"/api/v1/orders/{order['token']}").json()["paid_by"]
        assert [each["installments"] for each in shown if each["status"] == "captured"] == [6]
        assert "Paid by card in 6 instalments" in client.get(f"/orders/{order['token']}").text

    @pytest.mark.parametrize(
        "wanted",
        [
            {"method": "card_instalments", "installments": 5},
            {"method": "card", "installments": 3},
            {"method": "card_instalments", "installments": 1},
        ],
    )
    def test_a_number_that_is_not_offered_is_refused(
        self, client: TestClient, shop: Shop, wanted: dict[str, Any]
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        refused = client.post(f"/api/v1/orders/{order['token']}/payments", json=wanted, headers=key())
        assert (refused.status_code, refused.json()["code"]) == (409, "installments_not_offered")
        assert refused.json()["details"]["field"] == "installments"
        assert len(rows_of(shop, payments)) == 1

    @pytest.mark.parametrize("number", [0, 61, -1])
    def test_a_number_that_is_none_is_malformed(self, client: TestClient, number: int) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = {"installments": number}
        refused = client.post(f"/api/v1/orders/{order['token']}/payments", json=body, headers=key())
        assert refused.status_code == 422 and "installments" in refused.text

    def test_another_number_is_another_payment(
        self, client: TestClient, sandbox: TestClient, shop: Shop, clock: MovableClock
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        path = f"/api/v1/orders/{order['token']}/payments"
        for number in (3, 12):
            clock.forward(seconds=1)
            started = client.post(path, json={"installments": number}, headers=key()).json()
        sandbox.post(started["redirect_url"], data={"action": "decline"})
        client.get(f"/api/v1/orders/{order['token']}/return")
        client.post(path, json={}, headers=key()).raise_for_status()
        made = [(row["status"], row["installments"]) for row in rows_of(shop, payments)]
        assert sorted(made) == [("failed", 12), ("pending", 12), ("voided", 1), ("voided", 3)]

    def test_the_checkout_page_orders_in_instalments(self, client: TestClient, shop: Shop) -> None:
        client.post("/cart/lines", data={"sku": "SHIRT0-S", "quantity": "1"})
        form = Webpage(client.get("/checkout").text).form("/checkout").values
        address = {"email": "ada@example.com", "name": "Ada", "address": "1 Road", "city": "York"}
        chosen = {"postal_code": "YO1", "country": "GB", "pay_with": "sandbox:card_instalments:3"}
        answer = client.post("/checkout", data=form | address | chosen, follow_redirects=False)
        assert answer.headers["location"].startswith(shop.settings.sandbox_url)
        assert [row["installments"] for row in rows_of(shop, payments)] == [3]


class TestOpening:
    def test_the_settings_decide_which_providers_there_are(self, tmp_path: Path) -> None:
        stripe = {"stripe_secret_key": "sk_test", "stripe_webhook_secret": "whsec"}
        assert list(open_providers(Settings(home=tmp_path))) == ["sandbox"]
        assert list(open_providers(Settings(home=tmp_path, **stripe))) == ["stripe", "sandbox"]
        assert list(open_providers(Settings(home=tmp_path, sandbox_enabled=False, **stripe))) == ["stripe"]

    @pytest.mark.parametrize(
        "given",
        [
            {"sandbox_enabled": False},
            {"stripe_secret_key": "sk_test"},
            {
                "sandbox_enabled": False,
                "stripe_secret_key": "sk_test",
                "stripe_webhook_secret": "whsec",
                "stripe_methods": ("bank_redirect",),
                "shop_currency": "JPY",
            },
            {"alipay_app_id": "2021000000000001"},
            {"alipay_app_id": "2021000000000001", "alipay_private_key_file": "/nowhere.pem"},
        ],
    )
    def test_what_is_missing_is_told_at_the_start(self, tmp_path: Path, given: dict[str, object]) -> None:
        with pytest.raises(UserError):
            open_providers(Settings(home=tmp_path, **given))
