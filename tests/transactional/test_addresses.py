from typing import Any

from fastapi.testclient import TestClient
from shopping import placed_order, rows_of

from transactional.members.models import customer_addresses, customers
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
