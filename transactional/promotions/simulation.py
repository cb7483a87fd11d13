"""What past orders would have been with a promotion beside those that are on; nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime
from heapq import nlargest
from zoneinfo import ZoneInfo

from transactional.money import without_tax
from transactional.promotions import live, past_orders, pricing, service
from transactional.promotions.evaluation import evaluate
from transactional.promotions.past_orders import PastOrder
from transactional.promotions.rules import Activity, Context, Outcome, Used
from transactional.promotions.schemas import AffectedOrderView, DayView, SimulationView
from transactional.promotions.templates import Gift, MemberPrice
from transactional.staff.service import Terms
from transactional.unit_of_work import Reading, Row

_MOST_AFFECTED = 20


@dataclass(frozen=True)
class _Sums:
    """As `schemas.SumsView` says."""

    orders: int = 0
    orders_affected: int = 0
    discount: int = 0
    net_before: int = 0
    net_after: int = 0
    margin_before: int = 0
    margin_after: int = 0

    def __add__(self, other: "_Sums") -> "_Sums":
        return _Sums(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


class _Scenario:
    """Activities, and what they have given to the orders so far."""

    def __init__(self, terms: Terms, activities: Sequence[Activity], draft: Activity, gifts: dict[str, int]):
        self.terms, self.activities, self.gifts = terms, activities, gifts
        self.opened = {draft.id: "simulated"} if draft.needs_code else {}
        self.used: dict[str, Used] = {}
        self.had: dict[tuple[str, str], int] = {}

    def price(self, past: PastOrder) -> Outcome:
        order = past.order
        used = {
            each.id: replace(
                self.used.get(each.id, Used()), by_customer=self.had.get((each.id, order["customer_id"]), 0)
            )
            for each in self.activities
        }
        context = Context(
            moment=order["placed_at"],
            time_zone=self.terms.time_zone,
            channel=order["channel"],
            segments=frozenset(order["groups"] or ()),
            first_order=order["earlier_orders"] == 0,
            coupons={**past.codes, **self.opened},
            used=used,
            delivery_method=order["delivery_method"],
            country=order["ship_country"],
            gift_prices=self.gifts,
        )
        outcome = evaluate(past.basket, context, self.activities)
        for each in outcome.applied:
            before = self.used.get(each.activity_id, Used())
            self.used[each.activity_id] = Used(
                before.uses + 1, before.money + each.amount, before.units + each.units
            )
            of_customer = (each.activity_id, order["customer_id"])
            self.had[of_customer] = self.had.get(of_customer, 0) + 1
        return outcome


def run(db: Reading, terms: Terms, promotion_id: str, start: datetime, end: datetime) -> SimulationView:
    """Price the orders placed from `start` to before `end` anew, with a promotion and without it.

    Prices and delivery are those of the orders before promotions. The other activities are those that are on
    now; they and the promotion are taken to be on all the time, at their hours and on their weekdays.

    Raises:
        NotFound: there is no such promotion.
    """
    draft = _always(live.activity_of(service.find(db, promotion_id)))
    others = [
        _always(each) for each in live.read(db).activities if each.id != draft.id and _is_on(each, db.now)
    ]
    on = live.of((*others, draft))
    gifts = pricing.gift_prices(db, on, terms.currency)
    without = _Scenario(terms, others, draft, gifts)
    with_it = _Scenario(terms, on.activities, draft, gifts)
    days: dict[date, _Sums] = {}
    affected: list[AffectedOrderView] = []
    waiting = 0
    for past in past_orders.read(db, on, terms.currency, start, end):
        before, after = without.price(past), with_it.price(past)
        sums = _compared(past, before, after)
        day = past.order["placed_at"].astimezone(ZoneInfo(terms.time_zone)).date()
        days[day] = days.get(day, _Sums()) + sums
        waiting += any(each.activity_id == draft.id for each in after.gifts)
        if sums.orders_affected:
            affected = nlargest(_MOST_AFFECTED, [*affected, _affected(past, sums, before, after)], _change)
    total = sum(days.values(), _Sums())
    return SimulationView(
        **vars(total),
        gifts_waiting=waiting,
        days=[DayView(day=day, **vars(sums)) for day, sums in sorted(days.items())],
        most_affected=affected,
        unknown=list(_unknown(draft, others)),
    )


def _is_on(activity: Activity, now: datetime) -> bool:
    starts_at = activity.conditions.starts_at
    return (starts_at is None or starts_at <= now) and not activity.is_over(now)


def _always(activity: Activity) -> Activity:
    return replace(activity, conditions=replace(activity.conditions, starts_at=None, ends_at=None))


def _compared(past: PastOrder, before: Outcome, after: Outcome) -> _Sums:
    cost = sum(line["cost"] * line["quantity"] for line in past.lines if not line["is_gift_card"])
    net_before, net_after = (sum(_net(line, each) for line in past.lines) for each in (before, after))
    is_affected = (before.lines, before.applied) != (after.lines, after.applied)
    return _Sums(
        orders=1,
        orders_affected=int(is_affected),
        discount=after.saved - before.saved,
        net_before=net_before,
        net_after=net_after,
        margin_before=net_before - cost,
        margin_after=net_after - cost,
    )


def _net(line: Row, outcome: Outcome) -> int:
    """A line's sales without tax; a gift card is none, but what is taken off it is lost."""
    full, off = line["price"] * line["quantity"], outcome.off(line["id"])
    return -off if line["is_gift_card"] else without_tax(full - off, line["contained_bp"] or 0)


def _affected(past: PastOrder, sums: _Sums, before: Outcome, after: Outcome) -> AffectedOrderView:
    return AffectedOrderView(
        number=past.order["number"],
        placed_at=past.order["placed_at"],
        discount_before=before.saved,
        discount_after=after.saved,
        net_before=sums.net_before,
        net_after=sums.net_after,
    )


def _change(order: AffectedOrderView) -> tuple[int, str]:
    return abs(order.discount_after - order.discount_before), order.number


def _unknown(draft: Activity, others: Sequence[Activity]) -> Iterator[str]:
    yield "Whether shoppers would have bought more, less or something else."
    for_members = [
        each.name
        for each in (draft, *others)
        if each.conditions.segments or isinstance(each.template, MemberPrice)
    ]
    if for_members:
        yield f"Who was in a segment then, for {', '.join(for_members)}: who is today is taken to have been."
    if draft.needs_code:
        yield "Who would have had a code: everybody is taken to."
    if isinstance(draft.template, Gift):
        yield "Who would have added the gift: only orders that held it have it."
    if any(each.is_counted for each in others):
        yield "What the others' budgets had given before: they are taken to be whole at the start."
