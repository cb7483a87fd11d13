"""The ledger as the staff sees it."""

from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import paid_order, rows_of, shipped_order
from test_ledger import SANDBOX, STOCK, post

from transactional.ledger import rules
from transactional.ledger.rules import Posting, held
from transactional.orders.models import shipments
from transactional.shop import Shop

pytestmark = pytest.mark.usefixtures("shelves")


@pytest.fixture
def staff(open_for_business: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}


def get(client: TestClient, staff: dict[str, str], path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1/staff/ledger/{path}", headers=staff, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_it_is_the_staffs(client: TestClient) -> None:
    for path in ("trial-balance", "entries/gift:1", "accounts/liability:tax"):
        assert client.get(f"/api/v1/staff/ledger/{path}").status_code == 401


def test_the_trial_balance_of_a_day_is_the_shops_day(
    client: TestClient, shop: Shop, staff: dict[str, str], clock: MovableClock
) -> None:
    clock.forward(days=240, hours=12, minutes=59)  # 23:59 of 20 July in London, 22:59 UTC
    paid_order(shop, SHIRT0_S=1)
    clock.forward(minutes=1)
    placed = paid_order(shop, SHIRT0_S=2)
    day = {"first_day": "2027-07-21", "last_day": "2027-07-21"}
    found = get(client, staff, "trial-balance", **day)
    assert {item["account"]: item["balance"] for item in found["items"]} == {
        SANDBOX: placed.total,
        rules.SALES: 2_000,
        rules.DISCOUNTS: -333,
        rules.SHIPPING: 329,
        rules.TAX: 399,
    }
    moved = placed.total + 333
    assert found["totals"] == [{"currency": "GBP", "debits": moved, "credits": moved}]
    before = get(client, staff, "trial-balance", last_day="2027-07-20")["items"]
    held_then = {item["account"]: item["balance"] for item in before}
    assert (held_then[SANDBOX], held_then[rules.INVENTORY]) == (1_395, STOCK)


def test_holders_are_one_line_of_the_trial_balance_and_pages_share_its_totals(
    client: TestClient, shop: Shop, staff: dict[str, str]
) -> None:
    with shop.database.transaction("test") as uow:
        for number in range(3):
            card = held(rules.GIFT_CARD, f"card-{number}")
            post(uow, f"gift:{number}", Posting(SANDBOX, card, 500, "GBP"))
    found = get(client, staff, "trial-balance")
    cards = [item for item in found["items"] if item["account"].startswith(rules.GIFT_CARD)]
    assert [(item["account"], item["balance"]) for item in cards] == [(rules.GIFT_CARD, 1_500)]
    second = get(client, staff, "trial-balance", page=2, page_size=1)
    assert (second["items"], second["totals"]) == (found["items"][1:2], found["totals"])
    assert second["total"] == len(found["items"])


def test_an_entry_is_found_by_its_reference(client: TestClient, shop: Shop, staff: dict[str, str]) -> None:
    placed = shipped_order(shop, SHIRT0_S=1)
    (shipment,) = rows_of(shop, shipments)
    found = get(client, staff, f"entries/shipment:{shipment['number']}")
    assert (found["document"], found["reason"]) == (placed.number, "shipment")
    assert found["postings"] == [
        {"source": rules.COST_OF_GOODS, "destination": rules.INVENTORY, "amount": 400, "currency": "GBP"}
    ]
    missing = client.get("/api/v1/staff/ledger/entries/order:nope:paid", headers=staff)
    assert missing.status_code == 404


def test_a_statement_shows_an_accounts_postings_the_newest_first(
    client: TestClient, shop: Shop, staff: dict[str, str], clock: MovableClock
) -> None:
    numbers = []
    for _ in range(3):
        clock.forward(minutes=1)
        numbers.append(shipped_order(shop, SHIRT0_S=1).number)
    path = f"accounts/{rules.INVENTORY}"
    found = get(client, staff, path)
    assert [line["document"] for line in found["items"]] == [*numbers[::-1], "DELIVERY-1"]
    assert [(each["debits"], each["credits"], each["balance"]) for each in found["totals"]] == [
        (STOCK, 1_200, STOCK - 1_200)
    ]
    assert get(client, staff, path, page=2, page_size=3)["items"] == found["items"][3:]
    assert get(client, staff, path, first_day="2026-11-23", last_day="2026-11-23")["items"] == []
    unknown = client.get("/api/v1/staff/ledger/accounts/asset:nothing", headers=staff)
    assert unknown.status_code == 404
