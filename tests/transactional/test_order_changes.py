"""Orders that are changed in flight: what is added is paid before it is sent, what is taken off goes back."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import books
import locks
import pytest
from bank import Bank
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import (
    ADA,
    Shelves,
    key,
    level,
    ordered_over_http,
    paid_order,
    placed_order,
    rows_of,
    sell_everywhere,
    shipped_order,
    status_of,
)
from sqlalchemy import select
from test_partial_cancellation import lines_of
from test_races import at_once
from test_stock import open_warehouse, prefer_the_nearest, stand

from transactional import background
from transactional.catalog import creation, pricing
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.models import categories
from transactional.checkout import service as checkout
from transactional.checkout import terms_editing
from transactional.checkout.errors import NotForSale, OrderIncomplete, PriceChanged
from transactional.checkout.requirements import Invoicee, Wishes
from transactional.errors import IllegalTransition, NotFound
from transactional.invoices import service as invoices
from transactional.invoices.service import Seller
from transactional.ledger import chart
from transactional.members.models import customers
from transactional.orders import after_sales, change_entry, changes, review, service, shipping, transitions
from transactional.orders.change_models import order_changes
from transactional.orders.change_plan import Wish
from transactional.orders.change_pricing import Addition
from transactional.orders.errors import (
    AgreedPriceTooHigh,
    ChangeClosed,
    ChangeOpen,
    GiftCardNotAdded,
    NothingChanges,
    NothingIsLeft,
    TooManyCancelled,
    UnpaidChange,
)
from transactional.payments import cashier, chargebacks, gift_cards
from transactional.payments.methods import sandbox_card
from transactional.payments.models import payments, refunds
from transactional.payments.settlement import record_capture
from transactional.payments.tenders import Wanted
from transactional.shop import Shop
from transactional.stock import backorders, promises
from transactional.stock import service as stock
from transactional.stock.errors import OutOfStock
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Row

MOVED = {
    "ship_name": "Ada King",
    "ship_address": "1 Ockham Park",
    "ship_city": "Ockham",
    "ship_region": None,
    "ship_postal_code": "GU23 6NQ",
    "ship_country": "GB",
}


def change(
    shop: Shop, order_id: str, *, wanted: Any = (), expected_due: int | None = None, **wish: Any
) -> Row:
    """`add` is units by SKU code, `remove` units by SKU code of the order's lines."""
    lines = lines_of(shop, order_id)
    wish["add"] = [Addition(*each) for each in wish.get("add", ())]
    wish["remove"] = {lines[code]: count for code, count in wish.get("remove", {}).items()}
    with shop.database.transaction("staff") as uow:
        return change_entry.propose(
            uow,
            shop.terms,
            order_id,
            Wish("customer rang", **wish),
            way=sandbox_card,
            wanted=wanted,
            expected_due=expected_due,
        )


def waiting_payment(shop: Shop) -> Row:
    (payment,) = [row for row in rows_of(shop, payments) if row["status"] == "pending"]
    return payment


def pay(shop: Shop, payment: Row) -> str:
    with shop.database.transaction("provider:sandbox") as uow:
        remote = f"pay_{payment['id']}"
        return record_capture(uow, payment["id"], remote, payment["amount"], payment["currency"])


def ship(shop: Shop, order_id: str) -> None:
    with shop.database.transaction("staff") as uow:
        shipping.ship(uow, order_id)


def order_of(shop: Shop, order_id: str) -> Row:
    with shop.database.read() as db:
        return service.header(db, order_id)


def units_of(shop: Shop, order_id: str) -> Mapping[str, int]:
    with shop.database.read() as db:
        return {line["sku"]: line["quantity"] for line in service.find(db, order_id).lines}


def add_up(shop: Shop) -> None:
    """The books of a shop whose provider was told of nothing but its captures and refunds."""
    ledger = books.ledger_of(shop)
    books.stock_adds_up(shop)
    books.units_are_sent_or_taken_off_once(shop)
    books.orders_hold_what_they_cost(shop)
    books.revenue_adds_up(shop, ledger, shop.terms.currency)
    books.holders_have_what_is_theirs(shop, ledger, shop.terms.currency)
    books.points_are_those_of_the_orders(shop)
    books.refunds_are_owed(shop, ledger)


