"""Whatever is sent to the API, also what it was never meant for, the answer is one that OpenAPI describes."""

from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from shopping import Shelves, key, paid_order, rows_of
from test_openapi_examples import filled

from transactional.catalog.models import categories, products
from transactional.members.models import customers
from transactional.orders import group_entry
from transactional.shop import Shop

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def described(client: TestClient) -> Any:
    # Without its list of boundary cases, which takes longer than all random ones together.
    config = schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": False}}})
    return schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json", _without_lifespan(client.app), config=config
    )


def _without_lifespan(app: Any) -> Any:
    """Schemathesis would keep the shop open, with all it does by itself, until the process ends."""

    async def only_requests(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("no lifespan")
        await app(scope, receive, send)

    return only_requests


schema = schemathesis.pytest.from_fixture("described")


@pytest.fixture
def known(client: TestClient, open_for_business: Shop, shelves: Shelves) -> dict[str, str]:
    """Values of what is there, by the names of path parameters and fields, so that not all is 404."""
    shop = open_for_business
    order = paid_order(shop, SHIRT0_S=2, SHIRT1_M=1)
    group_entry_of(shop)
    cart: str = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
    body = {"lines": [{"sku": "SHIRT0-S", "quantity": 1}]}
    line = client.post(f"/api/v1/carts/{cart}/lines", json=body, headers=key()).json()["lines"][0]["id"]
    (customer,) = rows_of(shop, customers)
    return {
        "cart": cart,
        "cart_token": cart,
        "token": shop.keys.token("order", order.order_id),
        "order_id": order.order_id,
        "order_line_id": order.lines[0]["id"],
        "line_id": line,
        "customer_id": customer["id"],
        "wallet": shop.keys.token("wallet", customer["id"]),
        "sku": "SHIRT0-S",
        "sku_id": shelves.skus["SHIRT0-S"],
        "slug": "shirt-0",
        "product_id": rows_of(shop, products)[0]["id"],
        "category_id": rows_of(shop, categories)[0]["id"],
        "group_code": "shirts",
        "warehouse": "main",
        "email": customer["email"],
        "reference": f"order:{order.number}:paid",
        "account": "income:sales",
    }


def group_entry_of(shop: Shop) -> None:
    with shop.database.transaction("staff") as uow:
        closes_at = uow.now + timedelta(days=1)
        group_entry.create(uow, "shirts", "SHIRT0-S", 500, buyers_wanted=2, per_buyer=2, closes_at=closes_at)


def met(case: Any, known: dict[str, str]) -> None:
    """Let a request be about what is there."""
    special = {"token": "cart_token"} if "/carts/" in case.path else {}
    special |= {"code": "group_code"} if "/groups/" in case.path else {}
    case.path_parameters = {
        name: known.get(special.get(name, name), value)
        for name, value in (case.path_parameters or {}).items()
    }
    case.body = filled(case.body, known)


@schema.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_answer_is_described(case: Any, staff: dict[str, str], known: dict[str, str]) -> None:
    case.validate_response(case.call(headers=staff), checks=CHECKS)
    met(case, known)
    case.validate_response(case.call(headers=staff | key()), checks=CHECKS)  # another request: another key
