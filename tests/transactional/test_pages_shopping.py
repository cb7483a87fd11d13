"""The shop's pages as forms and links, without JavaScript."""

from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from shopping import ADA, Shelves, placed_order, rows_of
from webpage import Webpage

from transactional.catalog import creation, sku_editing
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.models import skus
from transactional.checkout import terms_editing
from transactional.invoices.models import invoice_requests
from transactional.orders.models import order_notes, orders
from transactional.payments import gift_cards
from transactional.shop import Shop
from transactional.stock import promises
from transactional.stock import service as stock

BUYER = {name: value for name, value in vars(ADA).items() if value is not None}


def shown(answer: httpx.Response, status: int = 200) -> Webpage:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    return Webpage(answer.text)


def cards(page: Webpage) -> list[str]:
    """Slugs of the products a page lists."""
    return [link["href"].removeprefix("/p/") for link in page.links if link["href"].startswith("/p/")]


def add_to_basket(client: TestClient, slug: str, quantity: int = 1) -> Webpage:
    form = shown(client.get(f"/p/{slug}")).form("/cart/lines")
    return shown(client.post(form.action, data=form.values | {"quantity": str(quantity)}))


def press_pay(client: TestClient, page: Webpage, **typed: str) -> httpx.Response:
    """Fill the checkout form and send it."""
    values = page.form("/checkout").values | BUYER | typed
    return client.post("/checkout", data=values, follow_redirects=False)


def ordered(client: TestClient) -> str:
    """Buy a shirt up to the provider's page; returns that page's address."""
    add_to_basket(client, "shirt-0")
    return press_pay(client, shown(client.get("/checkout"))).headers["location"]


