"""Tax by rate, from the lines of sales and credit notes: to the minor unit what the ledger's account says."""

from datetime import date

import books
import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import ADA, Shelves, order, rows_of, sell_everywhere

from transactional.catalog import sku_editing
from transactional.checkout import terms_editing
from transactional.ledger.chart import TAX
from transactional.orders import after_sales, change_entry, service, shipping
from transactional.orders.change_plan import Wish
from transactional.orders.change_pricing import Addition
from transactional.orders.models import credit_note_lines
from transactional.payments import settlement
from transactional.payments.methods import sandbox_card
from transactional.shop import Shop

DENMARK = {
    "ship_name": "Ada",
    "ship_address": "1 Havn",
    "ship_city": "Aarhus",
    "ship_region": None,
    "ship_postal_code": "8000",
    "ship_country": "DK",
}


@pytest.fixture
def taxed(open_for_business: Shop, shelves: Shelves) -> Shop:
    """Shirts of the second kind are taxed at 5 %, the others and delivery at 20 %; in Denmark all at 25 %."""
    shop = open_for_business
    sell_everywhere(shop)
    with shop.database.transaction("staff") as uow:
        terms_editing.put_tax_zone(
            uow,
            shop.terms,
            "home",
            name="Home",
            countries=["GB"],
            prices_include_tax=True,
            rates=[("standard", 2_000, date(2020, 1, 1)), ("reduced", 500, date(2020, 1, 1))],
            reverse_charge=False,
        )
        for size in ("S", "M"):
            sku_editing.edit_sku(uow, shelves.skus[f"SHIRT1-{size}"], {"tax_class": "reduced"})
    return shop


def bought(shop: Shop, **quantities: int) -> str:
    """The id of a paid order."""
    with shop.database.transaction("shopper") as uow:
        placed = order(uow, shop, {code.replace("_", "-"): count for code, count in quantities.items()}, ADA)
        paid = f"pay_{placed.payment_id}"
        settlement.record_capture(uow, placed.payment_id, paid, placed.total, placed.currency)
    return placed.order_id


def change(shop: Shop, order_id: str, wish: Wish) -> None:
    """Change an order, and pay what is due."""
    with shop.database.transaction("staff") as uow:
        change_entry.propose(uow, shop.terms, order_id, wish, way=sandbox_card)
    with shop.database.transaction("provider:sandbox") as uow:
        for payment in uow.rows(settlement.payments.select()):
            if payment["status"] == "pending":
                told = (f"pay_{payment['id']}", payment["amount"], payment["currency"])
                settlement.record_capture(uow, payment["id"], *told)


def statement(client: TestClient, staff: dict[str, str], **days: str) -> dict[int, tuple[int, int, int, int]]:
    """What was sold and credited with its tax, by rate; both sides of the proof agree."""
    answer = client.get("/api/v1/staff/ledger/tax", headers=staff, params=days)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert all(each["posted"] == each["by_rates"] for each in found["totals"])
    trial = client.get("/api/v1/staff/ledger/trial-balance", headers=staff, params=days).json()["items"]
    assert sum(each["tax"] for each in found["rates"]) == sum(
        each["balance"] for each in trial if each["account"] == TAX
    )
    names = ("sold", "sold_tax", "credited", "credited_tax")
    return {each["rate_bp"]: tuple(each[name] for name in names) for each in found["rates"]}


def test_each_rate_has_its_goods_and_delivery(client: TestClient, staff: dict[str, str], taxed: Shop) -> None:
    bought(taxed, SHIRT0_S=1, SHIRT1_S=1)
    assert statement(client, staff) == {
        2_000: (833 + 329, 167 + 66, 0, 0),
        500: (1_270, 63, 0, 0),
    }


def test_a_cancellation_takes_delivery_back_at_its_own_rate(
    client: TestClient, staff: dict[str, str], taxed: Shop
) -> None:
    order_id = bought(taxed, SHIRT0_S=2, SHIRT1_S=3)
    lines = service_lines(taxed, order_id)
    with taxed.database.transaction("staff") as uow:
        after_sales.cancel_lines(uow, order_id, {lines["SHIRT1-S"]: 1}, "not wanted")
    with taxed.database.transaction("staff") as uow:
        after_sales.cancel(uow, order_id, "called off")
    assert sum(row["shipping_tax"] for row in rows_of(taxed, credit_note_lines)) == 66
    for sold, sold_tax, credited, credited_tax in statement(client, staff).values():
        assert (sold, sold_tax) == (credited, credited_tax)


def service_lines(shop: Shop, order_id: str) -> dict[str, str]:
    with shop.database.read() as db:
        return {line["sku"]: line["id"] for line in service.find(db, order_id).lines}


def test_a_change_to_another_country_is_taxed_there_from_its_day(
    client: TestClient, staff: dict[str, str], taxed: Shop, clock: MovableClock
) -> None:
    order_id = bought(taxed, SHIRT0_S=1, SHIRT1_S=1)
    before = statement(client, staff)
    clock.forward(days=1)
    wish = Wish("moved", add=[Addition("SHIRT0-M", 1)], ship_to=DENMARK, delivery_method="express")
    change(taxed, order_id, wish)
    assert statement(client, staff, last_day="2026-11-22") == before
    second = statement(client, staff, first_day="2026-11-23")
    assert second[2_000][2:] == before[2_000][:2] and second[500][2:] == before[500][:2]
    assert second[2_500][0] > 0 and second[2_500][2:] == (0, 0)
    clock.forward(days=1)
    with taxed.database.transaction("staff") as uow:
        after_sales.cancel(uow, order_id, "called off")
    third = statement(client, staff, first_day="2026-11-24")
    assert third == {2_500: (0, 0, *second[2_500][:2])}
    books.tax_is_told_by_rate(taxed)


def test_units_that_come_back_lower_the_tax_of_their_rate(
    client: TestClient, staff: dict[str, str], taxed: Shop
) -> None:
    order_id = bought(taxed, SHIRT0_S=3, SHIRT1_M=2)
    with taxed.database.transaction("staff") as uow:
        shipping.ship(uow, order_id)
    for code, line_id in service_lines(taxed, order_id).items():
        with taxed.database.transaction("staff") as uow:
            after_sales.return_lines(uow, order_id, {line_id: 1 + code.startswith("SHIRT0")}, "too small")
    found = statement(client, staff)
    assert found[500] == (2_539, 127, 1_270, 63)
    assert found[2_000] == (2_500 + 329, 500 + 66, 1_667, 333)
    books.tax_is_told_by_rate(taxed)


def test_it_is_the_staffs(client: TestClient) -> None:
    assert client.get("/api/v1/staff/ledger/tax").status_code == 401
