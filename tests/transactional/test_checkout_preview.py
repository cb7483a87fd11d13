"""What a cart and its preview promise is what the order gives."""

import io
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from pypdf import PdfReader
from shopping import ADA, Shelves, key, ordered_over_http, placed_order, rows_of

from transactional.catalog.models import skus
from transactional.members.models import customers
from transactional.orders.models import orders
from transactional.payments import gift_cards, settlement
from transactional.payments.models import payments
from transactional.shop import Shop

BUYER = {name: value for name, value in vars(ADA).items() if value is not None}
NEW = BUYER | {"email": "new@example.com"}
STAFF = "/api/v1/staff"
TENTH = {"kind": "percent", "off_bp": 1_000}
ADDRESS: dict[str, Any] = {
    "name": "Ada King",
    "company": "Engines Ltd",
    "lines": "Ockham Park",
    "city": "Ockham",
    "postal_code": "GU23 6NQ",
    "country": "GB",
}


def filled_cart(client: TestClient, **quantities: int) -> str:
    cart: str = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
    lines = [{"sku": code.replace("_", "-"), "quantity": count} for code, count in quantities.items()]
    client.post(f"/api/v1/carts/{cart}/lines", json={"lines": lines}, headers=key()).raise_for_status()
    return cart


def preview(client: TestClient, cart: str, **said: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/carts/{cart}/checkout", json=said)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def put_on(client: TestClient, staff: dict[str, str], template: dict[str, Any], **conditions: Any) -> str:
    body = {"name": "Offer", "template": template, "conditions": conditions}
    made: str = client.post(f"{STAFF}/promotions", json=body, headers=staff | key()).json()["id"]
    path = f"{STAFF}/promotions/{made}/activate"
    client.post(path, json={}, headers=staff | key()).raise_for_status()
    return made


def trade_customer(client: TestClient, shop: Shop, staff: dict[str, str], shelves: Shelves) -> str:
    """A customer of a group that has SHIRT0-S for 700; returns the id."""
    placed_order(shop, SHIRT2_S=1)
    (customer,) = rows_of(shop, customers)
    path = f"{STAFF}/customers/{customer['id']}/groups"
    answer = client.put(path, json={"groups": ["trade"]}, headers=staff)
    assert answer.json()["groups"] == ["trade"]
    price = {"currency": "GBP", "customer_group": "trade", "price": 700, "valid_from": "2026-01-01T00:00:00Z"}
    path = f"{STAFF}/catalogue/skus/{shelves.skus['SHIRT0-S']}/prices"
    client.put(path, json={"prices": [price]}, headers=staff).raise_for_status()
    return str(customer["id"])


def proven(client: TestClient, shop: Shop, cart: str, customer_id: str) -> dict[str, Any]:
    body = {"wallet": shop.keys.token("wallet", customer_id)}
    answer = client.post(f"/api/v1/carts/{cart}/customer", json=body, headers=key())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestPromise:
    @pytest.mark.parametrize(("channel", "total"), [("web", 1_395), ("api", 1_295)])
    def test_a_channels_offer_is_the_same_in_cart_preview_and_order(
        self, client: TestClient, staff: dict[str, str], channel: str, total: int
    ) -> None:
        put_on(client, staff, TENTH, channels=[channel])
        cart = filled_cart(client, SHIRT0_S=1)
        shown = client.get(f"/api/v1/carts/{cart}").json()
        assert (shown["channel"], shown["goods"]) == ("api", total - 395)
        seen = preview(client, cart, buyer=BUYER)
        assert (seen["amounts"]["total"], seen["missing"]) == (total, [])
        body = {"cart": cart, "buyer": BUYER, "expected_total": total}
        placed = client.post("/api/v1/orders", json=body, headers=key())
        assert (placed.status_code, placed.json()["total"]) == (201, total)

    def test_a_first_orders_offer_is_in_the_preview_of_who_has_none(
        self, client: TestClient, staff: dict[str, str]
    ) -> None:
        put_on(client, staff, TENTH, first_order=True)
        ordered_over_http(client, SHIRT1_S=1)
        cart = filled_cart(client, SHIRT0_S=1)
        assert preview(client, cart)["amounts"]["total"] == 1_395
        assert preview(client, cart, buyer=BUYER)["amounts"]["total"] == 1_395
        assert preview(client, cart, buyer=NEW)["amounts"]["total"] == 1_295
        body = {"cart": cart, "buyer": NEW, "expected_total": 1_295}
        assert client.post("/api/v1/orders", json=body, headers=key()).status_code == 201


class TestRequirements:
    def test_preview_and_order_list_the_same(self, client: TestClient) -> None:
        said: dict[str, Any] = {
            "buyer": BUYER | {"name": "  ", "city": "x" * 201},
            "note": "x" * 501,
            "invoice": {"name": "Ada", "company": "Engines Ltd", "tax_number": "GB1", "address": "1 Lane"},
            "tenders": [{"method": "gift_card", "code": "0000-0000-0000-0000-0000"}],
        }
        wanted = [
            "name_missing",
            "city_missing",
            "note_too_long",
            "invoice_city_missing",
            "invoice_postal_code_missing",
            "invoice_country_missing",
            "tax_number_wrong",
            "gift_card_not_valid",
        ]
        cart = filled_cart(client, SHIRT0_S=1)
        assert [each["code"] for each in preview(client, cart, **said)["missing"]] == wanted
        refused = client.post("/api/v1/orders", json=said | {"cart": cart}, headers=key())
        assert (refused.status_code, refused.json()["code"]) == (409, "order_incomplete")
        assert [each["code"] for each in refused.json()["details"]["missing"]] == wanted

    def test_an_order_by_phone_without_money_or_in_a_group_lists_it_too(
        self, client: TestClient, staff: dict[str, str]
    ) -> None:
        said = {"buyer": BUYER | {"name": ""}, "note": "x" * 501}
        lines = {"lines": [{"sku": "SHIRT0-S"}]}
        group = {"code": "ten-shirts", "sku": "SHIRT0-S", "price": 500, "buyers_wanted": 2}
        group["closes_at"] = "2036-01-01T12:00:00Z"
        client.post(f"{STAFF}/groups", json=group, headers=staff | key()).raise_for_status()
        for path, body in (
            (f"{STAFF}/orders", said | lines),
            (f"{STAFF}/gratis-orders", said | lines | {"purpose": "gift", "reason": "birthday"}),
            ("/api/v1/groups/ten-shirts/orders", said),
        ):
            refused = client.post(path, json=body, headers=staff | key()).json()
            assert refused["code"] == "order_incomplete", refused
            listed = [each["code"] for each in refused["details"]["missing"]]
            assert listed == ["name_missing", "note_too_long"]

    def test_an_empty_gift_card_is_told_of_and_nothing_is_taken_of_a_full_one(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        with open_for_business.database.transaction("staff") as uow:
            card = gift_cards.issue(uow, 1_395, "GBP", "a present")
        code = open_for_business.keys.gift_card_code(card["number"])
        tenders = [{"method": "gift_card", "code": code}]
        cart, other = filled_cart(client, SHIRT0_S=1), filled_cart(client, SHIRT0_S=1)
        assert preview(client, cart, buyer=BUYER, tenders=tenders)["missing"] == []
        body = {"cart": cart, "buyer": BUYER, "tenders": tenders}
        assert client.post("/api/v1/orders", json=body, headers=key()).json()["status"] == "paid"
        missing = preview(client, other, buyer=BUYER, tenders=tenders)["missing"]
        assert [(each["code"], each["field"]) for each in missing] == [("tender_empty", "tenders")]

    def test_gift_cards_alone_need_no_delivery(
        self, client: TestClient, open_for_business: Shop, shelves: Shelves
    ) -> None:
        with open_for_business.database.transaction("test") as uow:
            sku = uow.lock(skus, shelves.skus["SHIRT0-S"])
            assert sku is not None
            uow.update(skus, sku, tax_class="gift_card")
        cart = filled_cart(client, SHIRT0_S=1)
        seen = preview(client, cart, buyer=BUYER, delivery_method="drone")
        assert (seen["missing"], seen["delivery"], seen["amounts"]["total"]) == ([], None, 1_000)
        assert "delivery" not in [part["kind"] for part in seen["explanation"]]
        body = {"cart": cart, "buyer": BUYER, "delivery_method": "drone"}
        placed = client.post("/api/v1/orders", json=body, headers=key()).json()
        assert (placed["total"], placed["shipping"], placed["promised_at"]) == (1_000, 0, None)


class TestCustomers:
    def test_a_proven_customers_cart_has_the_prices_of_the_groups(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        customer_id = trade_customer(client, open_for_business, staff, shelves)
        put_on(client, staff, {"kind": "member_price", "segment": "trade", "off_bp": 1_000})
        cart = filled_cart(client, SHIRT0_S=1)
        # An e-mail address proves nothing.
        assert preview(client, cart, buyer=BUYER)["amounts"]["total"] == 1_395
        shown = proven(client, open_for_business, cart, customer_id)
        assert (shown["has_customer"], shown["goods"]) == (True, 630)
        assert preview(client, cart)["amounts"]["total"] == 630 + 395
        body = {"cart": cart, "buyer": NEW, "expected_total": 630 + 395}
        placed = client.post("/api/v1/orders", json=body, headers=key())
        assert placed.status_code == 201, placed.text
        row = next(each for each in rows_of(open_for_business, orders) if each["id"] == placed.json()["id"])
        assert (row["customer_id"], row["email"]) == (customer_id, "new@example.com")
        assert len(rows_of(open_for_business, customers)) == 1
        product = client.get("/api/v1/products/shirt-0").json()
        assert product["skus"][1]["price"] == 1_000

    def test_a_false_wallet_proves_nothing(self, client: TestClient, open_for_business: Shop) -> None:
        cart = filled_cart(client, SHIRT0_S=1)
        for wallet in ("nonsense", cart):
            path = f"/api/v1/carts/{cart}/customer"
            assert client.post(path, json={"wallet": wallet}, headers=key()).status_code == 404

    def test_the_staff_vouches_for_who_rings(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        trade_customer(client, open_for_business, staff, shelves)
        lines = {"lines": [{"sku": "SHIRT0-S"}]}
        for buyer, total in ((BUYER, 1_095), (NEW, 1_395)):
            answer = client.post(f"{STAFF}/orders", json=lines | {"buyer": buyer}, headers=staff | key())
            assert answer.json()["total"] == total

    def test_the_staff_finds_customers(
        self, client: TestClient, staff: dict[str, str], clock: MovableClock
    ) -> None:
        for email, name in (("bob_b@example.com", "Bob"), ("bobxb@example.com", "Grace Hopper")):
            ordered = filled_cart(client, SHIRT0_S=1)
            body = {"cart": ordered, "buyer": BUYER | {"email": email, "name": name}}
            clock.forward(seconds=1)
            client.post("/api/v1/orders", json=body, headers=key()).raise_for_status()

        def found(**asked: Any) -> list[str]:
            answer = client.get(f"{STAFF}/customers", params=asked, headers=staff).json()
            return [each["email"] for each in answer["items"]]

        assert found() == ["bobxb@example.com", "bob_b@example.com"]
        assert found(email="BOB_B") == ["bob_b@example.com"]
        assert found(name="hopper") == ["bobxb@example.com"]
        assert found(page=2, page_size=1) == ["bob_b@example.com"]
        assert client.get(f"{STAFF}/customers", params={"page_size": 1}, headers=staff).json()["total"] == 2
        assert client.get(f"{STAFF}/customers").status_code == 401

    def test_a_groups_name_has_its_form(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        placed_order(open_for_business, SHIRT0_S=1)
        (customer,) = rows_of(open_for_business, customers)
        path = f"{STAFF}/customers/{customer['id']}/groups"
        assert client.put(path, json={"groups": ["<b>"]}, headers=staff).status_code == 422
        assert client.put(path, json={"groups": []}, headers=staff).json()["groups"] == []


class TestAddressBook:
    def kept(self, client: TestClient, shop: Shop, staff: dict[str, str]) -> str:
        """A customer with an address under `office`; returns the id."""
        placed_order(shop, SHIRT2_S=1)
        (customer,) = rows_of(shop, customers)
        path = f"{STAFF}/customers/{customer['id']}/addresses/office"
        client.put(path, json=ADDRESS, headers=staff).raise_for_status()
        return str(customer["id"])

    def test_a_proven_customers_cart_goes_to_a_saved_address(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        customer_id = self.kept(client, open_for_business, staff)
        cart = filled_cart(client, SHIRT0_S=1)
        assert client.get(f"/api/v1/carts/{cart}/addresses").json() == {"addresses": []}
        body = {"cart": cart, "buyer": {"email": ADA.email}, "saved_address": "office"}
        assert client.post("/api/v1/orders", json=body, headers=key()).status_code == 404
        proven(client, open_for_business, cart, customer_id)
        (saved,) = client.get(f"/api/v1/carts/{cart}/addresses").json()["addresses"]
        assert saved["label"] == "office"
        assert preview(client, cart, saved_address="office")["missing"] == []
        placed = client.post(
            "/api/v1/orders", json={"cart": cart, "saved_address": "office"}, headers=key()
        ).json()
        assert (placed["email"], placed["ship_name"]) == ("ada@example.com", "Ada King")
        assert (placed["ship_address"], placed["ship_city"]) == ("Engines Ltd, Ockham Park", "Ockham")

    def test_who_rings_has_it_sent_to_a_saved_address(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        self.kept(client, open_for_business, staff)
        body = {"lines": [{"sku": "SHIRT0-S"}], "buyer": {"email": ADA.email}, "saved_address": "office"}
        placed = client.post(f"{STAFF}/orders", json=body, headers=staff | key())
        assert (placed.status_code, placed.json()["ship_city"]) == (201, "Ockham")
        wrong = client.post(f"{STAFF}/orders", json=body | {"saved_address": "home"}, headers=staff | key())
        assert wrong.status_code == 404


class TestExplanation:
    def test_it_names_the_rate_of_the_delivery_and_what_a_promotion_is_off(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        with open_for_business.database.transaction("test") as uow:
            sku = uow.lock(skus, shelves.skus["SHIRT0-S"])
            assert sku is not None
            uow.update(skus, sku, weight_grams=1_500)
        step = {"zone": "everywhere", "currency": "GBP", "kind": "weight"}
        rates = [
            step | {"price": 300, "weight_to": 2_000, "free_from": 4_500},
            step | {"price": 600, "weight_from": 2_000, "weight_to": 5_000},
        ]
        body = {"name": "Standard", "days_min": 1, "days_max": 2, "rates": rates}
        path = f"{STAFF}/delivery/methods/standard"
        client.put(path, json=body, headers=staff).raise_for_status()
        tenth = put_on(client, staff, TENTH, products=["shirt-0"])
        cart = filled_cart(client, SHIRT0_S=2, SHIRT1_S=1)
        parts = {part["kind"]: part for part in preview(client, cart)["explanation"]}
        assert parts["delivery"]["amount"] == 500
        assert parts["delivery"]["basis"] == 3_000
        assert parts["delivery"]["rule"] == "standard: everywhere, from 2000 to 5000 g"
        assert (parts["promotion"]["amount"], parts["promotion"]["basis"]) == (-167, 1_667)
        assert parts["promotion"]["rule"] == tenth
        order = client.post("/api/v1/orders", json={"cart": cart, "buyer": BUYER}, headers=key()).json()
        kept = {part["kind"]: part for part in order["explanation"]}
        assert kept["promotion"] == parts["promotion"]

    def test_a_rate_by_weight_is_free_from_an_amount(self, client: TestClient, staff: dict[str, str]) -> None:
        rate = {"zone": "everywhere", "currency": "GBP", "kind": "weight", "price": 300, "weight_to": 2_000}
        body = {"name": "Standard", "days_min": 1, "days_max": 2, "rates": [rate | {"free_from": 2_000}]}
        path = f"{STAFF}/delivery/methods/standard"
        assert client.put(path, json=body, headers=staff).status_code == 200
        one, two = filled_cart(client, SHIRT0_S=1), filled_cart(client, SHIRT0_S=2)
        assert preview(client, one)["amounts"]["total"] == 1_300
        seen = preview(client, two)
        assert seen["amounts"]["total"] == 2_000
        (delivery,) = [part for part in seen["explanation"] if part["kind"] == "delivery"]
        assert (delivery["basis"], delivery["rule"]) == (
            2_000,
            "standard: everywhere, from 0 to 2000 g, free from 2000",
        )
        flat = rate | {"kind": "flat", "free_from": 2_000}
        wrong = client.put(path, json=body | {"rates": [flat]}, headers=staff)
        assert wrong.status_code == 422


class TestReverseCharge:
    @pytest.mark.parametrize(
        ("number", "net", "tax"),
        [("DE 123 456 789", 833 + 329, 0), ("GB 123 4567 89", 833 + 329, 167 + 66), (None, 833 + 329, 233)],
    )
    def test_a_company_of_another_country_pays_no_tax_where_the_zone_says_so(
        self,
        client: TestClient,
        staff: dict[str, str],
        open_for_business: Shop,
        number: str | None,
        net: int,
        tax: int,
    ) -> None:
        zone = client.get(f"{STAFF}/tax", headers=staff).json()["zones"][0]
        code = zone.pop("code")
        client.put(
            f"{STAFF}/tax/zones/{code}", json=zone | {"reverse_charge": True}, headers=staff
        ).raise_for_status()
        cart = filled_cart(client, SHIRT0_S=1)
        invoice = {"name": "Erika", "company": "Maschinen GmbH", "tax_number": number}
        said = {"buyer": BUYER, "invoice": invoice}
        seen = preview(client, cart, **said)
        assert (seen["amounts"]["total"], seen["amounts"]["tax"]) == (net + tax, tax)
        assert sum(part["amount"] for part in seen["explanation"]) == net + tax
        body = said | {"cart": cart, "expected_total": net + tax}
        placed = client.post("/api/v1/orders", json=body, headers=key())
        assert (placed.status_code, placed.json()["tax"]) == (201, tax), placed.text
        with open_for_business.database.transaction("test") as uow:
            (payment,) = uow.rows(payments.select())
            settlement.record_capture(uow, payment["id"], "pay_1", net + tax, "GBP")
        path = f"/api/v1/orders/{placed.json()['token']}/invoices"
        private = client.post(path, json={"name": "Erika"}, headers=key()).json()
        assert private.get("code") == (None if tax else "invoicee_fixed")
        (document,) = client.post(path, headers=key()).json()["invoices"]
        assert (document["reverse_charge"], document["total"]) == (tax == 0, net + tax)
        printed = client.get(f"/api/v1/orders/{placed.json()['token']}/invoice.pdf").content
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(printed)).pages)
        assert ("Reverse charge" in text) == (tax == 0)