class TestAdding:
    def test_units_are_added_when_they_are_paid(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        made = change(shop, placed.order_id, add=[("SHIRT1-M", 2)])
        assert (made["status"], made["due"]) == ("open", 2 * 1_333)
        assert units_of(shop, placed.order_id) == {"SHIRT0-S": 1}
        assert level(shop, shelves.skus["SHIRT1-M"]) == (10, 2)
        assert pay(shop, waiting_payment(shop)) == "paid"
        assert units_of(shop, placed.order_id) == {"SHIRT0-S": 1, "SHIRT1-M": 2}
        assert order_of(shop, placed.order_id)["total"] == placed.total + 2 * 1_333
        assert level(shop, shelves.skus["SHIRT1-M"]) == (10, 2)
        ship(shop, placed.order_id)
        assert level(shop, shelves.skus["SHIRT1-M"]) == (8, 0)
        assert status_of(shop, placed.order_id) == "shipped"
        add_up(shop)

    def test_more_of_the_same_sku_is_a_line_of_its_own_and_sent_with_it(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        change(shop, placed.order_id, add=[("SHIRT0-S", 3)])
        pay(shop, waiting_payment(shop))
        with shop.database.transaction("staff") as uow:
            first, second = service.find(uow, placed.order_id).lines
            shipping.ship(uow, placed.order_id, {second["id"]: 2, first["id"]: 1})
            shipping.ship(uow, placed.order_id)
        assert level(shop, shelves.skus["SHIRT0-S"]) == (5, 0)
        with shop.database.transaction("staff") as uow:
            note = after_sales.return_lines(
                uow, placed.order_id, {first["id"]: 2, second["id"]: 3}, "too small"
            )
        assert note.amount == 5 * 1_000
        assert status_of(shop, placed.order_id) == "returned"
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
        add_up(shop)

    def test_the_price_may_be_agreed_but_is_never_above_everybodys(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with pytest.raises(AgreedPriceTooHigh):
            change(shop, placed.order_id, add=[("SHIRT1-M", 1, 1_334)])
        assert change(shop, placed.order_id, add=[("SHIRT1-M", 1, 1_000)])["due"] == 1_000
        pay(shop, waiting_payment(shop))
        add_up(shop)

    def test_a_member_of_a_group_pays_the_groups_price(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow:
            row = {"currency": "GBP", "customer_group": "gold", "price": 1_200, "valid_from": uow.now}
            pricing.set_prices(uow, shelves.skus["SHIRT1-M"], [row])
            customer = uow.lock(customers, service.header(uow, placed.order_id)["customer_id"])
            assert customer is not None
            uow.update(customers, customer, groups=["gold"])
        assert change(shop, placed.order_id, add=[("SHIRT1-M", 1)])["due"] == 1_200

    def test_what_is_not_there_is_not_added(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with pytest.raises(OutOfStock):
            change(shop, placed.order_id, add=[("SHIRT1-M", 11)])
        with pytest.raises(NotForSale):
            change(shop, placed.order_id, add=[("SHIRT9-M", 1)])
        with pytest.raises(PriceChanged):
            change(shop, placed.order_id, add=[("SHIRT1-M", 1)], expected_due=1_300)
        assert rows_of(shop, order_changes) == []

    def test_internal_tenders_pay_first_and_alone_let_it_happen_at_once(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow:
            card = gift_cards.issue(uow, 1_500, "GBP", "sorry")
        by_card = [Wanted("gift_card", card["number"])]
        made = change(shop, placed.order_id, add=[("SHIRT1-M", 1)], wanted=by_card)
        assert made["status"] == "applied"
        change(shop, placed.order_id, add=[("SHIRT1-S", 1)], wanted=by_card)
        assert waiting_payment(shop)["amount"] == 1_333 - (1_500 - 1_333)
        pay(shop, waiting_payment(shop))
        assert books.ledger_of(shop)[chart.held(chart.GIFT_CARD, card["id"]), "GBP"] == 0
        add_up(shop)
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        assert books.ledger_of(shop)[chart.held(chart.GIFT_CARD, card["id"]), "GBP"] == 1_500
        add_up(shop)

    def test_points_come_with_what_is_added_and_go_with_it(self, shop: Shop, shelves: Shelves) -> None:
        generous = replace(shop, terms=replace(shop.terms, points_per_unit=1, point_value=10))
        placed = paid_order(generous, SHIRT0_S=1)
        change(generous, placed.order_id, add=[("SHIRT1-M", 1)])
        pay(generous, waiting_payment(generous))
        order = order_of(shop, placed.order_id)
        points = chart.held(chart.POINTS, order["customer_id"])
        assert books.ledger_of(shop)[points, "GBP"] == order["points"] == 100 + 130
        with shop.database.transaction("staff") as uow:
            line = lines_of(shop, placed.order_id)["SHIRT1-M"]
            after_sales.cancel_lines(uow, placed.order_id, {line: 1}, "not wanted")
        assert books.ledger_of(shop)[points, "GBP"] == 100
        add_up(shop)

    def test_back_orders_are_added_too_and_come_when_they_are_there(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        sku = shelves.skus["SHIRT1-M"]
        with shop.database.transaction("staff") as uow:
            backorders.put(uow, sku, policy="backorder", most=5, days=9, available_from=None)
        placed = paid_order(shop, SHIRT0_S=1)
        change(shop, placed.order_id, add=[("SHIRT1-M", 12)])
        pay(shop, waiting_payment(shop))
        order = order_of(shop, placed.order_id)
        assert (order["promised_at"] - order["placed_at"]).days == 9
        with shop.database.transaction("staff") as uow:
            stock.receive(uow, {sku: 3}, "DN-1")
        ship(shop, placed.order_id)
        assert level(shop, sku) == (1, 0)
        add_up(shop)

    def test_what_is_added_leaves_from_the_warehouse_near_the_address(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        sku = shelves.skus["SHIRT1-M"]
        near = open_warehouse(shop, "near", 1, "GB", ADA.postal_code)
        with shop.database.transaction("staff") as uow:
            stock.receive(uow, {sku: 3}, "DN-1", near)
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("test") as uow:
            prefer_the_nearest(uow)
        change(shop, placed.order_id, add=[("SHIRT1-M", 1)])
        assert stand(shop, sku) == {"main": (10, 0), "near": (3, 1)}


class TestTakingOff:
    def test_what_is_taken_off_pays_for_what_is_added(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        made = change(shop, placed.order_id, add=[("SHIRT0-M", 2)], remove={"SHIRT0-S": 2})
        assert (made["status"], made["due"], made["kept"]) == ("applied", 0, 2_000)
        assert rows_of(shop, refunds) == []
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
        assert level(shop, shelves.skus["SHIRT0-M"]) == (10, 2)
        ship(shop, placed.order_id)
        assert status_of(shop, placed.order_id) == "shipped"
        add_up(shop)

    def test_what_is_left_of_it_goes_back(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT1_M=2)
        made = change(shop, placed.order_id, add=[("SHIRT0-M", 1)], remove={"SHIRT1-M": 1})
        assert (made["status"], made["credited"] - made["kept"]) == ("applied", 333)
        assert [row["amount"] for row in rows_of(shop, refunds)] == [333]
        add_up(shop)

    def test_what_is_missing_is_paid_first(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        made = change(shop, placed.order_id, add=[("SHIRT1-S", 1)], remove={"SHIRT0-S": 1})
        assert (made["due"], made["kept"]) == (333, 1_000)
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 1)
        pay(shop, waiting_payment(shop))
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
        assert rows_of(shop, refunds) == []
        add_up(shop)

    def test_cancelling_afterwards_gives_all_of_it_back(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=2, SHIRT1_M=1)
        change(shop, placed.order_id, add=[("SHIRT1-S", 1)], remove={"SHIRT0-S": 1})
        pay(shop, waiting_payment(shop))
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        paid = sum(row["amount"] for row in rows_of(shop, payments))
        assert sum(row["amount"] for row in rows_of(shop, refunds)) == paid
        ledger = books.ledger_of(shop)
        net = (chart.SALES, chart.DISCOUNTS, chart.RETURNS)
        assert sum(ledger[name, "GBP"] for name in net) == 0
        assert ledger[chart.SHIPPING, "GBP"] == ledger[chart.TAX, "GBP"] == 0
        add_up(shop)

    def test_taking_all_off_is_a_cancellation(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        with pytest.raises(NothingIsLeft):
            change(shop, placed.order_id, remove={"SHIRT0-S": 2})
        with pytest.raises(TooManyCancelled):
            change(shop, placed.order_id, remove={"SHIRT0-S": 3})
        with pytest.raises(NothingChanges):
            change(shop, placed.order_id)

    def test_a_bought_gift_card_can_be_taken_off_but_none_is_added(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        with shop.database.transaction("staff") as uow:
            (category,) = uow.rows(select(categories))
            draft = SkuDraft("CARD", 2_000, 2_000, 0, {"value": "20"}, tax_class="gift_card")
            new = ProductDraft("card", "Gift card", category["id"], [draft])
            stock.receive(uow, dict.fromkeys(creation.create_product(uow, new, "GBP").values(), 9), "DN-2")
        placed = paid_order(shop, SHIRT0_S=1, CARD=2)
        change(shop, placed.order_id, remove={"CARD": 1})
        assert [row["amount"] for row in rows_of(shop, refunds)] == [2_000]
        with pytest.raises(GiftCardNotAdded):
            change(shop, placed.order_id, add=[("CARD", 1)])
        add_up(shop)


class TestDelivery:
    def test_another_address_in_the_same_zone_costs_nothing(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        made = change(shop, placed.order_id, ship_to=MOVED)
        assert (made["status"], made["added"], made["credited"]) == ("applied", 0, 0)
        order = order_of(shop, placed.order_id)
        assert {name: order[name] for name in MOVED} == MOVED
        assert order["total"] == placed.total
        with pytest.raises(NothingChanges):
            change(shop, placed.order_id, ship_to=MOVED)

    def test_a_faster_delivery_is_paid_and_a_slower_one_goes_back(self, shop: Shop, shelves: Shelves) -> None:
        sell_everywhere(shop)
        placed = paid_order(shop, SHIRT0_S=1)
        assert change(shop, placed.order_id, delivery_method="express")["due"] == 605
        pay(shop, waiting_payment(shop))
        assert order_of(shop, placed.order_id)["delivery_name"] == "Express"
        add_up(shop)
        made = change(shop, placed.order_id, delivery_method="standard")
        assert (made["status"], made["credited"] - made["kept"]) == ("applied", 605)
        assert [row["amount"] for row in rows_of(shop, refunds)] == [605]
        add_up(shop)
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        assert sum(row["amount"] for row in rows_of(shop, refunds)) == placed.total + 605
        assert books.ledger_of(shop)[chart.SHIPPING, "GBP"] == 0
        add_up(shop)

    def test_an_address_in_a_dearer_zone_costs_the_difference(self, shop: Shop, shelves: Shelves) -> None:
        sell_everywhere(shop)
        placed = paid_order(shop, SHIRT0_S=1)
        made = change(shop, placed.order_id, ship_to={**MOVED, "ship_postal_code": "IV1 1AA"})
        assert made["due"] == 500
        assert order_of(shop, placed.order_id)["ship_city"] == ADA.city
        pay(shop, waiting_payment(shop))
        assert order_of(shop, placed.order_id)["ship_city"] == "Ockham"
        add_up(shop)

    def test_where_no_delivery_goes_no_order_goes(self, shop: Shop, shelves: Shelves) -> None:
        sell_everywhere(shop)
        placed = paid_order(shop, SHIRT0_S=1)
        with pytest.raises(OrderIncomplete):
            change(shop, placed.order_id, delivery_method="pigeon")

    def test_an_address_that_is_taxed_otherwise_is_sold_again(self, shop: Shop, shelves: Shelves) -> None:
        sell_everywhere(shop)
        placed = paid_order(shop, SHIRT0_S=3, SHIRT1_M=1)
        made = change(
            shop,
            placed.order_id,
            ship_to={**MOVED, "ship_postal_code": "1050", "ship_country": "DK"},
            remove={"SHIRT0-S": 1},
        )
        goods = 2 * 1_000 + 1_333
        assert made["added"] == goods + 1_195 + (goods + 1_195) // 4
        assert made["credited"] == placed.total
        pay(shop, waiting_payment(shop))
        order = order_of(shop, placed.order_id)
        assert order["prices_include_tax"] is False
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 2)
        assert level(shop, shelves.skus["SHIRT1-M"]) == (10, 1)
        add_up(shop)
        back = change(shop, placed.order_id, ship_to={**MOVED, "ship_postal_code": "GU23 6NQ"})
        assert back["added"] == goods + 395
        ship(shop, placed.order_id)
        assert status_of(shop, placed.order_id) == "shipped"
        assert level(shop, shelves.skus["SHIRT0-S"]) == (8, 0)
        add_up(shop)

    def test_a_company_that_owes_the_tax_itself_is_not_charged_it_for_more_either(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        with shop.database.transaction("staff") as uow:
            terms_editing.put_tax_zone(
                uow,
                shop.terms,
                "germany",
                name="Germany",
                countries=["DE"],
                prices_include_tax=True,
                rates=[("standard", 2_000, date(2020, 1, 1))],
                reverse_charge=True,
            )
            berlin = replace(ADA, postal_code="10115", country="DE")
            invoice = Invoicee("Ada", company="Analytical GmbH", tax_number="DE136695976")
            cart_id = checkout.create(uow, shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 1})
            placed = service.place(uow, shop.terms, cart_id, berlin, wishes=Wishes(invoice=invoice))
        pay(shop, waiting_payment(shop))
        assert change(shop, placed.order_id, add=[("SHIRT0-M", 3)])["due"] == 3 * 833
        pay(shop, waiting_payment(shop))
        assert order_of(shop, placed.order_id)["tax"] == 0
        add_up(shop)


class TestWaiting:
    def test_nothing_moves_while_the_buyer_has_to_pay(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        change(shop, placed.order_id, add=[("SHIRT1-S", 1)])
        line = lines_of(shop, placed.order_id)["SHIRT0-S"]
        for act in (
            lambda uow: shipping.ship(uow, placed.order_id),
            lambda uow: after_sales.cancel_lines(uow, placed.order_id, {line: 1}, "not wanted"),
        ):
            with pytest.raises(ChangeOpen), shop.database.transaction("staff") as uow:
                act(uow)
        with pytest.raises(ChangeOpen):
            change(shop, placed.order_id, add=[("SHIRT1-M", 1)])

    def test_given_up_everything_is_as_before(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        with shop.database.transaction("staff") as uow:
            card = gift_cards.issue(uow, 100, "GBP", "sorry")
        by_card = [Wanted("gift_card", card["number"])]
        made = change(shop, placed.order_id, add=[("SHIRT1-S", 1)], wanted=by_card)
        with shop.database.transaction("staff") as uow:
            changes.cancel(uow, placed.order_id, made["number"])
        assert level(shop, shelves.skus["SHIRT1-S"]) == (10, 0)
        assert books.ledger_of(shop)[chart.held(chart.GIFT_CARD, card["id"]), "GBP"] == 100
        with pytest.raises(ChangeClosed), shop.database.transaction("staff") as uow:
            changes.cancel(uow, placed.order_id, made["number"])
        with pytest.raises(NotFound), shop.database.transaction("staff") as uow:
            changes.cancel(uow, placed.order_id, "CH-0")
        assert pay(shop, waiting_payment(shop)) == "refunding"
        assert units_of(shop, placed.order_id) == {"SHIRT0-S": 2}
        ship(shop, placed.order_id)
        add_up(shop)

    def test_not_paid_in_time_it_is_given_up(self, shop: Shop, shelves: Shelves, clock: MovableClock) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        change(shop, placed.order_id, add=[("SHIRT1-S", 1)])
        clock.forward(minutes=29)
        asyncio.run(background.expire_changes(shop))
        assert level(shop, shelves.skus["SHIRT1-S"]) == (10, 1)
        clock.forward(minutes=2)
        asyncio.run(background.expire_changes(shop))
        assert [row["status"] for row in rows_of(shop, order_changes)] == ["expired"]
        assert level(shop, shelves.skus["SHIRT1-S"]) == (10, 0)
        ship(shop, placed.order_id)

    def test_cancelling_the_order_gives_up_its_change(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        change(shop, placed.order_id, add=[("SHIRT1-S", 1)], remove={"SHIRT0-S": 1})
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        assert level(shop, shelves.skus["SHIRT1-S"]) == level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
        assert pay(shop, waiting_payment(shop)) == "refunding"
        add_up(shop)

    def test_a_chargeback_gives_up_the_change_too(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow:
            card = gift_cards.issue(uow, 100, "GBP", "sorry")
        by_card = [Wanted("gift_card", card["number"])]
        change(shop, placed.order_id, add=[("SHIRT1-S", 1)], wanted=by_card)
        with shop.database.transaction("provider:sandbox") as uow:
            chargebacks.record(uow, str(placed.payment_id), "dispute-1", placed.total)
        assert [row["status"] for row in rows_of(shop, order_changes)] == ["cancelled"]
        assert books.ledger_of(shop)[chart.held(chart.GIFT_CARD, card["id"]), "GBP"] == 100
        assert books.ledger_of(shop)[chart.TENDERED, "GBP"] == 0

    def test_the_provider_is_asked_for_the_difference_and_may_be_asked_again(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        bank = Bank()
        banked = replace(shop, providers={bank.name: bank})
        placed = paid_order(shop, SHIRT0_S=1)
        with pytest.raises(IllegalTransition):
            asyncio.run(cashier.start(banked, placed.order_id, "https://shop"))
        change(shop, placed.order_id, add=[("SHIRT1-S", 1)])
        remote = asyncio.run(cashier.start(banked, placed.order_id, "https://shop"))
        assert remote.amount == 1_333
        bank.end(remote.external_id, "failed")
        again = asyncio.run(cashier.start(banked, placed.order_id, "https://shop"))
        assert (again.amount, again.external_id != remote.external_id) == (1_333, True)
        clock.forward(minutes=31)
        asyncio.run(background.expire_changes(shop))
        asyncio.run(cashier.reconcile(banked))
        assert {deal.remote.status for deal in bank.deals.values()} == {"failed", "voided"}

    def test_two_changes_and_a_shipment_at_once_are_one_of_them(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=1)

        def act(number: int) -> str:
            if number == 2:
                ship(shop, placed.order_id)
            else:
                change(shop, placed.order_id, add=[("SHIRT1-S", 1)])
            return "done"

        assert sorted(at_once(3, act)).count("done") == 1
        books.stock_adds_up(shop)

    def test_the_levels_of_a_change_are_locked_once(self, shop: Shop, shelves: Shelves) -> None:
        """A level that is opened between two lockings may come before one that is held already."""
        with shop.database.transaction("staff") as uow:
            for sku in shelves.skus.values():
                backorders.put(uow, sku, policy="backorder", most=5, days=9, available_from=None)
        placed = paid_order(shop, SHIRT0_S=10)
        waiting = paid_order(shop, SHIRT0_S=2)
        with locks.noted() as locked:
            made = change(shop, placed.order_id, add=[("SHIRT0-M", 2)], remove={"SHIRT0-S": 2})
        assert (made["status"], locked.statements.count(stock_levels)) == ("applied", 1)
        assert len(locked.of(stock_levels)) == 2
        with shop.database.read() as db:
            assert sum(promises.held_by(db, waiting.number).values()) == 2, "who waited got what was given up"

    def test_paid_twice_it_takes_effect_once(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        change(shop, placed.order_id, add=[("SHIRT1-S", 1)])
        payment = waiting_payment(shop)
        assert sorted(at_once(3, lambda _: pay(shop, payment))) == ["paid", "unchanged", "unchanged"]
        assert units_of(shop, placed.order_id) == {"SHIRT0-S": 1, "SHIRT1-S": 1}
        add_up(shop)


class TestStates:
    def test_an_unpaid_order_can_only_go_elsewhere_for_the_same_price(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        placed = placed_order(shop, SHIRT0_S=2)
        for wish in ({"add": [("SHIRT1-S", 1)]}, {"remove": {"SHIRT0-S": 1}}):
            with pytest.raises(UnpaidChange):
                change(shop, placed.order_id, **wish)
        change(shop, placed.order_id, ship_to=MOVED)
        assert order_of(shop, placed.order_id)["ship_city"] == "Ockham"

    def test_what_has_left_the_house_is_not_changed(self, shop: Shop, shelves: Shelves) -> None:
        placed = shipped_order(shop, SHIRT0_S=1)
        with pytest.raises(IllegalTransition):
            change(shop, placed.order_id, ship_to=MOVED)

    def test_the_rest_of_a_partly_shipped_order_is_changed(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=2, SHIRT1_M=1)
        line = lines_of(shop, placed.order_id)["SHIRT0-S"]
        with shop.database.transaction("staff") as uow:
            shipping.ship(uow, placed.order_id, {line: 2})
        change(shop, placed.order_id, add=[("SHIRT1-S", 1)], remove={"SHIRT1-M": 1})
        assert status_of(shop, placed.order_id) == "partly_shipped"
        ship(shop, placed.order_id)
        assert status_of(shop, placed.order_id) == "shipped"
        add_up(shop)

    def test_review_goes_on_and_the_history_says_why_it_changed(self, shop: Shop, shelves: Shelves) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow:
            review.hold(uow, placed.order_id, "odd address")
        change(shop, placed.order_id, ship_to=MOVED)
        with shop.database.read() as db:
            last = transitions.history(db, placed.order_id)[-1]
        assert (last["event"], last["to_status"], last["reason"]) == ("change", "in_review", "customer rang")


def test_what_a_change_adds_is_invoiced_and_what_it_takes_off_credited(shop: Shop, shelves: Shelves) -> None:
    sell_everywhere(shop)
    placed = paid_order(shop, SHIRT0_S=2)
    seller = Seller.of(shop.settings)
    with shop.database.transaction("staff") as uow:
        invoices.issue(uow, shop.terms, seller, placed.order_id)
    change(shop, placed.order_id, add=[("SHIRT1-S", 1)], remove={"SHIRT0-S": 1}, delivery_method="express")
    pay(shop, waiting_payment(shop))
    asyncio.run(background.issue_invoices(shop))
    with shop.database.read() as db:
        issued = invoices.of_order(db, placed.order_id)
    kinds = [(row["kind"], row["total"]) for row in issued]
    assert kinds == [("invoice", placed.total), ("invoice", 1_333 + 1_000), ("credit_note", 1_000 + 395)]
    late = paid_order(shop, SHIRT0_S=2)
    change(shop, late.order_id, add=[("SHIRT0-M", 2)], remove={"SHIRT0-S": 1})
    pay(shop, waiting_payment(shop))
    with shop.database.transaction("staff") as uow:
        issued = invoices.issue(uow, shop.terms, seller, late.order_id)
    assert [row["total"] for row in issued] == [late.total, 2_000, 1_000]


class TestOverHttp:
    def test_the_buyer_sees_the_change_and_pays_it_on_the_orders_page(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=2)
        pay(open_for_business, waiting_payment(open_for_business))
        at = f"/api/v1/staff/orders/{order['id']}/changes"
        body = {
            "reason": "wants another size too",
            "add": [{"sku": "SHIRT1-S", "quantity": 2}],
            "remove": [{"order_line_id": order["lines"][0]["id"], "quantity": 1}],
        }
        planned = client.post(f"{at}/preview", json=body, headers=staff).json()
        assert (planned["added"], planned["credited"], planned["due"]) == (2_666, 1_000, 1_666)
        assert client.get(at, headers=staff).json()["items"] == []
        body["expected_due"] = 1_666
        made = client.post(at, json=body, headers=staff | key()).json()
        assert (made["status"], made["due"]) == ("open", 1_666)
        page = client.get(made["page"].split("8000", 1)[1]).text
        assert "£16.66" in page and "Shirt 1, S" in page and "Pay" in page
        (shown,) = client.get(f"/api/v1/orders/{order['token']}/changes").json()["items"]
        assert shown["number"] == made["number"]
        asked = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key()).json()
        assert asked["amount"] == 1_666
        pay(open_for_business, waiting_payment(open_for_business))
        after = client.get(f"/api/v1/orders/{order['token']}").json()
        assert after["total"] == order["total"] + 2_666
        assert sum(row["amount"] for row in after["explanation"]) == after["total"]
        page = client.get(f"/orders/{order['token']}").text
        assert "1 taken off" in page and "Pay" not in page

    def test_staff_gives_a_change_up_and_others_may_not(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=2)
        pay(open_for_business, waiting_payment(open_for_business))
        at = f"/api/v1/staff/orders/{order['id']}/changes"
        body = {"reason": "wants more", "add": [{"sku": "SHIRT1-S", "quantity": 2}]}
        assert client.post(at, json=body, headers=key()).status_code == 401
        number = client.post(at, json=body, headers=staff | key()).json()["number"]
        again = client.post(at, json=body, headers=staff | key())
        assert (again.status_code, again.json()["code"]) == (409, "change_open")
        answer = client.post(f"{at}/{number}/cancel", headers=staff | key())
        assert answer.json()["items"][0]["status"] == "cancelled"
