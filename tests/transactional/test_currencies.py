"""A shop kept in pounds that sells in euros too: every amount of an order is in its own currency."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import books
import pytest
from bank import Bank
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import (
    ADA,
    Shelves,
    key,
    order,
    order_body,
    ordered_over_http,
    rows_of,
    sell_in_euros,
    status_of,
)
from test_invoices import issued, text_of
from test_promotions import active, codes
from test_tenders import balance_of_ada, by_card, expire, gift_card, left_on, pay, send_refunds
from webpage import Webpage

from settings import Settings, UserError
from transactional.catalog import pricing
from transactional.catalog.errors import NoPrice
from transactional.checkout import service as checkout
from transactional.checkout.errors import OrderIncomplete
from transactional.checkout.service import PricedCart
from transactional.invoices.document import pdf
from transactional.ledger import chart
from transactional.ledger.models import postings
from transactional.members import service as members
from transactional.orders import after_sales, change_entry, change_plan, shipping
from transactional.orders import service as orders
from transactional.orders.change_models import order_changes
from transactional.orders.change_plan import Wish
from transactional.orders.change_pricing import Addition
from transactional.orders.models import credit_notes, order_lines
from transactional.orders.models import orders as orders_table
from transactional.orders.service import Placed
from transactional.payments import chargebacks, gift_cards, settlement
from transactional.payments.errors import GiftCardNotValid, TenderInOtherCurrency
from transactional.payments.methods import sandbox_card
from transactional.payments.models import payments, refunds, tender_events
from transactional.payments.providers import open_providers
from transactional.payments.tenders import Wanted
from transactional.promotions.models import promotion_budgets
from transactional.promotions.views import hints, plain_money
from transactional.shop import Shop, open_shop
from transactional.stock import warehousing

IN_EUROS = {"SHIRT0-S": 1_300, "SHIRT0-M": 1_500}
TOTAL = 2 * 1_300 + 600  # of two SHIRT0-S with delivery


@pytest.fixture
def open_for_business(open_for_business: Shop) -> Shop:
    return sell_in_euros(open_for_business, IN_EUROS)


@pytest.fixture
def euro_shop(shop: Shop, shelves: Shelves) -> Shop:
    return sell_in_euros(shop, IN_EUROS)


def placed(shop: Shop, tenders: Sequence[Wanted] = (), **quantities: int) -> Placed:
    """An order in euros; SKU codes are written with `_` for `-`."""
    with shop.database.transaction("shopper") as uow:
        wanted = {code.replace("_", "-"): count for code, count in quantities.items()}
        return order(uow, shop, wanted or {"SHIRT0-S": 2}, tenders=tenders, currency="EUR")


def paid(shop: Shop, **quantities: int) -> Placed:
    made = placed(shop, **quantities)
    pay(shop, made)
    return made


def priced(shop: Shop, *coupons: str, customer_id: str | None = None) -> PricedCart:
    """A cart of two SHIRT0-S in euros."""
    with shop.database.transaction("shopper") as uow:
        cart_id = checkout.create(uow, shop.terms, currency="EUR", customer_id=customer_id)
        checkout.add(uow, cart_id, {"SHIRT0-S": 2})
        for coupon in coupons:
            checkout.add_coupon(uow, cart_id, coupon)
        return checkout.priced(uow, shop.terms, cart_id)


def set_prices(shop: Shop, code: str, *rows: dict[str, Any]) -> None:
    with shop.database.transaction("staff") as uow:
        alike = {"currency": "EUR", "customer_group": None, "valid_from": uow.now}
        pricing.set_prices(uow, warehousing.sku_id(uow, code), [alike | row for row in rows])


def balances(shop: Shop) -> dict[tuple[str, str], int]:
    """What accounts hold by currency, without those that hold nothing."""
    return {key: amount for key, amount in books.ledger_of(shop).items() if amount}


def only_euros(rows: list[Any]) -> bool:
    return bool(rows) and {row["currency"] for row in rows} == {"EUR"}


def opened(client: TestClient, currency: str | None = "EUR") -> Any:
    return client.post("/api/v1/carts", json={"currency": currency}, headers=key())


class TestCarts:
    def test_a_cart_is_in_the_shops_own_currency_unless_another_is_named(self, client: TestClient) -> None:
        assert client.post("/api/v1/carts", json={}, headers=key()).json()["currency"] == "GBP"
        assert (opened(client).json()["currency"], opened(client, None).json()["currency"]) == ("EUR", "GBP")

    def test_one_that_is_not_sold_in_is_refused_with_those_that_are(self, client: TestClient) -> None:
        answer = opened(client, "USD")
        assert (answer.status_code, answer.json()["code"]) == (400, "currency_not_sold")
        assert answer.json()["details"] == {"field": "currency", "wanted": "USD", "allowed": ["GBP", "EUR"]}

    def test_a_shop_sells_in_its_own_only_unless_the_settings_name_others(self, shop: Shop) -> None:
        assert (shop.terms.currency, shop.terms.other_currencies) == ("GBP", ())

    def test_lines_have_the_skus_prices_in_it(self, client: TestClient) -> None:
        cart = opened(client).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S", "quantity": 2}]}
        seen = client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key()).json()
        assert [(line["unit_price"], line["list_price"], line["total"]) for line in seen["lines"]] == [
            (1_300, 1_300, 2_600)
        ]
        preview = client.get(f"/api/v1/carts/{cart}/checkout").json()
        assert (preview["amounts"]["currency"], preview["amounts"]["total"]) == ("EUR", TOTAL)

    def test_a_sku_gets_prices_in_those_it_sells_in(
        self, client: TestClient, staff: dict[str, str], shelves: Shelves
    ) -> None:
        at = f"/api/v1/staff/catalogue/skus/{shelves.skus['SHIRT0-S']}/prices"
        for currency, status in (("EUR", 200), ("GBP", 200), ("USD", 400)):
            price = {"currency": currency, "price": 990, "valid_from": "2026-11-01T00:00:00Z"}
            assert client.put(at, json={"prices": [price]}, headers=staff).status_code == status

    def test_groups_and_dates_hold_as_in_the_shops_own(self, euro_shop: Shop, clock: MovableClock) -> None:
        begins = clock.now
        set_prices(
            euro_shop,
            "SHIRT0-S",
            {"price": 1_300},
            {"price": 1_100, "customer_group": "gold"},
            {"price": 900, "valid_from": begins.replace(hour=20), "valid_to": begins.replace(hour=22)},
        )
        with euro_shop.database.transaction("staff") as uow:
            gold = members.join(uow, ADA)
            members.put_groups(uow, gold, ["gold"])
        (line,) = priced(euro_shop, customer_id=gold).lines
        assert (line["price"], line["list_price"]) == (1_100, 1_300)
        clock.forward(hours=11)
        assert priced(euro_shop).lines[0]["price"] == 900
        clock.forward(hours=11)
        assert priced(euro_shop).lines[0]["price"] == 1_300

    def test_a_sku_without_a_price_in_it_cannot_be_put_there(self, client: TestClient) -> None:
        cart = opened(client).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S"}, {"sku": "SHIRT1-S"}]}
        answer = client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key())
        assert (answer.status_code, answer.json()["code"]) == (409, "no_price")
        assert answer.json()["details"] == {"sku": "SHIRT1-S", "currency": "EUR"}
        assert client.get(f"/api/v1/carts/{cart}").json()["lines"] == []

    def test_a_price_that_goes_blocks_the_order(self, client: TestClient, open_for_business: Shop) -> None:
        cart = opened(client).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S"}, {"sku": "SHIRT0-M"}]}
        client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key()).raise_for_status()
        set_prices(open_for_business, "SHIRT0-M")
        seen = client.get(f"/api/v1/carts/{cart}").json()["lines"]
        assert [(line["unit_price"], line["for_sale"]) for line in seen] == [(1_300, True), (0, False)]
        preview = client.post(f"/api/v1/carts/{cart}/checkout", json={}).json()
        assert ("no_price", "SHIRT0-M") in [(each["code"], each["field"]) for each in preview["missing"]]
        answer = client.post("/api/v1/orders", json=order_body(cart), headers=key())
        assert (answer.status_code, answer.json()["code"]) == (409, "no_price")
        assert answer.json()["details"]["sku"] == "SHIRT0-M"


class TestTheCatalogue:
    def test_a_list_holds_what_has_a_price_in_it(self, client: TestClient, open_for_business: Shop) -> None:
        found = client.get("/api/v1/products?currency=EUR").json()
        assert [(card["slug"], card["currency"], card["price_from"]) for card in found["items"]] == [
            ("shirt-0", "EUR", 1_300)
        ]
        assert found["total"] == 1
        assert client.get("/api/v1/products?currency=GBP").json() == client.get("/api/v1/products").json()
        set_prices(open_for_business, "SHIRT2-M", {"price": 5, "customer_group": "gold"}, {"price": 800})
        for sort, slugs in (("price_asc", ["shirt-2", "shirt-0"]), ("price_desc", ["shirt-0", "shirt-2"])):
            listed = client.get(f"/api/v1/products?currency=EUR&sort={sort}").json()["items"]
            assert [card["slug"] for card in listed] == slugs

    def test_of_dated_prices_the_one_counts_that_began_last(
        self, client: TestClient, open_for_business: Shop, clock: MovableClock
    ) -> None:
        before = clock.now.replace(hour=1)
        set_prices(open_for_business, "SHIRT1-M", {"price": 700, "valid_from": before}, {"price": 1_400})
        set_prices(open_for_business, "SHIRT2-S", {"price": 10, "valid_from": before, "valid_to": clock.now})
        listed = client.get("/api/v1/products?currency=EUR&sort=price_asc").json()["items"]
        assert [(card["slug"], card["price_from"]) for card in listed] == [
            ("shirt-0", 1_300),
            ("shirt-1", 1_400),
        ]

    def test_a_product_shows_its_skus_that_have_a_price_in_it(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        found = client.get("/api/v1/products/shirt-0?currency=EUR").json()["skus"]
        assert [(sku["code"], sku["currency"], sku["price"]) for sku in found] == [
            ("SHIRT0-S", "EUR", 1_300),
            ("SHIRT0-M", "EUR", 1_500),
        ]
        assert client.get("/api/v1/products/shirt-1?currency=EUR").json()["skus"] == []

    @pytest.mark.parametrize("path", ["products", "products/shirt-0", "payment-methods"])
    def test_one_that_is_not_sold_in_is_refused(self, client: TestClient, path: str) -> None:
        answer = client.get(f"/api/v1/{path}?currency=USD")
        assert (answer.status_code, answer.json()["details"]["field"]) == (400, "currency")


class TestDelivery:
    def test_only_rates_of_the_currency_are_offered(self, client: TestClient, shop: Shop) -> None:
        cart = opened(client).json()["token"]
        client.post(f"/api/v1/carts/{cart}/lines", json={"lines": [{"sku": "SHIRT0-S"}]}, headers=key())
        offers = client.get(f"/api/v1/carts/{cart}/delivery").json()["offers"]
        assert [(offer["code"], offer["price"]) for offer in offers] == [("standard", 600)]

    def test_without_a_rate_there_is_no_delivery(self, shop: Shop, shelves: Shelves) -> None:
        euro_shop = replace(shop, terms=replace(shop.terms, other_currencies=("EUR",)))
        set_prices(euro_shop, "SHIRT0-S", {"price": 1_300})
        with pytest.raises(OrderIncomplete, match="This delivery does not serve"):
            placed(euro_shop)


class TestPromotions:
    def test_per_cent_work_in_any_currency(self, euro_shop: Shop) -> None:
        active(euro_shop, {"kind": "percent", "off_bp": 1_000})
        assert priced(euro_shop).promotions.saved == 260

    @pytest.mark.parametrize(
        ("template", "more"),
        [
            ({"kind": "amount", "off": 100}, {}),
            ({"kind": "fixed_price", "price": 900}, {}),
            ({"kind": "tiered", "by": "money", "steps": [{"at_least": 100, "off_bp": 1_000}]}, {}),
            ({"kind": "free_shipping", "up_to": 100}, {}),
            ({"kind": "free_shipping"}, {"conditions": {"min_amount": 100}}),
            ({"kind": "percent", "off_bp": 1_000}, {"budget": {"money": 10_000}}),
        ],
    )
    def test_those_that_name_money_only_apply_in_the_shops_own(
        self, euro_shop: Shop, template: dict[str, Any], more: dict[str, Any]
    ) -> None:
        active(euro_shop, template, **more)
        outcome = priced(euro_shop).promotions
        (hint,) = hints(outcome, plain_money("EUR"))
        assert (outcome.saved, hint.reason) == (0, "currency")
        assert hint.message == f"{template['kind']}: not in this currency."
        with euro_shop.database.transaction("shopper") as uow:
            cart_id = checkout.create(uow, euro_shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 2})
            assert checkout.priced(uow, euro_shop.terms, cart_id).promotions.saved > 0

    def test_a_gift_waits_only_where_it_has_a_price(self, euro_shop: Shop) -> None:
        active(euro_shop, {"kind": "gift", "sku": "SHIRT2-S"})
        assert (priced(euro_shop).promotions.gifts, priced(euro_shop).promotions.missed[0].reason) == (
            (),
            "currency",
        )
        set_prices(euro_shop, "SHIRT2-S", {"price": 1_000})
        assert [gift.sku for gift in priced(euro_shop).promotions.gifts] == ["SHIRT2-S"]

    def test_budgets_count_uses_in_any_currency_and_money_in_theirs(self, euro_shop: Shop) -> None:
        promotion = active(
            euro_shop, {"kind": "percent", "off_bp": 1_000}, needs_code=True, budget={"uses": 5}
        )
        codes(euro_shop, promotion, named=["TENTH"], max_uses=5)

        def buy(currency: str) -> Placed:
            with euro_shop.database.transaction("shopper") as uow:
                cart_id = checkout.create(uow, euro_shop.terms, currency=currency)
                checkout.add(uow, cart_id, {"SHIRT0-S": 1})
                checkout.add_coupon(uow, cart_id, "TENTH")
                return orders.place(uow, euro_shop.terms, cart_id, ADA)

        def counted() -> tuple[int, int, str]:
            (row,) = rows_of(euro_shop, promotion_budgets)
            return row["uses"], row["money"], row["currency"]

        in_pounds, in_euros = buy("GBP"), buy("EUR")
        assert counted() == (2, 100, "GBP")
        for each in (in_euros, in_pounds):
            with euro_shop.database.transaction("staff") as uow:
                after_sales.cancel(uow, each.order_id, "changed my mind")
        assert counted() == (0, 0, "GBP")


class TestTenders:
    def test_a_gift_card_of_another_currency_is_refused(self, euro_shop: Shop) -> None:
        card = gift_card(euro_shop, 5_000)
        with pytest.raises(TenderInOtherCurrency, match="This gift card is in GBP, and the order in EUR"):
            placed(euro_shop, [by_card(card)])
        assert (left_on(euro_shop, card), rows_of(euro_shop, orders_table)) == (5_000, [])
        with pytest.raises(GiftCardNotValid):
            placed(euro_shop, [Wanted("gift_card", "nobody's")])

    def test_so_are_balance_and_points(self, euro_shop: Shop) -> None:
        generous = replace(euro_shop, terms=replace(euro_shop.terms, points_per_unit=1, point_value=10))
        customer = balance_of_ada(generous, 500)
        with generous.database.transaction("shopper") as uow:
            made = order(uow, generous, {"SHIRT1-S": 1})
        pay(generous, made)
        for method in ("balance", "points"):
            with pytest.raises(TenderInOtherCurrency, match=f"This {method} is in GBP"):
                placed(generous, [Wanted(method, customer)])  # type: ignore[arg-type]

    def test_the_preview_says_so(self, client: TestClient, staff: dict[str, str]) -> None:
        body = {"amount": 1_000, "reason": "a present"}
        made = client.post("/api/v1/staff/payments/gift-cards", json=body, headers=key() | staff).json()
        card = client.get(f"/api/v1/staff/payments/gift-cards/{made['id']}", headers=staff).json()
        cart = opened(client).json()["token"]
        client.post(f"/api/v1/carts/{cart}/lines", json={"lines": [{"sku": "SHIRT0-S"}]}, headers=key())
        tenders = {"tenders": [{"method": "gift_card", "code": card["code"]}]}
        found = client.post(f"/api/v1/carts/{cart}/checkout", json=tenders).json()["missing"]
        assert ("tender_in_other_currency", "tenders") in [(each["code"], each["field"]) for each in found]

    def test_a_gift_card_that_is_bought_in_it_pays_in_it(self, euro_shop: Shop) -> None:
        with euro_shop.database.transaction("staff") as uow:
            card = gift_cards.issue(uow, 5_000, "EUR", "a present")
        made = placed(euro_shop, [by_card(card)])
        assert (status_of(euro_shop, made.order_id), left_on(euro_shop, card)) == ("paid", 5_000 - TOTAL)
        assert balances(euro_shop)[f"{chart.GIFT_CARD}:{card['id']}", "EUR"] == 5_000 - TOTAL

    def test_orders_in_it_earn_no_points(self, euro_shop: Shop) -> None:
        generous = replace(euro_shop, terms=replace(euro_shop.terms, points_per_unit=1, point_value=10))
        paid(generous)
        assert [row["points"] for row in rows_of(generous, orders_table)] == [0]
        assert not [account for account, _ in balances(generous) if account.startswith(chart.POINTS)]


class TestTheBooks:
    def test_a_sale_is_income_in_euros_and_costs_pounds(self, euro_shop: Shop) -> None:
        before = balances(euro_shop)[chart.INVENTORY, "GBP"]
        made = paid(euro_shop)
        with euro_shop.database.transaction("staff") as uow:
            shipping.ship(uow, made.order_id)
        found = balances(euro_shop)
        assert {key: amount for key, amount in found.items() if key[1] == "EUR"} == {
            ("asset:receivable:sandbox", "EUR"): -TOTAL,
            (chart.SALES, "EUR"): 2_167,
            (chart.SHIPPING, "EUR"): 500,
            (chart.TAX, "EUR"): 533,
        }
        assert found[chart.COST_OF_GOODS, "GBP"] == -800
        assert found[chart.INVENTORY, "GBP"] == before + 800
        for currency in ("EUR", "GBP"):
            assert sum(amount for (_, kept_in), amount in found.items() if kept_in == currency) == 0
        self.adds_up(euro_shop)

    def test_returned_units_come_back_at_their_cost_in_pounds(self, euro_shop: Shop) -> None:
        made = paid(euro_shop)
        (line,) = rows_of(euro_shop, order_lines)
        with euro_shop.database.transaction("staff") as uow:
            shipping.ship(uow, made.order_id)
            after_sales.return_lines(uow, made.order_id, {line["id"]: 1}, "too small")
        assert balances(euro_shop)[chart.RETURNS, "EUR"] == -1_084
        assert balances(euro_shop)[chart.COST_OF_GOODS, "GBP"] == -400
        send_refunds(euro_shop)
        assert only_euros(rows_of(euro_shop, refunds)) and only_euros(rows_of(euro_shop, credit_notes))
        assert balances(euro_shop)["asset:receivable:sandbox", "EUR"] == -(TOTAL - 1_300)
        assert (chart.REFUNDS, "EUR") not in balances(euro_shop)
        self.adds_up(euro_shop)

    def test_cancelling_gives_all_of_it_back(self, euro_shop: Shop) -> None:
        made = paid(euro_shop)
        with euro_shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, made.order_id, "changed my mind")
        send_refunds(euro_shop)
        assert sum(row["amount"] for row in rows_of(euro_shop, refunds)) == TOTAL
        assert ("asset:receivable:sandbox", "EUR") not in balances(euro_shop)

    def test_a_chargeback_takes_euros(self, euro_shop: Shop) -> None:
        made = paid(euro_shop)
        with euro_shop.database.transaction("provider:sandbox") as uow:
            chargebacks.record(uow, str(made.payment_id), "dp_1", 1_000, "succeeded")
        assert balances(euro_shop)[chart.CHARGEBACKS, "EUR"] == -1_000
        assert only_euros(rows_of(euro_shop, tender_events))

    def test_an_unpaid_order_expires_and_is_paid_late(self, euro_shop: Shop, clock: MovableClock) -> None:
        with euro_shop.database.transaction("staff") as uow:
            card = gift_cards.issue(uow, 1_000, "EUR", "a present")
        made = placed(euro_shop, [by_card(card)])
        expire(euro_shop, clock)
        assert (status_of(euro_shop, made.order_id), left_on(euro_shop, card)) == ("expired", 1_000)
        assert pay(euro_shop, made) == "paid"
        assert left_on(euro_shop, card) == 0

    def test_pounds_do_not_pay_an_order_in_euros(self, euro_shop: Shop) -> None:
        made = placed(euro_shop)
        with euro_shop.database.transaction("provider:sandbox") as uow:
            told = settlement.record_capture(uow, made.payment_id, "pay_1", TOTAL, "GBP")
        assert told == "refunding"
        assert status_of(euro_shop, made.order_id) == "pending_payment"

    def adds_up(self, shop: Shop) -> None:
        books.inventory_adds_up(shop, books.ledger_of(shop), "GBP")
        books.goods_cost_what_they_were_sold_at(shop, books.ledger_of(shop), "GBP")
        assert all(row["amount"] > 0 for row in rows_of(shop, postings))


class TestChangesInFlight:
    def test_what_is_added_costs_euros(self, euro_shop: Shop) -> None:
        made = paid(euro_shop)
        wish = Wish("rang us", add=[Addition("SHIRT0-M", 1)])
        with euro_shop.database.transaction("staff") as uow:
            change = change_entry.propose(uow, euro_shop.terms, made.order_id, wish, way=sandbox_card)
        assert (change["currency"], change["due"], change["points"]) == ("EUR", 1_500, 0)
        (payment,) = [row for row in rows_of(euro_shop, payments) if row["status"] == "pending"]
        assert (payment["amount"], payment["currency"]) == (1_500, "EUR")
        with euro_shop.database.transaction("provider:sandbox") as uow:
            settlement.record_capture(uow, payment["id"], "pay_2", 1_500, "EUR")
        assert [row["status"] for row in rows_of(euro_shop, order_changes)] == ["applied"]
        assert balances(euro_shop)["asset:receivable:sandbox", "EUR"] == -(TOTAL + 1_500)

    def test_a_sku_without_a_price_in_it_cannot_be_added(self, euro_shop: Shop) -> None:
        made = paid(euro_shop)
        wish = Wish("rang us", add=[Addition("SHIRT1-S", 1)])
        with euro_shop.database.read() as db, pytest.raises(NoPrice, match="SHIRT1-S has no price in EUR"):
            change_plan.plan(db, euro_shop.terms, orders.header(db, made.order_id), wish)


def test_an_invoice_prints_the_orders_currency(euro_shop: Shop) -> None:
    made = paid(euro_shop)
    (invoice,) = issued(euro_shop, made.order_id)
    text = text_of(pdf(invoice, made.number, euro_shop.terms))
    assert invoice["currency"] == "EUR" and "€32.00" in text and "£" not in text


@pytest.mark.parametrize(("above", "status"), [(0, "paid"), (100_000, "in_review")])
def test_an_order_that_cannot_be_compared_is_looked_at(euro_shop: Shop, above: int, status: str) -> None:
    careful = replace(euro_shop, terms=replace(euro_shop.terms, review_above=above))
    assert status_of(careful, paid(careful).order_id) == status


class TestOverHttp:
    def test_an_order_is_paid_in_its_currency(self, client: TestClient, sandbox: TestClient) -> None:
        cart = opened(client).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S", "quantity": 2}]}
        client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key()).raise_for_status()
        made = client.post("/api/v1/orders", json=order_body(cart), headers=key()).json()
        assert (made["currency"], made["total"]) == ("EUR", TOTAL)
        path = f"/api/v1/orders/{made['token']}"
        payment = client.post(f"{path}/payments", json={"method": "card"}, headers=key()).json()
        assert (payment["currency"], payment["amount"]) == ("EUR", TOTAL)
        sandbox.post(payment["redirect_url"], data={"action": "pay"})
        assert client.get(f"{path}/return").json()["status"] == "paid"

    def test_its_page_writes_all_amounts_in_it(self, client: TestClient) -> None:
        cart = opened(client).json()["token"]
        client.post(f"/api/v1/carts/{cart}/lines", json={"lines": [{"sku": "SHIRT0-S"}]}, headers=key())
        made = client.post("/api/v1/orders", json=order_body(cart), headers=key()).json()
        text = Webpage(client.get(f"/orders/{made['token']}").text).text
        assert "€19.00" in text and "£" not in text
        assert (
            "£" in Webpage(client.get(f"/orders/{ordered_over_http(client, SHIRT0_S=1)['token']}").text).text
        )


class TestSettings:
    def test_they_name_the_other_currencies(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: MovableClock
    ) -> None:
        monkeypatch.setenv("STOREHOUSE_SHOP_OTHER_CURRENCIES", '["EUR", "JPY", "GBP", "EUR"]')
        bank = Bank()
        opened = open_shop(Settings(home=tmp_path), clock, providers={bank.name: bank})
        assert opened.terms.other_currencies == ("EUR", "JPY")
        opened.database.engine.dispose()

    def test_somebody_has_to_take_each(self, tmp_path: Path) -> None:
        settings = Settings(
            home=tmp_path,
            shop_other_currencies=("EUR", "JPY"),
            sandbox_enabled=False,
            stripe_secret_key="sk_test",
            stripe_webhook_secret="whsec",
            stripe_methods=("bank_redirect",),
        )
        with pytest.raises(UserError, match="No payment provider takes JPY: there is only stripe"):
            open_providers(settings)
