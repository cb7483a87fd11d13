"""Orders that the staff enters."""

from typing import Any

from fastapi.testclient import TestClient
from shopping import ADA, Shelves, key, level, rows_of

from transactional.change_log import change_log
from transactional.orders.models import orders
from transactional.shop import Shop

PATH = "/api/v1/staff/orders"
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
