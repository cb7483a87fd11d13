"""Orders that leave in several shipments, from several warehouses, and not always whole."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shopping import Shelves, fill_shelves, key, level, paid_order, rows_of, status_of
from test_ledger import balances
from test_partial_cancellation import cancel, lines_of
from test_races import at_once
from test_stock import movements_explain_every_level, open_warehouse, stand

from transactional.errors import IllegalTransition, NotFound, ShopError
from transactional.ledger import chart
from transactional.orders import after_sales, shipping, transitions
from transactional.orders.errors import NothingToShip, ShipmentDelivered, TooManyReturned, TooManyShipped
from transactional.orders.models import credit_note_lines, orders, shipment_lines, shipments
from transactional.payments.models import refunds
from transactional.shop import Shop
from transactional.stock import service as stock
from transactional.unit_of_work import Row


def send(shop: Shop, order_id: str, **units: int) -> list[Row]:
    """Ship units by SKU code, written with `_` for `-`; all that is left when none are named."""
    lines = lines_of(shop, order_id)
    quantities = {lines[code.replace("_", "-")]: count for code, count in units.items()}
    with shop.database.transaction("staff") as uow:
        return shipping.ship(uow, order_id, quantities or None)


def arrive(shop: Shop, order_id: str, number: str) -> None:
    with shop.database.transaction("staff") as uow:
        shipping.deliver_shipment(uow, order_id, number)


def test_units_leave_in_parts_each_at_its_cost(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3, SHIRT1_M=1)
    (first,) = send(shop, placed.order_id, SHIRT0_S=2)
    assert status_of(shop, placed.order_id) == "partly_shipped"
    assert level(shop, shelves.skus["SHIRT0-S"]) == (8, 1)
    assert balances(shop)[chart.COST_OF_GOODS] == 2 * 400
    (second,) = send(shop, placed.order_id)
    assert status_of(shop, placed.order_id) == "shipped"
    assert level(shop, shelves.skus["SHIRT1-M"]) == (9, 0)
    assert balances(shop)[chart.COST_OF_GOODS] == 4 * 400
    sent = {(row["shipment_id"], row["quantity"]) for row in rows_of(shop, shipment_lines)}
    assert sent == {(first["id"], 2), (second["id"], 1)}
    arrive(shop, placed.order_id, second["number"])
    assert status_of(shop, placed.order_id) == "shipped"
    arrive(shop, placed.order_id, first["number"])
    assert status_of(shop, placed.order_id) == "delivered"


def test_an_order_over_two_warehouses_makes_a_shipment_of_each(shop: Shop, shelves: Shelves) -> None:
    sku, leeds = shelves.skus["SHIRT0-S"], open_warehouse(shop, "leeds", 1)
    with shop.database.transaction("staff") as uow:
        stock.receive(uow, {sku: 4}, "DN-1", leeds)
    placed = paid_order(shop, SHIRT0_S=13)
    made = send(shop, placed.order_id)
    quantities = {row["shipment_id"]: row["quantity"] for row in rows_of(shop, shipment_lines)}
    assert {row["warehouse_id"] == leeds: quantities[row["id"]] for row in made} == {True: 3, False: 10}
    assert stand(shop, sku) == {"main": (0, 0), "leeds": (1, 0)}
    assert balances(shop)[chart.COST_OF_GOODS] == 13 * 400
    movements_explain_every_level(shop)


def test_a_warehouse_sends_only_what_it_holds(shop: Shop, shelves: Shelves) -> None:
    sku, leeds = shelves.skus["SHIRT0-S"], open_warehouse(shop, "leeds", 1)
    with shop.database.transaction("staff") as uow:
        stock.receive(uow, {sku: 4}, "DN-1", leeds)
    placed = paid_order(shop, SHIRT0_S=13)
    line = lines_of(shop, placed.order_id)["SHIRT0-S"]
    with shop.database.transaction("staff") as uow:
        with pytest.raises(TooManyShipped):
            shipping.ship(uow, placed.order_id, {line: 4}, warehouse_id=leeds)
        shipping.ship(uow, placed.order_id, {line: 3}, warehouse_id=leeds)
        with pytest.raises(NothingToShip):
            shipping.ship(uow, placed.order_id, warehouse_id=leeds)
    assert stand(shop, sku) == {"main": (10, 10), "leeds": (1, 0)}
    assert status_of(shop, placed.order_id) == "partly_shipped"


def test_more_than_is_left_is_not_sent(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3)
    send(shop, placed.order_id, SHIRT0_S=1)
    cancel(shop, placed.order_id, SHIRT0_S=1)
    with pytest.raises(TooManyShipped) as refused:
        send(shop, placed.order_id, SHIRT0_S=2)
    assert refused.value.details["shippable"] == 1
    with shop.database.transaction("staff") as uow, pytest.raises(NotFound):
        shipping.ship(uow, placed.order_id, {uow.new_id(): 1})


def test_the_rest_of_a_partly_shipped_order_is_cancelled_and_credited(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3, SHIRT1_M=2)
    send(shop, placed.order_id, SHIRT0_S=2)
    with shop.database.transaction("staff") as uow:
        note = after_sales.cancel(uow, placed.order_id, "sold out")
    assert note is not None
    assert (note.kind, note.amount) == ("cancellation", 1_000 + 2 * 1_333)
    assert sum(row["shipping"] for row in rows_of(shop, credit_note_lines)) == 0
    assert [row["amount"] for row in rows_of(shop, refunds)] == [note.amount]
    assert status_of(shop, placed.order_id) == "shipped"
    assert level(shop, shelves.skus["SHIRT0-S"]) == (8, 0)
    assert level(shop, shelves.skus["SHIRT1-M"]) == (10, 0)


def test_an_order_is_delivered_when_what_arrived_is_all_that_comes(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3)
    (sent,) = send(shop, placed.order_id, SHIRT0_S=1)
    arrive(shop, placed.order_id, sent["number"])
    assert status_of(shop, placed.order_id) == "partly_shipped"
    cancel(shop, placed.order_id, SHIRT0_S=1)
    assert status_of(shop, placed.order_id) == "partly_shipped"
    cancel(shop, placed.order_id, SHIRT0_S=1)
    assert status_of(shop, placed.order_id) == "delivered"
    with shop.database.read() as db:
        events = [row["event"] for row in transitions.history(db, placed.order_id)]
    assert events == ["pay", "ship part", "cancel part", "cancel rest", "deliver"]


def test_only_what_was_sent_comes_back(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3)
    send(shop, placed.order_id, SHIRT0_S=1)
    line = lines_of(shop, placed.order_id)["SHIRT0-S"]
    with shop.database.transaction("staff") as uow:
        with pytest.raises(TooManyReturned):
            after_sales.return_lines(uow, placed.order_id, {line: 2}, "too small")
        after_sales.return_lines(uow, placed.order_id, {line: 1}, "too small")
    assert status_of(shop, placed.order_id) == "partly_shipped"
    cancel(shop, placed.order_id, SHIRT0_S=2)
    assert status_of(shop, placed.order_id) == "returned"
    assert sum(row["amount"] for row in rows_of(shop, refunds)) == 3 * 1_000


def test_a_shipment_arrives_once(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=1)
    (sent,) = send(shop, placed.order_id)
    arrive(shop, placed.order_id, sent["number"])
    with pytest.raises(ShipmentDelivered):
        arrive(shop, placed.order_id, sent["number"])
    with pytest.raises(NotFound):
        arrive(shop, paid_order(shop, SHIRT0_S=1).order_id, sent["number"])


def test_an_order_sent_before_there_were_shipments_can_come_back(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=2)
    with shop.database.transaction("migration") as uow:
        uow.update(orders, uow.lock(orders, placed.order_id) or {}, status="delivered")
    line = lines_of(shop, placed.order_id)["SHIRT0-S"]
    with shop.database.transaction("staff") as uow:
        after_sales.return_lines(uow, placed.order_id, {line: 2}, "too small")
    assert status_of(shop, placed.order_id) == "returned"


class TestRaces:
    def test_cancelling_and_sending_at_once_is_one_of_both(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=3)

        def act(number: int) -> str:
            with shop.database.transaction("staff") as uow:
                if number % 2:
                    shipping.ship(uow, placed.order_id)
                    return "shipped"
                after_sales.cancel(uow, placed.order_id, "not wanted")
                return "cancelled"

        won = [each for each in at_once(6, act) if each != "illegal_transition"]
        assert won == [status_of(shop, placed.order_id)]
        assert level(shop, shelves.skus["SHIRT0-S"]) == ((7, 0) if won == ["shipped"] else (10, 0))

    def test_partial_shipments_at_once_send_each_unit_once(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=3)
        line = lines_of(shop, placed.order_id)["SHIRT0-S"]

        def act(_: int) -> str:
            with shop.database.transaction("staff") as uow:
                shipping.ship(uow, placed.order_id, {line: 2})
            return "sent"

        assert sorted(at_once(2, act)) == ["sent", "too_many_shipped"]
        assert level(shop, shelves.skus["SHIRT0-S"]) == (8, 1)


def test_shipments_over_http(
    client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
) -> None:
    placed = paid_order(open_for_business, SHIRT0_S=2)
    line = lines_of(open_for_business, placed.order_id)["SHIRT0-S"]
    path = f"/api/v1/staff/orders/{placed.order_id}/shipments"
    body = {"lines": [{"order_line_id": line, "quantity": 1}], "tracking": "QW1", "warehouse": "main"}
    made = client.post(path, json=body, headers=staff | key())
    assert (made.status_code, made.json()["order_status"]) == (201, "partly_shipped")
    refused = client.post(path, json={"warehouse": "nowhere"}, headers=staff | key())
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert client.post(path, json={}, headers=staff | key()).json()["order_status"] == "shipped"
    for parcel in client.get(path, headers=staff).json()["items"]:
        answer = client.post(f"{path}/{parcel['number']}/deliver", headers=staff | key())
        assert answer.status_code == 200
    assert answer.json()["order_status"] == "delivered"
    assert {row["tracking"] for row in rows_of(open_for_business, shipments)} == {"QW1", None}


steps = st.lists(
    st.tuples(
        st.sampled_from(("send", "cancel", "return", "arrive")),
        st.sampled_from(("SHIRT0-S", "SHIRT1-M")),
        st.integers(1, 4),
    ),
    max_size=12,
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
@example([(action, *units) for action in ("send", "return") for units in (("SHIRT0-S", 5), ("SHIRT1-M", 3))])
def test_whatever_is_sent_cancelled_and_returned_no_more_is_given_back_than_was_paid(
    new_shop: Callable[[], Shop], history: list[tuple[str, str, int]]
) -> None:
    shop = new_shop()
    shelves = fill_shelves(shop)
    placed = paid_order(shop, SHIRT0_S=5, SHIRT1_M=3)
    lines = lines_of(shop, placed.order_id)
    for action, code, count in history:
        try:
            with shop.database.transaction("staff") as uow:
                match action:
                    case "send":
                        shipping.ship(uow, placed.order_id, {lines[code]: count})
                    case "cancel":
                        after_sales.cancel_lines(uow, placed.order_id, {lines[code]: count}, "not wanted")
                    case "return":
                        after_sales.return_lines(uow, placed.order_id, {lines[code]: count}, "too small")
                    case "arrive":
                        for parcel, _ in shipping.of_order(uow, placed.order_id)[-1:]:
                            shipping.deliver_shipment(uow, placed.order_id, parcel["number"])
        except (ShopError, IllegalTransition):
            continue
    given_back = sum(row["amount"] for row in rows_of(shop, refunds))
    credited = sum(row["amount"] + row["shipping"] + row["tax"] for row in rows_of(shop, credit_note_lines))
    assert given_back == credited <= placed.total
    is_over = status_of(shop, placed.order_id) in ("cancelled", "returned")
    assert is_over == (given_back == placed.total), "it is delivered free of charge"
    movements_explain_every_level(shop)
    sent = sum(row["quantity"] for row in rows_of(shop, shipment_lines))
    back = sum(level(shop, sku)[0] for sku in shelves.skus.values()) - 10 * len(shelves.skus) + sent
    assert 0 <= back <= sent
    shop.database.engine.dispose()
