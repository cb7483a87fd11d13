"""The page of a group purchase, as a browser without JavaScript has it."""

from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import ADA, Shelves, rows_of
from test_group_purchase import joined, open_group
from test_pages_shopping import shown

from transactional.orders.models import orders
from transactional.shop import Shop

ADDRESS = {name: value for name, value in vars(ADA).items() if value is not None}


def test_a_shopper_sees_how_many_are_in_and_joins_once(
    client: TestClient, open_for_business: Shop, shelves: Shelves
) -> None:
    open_group(open_for_business)
    joined(open_for_business, 1)
    page = shown(client.get("/groups/shirts"))
    assert "1 of 3 buyers are in" in page.text
    assert "2 more by" in page.text
    assert "£6.00" in page.text
    form = page.form("/groups/shirts")
    sent = form.values | ADDRESS | {"quantity": "2"}
    for _ in range(2):
        answer = client.post(form.action, data=sent, follow_redirects=False)
        assert (answer.status_code, "/pay/" in answer.headers["location"]) == (303, True)
    mine = [row for row in rows_of(open_for_business, orders) if row["email"] == ADA.email]
    assert [(row["channel"], row["status"]) for row in mine] == [("group", "pending_payment")]


def test_what_is_missing_is_told_and_what_was_typed_is_kept(
    client: TestClient, open_for_business: Shop, shelves: Shelves
) -> None:
    open_group(open_for_business)
    values = shown(client.get("/groups/shirts")).form("/groups/shirts").values
    answer = client.post("/groups/shirts", data=values | ADDRESS | {"name": ""})
    page = shown(answer, 422)
    assert "Enter your name." in page.text
    assert page.form("/groups/shirts").values["city"] == "London"


def test_a_group_that_is_over_cannot_be_joined(
    client: TestClient, open_for_business: Shop, shelves: Shelves, clock: MovableClock
) -> None:
    open_group(open_for_business)
    values = shown(client.get("/groups/shirts")).form("/groups/shirts").values
    clock.forward(days=1)
    page = shown(client.post("/groups/shirts", data=values | ADDRESS), 409)
    assert "Nobody can join" in page.text
    assert not [form for form in page.forms if form.action.startswith("/groups")]
    assert client.get("/groups/none").status_code == 404


def test_the_order_says_that_it_waits_for_the_others(
    client: TestClient, open_for_business: Shop, shelves: Shelves
) -> None:
    open_group(open_for_business)
    placed = joined(open_for_business, 1)
    token = open_for_business.keys.token("order", placed.order_id)
    assert "once enough buyers are" in shown(client.get(f"/orders/{token}/thanks")).text
