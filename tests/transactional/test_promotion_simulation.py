"""What past orders would have been under a draft, beside what is on."""

from datetime import timedelta
from typing import Any

import pytest
from conftest import MovableClock
from pydantic import ValidationError
from shopping import ADA
from test_promotions import TEN_PERCENT, active, change, codes, drafted, placed

from transactional.checkout import service as checkout
from transactional.members import service as members
from transactional.members.models import customers
from transactional.orders import service as orders
from transactional.orders.rules import Special
from transactional.promotions import simulation
from transactional.promotions.schemas import SimulateIn, SimulationView
from transactional.shop import Shop

pytestmark = pytest.mark.usefixtures("shelves")
HALF = {"kind": "percent", "off_bp": 5_000}


def simulated(shop: Shop, clock: MovableClock, template: dict[str, Any], **more: Any) -> SimulationView:
    draft = drafted(shop, template, **more)
    with shop.database.read() as db:
        return simulation.run(
            db, shop.terms, draft, clock.now - timedelta(days=9), clock.now + timedelta(days=1)
        )


def test_it_begins_at_prices_before_the_promotions_that_orders_had(shop: Shop, clock: MovableClock) -> None:
    old = active(shop, {"kind": "percent", "off_bp": 6_000}, conditions={"products": ["shirt-1"]})
    placed(shop, {"SHIRT1-S": 3})
    change(shop, old, "end")
    found = simulated(shop, clock, HALF)
    assert (found.discount, found.net_before, found.net_after) == (2_000, 3_333, 1_666)


def test_what_excludes_the_draft_keeps_it_out(shop: Shop, clock: MovableClock) -> None:
    placed(shop, {"SHIRT0-S": 1})
    active(shop, HALF, group="one")
    worse = simulated(shop, clock, TEN_PERCENT, group="one")
    assert (worse.orders, worse.orders_affected, worse.net_before, worse.net_after) == (1, 0, 417, 417)
    better = simulated(shop, clock, {"kind": "fixed_price", "price": 480}, group="one")
    assert (better.orders_affected, better.discount) == (1, 20)


def test_delivery_is_the_orders_own(shop: Shop, clock: MovableClock) -> None:
    free = active(shop, {"kind": "free_shipping"}, conditions={"min_quantity": 2})
    placed(shop, {"SHIRT0-S": 2})
    placed(shop, {"SHIRT0-S": 1})
    change(shop, free, "end")
    assert simulated(shop, clock, {"kind": "free_shipping"}).discount == 2 * 395


def test_a_gift_counts_where_the_order_held_it(shop: Shop, clock: MovableClock) -> None:
    placed(shop, {"SHIRT0-S": 1, "SHIRT1-S": 1})
    placed(shop, {"SHIRT0-S": 1})
    found = simulated(shop, clock, {"kind": "gift", "sku": "SHIRT1-S"})
    assert (found.discount, found.gifts_waiting) == (1_333, 1)
    assert any("gift" in each for each in found.unknown)


def test_orders_keep_the_codes_they_used(shop: Shop, clock: MovableClock) -> None:
    codes(shop, active(shop, HALF, needs_code=True), named=["HALF"])
    placed(shop, {"SHIRT0-S": 1}, ("HALF",))
    placed(shop, {"SHIRT0-S": 1})
    found = simulated(shop, clock, {"kind": "amount", "off": 100, "of": "order"})
    assert (found.net_before, found.discount) == (417 + 833, 200)


def test_only_sales_to_shoppers_one_by_one_are_looked_at(shop: Shop, clock: MovableClock) -> None:
    placed(shop, {"SHIRT0-S": 1})
    with shop.database.transaction("staff") as uow:
        cart_id = checkout.create(uow, shop.terms, channel="staff")
        checkout.add(uow, cart_id, {"SHIRT0-S": 1})
        orders.place(uow, shop.terms, cart_id, ADA, special=Special(unit_price=0, purpose="gift"))
    assert simulated(shop, clock, HALF).orders == 1


def test_days_add_up_and_the_most_affected_come_first(shop: Shop, clock: MovableClock) -> None:
    numbers = [placed(shop, {"SHIRT0-S": count}).number for count in (1, 2)]
    clock.forward(days=1)
    numbers.append(placed(shop, {"SHIRT0-S": 3}).number)
    found = simulated(shop, clock, HALF, conditions={"min_quantity": 2})
    assert [(day.orders, day.orders_affected, day.discount) for day in found.days] == [
        (2, 1, 1_000),
        (1, 1, 1_500),
    ]
    assert [each.number for each in found.most_affected] == numbers[:0:-1]
    assert found.net_after == sum(day.net_after for day in found.days)


def test_it_says_what_it_cannot_know(shop: Shop, clock: MovableClock) -> None:
    found = simulated(shop, clock, TEN_PERCENT, conditions={"segments": ["gold"]})
    assert "Who was in a segment then, for percent: who is today is taken to have been." in found.unknown


def test_members_of_today_are_taken_to_have_been_then(shop: Shop, clock: MovableClock) -> None:
    placed(shop, {"SHIRT0-S": 1})
    for_gold = {"segments": ["gold"]}
    assert simulated(shop, clock, HALF, conditions=for_gold).orders_affected == 0
    with shop.database.transaction("staff") as uow:
        (customer,) = uow.rows(customers.select())
        members.put_groups(uow, customer["id"], ["gold"])
    assert simulated(shop, clock, HALF, conditions=for_gold).discount == 500
    assert (
        simulated(shop, clock, {"kind": "member_price", "segment": "gold", "off_bp": 1_000}).discount == 100
    )


def test_a_day_of_the_shop_can_be_tried_though_its_clocks_go_forward() -> None:
    start = "2026-03-29T00:00:00Z"
    assert SimulateIn.model_validate({"start": start, "end": "2026-03-30T00:00:00+01:00"})
    for end in (start, "2027-03-30T00:00:01Z"):
        with pytest.raises(ValidationError):
            SimulateIn.model_validate({"start": start, "end": end})


def test_a_draft_for_next_week_is_tried_all_the_time(shop: Shop, clock: MovableClock) -> None:
    placed(shop, {"SHIRT0-S": 1})
    next_week = {"starts_at": (clock.now + timedelta(days=7)).isoformat()}
    assert simulated(shop, clock, HALF, conditions=next_week).orders_affected == 1
