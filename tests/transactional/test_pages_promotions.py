"""Promotions on the shop's pages: forms only, as a browser without JavaScript sends them."""

from fastapi.testclient import TestClient
from test_pages_shopping import add_to_basket, press_pay, shown
from test_promotions import TEN_PERCENT, active, codes

from transactional.shop import Shop


def test_the_basket_shows_discounts_codes_and_hints(client: TestClient, open_for_business: Shop) -> None:
    shop = open_for_business
    codes(shop, active(shop, TEN_PERCENT, name="Ten off", needs_code=True), named=["TEN"])
    active(shop, {"kind": "free_shipping"}, name="Free delivery", conditions={"min_amount": 2_000})
    page = add_to_basket(client, "shirt-0")
    assert "Free delivery: spend £10.00 more." in page.text
    form = page.form("/cart/coupons")
    page = shown(client.post(form.action, data={"coupon": "nope"}))
    assert "The code NOPE is not valid." in page.text
    page = shown(client.post(form.action, data={"coupon": "ten"}))
    assert "Ten off − £1.00" in page.text
    assert "£9.00" in page.text
    removal = page.form("/cart/coupons/remove")
    page = shown(client.post(removal.action, data=removal.values))
    assert "Ten off" not in page.text


def test_the_checkout_keeps_what_was_typed_when_a_code_is_added(
    client: TestClient, open_for_business: Shop
) -> None:
    shop = open_for_business
    codes(shop, active(shop, TEN_PERCENT, name="Ten off", needs_code=True), named=["TEN"])
    add_to_basket(client, "shirt-0")
    values = shown(client.get("/checkout")).form("/checkout").values
    page = shown(client.post("/checkout/coupon", data=values | {"city": "Bath", "coupon": "TEN"}))
    form = page.form("/checkout")
    assert (form.values["city"], form.values["expected_total"]) == ("Bath", "1295")
    assert press_pay(client, page).status_code == 303


def test_a_first_order_is_priced_again_once_the_buyer_is_known(
    client: TestClient, open_for_business: Shop
) -> None:
    active(open_for_business, TEN_PERCENT, name="Welcome", conditions={"first_order": True})
    page = add_to_basket(client, "shirt-0")
    assert "Welcome: counts once we know your e-mail address." in page.text
    again = press_pay(client, shown(client.get("/checkout")))
    page = shown(again, 409)
    assert page.form("/checkout").values["expected_total"] == "1295"
    assert press_pay(client, page).status_code == 303
