"""Promotions from the draft to the order, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from conftest import MovableClock
from shopping import ADA, Shelves, fill_shelves, order, rows_of, status_of
from test_races import at_once

from transactional.checkout import service as checkout
from transactional.checkout.service import PricedCart
from transactional.members.service import Buyer
from transactional.orders import after_sales, expiry, service, shipping
from transactional.orders.models import order_lines, orders
from transactional.orders.service import Placed
from transactional.payments import settlement
from transactional.promotions import service as promotions
from transactional.promotions import simulation
from transactional.promotions.errors import (
    CodesNotTaken,
    CodeTaken,
    CouponUnknown,
    PromotionNotDraft,
    PromotionTransition,
    PromotionUsedUp,
    SellsBelow,
)
from transactional.promotions.models import order_promotions, promotion_budgets, promotion_codes
from transactional.promotions.schemas import CodesIn, PromotionIn
from transactional.shop import Shop

pytestmark = pytest.mark.usefixtures("shelves")
TEN_PERCENT = {"kind": "percent", "off_bp": 1_000}
GRACE = Buyer("grace@example.com", "Grace Hopper", "1 Navy Yard", "London", "SE1 1AA", "GB")


def drafted(shop: Shop, template: dict[str, Any], **more: Any) -> str:
    draft = {"name": template["kind"], "template": template, **more}
    with shop.database.transaction("staff") as uow:
        return promotions.create(uow, PromotionIn.model_validate(draft))


def change(shop: Shop, promotion_id: str, event: Any, reason: str | None = None) -> None:
    with shop.database.transaction("staff") as uow:
        promotions.change(uow, shop.terms, promotion_id, event, reason)


def active(shop: Shop, template: dict[str, Any], **more: Any) -> str:
    promotion_id = drafted(shop, template, **more)
    change(shop, promotion_id, "activate")
    return promotion_id


def codes(shop: Shop, promotion_id: str, **wanted: Any) -> list[str]:
    with shop.database.transaction("staff") as uow:
        return promotions.make_codes(uow, promotion_id, CodesIn.model_validate(wanted))


def priced(shop: Shop, coupons: tuple[str, ...] = (), **quantities: int) -> PricedCart:
    with shop.database.transaction("test") as uow:
        cart_id = checkout.create(uow, shop.terms)
        checkout.add(uow, cart_id, {code.replace("_", "-"): count for code, count in quantities.items()})
        for coupon in coupons:
            checkout.add_coupon(uow, cart_id, coupon)
        return checkout.priced(uow, shop.terms, cart_id)


def placed(
    shop: Shop, quantities: dict[str, int], coupons: tuple[str, ...] = (), buyer: Buyer = ADA
) -> Placed:
    with shop.database.transaction("shopper") as uow:
        cart_id = checkout.create(uow, shop.terms)
        checkout.add(uow, cart_id, quantities)
        for coupon in coupons:
            checkout.add_coupon(uow, cart_id, coupon)
        return service.place(uow, shop.terms, cart_id, buyer)


def given(shop: Shop) -> tuple[int, int, int]:
    (row,) = rows_of(shop, promotion_budgets)
    return row["uses"], row["money"], row["units"]


class TestPricing:
    def test_a_shop_without_promotions_takes_nothing_off(self, shop: Shop) -> None:
        basket = priced(shop, SHIRT0_S=2)
        assert (basket.promotions.applied, basket.amounts.total) == ((), 2_395)

    def test_an_order_says_which_promotion_gave_what_to_which_line(self, shop: Shop) -> None:
        ten = active(shop, TEN_PERCENT, conditions={"products": ["shirt-0"]})
        order_off = active(shop, {"kind": "amount", "off": 100, "of": "order"})
        placed(shop, {"SHIRT0-S": 2, "SHIRT1-M": 1})
        (row,) = rows_of(shop, orders)
        assert row["total"] == 2_000 - 200 + 1_333 - 100 + 395
        assert row["total"] == row["gross"] - row["discount"] + row["shipping"] + row["tax"]
        rows = rows_of(shop, order_promotions)
        by_promotion = {
            key: sum(r["amount"] for r in rows if r["promotion_id"] == key) for key in (ten, order_off)
        }
        assert by_promotion == {ten: 200, order_off: 100}
        for line in rows_of(shop, order_lines):
            mine = sum(each["discount"] for each in rows if each["order_line_id"] == line["id"])
            list_only = (line["list_price"] - line["unit_price"]) * line["quantity"] * 5 / 6
            assert line["discount"] - mine == pytest.approx(list_only, abs=1)

    def test_free_delivery_takes_nothing_off_lines(self, shop: Shop) -> None:
        active(shop, {"kind": "free_shipping"}, conditions={"min_amount": 2_000})
        near = priced(shop, SHIRT0_S=1)
        assert (near.amounts.total, near.promotions.missed[0].missing) == (1_395, 1_000)
        placed(shop, {"SHIRT0-S": 2})
        (row,) = rows_of(shop, orders)
        assert (row["total"], row["shipping"]) == (2_000, 0)
        (given_row,) = rows_of(shop, order_promotions)
        assert (given_row["order_line_id"], given_row["amount"], given_row["discount"]) == (None, 395, 329)

    def test_categories_count_with_all_below_them(self, shop: Shop) -> None:
        active(shop, TEN_PERCENT, conditions={"categories": ["clothes"]})
        assert priced(shop, SHIRT0_S=1).amounts.total == 900 + 395

    def test_a_first_order_is_known_by_its_buyer_only(self, shop: Shop) -> None:
        active(shop, TEN_PERCENT, conditions={"first_order": True})
        assert [each.reason for each in priced(shop, SHIRT0_S=1).promotions.missed] == ["buyer_unknown"]
        assert placed(shop, {"SHIRT0-S": 1}).total == 900 + 395
        assert placed(shop, {"SHIRT0-S": 1}).total == 1_000 + 395

    def test_a_pause_is_seen_by_the_next_cart(self, shop: Shop) -> None:
        ten = active(shop, TEN_PERCENT)
        assert priced(shop, SHIRT0_S=1).promotions.saved == 100
        change(shop, ten, "pause")
        assert priced(shop, SHIRT0_S=1).promotions.saved == 0
        change(shop, ten, "activate")
        assert priced(shop, SHIRT0_S=1).promotions.saved == 100

    def test_returned_units_give_back_what_they_cost(self, shop: Shop) -> None:
        active(shop, TEN_PERCENT)
        done = placed(shop, {"SHIRT1-S": 3})
        with shop.database.transaction("test") as uow:
            settlement.record_capture(uow, done.payment_id, "pay", done.total, "GBP")
            shipping.ship(uow, done.order_id)
            line = service.find(uow, done.order_id).lines[0]
            note = after_sales.return_lines(uow, done.order_id, {line["id"]: 3}, "too small")
        assert note.amount == 3_599


class TestStaff:
    def test_only_a_draft_is_edited(self, shop: Shop) -> None:
        ten = drafted(shop, TEN_PERCENT)
        better = PromotionIn.model_validate(
            {"name": "Better", "template": {"kind": "percent", "off_bp": 2_000}}
        )
        with shop.database.transaction("staff") as uow:
            promotions.edit(uow, ten, better)
        change(shop, ten, "activate")
        assert priced(shop, SHIRT0_S=1).promotions.saved == 200
        with shop.database.transaction("staff") as uow, pytest.raises(PromotionNotDraft):
            promotions.edit(uow, ten, better)

    def test_what_has_ended_stays_so(self, shop: Shop) -> None:
        ten = active(shop, TEN_PERCENT)
        change(shop, ten, "end")
        with pytest.raises(PromotionTransition):
            change(shop, ten, "activate")

    def test_what_sells_below_cost_is_not_activated(self, shop: Shop) -> None:
        fixed = drafted(shop, {"kind": "fixed_price", "price": 479})
        with pytest.raises(SellsBelow) as refused:
            change(shop, fixed, "activate")
        first, *others = refused.value.details["skus"]
        assert first == {
            "sku": "SHIRT0-M",
            "price": 1_000,
            "cost": 400,
            "left": 399,
            "combination": ("fixed_price",),
        }
        assert [each["sku"] for each in others] == [
            "SHIRT0-S",
            "SHIRT1-M",
            "SHIRT1-S",
            "SHIRT2-M",
            "SHIRT2-S",
        ]

    def test_two_that_are_a_danger_only_together_are_not_both_activated(self, shop: Shop) -> None:
        active(shop, {"kind": "percent", "off_bp": 4_000})
        other = {"kind": "amount", "off": 400, "of": "order"}
        with pytest.raises(SellsBelow) as refused:
            active(shop, other)
        assert refused.value.details["skus"][0]["combination"] == ("amount", "percent")
        active(shop, other, stacks_with=["shipping"])

    def test_thousands_of_codes_are_made_at_once(self, shop: Shop) -> None:
        ten = active(shop, TEN_PERCENT, needs_code=True)
        made = codes(shop, ten, count=3_000, named=["SUMMER"])
        assert len(set(made)) == len(rows_of(shop, promotion_codes)) == 3_001
        with pytest.raises(CodeTaken):
            codes(shop, ten, named=["SUMMER"])
        with pytest.raises(CodesNotTaken):
            codes(shop, active(shop, TEN_PERCENT), count=1)


class TestCoupons:
    def test_a_code_opens_its_promotion(self, shop: Shop) -> None:
        ten = active(shop, TEN_PERCENT, needs_code=True)
        codes(shop, ten, named=["TEN"])
        assert priced(shop, SHIRT0_S=1).promotions.saved == 0
        assert priced(shop, ("TEN",), SHIRT0_S=1).promotions.saved == 100
        with pytest.raises(CouponUnknown):
            priced(shop, ("ELEVEN",), SHIRT0_S=1)

    def test_a_single_use_code_is_used_once_and_comes_back_with_the_order(self, shop: Shop) -> None:
        codes(shop, active(shop, TEN_PERCENT, needs_code=True), named=["ONCE"])
        first = placed(shop, {"SHIRT0-S": 1}, ("ONCE",))
        spent = priced(shop, ("ONCE",), SHIRT0_S=1)
        assert spent.promotions.saved == 0
        assert ("used_up", "ONCE") in [(each.reason, each.code) for each in spent.promotions.missed]
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, first.order_id, "not wanted")
        assert priced(shop, ("ONCE",), SHIRT0_S=1).promotions.saved == 100

    def test_codes_are_listed_with_their_uses_page_by_page(self, shop: Shop) -> None:
        ten = active(shop, TEN_PERCENT, needs_code=True)
        codes(shop, ten, named=["ONCE", "ALWAYS"], max_uses=3)
        made = codes(shop, ten, count=2, prefix="xmas-")
        assert all(code.startswith("XMAS-") and len(code) == 17 for code in made)
        placed(shop, {"SHIRT0-S": 1}, ("ONCE",))
        with shop.database.read() as db:
            pages = [promotions.codes(db, ten, page, 2) for page in (1, 2, 3)]
        assert [[(row["code"], row["uses"]) for row in page] for page in pages] == [
            [("ALWAYS", 0), ("ONCE", 1)],
            [(code, 0) for code in made],
            [],
        ]

    def test_a_revoked_code_opens_nothing_and_its_orders_keep_what_they_got(self, shop: Shop) -> None:
        ten = active(shop, TEN_PERCENT, needs_code=True)
        codes(shop, ten, named=["OFTEN", "NEVER", "NEITHER"], max_uses=5)
        first = placed(shop, {"SHIRT0-S": 1}, ("OFTEN",))
        with shop.database.transaction("shopper") as uow:
            cart_id = checkout.create(uow, shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 1})
            checkout.add_coupon(uow, cart_id, "OFTEN")
        with shop.database.transaction("staff") as uow:
            assert promotions.revoke_unused_codes(uow, ten) == (2, 0)
            promotions.revoke_code(uow, ten, "OFTEN")
            with pytest.raises(CouponUnknown):
                promotions.revoke_code(uow, ten, "OTHER")
        with pytest.raises(CouponUnknown):
            priced(shop, ("NEVER",), SHIRT0_S=1)
        with shop.database.transaction("shopper") as uow:
            over = checkout.priced(uow, shop.terms, cart_id).promotions
        assert (over.saved, ("code_over", "OFTEN")) == (0, (over.missed[-1].reason, over.missed[-1].code))
        assert first.total == 1_295

    def test_a_code_is_over_when_its_time_is(self, shop: Shop, clock: MovableClock) -> None:
        ten = active(shop, TEN_PERCENT, needs_code=True)
        codes(shop, ten, named=["TODAY"], expires_at=(clock.now + timedelta(hours=8)).isoformat())
        assert priced(shop, ("TODAY",), SHIRT0_S=1).promotions.saved == 100
        clock.forward(hours=8)
        with pytest.raises(CouponUnknown):
            priced(shop, ("TODAY",), SHIRT0_S=1)


class TestBudgets:
    def test_an_order_takes_and_a_cancelled_one_gives_back(self, shop: Shop) -> None:
        active(shop, TEN_PERCENT, budget={"uses": 1, "money": 1_000})
        first = placed(shop, {"SHIRT0-S": 2})
        assert given(shop) == (1, 200, 0)
        assert priced(shop, SHIRT0_S=1).promotions.saved == 0
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, first.order_id, "not wanted")
        assert given(shop) == (0, 0, 0)

    def test_who_keeps_nothing_may_use_the_code_again(self, shop: Shop) -> None:
        ten = active(shop, TEN_PERCENT, needs_code=True, budget={"uses": 1, "uses_per_customer": 1})
        codes(shop, ten, named=["ONCE"], max_uses=1)
        bought = placed(shop, {"SHIRT0-S": 1, "SHIRT1-S": 2}, ("ONCE",))
        with shop.database.transaction("test") as uow:
            settlement.record_capture(uow, bought.payment_id, "pay", bought.total, "GBP")
            shipping.ship(uow, bought.order_id)
        first, second = bought.lines
        for back, left in (({first["id"]: 1, second["id"]: 1}, 1), ({second["id"]: 1}, 0)):
            with shop.database.transaction("staff") as uow:
                after_sales.return_lines(uow, bought.order_id, back, "too small")
            assert given(shop)[0] == left
            assert [row["uses"] for row in rows_of(shop, promotion_codes)] == [left]
        assert priced(shop, ("ONCE",), SHIRT0_S=1).promotions.saved == 100

    def test_late_money_finds_the_promotion_gone(self, shop: Shop, clock: MovableClock) -> None:
        active(shop, {"kind": "flash_sale", "price": 900, "units": 2})
        late = placed(shop, {"SHIRT0-S": 2})
        clock.forward(minutes=31)
        with shop.database.transaction("system:expiry") as uow:
            expiry.expire_unpaid(uow)
        assert given(shop) == (0, 0, 0)
        placed(shop, {"SHIRT0-M": 1})
        with shop.database.transaction("provider:sandbox") as uow:
            outcome = settlement.record_capture(uow, late.payment_id, "pay", late.total, "GBP")
        assert (outcome, status_of(shop, late.order_id), given(shop)) == ("refunding", "expired", (1, 100, 1))

    def test_one_customer_has_it_as_often_as_allowed(self, shop: Shop) -> None:
        active(shop, TEN_PERCENT, budget={"uses_per_customer": 1})
        totals = [placed(shop, {"SHIRT0-S": 1}, buyer=buyer).total for buyer in (ADA, ADA, GRACE)]
        assert totals == [1_295, 1_395, 1_295]


@pytest.mark.parametrize(
    ("template", "more", "wins"),
    [
        (TEN_PERCENT, {"budget": {"uses": 3}}, 3),
        (TEN_PERCENT, {"budget": {"money": 350}}, 3),
        (TEN_PERCENT, {"budget": {"uses_per_customer": 1}}, 1),
        (TEN_PERCENT, {"conditions": {"first_order": True}}, 1),
        ({"kind": "flash_sale", "price": 900, "units": 4}, {}, 4),
    ],
)
def test_orders_at_once_do_not_overspend(
    new_shop: Callable[[], Shop], template: dict[str, Any], more: dict[str, Any], wins: int
) -> None:
    shop = new_shop()
    fill_shelves(shop, units=50)
    active(shop, template, **more)

    def buy(_: int) -> str:
        with shop.database.transaction("shopper") as uow:
            total = order(uow, shop, {"SHIRT0-S": 1}).total
        return str(total)

    results = at_once(10, buy)
    assert results.count("1295") == wins
    assert {*results} <= {"1295", "1395", PromotionUsedUp.code}
    assert sum(row["amount"] for row in rows_of(shop, order_promotions)) == 100 * wins


def test_a_simulation_tells_what_past_orders_would_have_been(
    shop: Shop, shelves: Shelves, clock: MovableClock
) -> None:
    for count in (1, 2, 3):
        placed(shop, {"SHIRT0-S": count})
        clock.forward(days=1)
    cancelled = placed(shop, {"SHIRT0-S": 4})
    with shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, cancelled.order_id, "not wanted")
    half = drafted(shop, {"kind": "percent", "off_bp": 5_000}, conditions={"min_quantity": 2})
    before = {table: len(rows_of(shop, table)) for table in (orders, order_promotions)}
    with shop.database.read() as db:
        found = simulation.run(
            db, shop.terms, half, clock.now - timedelta(days=3), clock.now + timedelta(days=1)
        )
    assert (found.orders, found.orders_affected, found.discount) == (3, 2, 2_500)
    assert (found.net_before, found.net_after) == (5_000, 5_000 - 2_084)
    assert (found.margin_before, found.margin_after) == (5_000 - 2_400, 2_916 - 2_400)
    assert before == {table: len(rows_of(shop, table)) for table in (orders, order_promotions)}
