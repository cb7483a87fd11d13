"""What basket, checkout and order page say of money that is left to pay, and of goods that come later."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import Shelves, key, paid_order, placed_order
from test_backorders import on_backorder, receive
from test_pages_shopping import add_to_basket, press_pay, shown

from transactional.orders import after_sales
from transactional.payments import gift_cards
from transactional.security import sandbox_secret
from transactional.shop import Shop


def page_of(client: TestClient, shop: Shop, order_id: str) -> str:
    return shown(client.get(f"/orders/{shop.keys.token('order', order_id)}")).text


def card_of(shop: Shop, amount: int) -> str:
    """The code of a new gift card."""
    with shop.database.transaction("staff") as uow:
        return shop.keys.gift_card_code(gift_cards.issue(uow, amount, "GBP", "a present")["number"])


class TestGiftCards:
    def test_what_one_leaves_to_pay_is_shown_before_the_order(self, client: TestClient, shop: Shop) -> None:
        add_to_basket(client, "shirt-0")
        typed = shown(client.get("/checkout")).form("/checkout").values | {"gift_card": card_of(shop, 500)}
        page = shown(client.post("/checkout/delivery", data=typed))
        assert "The gift card pays − £5.00" in page.text
        assert "Pay £8.95" in page.text
        press_pay(client, page)

    def test_one_that_pays_all_leaves_nothing_to_ask_for(self, client: TestClient, shop: Shop) -> None:
        add_to_basket(client, "shirt-0")
        typed = shown(client.get("/checkout")).form("/checkout").values | {"gift_card": card_of(shop, 5_000)}
        page = shown(client.post("/checkout/delivery", data=typed))
        assert "The gift card pays − £13.95" in page.text
        assert "Place the order" in page.text and "You pay on the next page" not in page.text
        assert press_pay(client, page).headers["location"].endswith("/thanks")

    def test_a_wrong_one_is_told_as_soon_as_it_is_applied(self, client: TestClient) -> None:
        add_to_basket(client, "shirt-0")
        typed = shown(client.get("/checkout")).form("/checkout").values | {"gift_card": "ABCD"}
        page = shown(client.post("/checkout/delivery", data=typed))
        assert "This gift card is not valid" in page.text
        assert "Pay £13.95" in page.text


class TestWaiting:
    def test_basket_checkout_and_order_say_what_comes_later(
        self, client: TestClient, open_for_business: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        shop, sku_id = open_for_business, shelves.skus["SHIRT0-S"]
        on_backorder(shop, sku_id)
        assert "On back-order" not in add_to_basket(client, "shirt-0", 10).text
        page = add_to_basket(client, "shirt-0", 2)
        assert "On back-order: ships in 12 days" in page.text
        assert "On back-order: ships in 12 days" in shown(client.get("/checkout")).text
        order_id = paid_order(shop, SHIRT0_S=12).order_id
        expected = clock() + timedelta(days=12)
        told = page_of(client, shop, order_id)
        assert f"2 of them are not here yet: we expect them by {expected:%-d %b %Y}" in told
        assert "Delivered by " in told
        receive(shop, sku_id, 2)
        assert "not here yet" not in page_of(client, shop, order_id)


class TestOrder:
    def test_while_it_waits_for_payment_it_says_how_much_until_when_and_whereto(
        self, client: TestClient, shop: Shop
    ) -> None:
        page = page_of(client, shop, placed_order(shop, SHIRT0_S=1).order_id)
        assert "Pay £13.95" in page and "Your items are kept for you until" in page
        assert "SW1Y 4JH London United Kingdom" in page

    def test_cancelled_before_it_was_paid_it_promises_no_money(self, client: TestClient, shop: Shop) -> None:
        order_id = placed_order(shop, SHIRT0_S=1).order_id
        with shop.database.transaction("shopper") as uow:
            after_sales.cancel_own(uow, order_id)
        page = page_of(client, shop, order_id)
        assert "cancelled before anything was paid" in page and "goes back" not in page

    def test_cancelled_when_it_was_paid_it_says_how_the_money_comes_back(
        self, client: TestClient, shop: Shop
    ) -> None:
        order_id = paid_order(shop, SHIRT0_S=1).order_id
        with shop.database.transaction("shopper") as uow:
            after_sales.cancel_own(uow, order_id)
        assert "What you paid goes back the way it came" in page_of(client, shop, order_id)


@pytest.mark.parametrize(("currency", "asked"), [("GBP", "GBP 1,204.50"), ("JPY", "JPY 120,450")])
def test_the_sandbox_asks_for_an_amount_with_the_digits_of_its_currency(
    sandbox: TestClient, shop: Shop, currency: str, asked: str
) -> None:
    address = "http://127.0.0.1:8000/"
    payment = {"amount": 120_450, "currency": currency, "return_url": address, "webhook_url": address}
    headers = key() | {"authorization": f"Bearer {sandbox_secret(shop.settings).decode()}"}
    made = sandbox.post("/v1/payments", json={"reference": str(uuid4()), **payment}, headers=headers)
    assert asked in sandbox.get(urlsplit(made.json()["pay_url"]).path).text
