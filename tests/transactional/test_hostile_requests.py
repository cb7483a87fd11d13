"""Requests that would cost the shop much, or end in an error of its own."""

import asyncio
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from shopping import key, order_body, rows_of
from starlette.types import Message

from settings import Settings
from transactional.app import create_app
from transactional.checkout.requirements import is_email
from transactional.checkout.shoppers import of_cart
from transactional.orders.models import orders
from transactional.pages.rendering import countries, see_problem
from transactional.shop import Shop

STAFF = "/api/v1/staff"
JSON = {"content-type": "application/json"}
HALF_A_CHARACTER = b'"\\ud800"'


@pytest.mark.parametrize(
    "path",
    [f"{STAFF}/catalogue/imports/shopify", f"{STAFF}/payouts", f"{STAFF}/products/shirt-0/matrix/skus"],
)
def test_a_large_body_is_not_read_before_the_staff_is_known(open_for_business: Shop, path: str) -> None:
    app = create_app(open_for_business.settings, open_for_business)
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-length", b"16000000"), (b"authorization", b"Bearer no")]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 401


def test_only_so_much_is_looked_at_for_an_e_mail_address(open_for_business: Shop, client: TestClient) -> None:
    longest = "a@" + "b." * 157 + "test"
    assert is_email(f" {longest} ") and not is_email(f"{longest}x" * 2)
    cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
    with open_for_business.database.read() as db:
        row = {"customer_id": None, "channel": "web"}
        assert of_cart(db, row, longest).is_known and not of_cart(db, row, f"{longest}x" * 2).is_known
    told = client.post(f"/api/v1/carts/{cart}/checkout", json={"buyer": {"email": f"{longest}x" * 2}}).json()
    assert "email_missing" in [each["code"] for each in told["missing"]]


@pytest.mark.parametrize("field", ["note", "delivery_method"])
def test_half_a_character_is_refused_of_the_staff_too(
    client: TestClient, staff: dict[str, str], field: str
) -> None:
    given = {"buyer": {}, "lines": [], "purpose": "gift", "reason": "x", field: "here"}
    content = client.build_request("POST", "/", json=given).content.replace(b'"here"', HALF_A_CHARACTER)
    refused = client.post(f"{STAFF}/gratis-orders", content=content, headers=JSON | staff | key())
    assert refused.status_code == 422
    assert field in [error["at"][-1] for error in refused.json()["details"]["errors"]]


@pytest.mark.parametrize("field", ["note", "saved_address", "delivery_method"])
def test_half_a_character_is_refused_where_it_stands(
    client: TestClient, open_for_business: Shop, field: str
) -> None:
    cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
    lines = {"lines": [{"sku": "SHIRT0-S", "quantity": 1}]}
    client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key()).raise_for_status()
    body = client.build_request("POST", "/", json=order_body(cart) | {field: "here"}).content
    for path in ("/api/v1/orders", f"/api/v1/carts/{cart}/checkout"):
        refused = client.post(path, content=body.replace(b'"here"', HALF_A_CHARACTER), headers=JSON | key())
        assert refused.status_code == 422
        assert field in [error["at"][-1] for error in refused.json()["details"]["errors"]]
    assert rows_of(open_for_business, orders) == []


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "orders?placed_from={}", None),
        ("post", "payments/gift-cards", {"amount": 100, "reason": "x", "expires_at": "{}"}),
        ("put", "stock/SHIRT0-S/supply", {"policy": "preorder", "most": 1, "available_from": "{}"}),
    ],
)
def test_a_moment_beyond_the_calendar_is_refused(
    client: TestClient,
    staff: dict[str, str],
    moment: str,
    method: str,
    path: str,
    body: dict[str, Any] | None,
) -> None:
    put = {name: moment if value == "{}" else value for name, value in (body or {}).items()}
    address = f"{STAFF}/{path.format(moment.replace('+', '%2B'))}"
    refused = client.request(method, address, headers=staff | key(), json=put or None)
    assert refused.status_code == 422
    assert "should be" in refused.json()["details"]["errors"][0]["message"]


def test_a_long_reason_does_not_cost_the_page(client: TestClient) -> None:
    back = see_problem("/cart", "so " * 100)
    assert "so " * 60 in client.get(back.headers["location"]).text


@pytest.mark.parametrize(
    ("setting", "typed"),
    [("shop_country", "UK"), ("shop_currency", "GPB"), ("shop_other_currencies", ("EUO",))],
)
def test_a_shop_does_not_start_in_a_country_or_currency_that_does_not_exist(
    setting: str, typed: str | tuple[str]
) -> None:
    with pytest.raises(ValidationError, match="ISO"):
        Settings(**{setting: typed})


def test_every_country_can_be_chosen_and_nothing_else() -> None:
    offered = countries("en_GB")
    assert offered["ZA"] == "South Africa"
    assert len(offered) == 249 and "EU" not in offered
