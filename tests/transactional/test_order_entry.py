"""Orders that the staff enters."""

from collections.abc import Callable
from typing import Any

import books
from alembic import command
from bank import Bank
from fastapi.testclient import TestClient
from shopping import ADA, Shelves, key, level, ordered_over_http, rows_of, status_of
from sqlalchemy import Engine, text
from test_migrations import empty_database  # noqa: F401  (a fixture)

from transactional.catalog import creation
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.models import skus
from transactional.change_log import change_log
from transactional.database import reading, writing
from transactional.ledger import chart
from transactional.ledger.models import journal_entries
from transactional.migrations import alembic_config, migrate
from transactional.orders import after_sales, entry, service, shipping
from transactional.orders.models import orders
from transactional.payments.models import payments
from transactional.promotions.models import order_promotions
from transactional.shop import Shop
from transactional.stock import service as stock

PATH = "/api/v1/staff/orders"
GRATIS = "/api/v1/staff/gratis-orders"
BUYER = {name: value for name, value in vars(ADA).items() if value is not None}


def body(**changes: Any) -> dict[str, Any]:
    return {"buyer": BUYER, "lines": [{"sku": "SHIRT0-S", "quantity": 2}], **changes}


def coupon(client: TestClient, staff: dict[str, str]) -> str:
    """A code for 10 % off."""
    made = client.post(
        "/api/v1/staff/promotions",
        json={"name": "Ten", "template": {"kind": "percent", "off_bp": 1_000}, "needs_code": True},
        headers=staff | key(),
    ).json()["id"]
    path = f"/api/v1/staff/promotions/{made}"
    codes = client.post(f"{path}/codes", json={"count": 1}, headers=staff | key()).json()["codes"]
    assert client.post(f"{path}/activate", json={}, headers=staff | key()).status_code == 200
    return str(codes[0])


