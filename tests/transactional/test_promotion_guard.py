"""What the guard refuses, and what it lets pass."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from conftest import MovableClock
from shopping import Shelves
from sqlalchemy import update
from test_promotion_rules import line, unit
from test_promotions import TEN_PERCENT, active, change, drafted, priced

from transactional.catalog import creation, pricing, schedule
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.models import categories, products, skus
from transactional.checkout import terms_editing
from transactional.promotions.cuts import Unit
from transactional.promotions.errors import SellsBelow
from transactional.promotions.guard import find_dangers
from transactional.promotions.rules import Activity, Conditions
from transactional.promotions.templates import Amount, FixedPrice, Gift, Percent
from transactional.shop import Shop
from transactional.stock import service as stock

HALF = Percent(off_bp=5_000)


def judged(activity: Activity, others: Sequence[Activity], *units: Unit) -> list[tuple[str, int]]:
    return [(each.sku, each.left) for each in find_dangers(activity, others, units)]


def untaxed(sku: str, price: int, cost: int) -> Unit:
    return unit(line(sku, price=price, cost=cost), 0)


class TestRules:
    def test_an_amount_off_the_order_is_borne_by_the_lines_that_other_offers_left_dear(self) -> None:
        half_b = Activity("half", "Half", HALF, Conditions(skus=("B",)))
        fifty = Activity("fifty", "Fifty", Amount(off=5_000, of="order"), Conditions(min_amount=20_000))
        goods = (untaxed("A", 10_000, 7_500), untaxed("B", 10_000, 2_500))
        assert judged(half_b, [], *goods) == judged(fifty, [], *goods) == []
        assert judged(fifty, [half_b], *goods) == judged(half_b, [fifty], *goods) == [("A", 6_667)]

    def test_what_is_never_in_one_basket_is_not_added_up(self) -> None:
        half_b = Activity("half", "Half", HALF, Conditions(skus=("B",)), group="one")
        fifty = Activity(
            "fifty", "Fifty", Amount(off=5_000, of="order"), Conditions(min_amount=20_000), group="one"
        )
        assert judged(fifty, [half_b], untaxed("A", 10_000, 7_500), untaxed("B", 10_000, 2_500)) == []

    def test_the_other_units_that_earn_an_amount_may_be_cheaper(self) -> None:
        two = Activity("two", "Two", Amount(off=150, of="order"), Conditions(min_quantity=2))
        assert judged(two, [], untaxed("A", 1_000, 900), untaxed("B", 100, 0)) == [("A", 864)]
        assert judged(two, [], untaxed("A", 1_000, 900)) == []

    def test_a_price_below_cost_stops_only_what_lowers_it(self) -> None:
        sold_off = untaxed("A", 500, 800)
        assert judged(Activity("up", "Up", FixedPrice(price=600)), [], sold_off) == []
        assert judged(Activity("half", "Half", HALF, Conditions(skus=("B",))), [], sold_off) == []
        assert judged(Activity("half", "Half", HALF), [], sold_off) == [("A", 250)]

    def test_a_lower_price_beside_it_does_not_hide_one_below_cost(self) -> None:
        stacking = frozenset({"product"})
        lower = Activity("low", "Low", FixedPrice(price=500), stacks_with=stacking)
        higher = Activity("high", "High", FixedPrice(price=600), stacks_with=stacking)
        assert judged(higher, [lower], untaxed("A", 1_000, 700)) == [("A", 500)]
        assert judged(higher, [lower], untaxed("A", 1_000, 550)) == []

    def test_a_gift_costs_what_it_cost_the_shop(self) -> None:
        gift = Activity("gift", "Gift", Gift(sku="B"), Conditions(min_amount=2_000))
        goods = untaxed("A", 1_000, 700)
        assert judged(gift, [], goods, untaxed("B", 1_500, 500)) == []
        assert judged(gift, [], goods, untaxed("B", 1_500, 700)) == [("A", 650)]

    def test_a_price_that_is_reduced_already_may_be_excluded(self) -> None:
        reduced = Unit(line("A", price=900, cost=500), 0)  # its list price is above
        careful = Activity("half", "Half", HALF, Conditions(not_reduced=True))
        assert judged(careful, [], reduced) == []

    def test_ten_skus_are_named(self) -> None:
        shelf = [untaxed(f"SKU-{number}", 1_000, 900) for number in range(30)]
        assert len(judged(Activity("half", "Half", HALF), [], *shelf)) == 10

    @pytest.mark.parametrize("mixed", [False, True])
    def test_many_groups_that_together_take_little_are_let_pass(self, mixed: bool) -> None:
        stacking = frozenset({"product", "order", "shipping"})
        live = [
            Activity(
                f"{group}-{number}",
                f"{group}-{number}",
                Amount(off=number) if mixed and number % 2 else Percent(off_bp=10 + number),
                group=f"group-{group}",
                stacks_with=stacking,
            )
            for group in range(7)
            for number in range(1, 5)
        ]
        shelf = [untaxed(f"SKU-{number}", 1_000 + number, 900) for number in range(200)]
        assert find_dangers(live[0], live[1:], shelf) == []

    def test_beyond_its_bound_it_answers_for_the_worst(self) -> None:
        stacking = frozenset({"product", "order", "shipping"})
        live = [
            Activity(f"{group}{kind}", f"{group}{kind}", template, group=f"{group}", stacks_with=stacking)
            for group in range(7)
            for kind, template in enumerate((Amount(off=50), Percent(off_bp=500), FixedPrice(price=950)))
        ]
        (danger,) = find_dangers(live[0], live[1:], [untaxed("A", 1_000, 500)])
        assert danger.left < 500
        assert find_dangers(live[0], live[1:], [untaxed("A", 1_000, 300)]) == []


@pytest.mark.usefixtures("shelves")
class TestShop:
    def test_prices_that_hold_later_or_for_a_group_are_judged(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        begins = clock.now + timedelta(days=10)
        row = {"currency": "GBP", "customer_group": None, "price": 500, "valid_to": None}
        with shop.database.transaction("staff") as uow:
            later = row | {"valid_from": begins}
            pricing.set_prices(uow, shelves.skus["SHIRT0-S"], [later])
            trade = row | {"valid_from": clock.now - timedelta(days=1), "customer_group": "trade"}
            pricing.set_prices(uow, shelves.skus["SHIRT1-S"], [trade])
        third = {"kind": "percent", "off_bp": 3_000}
        assert self.refused(shop, third) == [("SHIRT0-S", 500, 292), ("SHIRT1-S", 500, 292)]
        before = {"ends_at": begins.isoformat()}
        assert self.refused(shop, third, conditions=before) == [("SHIRT1-S", 500, 292)]

    def test_what_goes_live_by_itself_meanwhile_is_judged(self, shop: Shop, clock: MovableClock) -> None:
        begins = clock.now + timedelta(days=10)
        with shop.database.transaction("staff") as uow:
            (category,) = uow.rows(categories.select())
            one = [SkuDraft("NEW", 1_000, 1_000, 900)]
            new = ProductDraft("new", "New", category["id"], one, status="draft")
            creation.create_product(uow, new, "GBP")
            (product,) = [row for row in uow.rows(products.select()) if row["slug"] == "new"]
        assert self.refused(shop, TEN_PERCENT) == []
        with shop.database.transaction("staff") as uow:
            schedule.plan(uow, product["id"], live_from=begins, live_until=None)
        assert self.refused(shop, TEN_PERCENT) == [("NEW", 1_000, 750)]
        assert self.refused(shop, TEN_PERCENT, conditions={"ends_at": begins.isoformat()}) == []

    def test_tax_is_that_of_the_sku_wherever_prices_contain_it(self, shop: Shop, shelves: Shelves) -> None:
        offer = {"kind": "percent", "off_bp": 5_500}
        assert [sku for sku, *_ in self.refused(shop, offer)] == ["SHIRT0-M", "SHIRT0-S"]
        with shop.database.transaction("staff") as uow:
            uow.write(update(skus).values(tax_class="zero"))
        assert self.refused(shop, offer) == []
        self.open_zone(shop, "IE", 2_300)
        assert [sku for sku, *_ in self.refused(shop, offer)] == ["SHIRT0-M", "SHIRT0-S"]

    def open_zone(self, shop: Shop, country: str, rate_bp: int) -> None:
        with shop.database.transaction("staff") as uow:
            terms_editing.put_tax_zone(
                uow,
                shop.terms,
                country.lower(),
                name=country,
                countries=[country],
                prices_include_tax=True,
                rates=[(each, rate_bp, date(2020, 1, 1)) for each in ("standard", "zero")],
                reverse_charge=False,
            )

    def test_gift_cards_are_left_out_until_they_are_named(self, shop: Shop) -> None:
        with shop.database.transaction("staff") as uow:
            (category,) = uow.rows(categories.select())
            cards = [SkuDraft("CARD-20", 2_000, 2_000, 0, {"value": "20"}, tax_class="gift_card")]
            draft = ProductDraft("gift-card", "Gift card", category["id"], cards)
            stock.receive(uow, dict.fromkeys(creation.create_product(uow, draft, "GBP").values(), 9), "CARDS")
        active(shop, TEN_PERCENT)
        assert priced(shop, CARD_20=1).promotions.saved == 0
        named = {"conditions": {"products": ["gift-card"]}}
        assert self.refused(shop, TEN_PERCENT, **named) == [("CARD-20", 2_000, 1_800)]

    def test_what_is_over_meets_nothing_any_more(self, shop: Shop, clock: MovableClock) -> None:
        week = {"ends_at": (clock.now + timedelta(days=7)).isoformat()}
        active(shop, {"kind": "percent", "off_bp": 4_000}, conditions=week)
        order_off = {"kind": "percent", "off_bp": 4_000, "of": "order"}
        assert len(self.refused(shop, order_off)) == 2
        clock.forward(days=7)
        assert self.refused(shop, order_off) == []

    def test_a_pause_forgets_the_reason(self, shop: Shop) -> None:
        cheap = drafted(shop, {"kind": "percent", "off_bp": 9_000})
        change(shop, cheap, "activate", "clearance")
        change(shop, cheap, "pause")
        with pytest.raises(SellsBelow):
            change(shop, cheap, "activate")

    def refused(self, shop: Shop, template: dict[str, Any], **more: Any) -> list[tuple[str, int, int]]:
        """SKU, price and what would be left of it."""
        draft = drafted(shop, template, **more)
        try:
            change(shop, draft, "activate")
        except SellsBelow as refused:
            return [(each["sku"], each["price"], each["left"]) for each in refused.details["skus"]]
        change(shop, draft, "end")
        return []
