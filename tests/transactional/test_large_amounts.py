"""Numbers nobody meets: refused where they come in, added up where many of them are."""

import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg.errors
import pytest
from fastapi.testclient import TestClient
from shopping import Shelves, fill_shelves, key, order
from sqlalchemy.exc import OperationalError
from test_ledger import SANDBOX, balances, post
from test_valuation import recost

from transactional.catalog import sku_editing
from transactional.database import is_busy
from transactional.errors import AmountTooLarge
from transactional.ledger import chart, service
from transactional.ledger.chart import held
from transactional.ledger.models import postings
from transactional.ledger.rules import Posting
from transactional.money import MOST_AMOUNT, MOST_OF_DOCUMENT
from transactional.shop import Shop


@pytest.fixture
def staff(open_for_business: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}


def receive(client: TestClient, staff: dict[str, str], quantity: int, **more: Any) -> tuple[int, str]:
    lines = [{"sku": "SHIRT0-S", "quantity": quantity, **more}]
    body = {"warehouse": "main", "document": "DN-9", "lines": lines}
    answer = client.post("/api/v1/staff/stock/receipts", json=body, headers=staff | key())
    return answer.status_code, answer.json().get("code", "")


class TestRefused:
    def test_a_cost_beyond_any_is_malformed(
        self, client: TestClient, staff: dict[str, str], shelves: Shelves
    ) -> None:
        path = f"/api/v1/staff/catalogue/skus/{shelves.skus['SHIRT0-S']}"
        for cost, status in ((MOST_AMOUNT + 1, 422), (MOST_AMOUNT, 200)):
            assert client.patch(path, json={"cost": cost}, headers=staff).status_code == status
        assert receive(client, staff, 1, unit_cost=MOST_AMOUNT + 1) == (422, "invalid_request")

    def test_a_receipt_that_comes_to_too_much(
        self, client: TestClient, shop: Shop, staff: dict[str, str], shelves: Shelves
    ) -> None:
        recost(shop, shelves.skus["SHIRT0-S"], MOST_AMOUNT)
        assert receive(client, staff, 1_000_000) == (409, "amount_too_large")
        assert receive(client, staff, 1_000) == (201, "")
        assert client.get("/api/v1/staff/ledger/trial-balance", headers=staff).status_code == 200

    def test_a_cost_that_revalues_too_much(
        self, client: TestClient, shop: Shop, staff: dict[str, str], shelves: Shelves
    ) -> None:
        recost(shop, shelves.skus["SHIRT0-S"], 0)
        assert receive(client, staff, 1_000_000) == (201, "")
        with pytest.raises(AmountTooLarge):
            recost(shop, shelves.skus["SHIRT0-S"], MOST_AMOUNT)

    def test_more_units_than_a_shelf_can_count(
        self, client: TestClient, shop: Shop, staff: dict[str, str], shelves: Shelves
    ) -> None:
        recost(shop, shelves.skus["SHIRT0-S"], 0)
        lines = [{"sku": "SHIRT0-S", "quantity": 1_000_000}] * 500
        body = {"warehouse": "main", "document": "DN-9", "lines": lines}
        path = "/api/v1/staff/stock/receipts"
        answers = [client.post(path, json=body, headers=staff | key()) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 409]
        assert answers[1].json()["code"] == "too_many_on_shelf"

    def test_an_order_that_comes_to_too_much(self, new_shop: Callable[[], Shop]) -> None:
        shop = new_shop()
        shelves = fill_shelves(shop, products=6, units=99)
        with shop.database.transaction("staff") as uow:
            for sku_id in shelves.skus.values():
                sku_editing.edit_sku(uow, sku_id, {"price": MOST_AMOUNT, "list_price": MOST_AMOUNT})
        with shop.database.transaction("shopper") as uow, pytest.raises(AmountTooLarge):
            order(uow, shop, dict.fromkeys(shelves.skus, 99))
        with shop.database.transaction("shopper") as uow:
            order(uow, shop, dict.fromkeys(list(shelves.skus)[:9], 99))

    def test_what_one_holder_has_is_bounded(self, shop: Shop, shelves: Shelves) -> None:
        card = held(chart.GIFT_CARD, "card-1")
        with shop.database.transaction("test") as uow:
            most = [Posting(SANDBOX, card, MOST_OF_DOCUMENT, "GBP")] * 1_000
            post(uow, "gift:1", *most)
            with pytest.raises(AmountTooLarge):
                post(uow, "gift:2", Posting(SANDBOX, card, 1, "GBP"))


def test_sums_beyond_64_bits_are_shown(client: TestClient, shop: Shop, staff: dict[str, str]) -> None:
    """As of a shop that took anything once: three postings of which two are more than 64 bits hold."""
    amount = 5 * 10**18 + 7
    with shop.database.transaction("test") as uow:
        post(uow, "sale:1", *[Posting(SANDBOX, chart.SALES, 1, "GBP")] * 3)
        entry = service.find(uow, "sale:1").entry
        for position in range(4, 7):
            row = {"id": uow.new_id(), "entry_id": entry["id"], "position": position, "occurred_at": uow.now}
            uow.insert(postings, row | vars(Posting(SANDBOX, chart.SALES, amount, "GBP")))
    assert balances(shop)[chart.SALES] == 3 * amount + 3
    for path in ("trial-balance", f"accounts/{chart.SALES}"):
        answer = client.get(f"/api/v1/staff/ledger/{path}", headers=staff)
        assert answer.status_code == 200, answer.text


def sqlite_error(code: int) -> OperationalError:
    problem = sqlite3.OperationalError("of SQLite")
    problem.sqlite_errorcode = code
    return OperationalError("select", {}, problem)


class TestWhatIsBusy:
    @pytest.mark.parametrize(
        "problem",
        [
            sqlite_error(sqlite3.SQLITE_BUSY),
            sqlite_error(sqlite3.SQLITE_BUSY | 2 << 8),  # SQLITE_BUSY_SNAPSHOT
            OperationalError("select", {}, psycopg.errors.LockNotAvailable()),
            OperationalError("select", {}, psycopg.errors.DeadlockDetected()),
            OperationalError("select", {}, psycopg.OperationalError("connection refused")),
        ],
    )
    def test_locks_and_lost_connections(self, problem: OperationalError) -> None:
        assert is_busy(problem)

    @pytest.mark.parametrize(
        "problem",
        [
            sqlite_error(sqlite3.SQLITE_ERROR),  # integer overflow, no such table
            sqlite_error(sqlite3.SQLITE_FULL),
            OperationalError("select", {}, psycopg.errors.DiskFull()),
        ],
    )
    def test_a_fault_that_stays_is_none(self, problem: OperationalError) -> None:
        assert not is_busy(problem)
