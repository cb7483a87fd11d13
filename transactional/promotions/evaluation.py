"""Basket and context in, discounts per line with reasons out; the same in whatever order activities come."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from itertools import combinations as subsets_of

from transactional.promotions.conditions import reducible, why_not
from transactional.promotions.exclusivity import choose, stacks
from transactional.promotions.offers import Offer, Open, Short, offer
from transactional.promotions.rules import (
    Activity,
    Applied,
    Basket,
    Context,
    GiftOffer,
    LineDiscount,
    Missed,
    Outcome,
    Used,
)
from transactional.promotions.templates import CLASSES

_UNUSED = Used()
Offers = dict[str, Offer]  # by activity id, in the order in which they are applied


def evaluate(basket: Basket, context: Context, activities: Iterable[Activity]) -> Outcome:
    """Price a basket under activities.

    An activity is looked at alone first, then those that give something and may not apply together are
    chosen between; the chosen ones apply class by class, each on what the one before left. Of the coupons
    given, those are used that make the basket cheapest, so a coupon never makes it dearer.
    """
    alone, missed = _alone(basket, context, activities)
    choices = _choices(alone, basket, context)
    best = max((_applied(chosen, basket, context) for chosen in choices), key=_saved)
    return _outcome(basket, context, [activity for activity, _ in alone], best, missed)


def _alone(
    basket: Basket, context: Context, activities: Iterable[Activity]
) -> tuple[list[tuple[Activity, Offer]], list[Missed]]:
    open_to_it, missed = [], []
    for activity in sorted(activities, key=lambda each: each.id):
        short = why_not(activity, basket, context)
        if short is None:
            given = _applied([_Candidate(activity, Fraction())], basket, context)[activity.id]
            if given.saved or given.gift:
                open_to_it.append((activity, given))
                continue
            short = given.short or Short("no_saving")
        missed.append(_missed(activity, short, context))
    return open_to_it, missed


@dataclass(frozen=True)
class _Candidate:
    """An activity with the share it takes off its lines alone: the deepest goes first on a line."""

    activity: Activity
    depth: Fraction

    @property
    def place(self) -> tuple[int, int, Fraction, str]:
        activity = self.activity
        return (CLASSES.index(activity.of), -activity.priority, -self.depth, activity.id)


def _choices(
    alone: Sequence[tuple[Activity, Offer]], basket: Basket, context: Context
) -> Iterator[list[_Candidate]]:
    """What is chosen with each set of the coupons given, the smaller sets first."""
    totals = {line.key: line.total for line in basket.lines}
    candidates = {
        activity.id: _Candidate(activity, Fraction(given.goods, sum(totals[key] for key in given.parts) or 1))
        for activity, given in alone
    }

    def worth(chosen: Sequence[Activity]) -> int:
        return _saved(_applied([candidates[each.id] for each in chosen], basket, context))

    automatic = [activity for activity, _ in alone if not activity.needs_code]
    with_code = [activity for activity, _ in alone if activity.needs_code]
    sizes = range(len(with_code) + 1)
    for coupons in chain.from_iterable(subsets_of(with_code, size) for size in sizes):
        yield [candidates[each.id] for each in choose([*automatic, *coupons], worth)]


def _applied(chosen: Sequence[_Candidate], basket: Basket, context: Context) -> Offers:
    """Apply activities one after the other; lines taken by one are closed to those it does not stack with."""
    left = {line.key: line.total for line in basket.lines}
    shipping = basket.shipping
    takers: dict[str, list[Activity]] = {}
    offers: Offers = {}
    for candidate in sorted(chosen, key=lambda each: each.place):
        activity, used = candidate.activity, context.used.get(candidate.activity.id, _UNUSED)
        lines = [
            Open(line, left[line.key])
            for line in reducible(activity, basket.lines)
            if all(stacks(activity, other) for other in takers.get(line.key, ()))
        ]
        given = offer(activity.template, lines, shipping, used.units)
        money = activity.budget.money
        if money is not None and used.money + given.saved > money:
            given = Offer(short=Short("used_up"))
        offers[activity.id] = given
        shipping -= given.shipping
        for key, part in given.parts.items():
            left[key] -= part
        if given.goods:
            for key in given.parts:
                takers.setdefault(key, []).append(activity)
    return offers


def _saved(offers: Offers) -> int:
    return sum(given.saved for given in offers.values())


def _missed(activity: Activity, short: Short, context: Context) -> Missed:
    return Missed(
        activity.id, activity.name, short.reason, short.missing, short.sku, _code(activity, context)
    )


def _outcome(
    basket: Basket, context: Context, open_to_it: Sequence[Activity], best: Offers, missed: list[Missed]
) -> Outcome:
    by_id = {activity.id: activity for activity in open_to_it}
    for activity in open_to_it:
        given = best.get(activity.id, Offer())
        if given.short is not None:
            missed.append(_missed(activity, given.short, context))  # it gives something and could give more
        elif not given.saved and not given.gift:
            missed.append(_missed(activity, Short("better_offer"), context))
    return Outcome(
        lines=tuple(_line_discounts(basket, best, by_id)),
        applied=tuple(_gave(by_id[key], each, context) for key, each in best.items() if each.saved),
        gifts=tuple(GiftOffer(key, by_id[key].name, *each.gift) for key, each in best.items() if each.gift),
        missed=tuple(sorted(missed, key=lambda each: each.activity_id)),
    )


def _gave(activity: Activity, given: Offer, context: Context) -> Applied:
    units = sum(given.units.values())
    code = _code(activity, context)
    return Applied(
        activity.id,
        activity.name,
        given.saved,
        given.shipping,
        units,
        code,
        activity.per_customer,
        activity.is_counted,
    )


def _code(activity: Activity, context: Context) -> str | None:
    return context.coupons.get(activity.id) if activity.needs_code else None


def _line_discounts(basket: Basket, offers: Offers, by_id: Mapping[str, Activity]) -> Iterator[LineDiscount]:
    for line in basket.lines:
        for key, given in offers.items():
            if part := given.parts.get(line.key, 0):
                yield LineDiscount(line.key, key, part, by_id[key].name, given.units.get(line.key, 0))
