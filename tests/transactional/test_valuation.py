"""What goods are worth: every unit in the house what its SKU costs now, whatever changes that cost."""

from typing import Any

import books
import pytest
from fastapi.testclient import TestClient
from shopping import Shelves, exported, key, paid_order, rows_of
from test_ledger import STOCK, balances, posted
from test_races import at_once
from test_stock import open_warehouse

from transactional.catalog import creation, sku_editing
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.exchange import import_products
from transactional.catalog.models import categories
from transactional.ledger import chart
from transactional.ledger.models import journal_entries
from transactional.orders import after_sales, shipping
from transactional.orders import service as orders
from transactional.orders.models import shipments
from transactional.shop import Shop
from transactional.stock import service as stock
from transactional.stock import transfers, warehousing


def recost(shop: Shop, sku_id: str, cost: int) -> None:
    with shop.database.transaction("staff") as uow:
        sku_editing.edit_sku(uow, sku_id, {"cost": cost})


def adds_up(shop: Shop) -> None:
    ledger = books.ledger_of(shop)
    books.inventory_adds_up(shop, ledger, "GBP")
    books.goods_cost_what_they_were_sold_at(shop, ledger, "GBP")


def revaluations(shop: Shop) -> list[tuple[str, str]]:
    return [
        (row["document"], row["reason"])
        for row in rows_of(shop, journal_entries)
        if row["reference"].startswith("goods_revalued:")
    ]


class TestChangingACost:
    def test_units_on_shelves_and_between_them_are_revalued(self, shop: Shop, shelves: Shelves) -> None:
        sku = shelves.skus["SHIRT0-S"]
        open_warehouse(shop, "leeds", 1)
        with shop.database.transaction("staff") as uow:
            number = transfers.send(uow, "main", "leeds", {sku: 4})
            transfers.arrive(uow, number, {sku: 1})
        paid_order(shop, SHIRT0_S=2)
        recost(shop, sku, 450)
        assert balances(shop)[chart.INVENTORY] == STOCK + 10 * 50
        assert balances(shop)[chart.REVALUED] == -10 * 50
        recost(shop, sku, 100)
        assert balances(shop)[chart.INVENTORY] == STOCK - 10 * 300
        assert revaluations(shop) == [
            ("SHIRT0-S", "10 units at 450, not 400"),
            ("SHIRT0-S", "10 units at 100, not 450"),
        ]
        adds_up(shop)

    def test_an_order_costs_what_it_did_when_it_was_placed(self, shop: Shop, shelves: Shelves) -> None:
        sku = shelves.skus["SHIRT0-S"]
        placed = paid_order(shop, SHIRT0_S=2)
        recost(shop, sku, 700)
        with shop.database.transaction("staff") as uow:
            shipping.ship(uow, placed.order_id)
        (shipment,) = rows_of(shop, shipments)
        assert posted(shop, f"shipment:{shipment['number']}") == [
            (chart.COST_OF_GOODS, chart.INVENTORY, 800),
            (chart.REVALUED, chart.INVENTORY, 600),
        ]
        recost(shop, sku, 300)
        with shop.database.transaction("staff") as uow:
            (line,) = orders.find(uow, placed.order_id).lines
            note = after_sales.return_lines(uow, placed.order_id, {line["id"]: 1}, "too small")
        assert posted(shop, f"goods_returned:{note.number}") == [
            (chart.INVENTORY, chart.COST_OF_GOODS, 400),
            (chart.REVALUED, chart.INVENTORY, 100),
        ]
        assert balances(shop)[chart.COST_OF_GOODS] == 400
        adds_up(shop)

    def test_a_file_that_changes_costs_revalues(self, shop: Shop, shelves: Shelves) -> None:
        with shop.database.read() as db:
            file = exported(db)
        with shop.database.transaction("staff") as uow:
            import_products(uow, file.replace(",4.00,", ",5.25,").encode(), "storehouse", "GBP")
        assert balances(shop)[chart.INVENTORY] == 6 * 10 * 525
        assert len(revaluations(shop)) == 6
        adds_up(shop)

    def test_a_cost_that_stays_posts_nothing(self, shop: Shop, shelves: Shelves) -> None:
        recost(shop, shelves.skus["SHIRT0-S"], 400)
        assert revaluations(shop) == []

    def test_a_cost_that_changes_while_goods_come_and_go_values_each_unit_once(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        open_warehouse(shop, "leeds", 1)
        with shop.database.transaction("staff") as uow:
            (category,) = uow.rows(categories.select())
            new = ProductDraft("hat", "Hat", category["id"], [SkuDraft("HAT", 900, 900, 200)])
            hat = creation.create_product(uow, new, "GBP")["HAT"]
        placed = [paid_order(shop, SHIRT0_S=1) for _ in range(3)]

        def act(number: int) -> str:
            with shop.database.transaction("staff") as uow:
                match number % 3:
                    case 0:
                        for each in sorted((hat, shelves.skus["SHIRT0-S"])):
                            sku_editing.edit_sku(uow, each, {"cost": 300 + number})
                    case 1:
                        leeds = warehousing.find(uow, "leeds")["id"]
                        stock.receive(uow, {hat: 2, shelves.skus["SHIRT0-S"]: 1}, "DN-1", leeds)
                    case _:
                        shipping.ship(uow, placed[number // 3].order_id)
            return "done"

        assert at_once(9, act) == ["done"] * 9
        adds_up(shop)


@pytest.fixture
def staff(open_for_business: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}


class TestReceivingAtAnotherPrice:
    def receive(self, client: TestClient, staff: dict[str, str], *lines: dict[str, Any]) -> None:
        body = {"warehouse": "main", "document": "DN-7", "supplier": "weavers", "lines": lines}
        answer = client.post("/api/v1/staff/stock/receipts", json=body, headers=staff | key())
        assert answer.status_code == 201, answer.text

    def test_what_was_paid_beyond_the_cost_is_a_variance_and_owed_to_its_supplier(
        self, client: TestClient, shop: Shop, staff: dict[str, str], shelves: Shelves
    ) -> None:
        self.receive(
            client,
            staff,
            {"sku": "SHIRT0-S", "quantity": 5, "unit_cost": 430},
            {"sku": "SHIRT0-M", "quantity": 5},
        )
        found = balances(shop)
        assert found[chart.INVENTORY] == STOCK + 10 * 400
        assert found[chart.PRICE_VARIANCE] == 5 * 30
        assert found[f"{chart.PAYABLE}:weavers"] == 10 * 400 + 5 * 30
        assert found[chart.PAYABLE] == STOCK
        adds_up(shop)

    def test_what_was_bought_cheaper_is_owed_at_what_it_was_bought_for(
        self, client: TestClient, shop: Shop, staff: dict[str, str], shelves: Shelves
    ) -> None:
        self.receive(client, staff, {"sku": "SHIRT0-S", "quantity": 5, "unit_cost": 0})
        assert f"{chart.PAYABLE}:weavers" not in balances(shop)
        assert balances(shop)[chart.PRICE_VARIANCE] == -5 * 400
        adds_up(shop)
