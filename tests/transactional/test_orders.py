from datetime import timedelta

import pytest
from conftest import MovableClock
from shopping import (
    ADA,
    Shelves,
    level,
    order,
    paid_order,
    placed_order,
    rows_of,
    shipped_order,
    status_of,
)
from test_order_changes import add_up

from transactional.catalog import sku_editing
from transactional.checkout import service as checkout
from transactional.checkout.errors import CartEmpty, CartNotOpen, CartTooLarge, NotForSale, PriceChanged
from transactional.errors import IllegalTransition, NotFound
from transactional.members.models import customers
from transactional.orders import after_sales, expiry, service, shipping
from transactional.orders.models import credit_note_lines, credit_notes, order_lines, orders
from transactional.payments.models import payments, refunds
from transactional.shop import Shop
from transactional.stock.errors import OutOfStock
from transactional.stock.models import stock_movements


def test_what_costs_nothing_is_ordered_paid_and_sent_like_all(shop: Shop, shelves: Shelves) -> None:
    with shop.database.transaction("staff") as uow:
        for sku in ("SHIRT0-S", "SHIRT1-S"):
            sku_editing.edit_sku(uow, shelves.skus[sku], {"price": 0, "list_price": 0})
        sku_editing.edit_sku(uow, shelves.skus["SHIRT1-S"], {"tax_class": "gift_card"})
    card, free = placed_order(shop, SHIRT1_S=1), placed_order(shop, SHIRT0_S=2)
    assert [(each.total, status_of(shop, each.order_id)) for each in (card, free)] == [(0, "paid")] * 2
    with shop.database.transaction("staff") as uow:
        shipping.ship(uow, free.order_id)
        after_sales.return_lines(uow, free.order_id, {free.lines[0]["id"]: 2}, "too small")
    assert status_of(shop, free.order_id) == "returned"
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
    add_up(shop)


