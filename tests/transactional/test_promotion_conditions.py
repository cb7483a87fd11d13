"""When an activity is open to a basket, and what a basket is told when it is not."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from pydantic import TypeAdapter, ValidationError
from shopping import ADA, Shelves
from test_promotion_rules import NOW, context, line
from test_promotions import TEN_PERCENT, active, drafted, priced

from transactional.catalog import sku_editing
from transactional.checkout import service as checkout
from transactional.promotions.errors import (
    BeyondCalendar,
    EndsBeforeItStarts,
    NoHours,
    PromotionReference,
)
from transactional.promotions.evaluation import evaluate
from transactional.promotions.rules import Activity, Basket, Conditions, Context
from transactional.promotions.templates import (
    Amount,
    Bundle,
    FixedPrice,
    FreeShipping,
    Gift,
    MemberPrice,
    Part,
    Percent,
    Template,
)
from transactional.shop import Shop
from transactional.stock.rules import Place

TEN = Percent(off_bp=1_000)


def saved(of: Conditions, at: Context | None = None, template: Template = TEN, shipping: int = 0) -> int:
    basket = Basket((line("A"), replace(line("B", 2), unit_price=1_100)), shipping)  # A is reduced by 100
    return evaluate(basket, at or context([]), [Activity("one", "One", template, of)]).saved


@pytest.mark.parametrize(
    ("conditions", "off"),
    [
        (Conditions(), 320),
        (Conditions(except_skus=("A",)), 220),
        (Conditions(except_products=("product-B",)), 100),
        (Conditions(except_categories=("even",)), 100),
        (Conditions(except_brands=("acme",)), 0),
        (Conditions(not_reduced=True), 220),
        (Conditions(skus=("A", "B"), except_skus=("B",), min_amount=1_001), 0),
    ],
)
def test_what_is_excepted_gets_nothing_and_earns_nothing(conditions: Conditions, off: int) -> None:
    assert saved(conditions) == off


@pytest.mark.parametrize(
    ("conditions", "off"),
    [
        (Conditions(delivery_methods=("express",)), 395),
        (Conditions(delivery_methods=("standard",)), 0),
        (Conditions(countries=("GB", "IE")), 395),
        (Conditions(countries=("US",)), 0),
    ],
)
def test_delivery_offers_are_for_some_ways_and_countries(conditions: Conditions, off: int) -> None:
    how = Context(NOW, delivery_method="express", country="IE")
    assert saved(conditions, how, FreeShipping(), 395) == off


@pytest.mark.parametrize(
    ("day", "hour", "on"),
    [(26, 23, False), (27, 1, False), (27, 21, False), (27, 23, True), (28, 1, True), (28, 2, False)],
)
def test_a_night_belongs_to_the_day_on_which_it_began(day: int, hour: int, on: bool) -> None:
    friday_night = Conditions(weekdays=(4,), from_time=time(22), until_time=time(2))
    assert (saved(friday_night, Context(datetime(2026, 11, day, hour, tzinfo=UTC))) > 0) == on


@pytest.mark.parametrize(("hour", "on"), [(0, False), (17, False), (18, True), (23, True)])
def test_until_midnight_is_until_the_day_ends(hour: int, on: bool) -> None:
    evening = Conditions(weekdays=(4,), from_time=time(18), until_time=time(0))
    assert (saved(evening, Context(datetime(2026, 11, 27, hour, tzinfo=UTC))) > 0) == on
    assert saved(Conditions(until_time=time(0)), Context(datetime(2026, 11, 27, hour, tzinfo=UTC))) > 0


def test_hours_name_no_other_zone_than_the_shops() -> None:
    with pytest.raises(ValidationError, match="hours are those of the shop's time zone"):
        TypeAdapter(Conditions).validate_python({"from_time": "18:00+05:00"})


def test_a_bundle_keeps_to_its_conditions_on_goods() -> None:
    pair = Bundle(parts=(Part(sku="A"), Part(sku="B")), price=1_500)
    assert saved(Conditions(), template=pair) == 600
    assert saved(Conditions(min_amount=3_300), template=pair) == 0
    assert saved(Conditions(brands=("other",)), template=pair) == 0
    assert saved(Conditions(except_skus=("B",)), template=pair) == 0


def test_a_member_price_is_for_members_who_are_in_the_segments_too() -> None:
    gold = MemberPrice(segment="gold", off_bp=1_000)
    assert saved(Conditions(segments=("abroad",)), template=gold) == 0
    assert saved(Conditions(segments=("abroad", "gold")), template=gold) == 320


class TestGifts:
    gift = Activity("gift", "Gift", Gift(sku="B"), Conditions(min_amount=500), group="one")
    penny = Activity("penny", "Penny", Amount(off=1, of="order"), group="one")

    def test_a_gift_that_is_worth_more_than_its_rivals_is_hinted_at(self) -> None:
        worth = replace(context([]), gift_prices={"B": 6_000})
        outcome = evaluate(Basket((line("A"),)), worth, [self.gift, self.penny])
        assert (outcome.saved, [each.sku for each in outcome.gifts], outcome.missed) == (1, ["B"], ())
        with_gift = Basket((line("A"), line("B", price=6_000)))
        assert evaluate(with_gift, worth, [self.gift, self.penny]).saved == 6_000

    def test_one_that_is_worth_less_is_not(self) -> None:
        dear = replace(self.penny, template=FixedPrice(price=100))
        worth = replace(context([]), gift_prices={"B": 800})
        outcome = evaluate(Basket((line("A"),)), worth, [self.gift, dear])
        assert (outcome.saved, outcome.gifts) == (900, ())
        assert [each.reason for each in outcome.missed] == ["better_offer"]

    def test_the_shop_knows_what_its_gifts_are_worth(self, shop: Shop, shelves: object) -> None:
        active(shop, {"kind": "gift", "sku": "SHIRT2-S"}, group="g", conditions={"min_amount": 2_000})
        active(shop, {"kind": "amount", "off": 1, "of": "order"}, group="g")
        outcome = priced(shop, SHIRT0_S=2).promotions
        assert (outcome.saved, [each.sku for each in outcome.gifts]) == (1, ["SHIRT2-S"])


def test_the_best_of_many_codes_beside_many_activities_is_used() -> None:
    basket = Basket(tuple(line(f"SKU-{number}", 2, 1_000 + number) for number in range(50)))
    stacking = frozenset({"product", "order"})
    live = [
        Activity(
            f"live-{number}",
            "Live",
            Percent(off_bp=500 + number),
            Conditions(skus=tuple(f"SKU-{each}" for each in range(number % 20, 50, 20))),
            group=f"group-{number // 2}",
            stacks_with=stacking,
        )
        for number in range(120)
    ]
    codes = [
        Activity(f"code-{n}", "Code", Percent(off_bp=1_000 + n, of="order"), needs_code=True)
        for n in range(5)
    ]
    outcome = evaluate(basket, context(codes), [*live, *codes])
    assert {each.activity_id for each in outcome.applied} >= {"code-4"}


@pytest.mark.usefixtures("shelves")
class TestShop:
    @pytest.mark.parametrize(
        ("more", "field", "value"),
        [
            ({"conditions": {"skus": ["SHIRT0-S", "SHIRT9-S"]}}, "conditions.skus", "SHIRT9-S"),
            ({"conditions": {"except_products": ["shirt-9"]}}, "conditions.except_products", "shirt-9"),
            ({"conditions": {"categories": ["cloths"]}}, "conditions.categories", "cloths"),
            ({"conditions": {"brands": ["acme"]}}, "conditions.brands", "acme"),
            ({"conditions": {"channels": ["web", "fax"]}}, "conditions.channels", "fax"),
            ({"conditions": {"countries": ["GB", "UK"]}}, "conditions.countries", "UK"),
            ({"conditions": {"delivery_methods": ["drone"]}}, "conditions.delivery_methods", "drone"),
            ({"template": {"kind": "gift", "sku": "MUG"}}, "template.sku", "MUG"),
            (
                {"template": {"kind": "bundle", "parts": [{"sku": "SHIRT0-S"}, {"sku": "MUG"}], "price": 1}},
                "template.parts",
                "MUG",
            ),
        ],
    )
    def test_what_a_promotion_names_must_be_there(
        self, shop: Shop, more: dict[str, dict[str, object]], field: str, value: str
    ) -> None:
        with pytest.raises(PromotionReference) as refused:
            drafted(shop, **({"template": TEN_PERCENT} | more))
        assert refused.value.details == {"field": field, "value": value}

    def test_it_is_on_at_some_hour(self, shop: Shop) -> None:
        with pytest.raises(NoHours):
            drafted(shop, TEN_PERCENT, conditions={"from_time": "09:00", "until_time": "09:00"})

    @pytest.mark.parametrize("field", ["starts_at", "ends_at"])
    def test_its_moments_are_of_the_calendar(self, shop: Shop, field: str) -> None:
        with pytest.raises(BeyondCalendar) as refused:
            drafted(shop, TEN_PERCENT, conditions={field: "9999-12-31T23:59:59-14:00"})
        assert refused.value.details["field"] == f"conditions.{field}"

    def test_a_gift_that_nobody_can_buy_is_offered_to_nobody(self, shop: Shop, shelves: Shelves) -> None:
        active(shop, {"kind": "gift", "sku": "SHIRT2-S"})
        assert [each.sku for each in priced(shop, SHIRT0_S=1).promotions.gifts] == ["SHIRT2-S"]
        with shop.database.transaction("staff") as uow:
            sku_editing.retire(uow, shelves.skus["SHIRT2-S"], is_retired=True)
        outcome = priced(shop, SHIRT0_S=1).promotions
        assert (outcome.gifts, [each.reason for each in outcome.missed]) == ((), ["gift_gone"])

    def test_it_must_not_end_before_it_starts(self, shop: Shop) -> None:
        never = {"starts_at": "2026-12-01T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}
        with pytest.raises(EndsBeforeItStarts):
            drafted(shop, TEN_PERCENT, conditions=never)

    def test_a_basket_knows_where_it_goes_and_how(self, shop: Shop) -> None:
        active(
            shop,
            {"kind": "free_shipping"},
            conditions={"countries": ["IE"], "delivery_methods": ["standard"]},
        )
        with shop.database.transaction("test") as uow:
            cart_id = checkout.create(uow, shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 1})
            abroad = checkout.priced(uow, shop.terms, cart_id, to=Place("IE", ""))
            home = checkout.priced(uow, shop.terms, cart_id, to=Place(ADA.country, ""))
        assert (abroad.promotions.shipping, home.promotions.shipping) == (395, 0)
        assert [each.reason for each in home.promotions.missed] == ["delivery"]
