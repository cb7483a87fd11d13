"""The ledger as the staff sees it."""

from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import key, paid_order, rows_of, shipped_order
from test_ledger import SANDBOX, STOCK, balances, post

from transactional.ledger import chart
from transactional.ledger.chart import held
from transactional.ledger.rules import Posting
from transactional.orders.models import shipments
from transactional.shop import Shop
from transactional.stock import service as stock
from transactional.stock import warehousing

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
        chart.SALES: 2_000,
        chart.DISCOUNTS: -333,
        chart.SHIPPING: 329,
        chart.TAX: 399,
    }
    moved = placed.total + 333
    assert found["totals"] == [{"currency": "GBP", "debits": moved, "credits": moved}]
    before = get(client, staff, "trial-balance", last_day="2027-07-20")["items"]
    held_then = {item["account"]: item["balance"] for item in before}
    assert (held_then[SANDBOX], held_then[chart.INVENTORY]) == (1_395, STOCK)


def test_holders_are_one_line_of_the_trial_balance_and_pages_share_its_totals(
    client: TestClient, shop: Shop, staff: dict[str, str]
) -> None:
    with shop.database.transaction("test") as uow:
        for number in range(3):
            card = held(chart.GIFT_CARD, f"card-{number}")
            post(uow, f"gift:{number}", Posting(SANDBOX, card, 500, "GBP"))
    found = get(client, staff, "trial-balance")
    cards = [item for item in found["items"] if item["account"].startswith(chart.GIFT_CARD)]
    assert [(item["account"], item["balance"]) for item in cards] == [(chart.GIFT_CARD, 1_500)]
    second = get(client, staff, "trial-balance", page=2, page_size=1)
    assert (second["items"], second["totals"]) == (found["items"][1:2], found["totals"])
    assert second["total"] == len(found["items"])


