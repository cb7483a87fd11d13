"""Promotions over HTTP: the staff's part, and what a cart shows."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from shopping import key, order_body
from sqlalchemy import select

from transactional.change_log import change_log
from transactional.shop import Shop

PROMOTIONS = "/api/v1/staff/promotions"


@pytest.fixture
def staff(open_for_business: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}


def drafted(client: TestClient, staff: dict[str, str], **definition: Any) -> dict[str, Any]:
    answer = client.post(PROMOTIONS, json=definition, headers=staff | key())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def active(client: TestClient, staff: dict[str, str], **definition: Any) -> str:
    promotion_id = str(drafted(client, staff, **definition)["id"])
    answer = client.post(f"{PROMOTIONS}/{promotion_id}/activate", headers=staff | key())
    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    return promotion_id


def filled_cart(client: TestClient, **quantities: int) -> str:
    token = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
    lines = [{"sku": code.replace("_", "-"), "quantity": count} for code, count in quantities.items()]
    client.post(f"/api/v1/carts/{token}/lines", json={"lines": lines}, headers=key()).raise_for_status()
    return str(token)


def test_only_the_staff_makes_promotions(client: TestClient) -> None:
    assert client.get(PROMOTIONS).status_code == 401
    assert client.post(PROMOTIONS, json={}, headers=key()).status_code == 401


@pytest.mark.parametrize(
    "template",
    [
        {"kind": "percent", "off_bp": 0},
        {"kind": "percent", "off_bp": 1_000, "of": "shipping"},
        {"kind": "percent", "off_bp": 1_000, "more": 1},
        {"kind": "unknown"},
        {"off_bp": 1_000},
        {"kind": "bundle", "parts": [], "price": 1},
    ],
)
def test_a_template_with_wrong_parameters_is_malformed(
    client: TestClient, staff: dict[str, str], template: dict[str, Any]
) -> None:
    answer = client.post(PROMOTIONS, json={"name": "Wrong", "template": template}, headers=staff | key())
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_from_the_draft_to_the_order(client: TestClient, staff: dict[str, str]) -> None:
    definition = {
        "name": "3 for 2 on shirts",
        "template": {"kind": "buy_x_get_y", "buy": 2},
        "conditions": {"categories": ["clothes"], "from_time": "08:00", "until_time": "20:00"},
    }
    draft = drafted(client, staff, **definition)
    better = definition | {"name": "Buy 2, get 1"}
    edited = client.put(f"{PROMOTIONS}/{draft['id']}", json=better, headers=staff)
    assert (edited.status_code, edited.json()["definition"]["name"]) == (200, "Buy 2, get 1")
    client.post(f"{PROMOTIONS}/{draft['id']}/activate", headers=staff | key()).raise_for_status()

    token = filled_cart(client, SHIRT0_S=1, SHIRT1_S=1)
    near = client.get(f"/api/v1/carts/{token}").json()
    assert [hint["message"] for hint in near["hints"]] == ["Buy 2, get 1: add 1 more."]
    lines = {"lines": [{"sku": "SHIRT2-S"}]}
    cart = client.post(f"/api/v1/carts/{token}/lines", json=lines, headers=key()).json()
    assert [line["discounts"] for line in cart["lines"]][1:] == [[], []]
    (discount,) = cart["lines"][0]["discounts"]
    assert (discount["reason"], discount["amount"], cart["lines"][0]["total"]) == ("Buy 2, get 1", 1_000, 0)

    placed = client.post("/api/v1/orders", json=order_body(token), headers=key()).json()
    assert [each["amount"] for each in placed["lines"][0]["discounts"]] == [1_000]
    assert placed["total"] == 1_333 + 1_666 + (placed["shipping"] + 66 if placed["shipping"] else 0)
    listed = client.get(PROMOTIONS, headers=staff).json()["items"]
    assert [(each["status"], each["of"]) for each in listed] == [("active", "product")]


def test_codes_in_the_cart(client: TestClient, staff: dict[str, str]) -> None:
    template = {"kind": "percent", "off_bp": 1_000}
    ten = active(
        client, staff, name="Ten", template=template, needs_code=True, conditions={"min_amount": 2_000}
    )
    made = client.post(f"{PROMOTIONS}/{ten}/codes", json={"named": ["ten"]}, headers=staff | key())
    assert (made.status_code, made.json()) == (201, {"codes": ["TEN"]})
    listed = client.get(f"{PROMOTIONS}/{ten}/codes", headers=staff).json()["items"]
    assert [(each["code"], each["uses"], each["max_uses"]) for each in listed] == [("TEN", 0, 1)]
    token = filled_cart(client, SHIRT0_S=1)
    coupons = f"/api/v1/carts/{token}/coupons"
    assert client.post(coupons, json={"code": "NOPE"}, headers=key()).json()["code"] == "coupon_unknown"
    cart = client.post(coupons, json={"code": " ten "}, headers=key()).json()
    assert (cart["coupons"], cart["promotions"]) == (["TEN"], [])
    assert [hint["message"] for hint in cart["hints"]] == ["Ten: spend GBP 10.00 more."]
    lines = {"lines": [{"sku": "SHIRT0-S"}]}
    cart = client.post(f"/api/v1/carts/{token}/lines", json=lines, headers=key()).json()
    assert [(each["code"], each["amount"]) for each in cart["promotions"]] == [("TEN", 200)]
    cart = client.delete(f"{coupons}/ten").json()
    assert (cart["coupons"], cart["promotions"], cart["goods"]) == ([], [], 2_000)
    revoked = client.delete(f"{PROMOTIONS}/{ten}/codes/ten", headers=staff).json()
    assert revoked["revoked_at"] is not None
    assert client.delete(f"{PROMOTIONS}/{ten}/codes", headers=staff).json() == {"revoked": 0, "left": 0}
    assert client.post(coupons, json={"code": "ten"}, headers=key()).json()["code"] == "coupon_unknown"


def test_a_dangerous_promotion_is_refused_by_name_unless_it_is_meant(
    client: TestClient, staff: dict[str, str], open_for_business: Shop
) -> None:
    draft = drafted(client, staff, name="Too cheap", template={"kind": "fixed_price", "price": 100})
    answer = client.post(f"{PROMOTIONS}/{draft['id']}/activate", headers=staff | key())
    assert (answer.status_code, answer.json()["code"]) == (409, "promotion_sells_below_cost")
    assert answer.json()["message"] == (
        "Too cheap can sell SHIRT0-M at 1000 for 83 without tax, below its cost of 400, and SHIRT0-S,"
        " SHIRT1-M, SHIRT1-S, SHIRT2-M, SHIRT2-S below cost too. Give a below_cost_reason if it is meant."
    )
    reason = {"below_cost_reason": " clearance "}
    meant = client.post(f"{PROMOTIONS}/{draft['id']}/activate", json=reason, headers=staff | key())
    assert (meant.status_code, meant.json()["below_cost_reason"]) == (200, "clearance")
    logged = select(change_log.c.after).where(change_log.c.table_name == "promotions")
    with open_for_business.database.read() as db:
        last = db.value(logged.order_by(change_log.c.seq.desc()).limit(1))
    assert json.loads(last)["below_cost_reason"] == "clearance"


def test_a_simulation_is_bounded(client: TestClient, staff: dict[str, str]) -> None:
    draft = drafted(client, staff, name="Ten", template={"kind": "percent", "off_bp": 1_000})
    token = filled_cart(client, SHIRT0_S=1)
    client.post("/api/v1/orders", json=order_body(token), headers=key()).raise_for_status()
    path = f"{PROMOTIONS}/{draft['id']}/simulation"
    week = {"start": "2026-11-20T00:00:00Z", "end": "2026-11-27T00:00:00Z"}
    found = client.get(path, params=week, headers=staff).json()
    assert (found["orders"], found["orders_affected"], found["discount"]) == (1, 1, 100)
    for wrong in (week | {"end": "2028-01-01T00:00:00Z"}, week | {"end": week["start"]}, {}):
        assert client.get(path, params=wrong, headers=staff).status_code == 422


def test_the_staff_sees_every_reason(client: TestClient, staff: dict[str, str]) -> None:
    def tried(**more: Any) -> dict[str, Any]:
        body = {"lines": [{"sku": "SHIRT0-S", "quantity": 2}, {"sku": "SHIRT1-S"}]} | more
        answer = client.post(f"{PROMOTIONS}/evaluate", json=body, headers=staff)
        found: dict[str, Any] = answer.json()
        return found

    ten = {"kind": "percent", "off_bp": 1_000}
    gold = active(client, staff, name="Gold", template=ten, conditions={"segments": ["gold"]})
    for number in range(6):
        more = {"conditions": {"min_amount": 100_000 + number}}
        active(client, staff, name=f"Far {number}", template=ten, **more)
    active(client, staff, name="Phone", template=ten, conditions={"channels": ["phone"]})
    plain = tried()
    assert (plain["promotions"], plain["shipping"], plain["delivery_method"]) == ([], 395, "standard")
    assert sorted(each["reason"] for each in plain["missed"]) == ["add_money"] * 6 + ["channel", "segment"]
    member = tried(segments=["gold"])
    (discount,) = member["lines"][0]["discounts"]
    assert discount == {"promotion": gold, "reason": "Gold", "amount": 200}
    assert [line["total"] for line in member["lines"]] == [1_800, 1_200]

    draft = drafted(
        client,
        staff,
        name="Night",
        template=ten | {"off_bp": 3_000},
        needs_code=True,
        conditions={"from_time": "22:00", "until_time": "02:00", "countries": ["IE"]},
    )
    night = {"promotion": draft["id"], "moment": "2026-11-27T23:00:00Z", "country": "IE"}
    assert [each["name"] for each in tried(**night)["promotions"]] == ["Night"]
    assert ("Night", "delivery") in [
        (each["name"], each["reason"]) for each in tried(**night | {"country": "GB"})["missed"]
    ]
    assert tried(codes=["NOPE"])["code"] == "coupon_unknown"
    assert tried(lines=[{"sku": "MUG"}])["details"] == {"field": "lines.sku", "value": "MUG"}
    assert client.post(f"{PROMOTIONS}/evaluate", json={}).status_code == 401
