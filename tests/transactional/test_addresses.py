from typing import Any

from fastapi.testclient import TestClient
from shopping import key, placed_order, rows_of

from transactional.invoices.models import invoice_requests
from transactional.members.models import customer_addresses, customers
from transactional.orders.models import orders
from transactional.shop import Shop

HOME: dict[str, Any] = {
    "name": "Ada Lovelace",
    "lines": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
    "is_shipping_default": True,
}


def book(shop: Shop) -> str:
    """Where the staff finds the addresses of a customer who has ordered."""
    placed_order(shop, SHIRT0_S=1)
    (customer,) = rows_of(shop, customers)
    return f"/api/v1/staff/customers/{customer['id']}/addresses"


def test_one_address_is_the_default(
    client: TestClient, open_for_business: Shop, staff: dict[str, str]
) -> None:
    address = book(open_for_business)
    client.put(f"{address}/home", json=HOME, headers=staff).raise_for_status()
    office = client.put(f"{address}/office", json=HOME | {"company": "Engines Ltd"}, headers=staff)
    shown = [(each["label"], each["is_shipping_default"]) for each in office.json()["addresses"]]
    assert shown == [("home", False), ("office", True)]
    changed = client.put(f"{address}/home", json=HOME | {"city": "Ockham"}, headers=staff).json()
    assert [(each["city"], each["is_shipping_default"]) for each in changed["addresses"]] == [
        ("Ockham", True),
        ("London", False),
    ]
    left = client.delete(f"{address}/home", headers=staff).json()
    assert [each["label"] for each in left["addresses"]] == ["office"]


def test_only_the_staff_reads_an_address_book(client: TestClient, open_for_business: Shop) -> None:
    assert client.get(book(open_for_business)).status_code == 401


def test_ordering_fills_no_address_book(open_for_business: Shop) -> None:
    book(open_for_business)
    assert rows_of(open_for_business, customer_addresses) == []


def test_nobody_has_no_address_book(client: TestClient, staff: dict[str, str]) -> None:
    nobody = "/api/v1/staff/customers/0190a5c0-0000-7000-8000-000000000000/addresses"
    assert client.get(nobody, headers=staff).status_code == 404
    assert client.put(f"{nobody}/home", json=HOME, headers=staff).status_code == 404


def test_who_types_no_address_gets_the_defaults_of_the_book(
    client: TestClient, open_for_business: Shop, staff: dict[str, str]
) -> None:
    shop, address = open_for_business, book(open_for_business)
    (customer,) = rows_of(shop, customers)
    office = HOME | {"company": "Engines Ltd", "city": "Leeds"}
    office |= {"is_shipping_default": False, "is_billing_default": True}
    client.put(f"{address}/home", json=HOME, headers=staff).raise_for_status()
    client.put(f"{address}/office", json=office, headers=staff).raise_for_status()

    def order(**said: Any) -> dict[str, Any]:
        cart: str = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S", "quantity": 1}]}
        client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key()).raise_for_status()
        wallet = {"wallet": shop.keys.token("wallet", customer["id"])}
        client.post(f"/api/v1/carts/{cart}/customer", json=wallet, headers=key()).raise_for_status()
        assert client.post(f"/api/v1/carts/{cart}/checkout", json=said).json()["missing"] == []
        client.post("/api/v1/orders", json={"cart": cart, **said}, headers=key()).raise_for_status()
        asked = rows_of(shop, invoice_requests)
        return {"order": rows_of(shop, orders)[-1], "invoice": asked[-1]["buyer"] if asked else None}

    placed = order(invoice={})
    assert (placed["order"]["ship_city"], placed["order"]["ship_name"]) == ("London", "Ada Lovelace")
    assert (placed["invoice"]["company"], placed["invoice"]["city"]) == ("Engines Ltd", "Leeds")
    typed = {"name": "Bob", "address": "1 High St", "city": "York", "postal_code": "YO1", "country": "GB"}
    placed = order(buyer=typed, invoice={"name": "Bob", "company": "Bob Ltd"})
    assert placed["order"]["ship_city"] == "York"
    assert (placed["invoice"]["company"], placed["invoice"]["city"]) == ("Bob Ltd", None)