def test_an_entry_is_found_by_its_reference(client: TestClient, shop: Shop, staff: dict[str, str]) -> None:
    placed = shipped_order(shop, SHIRT0_S=1)
    (shipment,) = rows_of(shop, shipments)
    found = get(client, staff, f"entries/shipment:{shipment['number']}")
    assert (found["document"], found["reason"]) == (placed.number, "shipment")
    assert found["postings"] == [
        {"source": chart.COST_OF_GOODS, "destination": chart.INVENTORY, "amount": 400, "currency": "GBP"}
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
    path = f"accounts/{chart.INVENTORY}"
    found = get(client, staff, path)
    assert [line["document"] for line in found["items"]] == [*numbers[::-1], "DELIVERY-1"]
    assert [(each["debits"], each["credits"], each["balance"]) for each in found["totals"]] == [
        (STOCK, 1_200, STOCK - 1_200)
    ]
    assert get(client, staff, path, page=2, page_size=3)["items"] == found["items"][3:]
    assert get(client, staff, path, first_day="2026-11-23", last_day="2026-11-23")["items"] == []
    unknown = client.get("/api/v1/staff/ledger/accounts/asset:nothing", headers=staff)
    assert unknown.status_code == 404


def send(
    client: TestClient, staff: dict[str, str], path: str, status: int = 201, **body: Any
) -> dict[str, Any]:
    answer = client.post(f"/api/v1/staff/ledger/{path}", json=body, headers=staff | key())
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rent(**more: Any) -> dict[str, Any]:
    posting = {"source": chart.OTHER, "destination": chart.BANK, "amount": 900, "currency": "GBP"}
    return {"document": "INV-1", "reason": "rent", "postings": [posting | more]}


def test_entries_are_found_by_day_document_and_account(
    client: TestClient, shop: Shop, staff: dict[str, str], clock: MovableClock
) -> None:
    clock.forward(days=1)
    first = shipped_order(shop, SHIRT0_S=1)
    clock.forward(days=1)
    second = shipped_order(shop, SHIRT0_S=1)
    today = clock.now.date().isoformat()
    found = get(client, staff, "entries", first_day=today)
    assert {(each["document"], each["reason"]) for each in found["items"]} == {
        (second.number, "shipment"),
        (second.number, "order paid"),
    }
    assert found["items"][0] == get(client, staff, f"entries/{found['items'][0]['reference']}")
    of_order = get(client, staff, "entries", document=first.number)["items"]
    assert {each["document"] for each in of_order} == {first.number}
    of_stock = get(client, staff, "entries", account=chart.INVENTORY)["items"]
    assert [each["reason"] for each in of_stock] == ["shipment", "shipment", "goods received"]
    assert (
        get(client, staff, "entries", account=chart.INVENTORY, page=2, page_size=2)["items"] == of_stock[2:]
    )


def test_the_staff_posts_by_hand_and_undoes_it_once(
    client: TestClient, shop: Shop, staff: dict[str, str]
) -> None:
    written = send(client, staff, "entries", **rent())
    assert balances(shop)[chart.OTHER] == 900
    path = f"entries/{written['reference']}/reversal"
    undone = send(client, staff, path, reason="paid twice")
    assert (undone["reverses_id"], undone["reason"]) == (written["id"], "paid twice")
    assert chart.OTHER not in balances(shop)
    assert send(client, staff, path, 409, reason="again")["code"] == "entry_reversed"


def test_what_the_shop_keeps_itself_is_not_posted_or_undone_by_hand(
    client: TestClient, shop: Shop, staff: dict[str, str]
) -> None:
    for account in (chart.INVENTORY, chart.SALES, held(chart.BALANCE, "ada"), SANDBOX, "expense:nothing"):
        assert send(client, staff, "entries", 409, **rent(source=account))["code"] == "not_by_hand"
    send(client, staff, "entries", 422, **rent(source=chart.BANK))
    placed = paid_order(shop, SHIRT0_S=1)
    refused = send(client, staff, f"entries/order:{placed.number}:paid/reversal", 409, reason="no")
    assert refused["code"] == "not_by_hand"
    send(client, staff, "entries/manual:nothing/reversal", 404, reason="no")


def test_a_supplier_is_paid_what_it_is_owed(client: TestClient, shop: Shop, staff: dict[str, str]) -> None:
    weavers = held(chart.PAYABLE, "weavers")
    with shop.database.transaction("staff") as uow:
        sku = warehousing.sku_id(uow, "SHIRT0-S")
        stock.receive(uow, {sku: 3}, "DN-8", supplier="weavers")
    paid = {"supplier": "weavers", "amount": 1_000, "currency": "GBP", "document": "INV-2"}
    assert send(client, staff, "supplier-payments", **paid)["postings"] == [
        {"source": weavers, "destination": chart.BANK, "amount": 1_000, "currency": "GBP"}
    ]
    assert balances(shop)[weavers] == 200
    totals = get(client, staff, f"accounts/{weavers}")["totals"]
    assert [(each["debits"], each["credits"], each["balance"]) for each in totals] == [(1_000, 1_200, 200)]


def test_income_less_expense_is_what_assets_are_beyond_liabilities(
    client: TestClient, shop: Shop, staff: dict[str, str]
) -> None:
    shipped_order(shop, SHIRT0_S=2)
    kinds = {each["kind"]: each["balance"] for each in get(client, staff, "trial-balance")["kinds"]}
    assert kinds["income"] - kinds["expense"] == kinds["asset"] - kinds["liability"]
    assert kinds["expense"] == 800


@pytest.mark.parametrize("what", ["trial-balance", "tax", "entries", "accounts/asset:bank"])
def test_a_period_does_not_end_before_it_begins(client: TestClient, staff: dict[str, str], what: str) -> None:
    days = {"first_day": "2026-11-22", "last_day": "2026-11-21"}
    refused = client.get(f"/api/v1/staff/ledger/{what}", params=days, headers=staff)
    assert (refused.status_code, refused.json()["code"]) == (400, "no_period")
    assert refused.json()["details"]["field"] == "first_day"


def test_nothing_is_posted_in_a_currency_that_does_not_exist(
    client: TestClient, staff: dict[str, str]
) -> None:
    posting = {"source": "expense:other", "destination": "asset:bank", "amount": 1, "currency": "ZZZ"}
    entry = {"document": "D", "reason": "rent", "postings": [posting]}
    refused = client.post("/api/v1/staff/ledger/entries", json=entry, headers=staff | key())
    assert refused.status_code == 422
    assert refused.json()["details"]["errors"][0]["at"] == ["body", "postings", 0, "currency"]