class TestLookingAround:
    def test_home_leads_to_departments_and_offers(self, client: TestClient) -> None:
        home = shown(client.get("/"))
        assert "/c/clothes" in [link["href"] for link in home.links]
        assert set(cards(home)) == {"shirt-0", "shirt-1", "shirt-2"}

    def test_a_category_is_sorted_as_chosen(self, client: TestClient) -> None:
        page = shown(client.get("/c/clothes", params={"sort": "price_desc"}))
        assert cards(page) == ["shirt-2", "shirt-1", "shirt-0"]
        assert page.form("/c/clothes").values["sort"] == "price_desc"

    def test_a_long_category_goes_on_on_the_next_page(self, client: TestClient, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            hats = creation.create_category(uow, "hats", "Hats")
            for number in range(30):
                draft = ProductDraft(
                    f"hat-{number}", f"Hat {number}", hats, [SkuDraft(f"H{number}", 1, 1, 1)]
                )
                creation.create_product(uow, draft, "GBP")
        first = shown(client.get("/c/hats"))
        (onward,) = [link["href"] for link in first.links if link.get("rel") == "next"]
        second = shown(client.get(onward))
        assert (len(cards(first)), len(cards(second))) == (24, 6)
        assert len({*cards(first), *cards(second)}) == 30
        assert "prev" in [link.get("rel") for link in second.links]
        assert "next" not in [link.get("rel") for link in second.links]

    def test_search_finds_by_name_and_says_when_nothing_is_called_so(self, client: TestClient) -> None:
        found = shown(client.get("/search", params={"q": "SHIRT 1"}))
        assert cards(found) == ["shirt-1"]
        searched = found.event("search")
        assert searched == {"event_name": "search", "search_term": "SHIRT 1", "params": {"results": 1}}
        assert "Nothing is called “hat”" in shown(client.get("/search", params={"q": "hat"})).text

    def test_a_product_shows_price_choices_and_stock(self, client: TestClient) -> None:
        page = shown(client.get("/p/shirt-1"))
        assert "£15.33 £13.33" in page.text
        chosen = [given["value"] for name, given in page.elements if given.get("name") == "sku"]
        assert chosen == ["SHIRT1-S", "SHIRT1-M"]
        viewed = page.event("view_item")
        assert viewed is not None
        assert (viewed["items"][0]["item_id"], viewed["value"]) == ("SHIRT1-S", 1_333)


class TestBasket:
    def test_units_are_added_changed_and_removed(self, client: TestClient) -> None:
        basket = add_to_basket(client, "shirt-0", 2)
        assert "£20.00" in basket.text
        line = basket.form("/cart/lines/")
        assert "Basket 2" in basket.text
        more = shown(client.post(line.action, data={"quantity": "5"}))
        assert "Basket 5" in more.text and "£50.00" in more.text
        emptied = shown(client.post(line.action, data={"quantity": "0"}))
        assert "Nothing in it yet" in emptied.text and "Basket 0" in emptied.text

    def test_what_is_sold_out_is_refused_with_a_message(
        self, client: TestClient, shop: Shop, shelves: Shelves
    ) -> None:
        add_to_basket(client, "shirt-0", 3)
        with shop.database.transaction("test") as uow:
            units = {shelves.skus["SHIRT0-S"]: 8}
            promises.reserve(uow, stock.lock(uow, units), units, "ORDER-1")
        for page in ("/cart", "/checkout"):
            assert "Only 2 left: lower the quantity" in shown(client.get(page)).text
        with shop.database.transaction("test") as uow:
            units = {shelves.skus["SHIRT0-S"]: 2}
            promises.reserve(uow, stock.lock(uow, units), units, "ORDER-2")
        assert "Sold out at the moment: remove it" in shown(client.get("/cart")).text
        refused = shown(press_pay(client, shown(client.get("/checkout"))), 409)
        assert "Only 0 of SHIRT0-S are available" in refused.text
        assert rows_of(shop, orders) == []
        sold_out = shown(client.get("/p/shirt-0"))
        disabled = [given["value"] for _, given in sold_out.elements if "disabled" in given]
        assert disabled == ["SHIRT0-S"]

    def test_what_is_not_for_sale_is_refused_where_it_was_asked(self, client: TestClient) -> None:
        refused = client.post("/cart/lines", data={"sku": "HAT", "back": "/p/shirt-0"})
        assert "HAT is not for sale." in shown(refused).text
        assert refused.url.path == "/p/shirt-0"

    def test_a_basket_sends_nobody_to_another_site(self, client: TestClient) -> None:
        form = {"sku": "HAT", "back": "https://elsewhere.example/p/"}
        refused = client.post("/cart/lines", data=form, follow_redirects=False)
        assert refused.headers["location"].startswith("/cart?")


class TestCheckout:
    def test_what_was_typed_is_kept_and_errors_stand_beside_the_fields(
        self, client: TestClient, shop: Shop
    ) -> None:
        add_to_basket(client, "shirt-0")
        checkout = shown(client.get("/checkout"))
        page = shown(press_pay(client, checkout, email="nobody", city=" "), 422)
        assert page.form("/checkout").values["email"] == "nobody"
        assert page.form("/checkout").values["address"] == ADA.address
        assert page.form("/checkout").values["attempt"] == checkout.form("/checkout").values["attempt"]
        wrong = [given["name"] for _, given in page.elements if "aria-invalid" in given]
        assert wrong == ["email", "city"]
        assert "Something is missing" in page.text
        assert "Enter an e-mail address" in page.text and "Enter a town or city." in page.text
        assert rows_of(shop, orders) == []

    def test_pressing_pay_twice_makes_one_order(self, client: TestClient, shop: Shop) -> None:
        add_to_basket(client, "shirt-0")
        checkout = shown(client.get("/checkout"))
        to_pay = {press_pay(client, checkout).headers["location"] for _ in range(2)}
        assert len(to_pay) == len(rows_of(shop, orders)) == 1
        assert urlsplit(to_pay.pop()).path.startswith("/pay/")

    def test_a_price_that_changed_meanwhile_is_told_before_anything_is_ordered(
        self, client: TestClient, shop: Shop, shelves: Shelves
    ) -> None:
        add_to_basket(client, "shirt-0")
        checkout = shown(client.get("/checkout"))
        with shop.database.transaction("staff") as uow:
            sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"price": 1_100, "list_price": 1_200})
        told = shown(press_pay(client, checkout), 409)
        assert "Prices have changed" in told.text and "Pay £14.95" in told.text
        assert rows_of(shop, orders) == []
        assert press_pay(client, told).status_code == 303
        assert [row["total"] for row in rows_of(shop, orders)] == [1_495]

    def test_an_empty_basket_leads_back_to_the_basket(self, client: TestClient) -> None:
        assert client.get("/checkout").url.path == "/cart"


