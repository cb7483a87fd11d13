"""Properties of promotions that hold whatever staff thinks of."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transactional.money import without_tax
from transactional.promotions import evaluation, guard
from transactional.promotions.cuts import Unit
from transactional.promotions.evaluation import evaluate
from transactional.promotions.guard import find_dangers
from transactional.promotions.rules import Activity, Basket, Budget, Conditions, Context, Line, Used
from transactional.promotions.templates import (
    Amount,
    Bundle,
    BuyXGetY,
    FixedPrice,
    FlashSale,
    FreeShipping,
    Gift,
    MemberPrice,
    Part,
    Percent,
    Step,
    Tiered,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SKUS = ("A", "B", "C", "D")
CLASSES = st.sampled_from(("product", "order", "shipping"))


def line(sku: str, quantity: int = 1, price: int = 1_000, cost: int = 0) -> Line:
    category = ("all", "even" if sku in "BD" else "odd")
    return Line(sku, sku, f"product-{sku}", quantity, price + 100, price, cost, category, "acme")


lines = st.lists(
    st.builds(line, st.sampled_from(SKUS), st.integers(1, 12), st.integers(0, 5_000), st.integers(0, 2_000)),
    max_size=4,
    unique_by=lambda each: each.sku,
)
baskets = st.builds(lambda found, shipping: Basket(tuple(found), shipping), lines, st.sampled_from((0, 395)))
rates, counts = st.integers(1, 10_000), st.integers(1, 4)
products = st.sampled_from(("product", "order"))
steps = st.lists(st.builds(Step, at_least=st.integers(1, 9), off_bp=rates), min_size=1, max_size=3).map(tuple)
parts = st.lists(st.builds(Part, sku=st.sampled_from(SKUS), quantity=counts), min_size=1, max_size=3)
templates = st.one_of(
    st.builds(Percent, off_bp=rates, of=products),
    st.builds(Amount, off=st.integers(1, 3_000), of=products),
    st.builds(FixedPrice, price=st.integers(0, 3_000)),
    st.builds(BuyXGetY, buy=counts, get=counts, off_bp=rates, times=counts),
    st.builds(Bundle, parts=parts.map(tuple), price=st.integers(0, 4_000)),
    st.builds(Tiered, by=st.just("units"), steps=steps),
    st.builds(FreeShipping, up_to=st.integers(1, 500)),
    st.builds(Gift, sku=st.sampled_from(SKUS), quantity=counts),
    st.builds(MemberPrice, segment=st.sampled_from(("gold", "tin")), off_bp=rates),
    st.builds(FlashSale, price=st.integers(0, 2_000), units=st.integers(1, 9)),
)
conditions = st.builds(
    Conditions,
    skus=st.sets(st.sampled_from(SKUS), max_size=2).map(lambda found: tuple(sorted(found))),
    categories=st.sampled_from(((), ("even",), ("all",))),
    min_quantity=st.integers(0, 4),
    min_amount=st.sampled_from((0, 2_000)),
)
budgets = st.builds(Budget, uses=st.none() | st.integers(1, 2), money=st.none() | st.integers(1, 4_000))


@st.composite
def activities(draw: st.DrawFn, **fixed: Any) -> list[Activity]:
    count = draw(st.integers(0, 6))
    names = [f"activity-{number}" for number in range(count)]
    return [
        Activity(
            id=name,
            name=name,
            template=draw(fixed.get("template", templates)),
            conditions=draw(fixed.get("conditions", conditions)),
            budget=draw(budgets),
            group=draw(fixed.get("group", st.sampled_from((None, None, "x", "y")))),
            priority=draw(st.integers(0, 2)),
            stacks_with=draw(st.none() | st.frozensets(CLASSES)),
            not_with=frozenset(draw(st.sets(st.sampled_from(names), max_size=1))) - {name},
            needs_code=draw(st.booleans()),
        )
        for name in names
    ]


def context(of: list[Activity], codes: bool = True, **more: Any) -> Context:
    coupons = {each.id: f"CODE-{each.id}" for each in of if each.needs_code} if codes else {}
    more = {"gift_prices": dict.fromkeys(SKUS, 1_000)} | more
    return Context(NOW, segments=frozenset({"gold"}), coupons=coupons, **more)


@given(baskets, activities())
def test_a_discount_is_never_negative_nor_more_than_its_line(basket: Basket, live: list[Activity]) -> None:
    outcome = evaluate(basket, context(live), live)
    assert all(each.amount > 0 for each in outcome.lines)
    assert all(0 <= outcome.off(each.key) <= each.total for each in basket.lines)
    assert 0 <= outcome.shipping <= basket.shipping


@given(baskets, activities())
def test_the_parts_on_lines_add_up_to_what_each_activity_gave(basket: Basket, live: list[Activity]) -> None:
    outcome = evaluate(basket, context(live), live)
    for applied in outcome.applied:
        on_lines = sum(each.amount for each in outcome.lines if each.activity_id == applied.activity_id)
        assert on_lines + applied.shipping == applied.amount
    assert outcome.saved == outcome.shipping + sum(outcome.off(each.key) for each in basket.lines)


@given(baskets, activities())
def test_what_excludes_each_other_never_applies_together(basket: Basket, live: list[Activity]) -> None:
    by_id = {each.id: each for each in live}
    outcome = evaluate(basket, context(live), live)
    applied = [by_id[each.activity_id] for each in outcome.applied]
    groups = [each.group for each in applied if each.group]
    assert len(groups) == len(set(groups))
    assert not any(one.id in other.not_with for one in applied for other in applied)
    for one in applied:
        for other in applied:
            if one != other and other.of not in one.combines_with:
                mine = {each.line for each in outcome.lines if each.activity_id == one.id}
                theirs = {each.line for each in outcome.lines if each.activity_id == other.id}
                assert (one.of, other.of) == ("product", "product")
                assert not mine & theirs


@given(baskets, activities(group=st.just("one of us")))
def test_the_best_deal_of_a_group_is_at_least_as_good_as_each_alone(
    basket: Basket, live: list[Activity]
) -> None:
    together = evaluate(basket, context(live), live).saved
    assert all(together >= evaluate(basket, context(live), [each]).saved for each in live)


def test_the_best_deal_of_a_group_is_so_together_with_what_may_join_it() -> None:
    alone = Activity("a", "A", Amount(off=200, of="order"), group="g", not_with=frozenset({"c"}))
    joined = Activity("b", "B", Amount(off=110), Conditions(skus=("A",)), group="g")
    friend = Activity("c", "C", Amount(off=110), Conditions(skus=("B",)))
    basket, live = Basket((line("A"), line("B"))), [alone, joined, friend]
    outcome = evaluate(basket, context(live), live)
    assert ([each.activity_id for each in outcome.applied], outcome.saved) == (["b", "c"], 220)


@given(baskets, activities(), st.randoms())
def test_the_order_of_activities_plays_no_part(basket: Basket, live: list[Activity], chance: Any) -> None:
    shuffled = chance.sample(live, len(live))
    assert evaluate(basket, context(live), shuffled) == evaluate(basket, context(live), live)


@given(baskets, activities())
def test_adding_coupons_never_raises_the_total(basket: Basket, live: list[Activity]) -> None:
    coupons = context(live).coupons
    for work in (evaluation._MOST_WORK, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(evaluation, "_MOST_WORK", work)
            saved = [
                evaluate(
                    basket, replace(context(live), coupons=dict(list(coupons.items())[:count])), live
                ).saved
                for count in range(len(coupons) + 1)
            ]
        assert saved == sorted(saved)


@given(baskets, st.integers(1, 9), st.integers(0, 12))
def test_no_unit_beyond_a_flash_sales_cap_is_sold_at_its_price(basket: Basket, cap: int, sold: int) -> None:
    sale = Activity("flash", "Flash", FlashSale(price=0, units=cap))
    outcome = evaluate(basket, context([], used={"flash": Used(units=sold)}), [sale])
    units = sum(each.units for each in outcome.applied)
    assert units <= max(0, cap - sold)
    dearest = sorted((each.unit_price for each in basket.lines for _ in range(each.quantity)), reverse=True)
    assert outcome.saved == sum(dearest[: max(0, cap - sold)])


@given(baskets, activities())
def test_budgets_in_money_and_uses_are_kept(basket: Basket, live: list[Activity]) -> None:
    used = {each.id: Used(uses=1, money=500) for each in live}
    by_id = {each.id: each for each in live}
    for applied in evaluate(basket, context(live, used=used), live).applied:
        budget = by_id[applied.activity_id].budget
        assert budget.money is None or 500 + applied.amount <= budget.money
        assert budget.uses is None or budget.uses > 1


harmless = st.one_of(
    st.builds(Percent, off_bp=st.integers(1, 4_000), of=products),
    st.builds(Amount, off=st.integers(1, 400), of=products),
    st.builds(FixedPrice, price=st.integers(300, 3_000)),
    st.builds(FlashSale, price=st.integers(300, 2_000), units=st.integers(1, 9)),
    st.builds(BuyXGetY, buy=counts, get=counts, off_bp=st.integers(1, 4_000), times=counts),
    st.builds(Bundle, parts=parts.map(tuple), price=st.integers(500, 6_000)),
    st.builds(
        Tiered,
        steps=st.lists(
            st.builds(Step, at_least=st.integers(1, 9), off_bp=st.integers(1, 4_000)), min_size=1, max_size=3
        ).map(tuple),
    ),
    st.builds(FreeShipping, up_to=st.integers(1, 500)),
    st.builds(Gift, sku=st.sampled_from(SKUS), quantity=st.just(1)),
    st.builds(MemberPrice, segment=st.just("gold"), off_bp=st.integers(1, 4_000)),
)
TAX = 2_000


def unit(of: Line, tax_rate_bp: int = TAX) -> Unit:
    return Unit(replace(of, quantity=1), tax_rate_bp)


@settings(max_examples=300)
@given(baskets, activities(template=harmless), st.sampled_from((guard._MOST_SETS, 0)))
def test_what_the_guard_lets_through_never_sells_below_cost(
    basket: Basket, wanted: list[Activity], most_sets: int
) -> None:
    sold = [replace(each, cost=min(each.cost, without_tax(each.unit_price, TAX))) for each in basket.lines]
    live: list[Activity] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guard, "_MOST_SETS", most_sets)
        for activity in wanted:
            if not find_dangers(activity, live, [unit(each) for each in sold]):
                live.append(activity)
    outcome = evaluate(Basket(tuple(sold)), context(live), live)
    left = {
        each.key: without_tax(each.total - outcome.off(each.key), TAX) - each.cost * each.quantity
        for each in sold
    }
    rounded = {each.key: len(live) + each.quantity for each in sold}  # each offer and unit may round by one
    applied = [each for each in live if each.id in {one.activity_id for one in outcome.applied}]
    if any(isinstance(each.template, BuyXGetY | Gift) for each in applied):
        assert sum(left.values()) + sum(rounded.values()) >= 0  # the set, or what earns the gift, pays
    else:
        assert all(left[key] + rounded[key] >= 0 for key in left)
