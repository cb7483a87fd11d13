"""Basket and context in, discounts per line with reasons out; the same in whatever order activities come."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from itertools import combinations as subsets_of

from transactional.promotions.conditions import reducible, why_not
from transactional.promotions.exclusivity import choose, clashing, stacks
from transactional.promotions.offers import Offer, Open, Short, offer
from transactional.promotions.rules import (
    Activity,
    Applied,
    Basket,
    Context,
    GiftOffer,
    Line,
    LineDiscount,
    Missed,
    Outcome,
    Used,
)
from transactional.promotions.templates import CLASSES

_UNUSED = Used()
_NOTHING = Offer()
_MOST_WORK = 50_000  # lines x activities that are priced to choose, with one set of codes
Offers = dict[str, Offer]  # by activity id, in the order in which they are applied


def evaluate(basket: Basket, context: Context, activities: Iterable[Activity]) -> Outcome:
    """Price a basket under activities.

    An activity is looked at alone first, then those that give something and may not apply together are
    chosen between; the chosen ones apply class by class, each on what the one before left. Of the coupons
    given, those are used that make the basket cheapest, so a coupon never makes it dearer.
    """
    known = sorted(activities, key=lambda each: each.id)
    alone, missed = _alone(basket, context, known)
    return _Choice(basket, context, alone, len(known)).outcome(missed)


@dataclass(frozen=True)
class _Candidate:
    """An activity that gives something, what it gives alone, and the lines it may reduce.

    Of those with one class and priority the deepest goes first.
    """

    activity: Activity
    lines: tuple[Line, ...]
    alone: Offer = _NOTHING

    @property
    def place(self) -> tuple[int, int, Fraction, str]:
        activity, parts = self.activity, self.alone.parts
        whole = sum(line.total for line in self.lines if line.key in parts)
        return (
            CLASSES.index(activity.of),
            -activity.priority,
            -Fraction(self.alone.goods, whole or 1),
            activity.id,
        )


def _alone(
    basket: Basket, context: Context, activities: Sequence[Activity]
) -> tuple[list[_Candidate], list[Missed]]:
    open_to_it, missed = [], []
    for activity in activities:
        short = why_not(activity, basket, context)
        if short is None:
            lines = tuple(reducible(activity, basket.lines))
            given = _applied([_Candidate(activity, lines)], basket, context)[activity.id]
            if given.saved or given.gift:
                open_to_it.append(_Candidate(activity, lines, given))
                continue
            short = given.short or Short("no_saving")
        missed.append(_missed(activity, short, context))
    return open_to_it, missed


class _Choice:
    """Which of the activities that give something apply.

    How often activities are priced together in order to choose depends on the basket and on what is on, not
    on the codes given: what is chosen with some of them is the same when more are given.
    """

    def __init__(self, basket: Basket, context: Context, alone: Sequence[_Candidate], known: int):
        self.basket, self.context = basket, context
        self.activities = [each.activity for each in alone]
        # In the order in which they apply.
        self.candidates = {each.activity.id: each for each in sorted(alone, key=lambda each: each.place)}
        self.clash = clashing(self.activities)
        self.looks = _MOST_WORK // max(1, known * len(basket.lines))
        self.offers: dict[frozenset[str], Offers] = {}

    def outcome(self, missed: list[Missed]) -> Outcome:
        best = max((self._together(chosen) for chosen in self._choices()), key=_saved)
        hinted = self._worthier_gifts(best)
        by_id = {each.id: each for each in self.activities}
        for activity in self.activities:
            given = best.get(activity.id, Offer())
            if given.short is not None:  # it gives something and could give more
                missed.append(_missed(activity, given.short, self.context))
            elif not given.saved and not given.gift and activity.id not in hinted:
                missed.append(_missed(activity, Short("better_offer"), self.context))
        gifts = [(key, each.gift) for key, each in (best | hinted).items() if each.gift]
        return Outcome(
            lines=tuple(_line_discounts(self.basket, best, by_id)),
            applied=tuple(_gave(by_id[key], each, self.context) for key, each in best.items() if each.saved),
            gifts=tuple(GiftOffer(key, by_id[key].name, *gift) for key, gift in gifts),
            missed=tuple(sorted(missed, key=lambda each: each.activity_id)),
        )

    def _choices(self) -> Iterator[list[str]]:
        """What is chosen with each set of the coupons given, the smaller sets first."""
        automatic = [each for each in self.activities if not each.needs_code]
        with_code = [each for each in self.activities if each.needs_code]
        alone = {key: each.alone.saved for key, each in self.candidates.items()}
        sizes = range(len(with_code) + 1)
        for coupons in chain.from_iterable(subsets_of(with_code, size) for size in sizes):
            wanted = [*automatic, *coupons]
            yield choose(wanted, self.clash, alone, lambda ids: _saved(self._together(ids)), self.looks)

    def _together(self, ids: Iterable[str]) -> Offers:
        chosen = frozenset(ids)
        if chosen not in self.offers:
            in_order = [each for key, each in self.candidates.items() if key in chosen]
            self.offers[chosen] = _applied(in_order, self.basket, self.context)
        return self.offers[chosen]

    def _worthier_gifts(self, best: Offers) -> Offers:
        """Gifts that would be chosen if they were in the basket: what gives less applies until they are."""
        waiting = {
            key: self._worth(each.alone)
            for key, each in self.candidates.items()
            if each.alone.gift and not (key in best and (best[key].gift or best[key].saved))
        }
        if not any(waiting.values()):
            return {}
        alone = {key: self._worth(each.alone) for key, each in self.candidates.items()}

        def worth(ids: Sequence[str]) -> int:
            return sum(self._worth(each) for each in self._together(ids).values())

        open_to_it = [
            each for each in self.activities if not each.needs_code or each.id in best or each.id in waiting
        ]
        chosen = choose(open_to_it, self.clash, alone, worth, self.looks)
        return {key: self.candidates[key].alone for key in chosen if key in waiting}

    def _worth(self, given: Offer) -> int:
        """What an offer saves, with what its gift costs that is not in the basket yet."""
        sku, quantity = given.gift or ("", 0)
        return given.saved + self.context.gift_prices.get(sku, 0) * quantity


def _applied(chosen: Iterable[_Candidate], basket: Basket, context: Context) -> Offers:
    """Apply activities one after the other; lines taken by one are closed to those it does not stack with."""
    left = {line.key: line.total for line in basket.lines}
    shipping = basket.shipping
    takers: dict[str, list[Activity]] = {}
    offers: Offers = {}
    for candidate in chosen:
        activity, used = candidate.activity, context.used.get(candidate.activity.id, _UNUSED)
        lines = [
            Open(line, left[line.key])
            for line in candidate.lines
            if line.key not in takers or all(stacks(activity, other) for other in takers[line.key])
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