class TestOrder:
    def test_the_purchase_is_told_once_it_is_paid_and_only_on_the_way_back(
        self, client: TestClient, sandbox: TestClient, shop: Shop
    ) -> None:
        pay_url = ordered(client)
        (order,) = rows_of(shop, orders)
        status = f"/orders/{shop.keys.token('order', order['id'])}"
        early = shown(client.get(f"{status}/thanks"))
        assert "We have not heard of your payment yet" in early.text
        assert early.event("purchase") is None
        back = sandbox.post(pay_url, data={"action": "pay"}).headers["location"]
        thanks = shown(client.get(back))
        assert f"Thank you, your order is in. Order {order['number']}" in thanks.text
        bought = thanks.event("purchase")
        assert bought is not None
        assert (bought["transaction_id"], bought["value"]) == (order["number"], 1_395)
        assert [(item["item_id"], item["price"]) for item in bought["items"]] == [("SHIRT0-S", 1_000)]
        assert shown(client.get(status)).event("purchase") is None

    def test_after_a_declined_payment_the_order_can_still_be_paid(
        self, client: TestClient, sandbox: TestClient
    ) -> None:
        back = sandbox.post(ordered(client), data={"action": "decline"}).headers["location"]
        waiting = shown(client.get(back))
        assert "Your payment did not go through" in waiting.text
        again = client.post(waiting.form("/orders/").action, follow_redirects=False).headers["location"]
        paid = sandbox.post(again, data={"action": "pay"}).headers["location"]
        assert "Thank you" in shown(client.get(paid)).text

    @pytest.mark.parametrize("page", ["", "/thanks", "/nowhere"])
    def test_its_address_stays_between_shop_and_buyer(
        self, client: TestClient, shop: Shop, page: str
    ) -> None:
        token = shop.keys.token("order", placed_order(shop, SHIRT0_S=1).order_id)
        answer = client.get(f"/orders/{token}{page}")
        seen = Webpage(answer.text)
        (tracker,) = [given for _, given in seen.elements if "data-collector" in given]
        assert tracker["data-path"] in ("/orders/status", "/orders/thanks", "/orders/problem")
        assert ("meta", {"name": "referrer", "content": "origin"}) in seen.elements
        outside = [given["src"] for _, given in seen.elements if given.get("src", "").startswith("http")]
        assert outside and token not in str(outside) and token not in str(seen.events)

    def test_an_unknown_one_is_a_page_that_says_so(self, client: TestClient) -> None:
        assert "There is nothing here" in shown(client.get("/orders/unknown"), 404).text


def test_what_people_type_and_name_is_escaped(client: TestClient, shop: Shop) -> None:
    name = "<script>alert('1')</script>"
    with shop.database.transaction("test") as uow:
        category = creation.create_category(uow, "odd", name)
        draft = ProductDraft("odd", name, category, [SkuDraft("ODD", 1, 2, 1)], description=name)
        stock.receive(uow, dict.fromkeys(creation.create_product(uow, draft, "GBP").values(), 3), "D")
    add_to_basket(client, "odd")
    checkout = shown(client.get("/checkout"))
    pages = [client.get(path) for path in ("/", "/c/odd", "/p/odd", "/cart", "/checkout")]
    pages += [
        client.get(path, params={"q": name, "problem": name}) for path in ("/search", "/cart", "/p/odd")
    ]
    pages.append(press_pay(client, checkout, email=name))
    for page in pages:
        assert "<script>alert" not in page.text, page.url
        assert "alert" in page.text, page.url