@pytest.mark.usefixtures("shelves")
class TestCart:
    def test_lines_of_one_sku_are_put_together(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            cart_id = checkout.create(uow, shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 1, "SHIRT1-M": 2})
            checkout.add(uow, cart_id, {"SHIRT0-S": 2})
            basket = checkout.priced(uow, shop.terms, cart_id)
        assert [(line["sku"], line["quantity"]) for line in basket.lines] == [
            ("SHIRT0-S", 3),
            ("SHIRT1-M", 2),
        ]
        assert basket.amounts.total == 3 * 1_000 + 2 * 1_333

    def test_quantities_can_be_changed_and_lines_removed(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            cart_id = checkout.create(uow, shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 1, "SHIRT1-M": 2})
            first, second = checkout.priced(uow, shop.terms, cart_id).lines
            checkout.set_quantity(uow, cart_id, first["id"], 4)
            checkout.remove(uow, cart_id, second["id"])
            assert checkout.units_in(uow, cart_id) == 4

    def test_a_line_of_another_cart_is_not_found(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            mine, other = (checkout.create(uow, shop.terms) for _ in range(2))
            checkout.add(uow, other, {"SHIRT0-S": 1})
            line = checkout.priced(uow, shop.terms, other).lines[0]
            with pytest.raises(NotFound):
                checkout.set_quantity(uow, mine, line["id"], 2)

    def test_an_unknown_sku_is_not_for_sale(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow, pytest.raises(NotForSale):
            checkout.add(uow, checkout.create(uow, shop.terms), {"NOPE": 1})

    def test_a_cart_holds_at_most_ninety_nine_of_one_sku(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            cart_id = checkout.create(uow, shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 99})
            with pytest.raises(CartTooLarge):
                checkout.add(uow, cart_id, {"SHIRT0-S": 1})


def test_an_order_reserves_its_units_and_waits_for_payment(
    shop: Shop, shelves: Shelves, clock: MovableClock
) -> None:
    placed = placed_order(shop, SHIRT0_S=2, SHIRT1_M=1)
    (row,) = rows_of(shop, orders)
    assert (row["status"], row["email"], row["number"]) == (
        "pending_payment",
        "ada@example.com",
        placed.number,
    )
    assert row["expires_at"] == clock.now + timedelta(minutes=30)
    assert row["total"] == placed.total == 2 * 1_000 + 1_333 + 395
    assert row["total"] == row["gross"] - row["discount"] + row["shipping"] + row["tax"]
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 2)
    assert level(shop, shelves.skus["SHIRT1-M"]) == (10, 1)
    lines = rows_of(shop, order_lines)
    assert sorted((line["name"], line["quantity"]) for line in lines) == [
        ("Shirt 0, S", 2),
        ("Shirt 1, M", 1),
    ]
    (payment,) = rows_of(shop, payments)
    assert (payment["status"], payment["amount"]) == ("pending", placed.total)


@pytest.mark.usefixtures("shelves")
class TestPlacing:
    def test_a_customer_is_known_by_the_email(self, shop: Shop) -> None:
        placed_order(shop, SHIRT0_S=1)
        placed_order(shop, SHIRT0_S=1)
        assert [row["email"] for row in rows_of(shop, customers)] == ["ada@example.com"]

    def test_a_cart_becomes_one_order_only(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            cart_id = checkout.create(uow, shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 1})
            placed = service.place(uow, shop.terms, cart_id, ADA)
        with shop.database.transaction("test") as uow, pytest.raises(CartNotOpen):
            service.place(uow, shop.terms, cart_id, ADA)
        with shop.database.read() as db:
            assert service.of_cart(db, cart_id) == placed.order_id

    def test_an_empty_cart_is_refused(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow, pytest.raises(CartEmpty):
            service.place(uow, shop.terms, checkout.create(uow, shop.terms), ADA)

    def test_an_order_that_cannot_be_served_whole_reserves_nothing(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        with pytest.raises(OutOfStock) as refused, shop.database.transaction("test") as uow:
            order(uow, shop, {"SHIRT0-S": 5, "SHIRT1-M": 11})
        assert refused.value.details == {"sku": "SHIRT1-M", "wanted": 11, "available": 10}
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
        assert rows_of(shop, orders) == []

    def test_a_price_that_changed_since_it_was_shown_is_not_charged(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        with shop.database.transaction("test") as uow:
            cart_id = checkout.create(uow, shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 1})
            shown = checkout.priced(uow, shop.terms, cart_id).amounts.total
            sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"price": 1_100, "list_price": 1_200})
        with pytest.raises(PriceChanged) as refused, shop.database.transaction("test") as uow:
            service.place(uow, shop.terms, cart_id, ADA, expected_total=shown)
        assert refused.value.details == {"expected": 1_395, "total": 1_495}


class TestExpiry:
    def test_an_unpaid_order_gives_its_stock_back(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        placed = placed_order(shop, SHIRT0_S=2)
        clock.forward(minutes=30)
        with shop.database.transaction("system:expiry") as uow:
            assert expiry.expire_unpaid(uow) == 1
            assert expiry.expire_unpaid(uow) == 0
        assert status_of(shop, placed.order_id) == "expired"
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)

    def test_an_order_in_time_or_paid_stays(self, shop: Shop, shelves: Shelves, clock: MovableClock) -> None:
        paid = paid_order(shop, SHIRT0_S=1)
        clock.forward(minutes=15)
        waiting = placed_order(shop, SHIRT0_S=1)
        clock.forward(minutes=20)
        with shop.database.transaction("system:expiry") as uow:
            assert expiry.expire_unpaid(uow) == 0
        assert (status_of(shop, paid.order_id), status_of(shop, waiting.order_id)) == (
            "paid",
            "pending_payment",
        )
        with shop.database.read() as db:
            assert expiry.next_expiry(db) == clock.now + timedelta(minutes=10)


class TestFulfilment:
    def test_shipping_takes_the_units_off_the_shelf(self, shop: Shop, shelves: Shelves) -> None:
        placed = shipped_order(shop, SHIRT0_S=2)
        assert level(shop, shelves.skus["SHIRT0-S"]) == (8, 0)
        shipped = [row for row in rows_of(shop, stock_movements) if row["kind"] == "shipped"]
        assert [(row["on_hand_change"], row["document"]) for row in shipped] == [(-2, placed.number)]
        with shop.database.transaction("staff") as uow:
            shipping.deliver(uow, placed.order_id)
        assert status_of(shop, placed.order_id) == "delivered"

    def test_an_unpaid_order_is_not_shipped(self, shop: Shop, shelves: Shelves) -> None:
        placed = placed_order(shop, SHIRT0_S=2)
        with shop.database.transaction("staff") as uow, pytest.raises(IllegalTransition):
            shipping.ship(uow, placed.order_id)

    def test_on_hand_is_the_sum_of_its_movements(self, shop: Shop, shelves: Shelves) -> None:
        placed = shipped_order(shop, SHIRT0_S=3)
        with shop.database.transaction("staff") as uow:
            line = service.find(uow, placed.order_id).lines[0]
            after_sales.return_lines(uow, placed.order_id, {line["id"]: 1}, "too small")
        moved = sum(
            row["on_hand_change"]
            for row in rows_of(shop, stock_movements)
            if row["sku_id"] == shelves.skus["SHIRT0-S"]
        )
        assert moved == level(shop, shelves.skus["SHIRT0-S"])[0] == 8


class TestAfterSales:
    def test_cancelling_an_unpaid_order_frees_its_stock(self, shop: Shop, shelves: Shelves) -> None:
        placed = placed_order(shop, SHIRT0_S=2)
        with shop.database.transaction("staff") as uow:
            assert after_sales.cancel(uow, placed.order_id, "not wanted") is None
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
        assert rows_of(shop, refunds) == []

    def test_cancelling_a_paid_order_credits_and_refunds_all_of_it(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        placed = paid_order(shop, SHIRT0_S=2, SHIRT1_M=1)
        with shop.database.transaction("staff") as uow:
            note = after_sales.cancel(uow, placed.order_id, "changed their mind")
        assert note is not None
        assert (note.kind, note.amount) == ("cancellation", placed.total)
        (row,) = rows_of(shop, orders)
        lines = rows_of(shop, credit_note_lines)
        assert sum(line["amount"] for line in lines) == row["gross"] - row["discount"]
        assert sum(line["shipping"] for line in lines) == row["shipping"]
        assert sum(line["tax"] for line in lines) == row["tax"]
        (refund,) = rows_of(shop, refunds)
        assert (refund["amount"], refund["status"], refund["credit_note_id"]) == (
            placed.total,
            "pending",
            note.id,
        )
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)

    def test_a_shipped_order_is_returned_not_cancelled(self, shop: Shop, shelves: Shelves) -> None:
        placed = shipped_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow, pytest.raises(IllegalTransition):
            after_sales.cancel(uow, placed.order_id, "not wanted")

    def test_returned_units_are_credited_refunded_and_back_on_the_shelf(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        placed = shipped_order(shop, SHIRT1_S=3)
        for units in (1, 2):
            with shop.database.transaction("staff") as uow:
                line = service.find(uow, placed.order_id).lines[0]
                after_sales.return_lines(uow, placed.order_id, {line["id"]: units}, "too small")
        assert sum(row["amount"] for row in rows_of(shop, refunds)) == 3 * 1_333
        assert {row["kind"] for row in rows_of(shop, credit_notes)} == {"return"}
        assert level(shop, shelves.skus["SHIRT1-S"]) == (10, 0)
        assert status_of(shop, placed.order_id) == "returned"
        with shop.database.transaction("staff") as uow, pytest.raises(IllegalTransition):
            after_sales.return_lines(uow, placed.order_id, {line["id"]: 1}, "too small")

    def test_what_is_not_in_the_order_cannot_come_back(self, shop: Shop, shelves: Shelves) -> None:
        placed, other = shipped_order(shop, SHIRT0_S=1), shipped_order(shop, SHIRT1_S=1)
        with shop.database.transaction("staff") as uow:
            line = service.find(uow, other.order_id).lines[0]
            with pytest.raises(NotFound):
                after_sales.return_lines(uow, placed.order_id, {line["id"]: 1}, "too small")