class TestByPhone:
    def test_a_customer_on_the_phone_gets_an_order_and_a_page_to_pay_it(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        told = body(coupons=[coupon(client, staff)], note="ring twice")
        answer = client.post(PATH, json=told, headers=staff | key())
        assert answer.status_code == 201, answer.text
        order = answer.json()
        assert (order["status"], order["discount"] > 0) == ("pending_payment", True)
        assert order["page"].endswith(f"/orders/{order['token']}")
        assert order["number"] in client.get(f"/orders/{order['token']}").text
        payment = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key()).json()
        assert payment["amount"] == order["total"]
        (row,) = rows_of(open_for_business, orders)
        assert row["channel"] == "phone"
        assert level(open_for_business, shelves.skus["SHIRT0-S"]) == (10, 2)
        written = rows_of(open_for_business, change_log)
        assert {each["actor"] for each in written if each["table_name"] == "orders"} == {"staff"}

    def test_the_same_call_again_orders_once(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        same = staff | key()
        first, second = (client.post(PATH, json=body(), headers=same).json() for _ in range(2))
        assert first == second
        assert len(rows_of(open_for_business, orders)) == 1

    def test_a_refusal_leaves_nothing_behind(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        lines = [{"sku": "SHIRT0-S", "quantity": 11}]
        for wrong, code in (
            (body(lines=lines), "out_of_stock"),
            (body(lines=[{"sku": "NONE"}]), "not_for_sale"),
            (body(coupons=["NOSUCH"]), "coupon_unknown"),
            (body(expected_total=1), "price_changed"),
        ):
            refused = client.post(PATH, json=wrong, headers=staff | key())
            assert refused.json()["code"] == code, refused.text
        assert rows_of(open_for_business, orders) == []

    def test_it_is_the_staffs(self, client: TestClient) -> None:
        assert client.post(PATH, json=body(), headers=key()).status_code == 401


class TestGratis:
    def test_goods_that_nobody_pays_are_ready_to_be_sent_and_no_sale(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        told = body(purpose="replacement", reason="arrived broken")
        answer = client.post(GRATIS, json=told, headers=staff | key())
        assert answer.status_code == 201, answer.text
        order = answer.json()
        assert (order["status"], order["purpose"], order["total"], order["tax"]) == (
            "paid",
            "replacement",
            0,
            0,
        )
        assert order["gross"] == order["discount"] == 2_000
        assert [(row["unit_price"], row["list_price"]) for row in order["lines"]] == [(0, 1_200)]
        assert rows_of(open_for_business, payments) == []
        assert {row["reason"] for row in rows_of(open_for_business, journal_entries)} == {"goods received"}
        assert level(open_for_business, shelves.skus["SHIRT0-S"]) == (10, 2)
        history = client.get(f"{PATH}/{order['id']}/history", headers=staff).json()["items"]
        assert [(row["event"], row["actor"], row["reason"]) for row in history] == [
            ("pay", "staff", "arrived broken")
        ]

    def test_what_they_cost_is_an_expense_of_its_own_until_they_come_back(
        self, open_for_business: Shop, shelves: Shelves
    ) -> None:
        shop = open_for_business
        with shop.database.transaction("staff") as uow:
            placed = entry.gratis(uow, shop.terms, ADA, {"SHIRT0-S": 2}, "sample", "for the fair")
            shipping.ship(uow, placed.order_id)
        assert books.ledger_of(shop)[chart.GIVEN_AWAY, "GBP"] == -800
        with shop.database.transaction("staff") as uow:
            line = service.find(uow, placed.order_id).lines[0]["id"]
            note = after_sales.return_lines(uow, placed.order_id, {line: 2}, "too small")
        assert note.amount == 0
        ledger = books.ledger_of(shop)
        assert (ledger[chart.GIVEN_AWAY, "GBP"], ledger[chart.COST_OF_GOODS, "GBP"]) == (0, 0)
        assert status_of(shop, placed.order_id) == "returned"
        books.add_up(shop, Bank())

    def test_one_that_is_called_off_gives_its_stock_back(
        self, open_for_business: Shop, shelves: Shelves
    ) -> None:
        shop = open_for_business
        with shop.database.transaction("staff") as uow:
            placed = entry.gratis(uow, shop.terms, ADA, {"SHIRT0-S": 2}, "gift", "birthday")
            note = after_sales.cancel(uow, placed.order_id, "not wanted")
        assert note is not None and note.amount == 0
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
        books.add_up(shop, Bank())

    def test_promotions_have_no_part_in_it(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        coupon(client, staff)
        made = {"name": "All", "template": {"kind": "percent", "off_bp": 2_000}}
        promotion = client.post("/api/v1/staff/promotions", json=made, headers=staff | key()).json()["id"]
        client.post(f"/api/v1/staff/promotions/{promotion}/activate", json={}, headers=staff | key())
        client.post(GRATIS, json=body(purpose="gift", reason="birthday"), headers=staff | key())
        assert rows_of(open_for_business, order_promotions) == []

    def test_it_needs_a_reason_and_a_purpose(self, client: TestClient, staff: dict[str, str]) -> None:
        for wrong in (body(purpose="gift"), body(reason="why not"), body(purpose="sale", reason="free")):
            assert client.post(GRATIS, json=wrong, headers=staff | key()).status_code == 422

    def test_gift_cards_are_not_given_so(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        with open_for_business.database.transaction("test") as uow:
            sku = uow.lock(skus, shelves.skus["SHIRT0-S"])
            assert sku is not None
            uow.update(skus, sku, tax_class="gift_card")
        told = body(purpose="gift", reason="birthday")
        refused = client.post(GRATIS, json=told, headers=staff | key())
        assert (refused.status_code, refused.json()["code"]) == (409, "gift_card_not_given")
        assert rows_of(open_for_business, orders) == []


def test_a_sale_that_promotions_make_free_is_paid_at_once(
    client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
) -> None:
    with open_for_business.database.transaction("test") as uow:
        category = creation.create_category(uow, "stickers", "Stickers")
        draft = ProductDraft("sticker", "Sticker", category, [SkuDraft("STICKER", 100, 100, 0)])
        made = creation.create_product(uow, draft, open_for_business.terms.currency)
        stock.receive(uow, {made["STICKER"]: 5}, "DELIVERY-2")
    only = {"conditions": {"products": ["sticker"]}}
    for template, more in (({"kind": "percent", "off_bp": 10_000}, only), ({"kind": "free_shipping"}, {})):
        made = {"name": template["kind"], "template": template, **more}
        answer = client.post("/api/v1/staff/promotions", json=made, headers=staff | key())
        path = f"/api/v1/staff/promotions/{answer.json()['id']}"
        answer = client.post(f"{path}/activate", json={}, headers=staff | key())
        assert answer.status_code == 200, answer.text
    order = ordered_over_http(client, STICKER=1)
    assert (order["status"], order["total"], order["purpose"]) == ("paid", 0, "sale")
    assert rows_of(open_for_business, payments) == []
    answer = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key())
    assert answer.json()["code"] == "illegal_transition"
    with open_for_business.database.transaction("staff") as uow:
        shipping.ship(uow, order["id"])
        after_sales.return_lines(uow, order["id"], {order["lines"][0]["id"]: 1}, "too small")
    books.add_up(open_for_business, Bank())


def test_orders_of_before_are_sales(empty_database: Callable[[], Engine]) -> None:  # noqa: F811
    engine = empty_database()
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0010")
        connection.execute(
            text(
                "insert into orders (id, number, status, channel, currency, placed_at) values"
                " ('00000000-0000-0000-0000-000000000010', 'O-10', 'paid', 'web', 'GBP', '2026-01-02')"
            )
        )
    migrate(engine)
    with reading(engine) as connection:
        assert [tuple(row) for row in connection.execute(text("select number, purpose from orders"))] == [
            ("O-10", "sale")
        ]