class TestConfirming:
    def test_the_delivery_that_is_chosen_is_in_the_total_and_in_the_order(
        self, client: TestClient, shop: Shop
    ) -> None:
        with shop.database.transaction("staff") as uow:
            rate = {"zone": "everywhere", "currency": "GBP", "kind": "flat", "price": 995, "weight_from": 0}
            days = {"days_min": 1, "days_max": 1, "position": 1, "is_active": True}
            terms_editing.put_method(uow, shop.terms, "express", name="Express", **days, rates=[rate])
        add_to_basket(client, "shirt-0")
        checkout = shown(client.get("/checkout"))
        assert "Standard delivery" in checkout.text and "£9.95" in checkout.text
        typed = {**checkout.form("/checkout").values, "email": "ada@example", "delivery_method": "express"}
        updated = shown(client.post("/checkout/delivery", data=typed))
        values = updated.form("/checkout").values
        assert (values["email"], values["delivery_method"]) == ("ada@example", "express")
        assert "Pay £19.95" in updated.text
        press_pay(client, updated)
        (order,) = rows_of(shop, orders)
        assert (order["delivery_method"], order["total"]) == ("express", 1_995)

    def test_an_invoice_and_a_note_are_kept_with_the_order(self, client: TestClient, shop: Shop) -> None:
        add_to_basket(client, "shirt-0")
        checkout = shown(client.get("/checkout"))
        asked = {"invoice": "yes", "invoice_company": "Engines Ltd", "invoice_tax_number": "12"}
        wrong = shown(press_pay(client, checkout, note="Ring twice.", **asked), 422)
        assert "Enter the number as it is registered" in wrong.text
        assert wrong.form("/checkout").values["invoice_company"] == "Engines Ltd"
        press_pay(client, wrong, note="Ring twice.", invoice_tax_number="GB123456789")
        (request,) = rows_of(shop, invoice_requests)
        assert request["buyer"]["name"] == ADA.name
        (note,) = rows_of(shop, order_notes)
        assert note["text"] == "Ring twice."

    def test_an_invoice_may_go_to_an_address_of_its_own_which_is_whole(
        self, client: TestClient, shop: Shop
    ) -> None:
        add_to_basket(client, "shirt-0")
        asked = {"invoice": "yes", "invoice_address": "1 Mill Lane", "invoice_city": "Leeds"}
        wrong = shown(press_pay(client, shown(client.get("/checkout")), **asked), 422)
        assert wrong.form("/checkout").values["invoice_city"] == "Leeds"
        assert "Enter a postcode." in wrong.text and "Choose a country." in wrong.text
        press_pay(client, wrong, invoice_postal_code="LS9 8AG", invoice_country="GB")
        (request,) = rows_of(shop, invoice_requests)
        assert (request["buyer"]["address"], request["buyer"]["country"]) == ("1 Mill Lane", "GB")

    def test_gift_cards_alone_ask_for_no_delivery(
        self, client: TestClient, shop: Shop, shelves: Shelves
    ) -> None:
        with shop.database.transaction("test") as uow:
            for sku_id in shelves.skus.values():
                uow.update(skus, uow.lock(skus, sku_id) or {}, tax_class="gift_card")
        add_to_basket(client, "shirt-0")
        checkout = shown(client.get("/checkout"))
        assert "How should it come?" not in checkout.text
        assert "Pay £10.00" in checkout.text
        assert press_pay(client, checkout).status_code == 303

    def test_a_gift_card_pays_first_and_a_wrong_one_is_told_beside_its_field(
        self, client: TestClient, shop: Shop
    ) -> None:
        with shop.database.transaction("staff") as uow:
            card = gift_cards.issue(uow, 5_000, "GBP", "a present")
        add_to_basket(client, "shirt-0")
        checkout = shown(client.get("/checkout"))
        wrong = shown(press_pay(client, checkout, gift_card="ÄÖ€" * 30), 409)
        assert "This gift card is not valid" in wrong.text
        paid = press_pay(client, wrong, gift_card=shop.keys.gift_card_code(card["number"]))
        assert paid.headers["location"].endswith("/thanks")
        page = shown(client.get(paid.headers["location"]))
        assert "Thank you" in page.text and "Paid by gift card: £13.95" in page.text

    def test_the_page_explains_the_total(self, client: TestClient) -> None:
        add_to_basket(client, "shirt-0")
        text = shown(client.get("/checkout")).text
        assert "How this total is made" in text
        assert "Tax 20 %" in text
