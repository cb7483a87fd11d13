"""Fifty carts and five units, and other things that must not happen twice."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from shopping import ADA, Shelves, fill_shelves, level, order, paid_order, placed_order, rows_of, status_of

from transactional import idempotency
from transactional.checkout import service as checkout
from transactional.errors import ShopError
from transactional.idempotency import Answer
from transactional.members.models import customers
from transactional.orders import after_sales, expiry, service, shipping
from transactional.orders.models import credit_notes, orders
from transactional.payments import inbox, settlement
from transactional.payments.models import refunds, webhook_inbox
from transactional.payments.provider import ProviderEvent, RemotePayment
from transactional.shop import Shop
from transactional.stock.errors import OutOfStock
from transactional.stock.models import stock_levels
from transactional.unit_of_work import UnitOfWork


def at_once(count: int, act: Callable[[int], str]) -> list[str]:
    """Let `count` threads act at the same moment; what each returned, or the code of its refusal."""
    ready = threading.Barrier(count)

    def run(number: int) -> str:
        ready.wait()
        try:
            return act(number)
        except ShopError as refused:
            return refused.code

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_fifty_carts_racing_for_five_units_make_five_orders(new_shop: Callable[[], Shop]) -> None:
    shop = new_shop()
    shelves = fill_shelves(shop, products=1, units=5)
    with shop.database.transaction("test") as uow:
        carts = [checkout.create(uow, shop.terms) for _ in range(50)]
        for cart_id in carts:
            checkout.add(uow, cart_id, {"SHIRT0-S": 1})

    def buy(number: int) -> str:
        with shop.database.transaction(f"shopper-{number}") as uow:
            service.place(uow, shop.terms, carts[number], ADA)
        return "ordered"

    results = at_once(50, buy)
    assert sorted(results) == ["ordered"] * 5 + ["out_of_stock"] * 45
    assert len(rows_of(shop, orders)) == 5
    assert level(shop, shelves.skus["SHIRT0-S"]) == (5, 5)
    assert len(rows_of(shop, customers)) == 1


def test_orders_over_the_same_skus_in_opposite_order_do_not_block_each_other(
    shop: Shop, shelves: Shelves
) -> None:
    def buy(number: int) -> str:
        codes = ["SHIRT0-S", "SHIRT1-S", "SHIRT2-S"]
        wanted = codes if number % 2 else codes[::-1]
        with shop.database.transaction("test") as uow:
            order(uow, shop, dict.fromkeys(wanted, 1))
        return "ordered"

    results = at_once(20, buy)
    assert sorted(results) == ["ordered"] * 10 + ["out_of_stock"] * 10
    assert {(row["on_hand"], row["reserved"]) for row in rows_of(shop, stock_levels)} == {(10, 10), (10, 0)}


def test_two_requests_with_one_key_are_executed_once(shop: Shop, shelves: Shelves) -> None:
    with shop.database.transaction("test") as uow:
        cart_id = checkout.create(uow, shop.terms)
        checkout.add(uow, cart_id, {"SHIRT0-S": 1})

    def place(number: int) -> str:
        def work(uow: UnitOfWork) -> Answer:
            return Answer(201, service.place(uow, shop.terms, cart_id, ADA).number)

        key, request = "one-key-for-all", "the same request"
        return asyncio.run(idempotency.once(shop.database, "shopper", str(number), key, request, work)).body

    numbers = set(at_once(8, place))
    assert numbers == {row["number"] for row in rows_of(shop, orders)}
    assert len(numbers) == 1


def test_one_cart_ordered_twice_at_once_is_one_order(shop: Shop, shelves: Shelves) -> None:
    with shop.database.transaction("test") as uow:
        cart_id = checkout.create(uow, shop.terms)
        checkout.add(uow, cart_id, {"SHIRT0-S": 1})

    def place(_: int) -> str:
        with shop.database.transaction("shopper") as uow:
            service.place(uow, shop.terms, cart_id, ADA)
        return "ordered"

    assert sorted(at_once(6, place)) == ["cart_not_open"] * 5 + ["ordered"]


def test_webhooks_and_browser_tell_at_once(shop: Shop, shelves: Shelves) -> None:
    placed = placed_order(shop, SHIRT0_S=1)
    remote = RemotePayment("pay_1", placed.payment_id, "captured", placed.total, placed.currency, "")

    def tell(number: int) -> str:
        with shop.database.transaction("provider:sandbox") as uow:
            if number % 2:
                return settlement.record(uow, remote)
            return inbox.receive(uow, "sandbox", ProviderEvent("evt_1", remote), b"{}")

    assert sorted(at_once(8, tell)) == ["paid"] + ["unchanged"] * 7
    assert len(rows_of(shop, webhook_inbox)) == 1
    assert rows_of(shop, refunds) == []


def test_an_order_cancelled_by_several_is_refunded_once(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=3)

    def cancel(_: int) -> str:
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        return "cancelled"

    assert sorted(at_once(6, cancel)) == ["cancelled"] + ["illegal_transition"] * 5
    assert [row["amount"] for row in rows_of(shop, refunds)] == [placed.total]
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)


def test_units_returned_at_several_counters_are_credited_once(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=2)
    with shop.database.transaction("staff") as uow:
        shipping.ship(uow, placed.order_id)
        line = service.find(uow, placed.order_id).lines[0]

    def take_back(_: int) -> str:
        with shop.database.transaction("staff") as uow:
            after_sales.return_lines(uow, placed.order_id, {line["id"]: 1}, "too small")
        return "credited"

    assert sorted(at_once(5, take_back)) == ["credited"] * 2 + ["illegal_transition"] * 3
    assert len(rows_of(shop, credit_notes)) == 2


def test_payment_and_expiry_at_once_leave_no_order_half_done(shop: Shop, shelves: Shelves) -> None:
    placed = [placed_order(shop, SHIRT0_S=1) for _ in range(4)]
    shop.database.clock.forward(minutes=31)  # type: ignore[attr-defined]

    def act(number: int) -> str:
        with shop.database.transaction("test") as uow:
            if number % 2:
                return str(expiry.expire_unpaid(uow))
            one = placed[number // 2]
            return settlement.record_capture(uow, one.payment_id, f"pay_{number}", one.total, one.currency)

    at_once(8, act)
    with shop.database.transaction("test") as uow:
        expiry.expire_unpaid(uow)
    # Whichever came first, the stock was there: late money brought expired orders back.
    assert {status_of(shop, one.order_id) for one in placed} == {"paid"}
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 4)


def test_a_refused_reservation_leaves_the_stock_alone(shop: Shop, shelves: Shelves) -> None:
    with pytest.raises(OutOfStock), shop.database.transaction("test") as uow:
        order(uow, shop, {"SHIRT0-S": 11})
    assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
