"""Delivery and tax as the staff sets them and shoppers meet them."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from shopping import key, order_body, rows_of

from transactional.orders.models import order_lines, orders
from transactional.promotions.models import order_promotions
from transactional.shop import Shop

STAFF = "/api/v1/staff"
EXPRESS: dict[str, Any] = {
    "name": "Express",
    "days_min": 1,
    "days_max": 1,
    "position": 1,
    "rates": [{"zone": "everywhere", "currency": "GBP", "kind": "flat", "price": 995}],
}


def filled_cart(client: TestClient, **quantities: int) -> str:
    cart: str = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
    lines = [{"sku": code.replace("_", "-"), "quantity": count} for code, count in quantities.items()]
    client.post(f"/api/v1/carts/{cart}/lines", json={"lines": lines}, headers=key()).raise_for_status()
    return cart


def adds_up(answer: dict[str, Any], total: int) -> None:
    assert sum(row["amount"] for row in answer["explanation"]) == total


def test_a_new_shop_delivers_everywhere_and_taxes_at_home(client: TestClient, staff: dict[str, str]) -> None:
    delivery = client.get(f"{STAFF}/delivery", headers=staff).json()
    assert [method["code"] for method in delivery["methods"]] == ["standard"]
    tax = client.get(f"{STAFF}/tax", headers=staff).json()["zones"]
    assert [(zone["code"], zone["prices_include_tax"]) for zone in tax] == [("home", True), ("rest", False)]


def test_an_order_takes_the_delivery_it_asks_for(
    client: TestClient, staff: dict[str, str], open_for_business: Shop
) -> None:
    client.put(f"{STAFF}/delivery/methods/express", json=EXPRESS, headers=staff).raise_for_status()
    cart = filled_cart(client, SHIRT0_S=1)
    offered = client.get(f"/api/v1/carts/{cart}/delivery", params={"country": "GB"}).json()["offers"]
    assert [(offer["code"], offer["price"]) for offer in offered] == [("standard", 395), ("express", 995)]
    preview = client.get(f"/api/v1/carts/{cart}/checkout", params={"delivery_method": "express"}).json()
    assert preview["amounts"]["total"] == 1_995
    adds_up(preview, 1_995)
    body = order_body(cart) | {"delivery_method": "express"}
    placed = client.post("/api/v1/orders", json=body, headers=key()).json()
    assert (placed["total"], placed["delivery_method"], placed["delivery_name"]) == (
        1_995,
        "express",
        "Express",
    )
    adds_up(placed, 1_995)
    (row,) = rows_of(open_for_business, orders)
    assert (row["promised_at"] - row["placed_at"]).days == 1


def test_a_delivery_that_does_not_serve_the_address_is_refused(client: TestClient) -> None:
    cart = filled_cart(client, SHIRT0_S=1)
    missing = client.get(
        f"/api/v1/carts/{cart}/checkout",
        params={"delivery_method": "drone", "country": "GB", "postal_code": "SW1"},
    ).json()["missing"]
    assert "delivery_unavailable" in [each["code"] for each in missing]
    body = order_body(cart) | {"delivery_method": "drone"}
    refused = client.post("/api/v1/orders", json=body, headers=key())
    assert (refused.status_code, refused.json()["code"]) == (409, "order_incomplete")
    assert [each["field"] for each in refused.json()["details"]["missing"]] == ["delivery_method"]


def test_what_is_exported_carries_no_tax_and_costs_the_same(
    client: TestClient, open_for_business: Shop
) -> None:
    cart = filled_cart(client, SHIRT0_S=2, SHIRT1_M=1)
    body = order_body(cart)
    body["buyer"] |= {"country": "NO", "postal_code": "0150"}
    placed = client.post("/api/v1/orders", json=body, headers=key()).json()
    assert (placed["tax"], placed["total"]) == (0, 2 * 1_000 + 1_333 + 395)
    assert placed["prices_include_tax"] is False
    adds_up(placed, placed["total"])
    assert {line["tax_rate_bp"] for line in rows_of(open_for_business, order_lines)} == {0}


def test_tax_is_added_on_top_where_the_zone_says_so_also_under_a_promotion(
    client: TestClient, staff: dict[str, str], open_for_business: Shop
) -> None:
    zone = {
        "name": "Norway",
        "countries": ["NO"],
        "prices_include_tax": False,
        "rates": [{"tax_class": "standard", "rate_bp": 2_500, "valid_from": "2020-01-01"}],
    }
    client.put(f"{STAFF}/tax/zones/no", json=zone, headers=staff).raise_for_status()
    promotion = {"name": "Ten off", "template": {"kind": "percent", "off_bp": 1_000}}
    made = client.post(f"{STAFF}/promotions", json=promotion, headers=staff | key())
    assert made.status_code == 201, made.text
    client.post(
        f"{STAFF}/promotions/{made.json()['id']}/activate", json={}, headers=staff | key()
    ).raise_for_status()
    body = order_body(filled_cart(client, SHIRT1_M=1))
    body["buyer"] |= {"country": "NO", "postal_code": "0150"}
    placed = client.post("/api/v1/orders", json=body, headers=key()).json()
    net = 1_333 - 133 + 395
    assert (placed["total"] - placed["tax"], placed["tax"]) == (net, 300 + 99)
    adds_up(placed, placed["total"])
    (given,) = rows_of(open_for_business, order_promotions)
    assert (given["amount"], given["discount"]) == (133, 133)


def test_terms_hold_from_the_next_request_on(client: TestClient, staff: dict[str, str]) -> None:
    cart = filled_cart(client, SHIRT0_S=1)
    assert client.get(f"/api/v1/carts/{cart}/checkout").json()["amounts"]["total"] == 1_395
    rate = {"zone": "everywhere", "currency": "GBP", "kind": "flat", "price": 500}
    standard = EXPRESS | {"name": "Standard", "position": 0, "rates": [rate]}
    client.put(f"{STAFF}/delivery/methods/standard", json=standard, headers=staff).raise_for_status()
    assert client.get(f"/api/v1/carts/{cart}/checkout").json()["amounts"]["total"] == 1_500


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("delivery/zones/other", {"name": "Other", "countries": []}),
        (
            "tax/zones/other",
            {
                "name": "Other",
                "countries": ["GB", "IM"],
                "prices_include_tax": True,
                "rates": [{"tax_class": "standard", "rate_bp": 0, "valid_from": "2020-01-01"}],
            },
        ),
    ],
)
def test_an_address_lies_in_one_zone(
    client: TestClient, staff: dict[str, str], path: str, body: dict[str, Any]
) -> None:
    refused = client.put(f"{STAFF}/{path}", json=body, headers=staff)
    assert (refused.status_code, refused.json()["code"]) == (409, "zones_overlap")


def test_the_preview_lists_what_the_order_must_still_have(client: TestClient) -> None:
    cart = filled_cart(client, SHIRT0_S=1)
    asked = {"country": "GB", "postal_code": "SW1Y 4JH"}
    missing = client.get(f"/api/v1/carts/{cart}/checkout", params=asked).json()["missing"]
    assert [each["field"] for each in missing] == ["email", "name", "address", "city"]


def test_only_the_staff_sees_and_changes_the_terms(client: TestClient) -> None:
    assert client.get(f"{STAFF}/tax").status_code == 401
    assert client.put(f"{STAFF}/delivery/methods/express", json=EXPRESS).status_code == 401


def test_methods_and_then_their_zones_are_taken_away(client: TestClient, staff: dict[str, str]) -> None:
    islands = {"name": "Islands", "countries": ["GB"], "postal_prefixes": ["HS"]}
    client.put(f"{STAFF}/delivery/zones/islands", json=islands, headers=staff).raise_for_status()
    ferry = EXPRESS | {"rates": [EXPRESS["rates"][0] | {"zone": "islands"}]}
    client.put(f"{STAFF}/delivery/methods/ferry", json=ferry, headers=staff).raise_for_status()
    cart = filled_cart(client, SHIRT0_S=1)
    path, asked = f"/api/v1/carts/{cart}/delivery", {"country": "GB", "postal_code": "HS1 2AA"}
    assert [each["code"] for each in client.get(path, params=asked).json()["offers"]] == ["ferry"]
    refused = client.delete(f"{STAFF}/delivery/zones/islands", headers=staff)
    assert (refused.status_code, refused.json()["code"]) == (409, "zone_in_use")
    left = client.delete(f"{STAFF}/delivery/methods/ferry", headers=staff).json()
    assert [each["code"] for each in left["methods"]] == ["standard"]
    assert client.get(path, params=asked).json()["offers"] == []
    left = client.delete(f"{STAFF}/delivery/zones/islands", headers=staff).json()
    assert [each["code"] for each in left["zones"]] == ["everywhere"]
    assert [each["code"] for each in client.get(path, params=asked).json()["offers"]] == ["standard"]
    for gone in ("zones/islands", "methods/ferry"):
        assert client.delete(f"{STAFF}/delivery/{gone}", headers=staff).status_code == 404


HOME: dict[str, Any] = {
    "name": "At home",
    "countries": ["GB"],
    "prices_include_tax": True,
    "rates": [{"tax_class": "standard", "rate_bp": 2_000, "valid_from": "2011-01-04"}],
}
NEXT_YEAR = {"tax_class": "standard", "rate_bp": 2_100, "valid_from": "2027-01-01"}


@pytest.mark.parametrize("rates", [[NEXT_YEAR], [HOME["rates"][0] | {"tax_class": "reduced"}]])
def test_a_zone_does_not_lose_the_rate_that_holds(
    client: TestClient, staff: dict[str, str], rates: list[dict[str, Any]]
) -> None:
    refused = client.put(f"{STAFF}/tax/zones/home", json=HOME | {"rates": rates}, headers=staff)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_standard_rate")
    with_both = HOME | {"rates": [*HOME["rates"], NEXT_YEAR]}
    client.put(f"{STAFF}/tax/zones/home", json=with_both, headers=staff).raise_for_status()
    cart = filled_cart(client, SHIRT0_S=1)
    assert client.get(f"/api/v1/carts/{cart}/checkout").json()["amounts"]["tax"] == 233


def test_a_zone_of_tax_is_taken_away_but_not_the_shops_own(client: TestClient, staff: dict[str, str]) -> None:
    refused = client.delete(f"{STAFF}/tax/zones/home", headers=staff)
    assert (refused.status_code, refused.json()["code"]) == (409, "home_zone_needed")
    norway = HOME | {"name": "Norway", "countries": ["NO"], "prices_include_tax": False}
    client.put(f"{STAFF}/tax/zones/no", json=norway, headers=staff).raise_for_status()
    cart, asked = filled_cart(client, SHIRT0_S=1), {"country": "NO"}
    path = f"/api/v1/carts/{cart}/checkout"
    assert client.get(path, params=asked).json()["amounts"]["tax"] == 279
    left = client.delete(f"{STAFF}/tax/zones/no", headers=staff).json()["zones"]
    assert [each["code"] for each in left] == ["home", "rest"]
    assert client.get(path, params=asked).json()["amounts"]["tax"] == 0
    assert client.delete(f"{STAFF}/tax/zones/no", headers=staff).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("delivery/zones/uk", {"name": "At home", "countries": ["UK"]}),
        ("tax/zones/uk", HOME | {"countries": ["UK"]}),
    ],
)
def test_a_zone_has_countries_that_exist(
    client: TestClient, staff: dict[str, str], path: str, body: dict[str, Any]
) -> None:
    refused = client.put(f"{STAFF}/{path}", json=body, headers=staff)
    assert refused.status_code == 422
    (error,) = refused.json()["details"]["errors"]
    assert (error["at"], "UK is no country" in error["message"]) == (["body", "countries", 0], True)


def test_a_rate_of_delivery_is_in_a_currency_that_the_shop_sells_in(
    client: TestClient, staff: dict[str, str]
) -> None:
    mistyped = EXPRESS | {"rates": [EXPRESS["rates"][0] | {"currency": "GPB"}]}
    refused = client.put(f"{STAFF}/delivery/methods/express", json=mistyped, headers=staff)
    assert (refused.status_code, refused.json()["code"]) == (400, "currency_not_sold")
    assert len(client.get(f"{STAFF}/delivery", headers=staff).json()["methods"]) == 1


@pytest.mark.parametrize("country", ["UK", "ZZ", "gb"])
def test_nothing_is_sold_to_a_country_that_does_not_exist(client: TestClient, country: str) -> None:
    cart = filled_cart(client, SHIRT0_S=1)
    body = order_body(cart)
    body["buyer"] |= {"country": country}
    refused = client.post("/api/v1/orders", json=body, headers=key())
    assert (refused.status_code, refused.json()["code"]) == (409, "order_incomplete")
    assert [each["field"] for each in refused.json()["details"]["missing"]] == ["country"]


def test_prices_without_tax_are_shown_as_such(client: TestClient, staff: dict[str, str]) -> None:
    assert "Prices include VAT." in client.get("/").text
    client.put(
        f"{STAFF}/tax/zones/home", json=HOME | {"prices_include_tax": False}, headers=staff
    ).raise_for_status()
    assert "VAT is added at the checkout." in client.get("/").text
