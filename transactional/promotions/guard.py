"""Whether an activity, alone or with others, makes the shop sell something below what it costs.

It reckons with the worst: every limit still open, every price that may be asked while the activity is on, the
smallest basket that earns an offer, prices set first, then percentages, then amounts. An amount off the
order is split as a basket does it, where other offers may have made the other lines cheap: every
line has to bear its part. What `cuts` says of sets of units and of gifts holds here too.

What is looked at is bounded: of very many combinations the guard takes the worst offer of each kind that
excludes each other, which may refuse what would do no harm.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import floor

from transactional.promotions.cuts import Cut, Unit, cut, market_of, reduced
from transactional.promotions.exclusivity import clashes, combinations, friends_of, rivals
from transactional.promotions.rules import Activity
from transactional.promotions.templates import Gift

_MOST_SETS = 64  # of activities, looked at for one unit
_FEW_SETS = 8  # are looked at for every unit
_MOST_LOOKS = 20_000  # in all where there are more
_ZERO = Fraction()
_Classes = Sequence[Collection[str]]  # ids, of each class of which one applies


@dataclass(frozen=True)
class Danger:
    """A SKU that activities can sell below cost: price with tax, cost and what is left of it without."""

    sku: str
    price: int
    cost: int
    left: int
    combination: tuple[str, ...]


@dataclass(frozen=True)
class _Others:
    """What else may be in a basket that earns an amount off: the least that is left of its prices."""

    share: Fraction
    unit: Fraction
    less: int  # taken off the order by others before


def find_dangers(
    activity: Activity, others: Iterable[Activity], units: Iterable[Unit], most: int = 10
) -> list[Danger]:
    """The first SKUs that `activity` lowers, alone or with others, below what they cost.

    Args:
        others: activities that are on.
        units: one unit of each SKU on sale, at each price that may be asked for it.
        most: dangers to name, one for each SKU.
    """
    found: dict[str, Danger] = {}
    for danger in _Guard(activity, others, list(units)).dangers():
        if danger.sku not in found or danger.left < found[danger.sku].left:
            found[danger.sku] = danger
        if len(found) == most:
            break
    return list(found.values())


class _Guard:
    def __init__(self, activity: Activity, others: Iterable[Activity], units: list[Unit]):
        self.activity = activity
        meeting = [each for each in others if _can_meet(activity, each) and not clashes(activity, each)]
        self.by_id = {each.id: each for each in (activity, *meeting)}
        self.friends = friends_of(list(self.by_id.values()))
        self.units = units
        self.market = market_of(units)
        self.cuts = [self._cuts(unit) for unit in units]
        self.looks = 0
        self.sets: dict[tuple[frozenset[str], str], list[_Classes]] = {}
        self.pools: dict[tuple[str, str | None], _Others] = {}

    def _cuts(self, unit: Unit) -> dict[str, Cut]:
        found = ((key, cut(each, unit, self.market)) for key, each in self.by_id.items())
        return {key: each for key, each in found if each is not None}

    def dangers(self) -> Iterator[Danger]:
        for at in range(len(self.units)):
            for anchor in self._anchors(at):
                classes = self._danger(at, anchor)
                if classes is not None:
                    yield self._described(at, classes)
                    break

    def _anchors(self, at: int) -> Iterator[str]:
        """What the activity acts by: itself, or an amount off the order whose other lines it lowers."""
        mine = self.activity.id
        if mine in self.cuts[at]:
            yield mine
        for key, each in self.cuts[at].items():
            if each.off_order and key in self.friends[mine] and self._others(key) != self._others(key, mine):
                yield key

    def _danger(self, at: int, anchor: str) -> _Classes | None:
        on_it = frozenset(self.cuts[at])
        bound = [[anchor], *rivals(self.friends, self.friends[anchor] & on_it)]
        if not self._is_below(at, bound):
            return None
        return next((each for each in self._sets(on_it, anchor) if self._is_below(at, each)), None)

    def _sets(self, on_it: frozenset[str], anchor: str) -> list[_Classes]:
        """The sets of activities that can meet; when they are too many, one that is worse than all."""
        if (on_it, anchor) not in self.sets:
            some = list(islice(combinations(self.friends, on_it, anchor), _MOST_SETS + 1))
            exact: list[_Classes] = [[[key] for key in sorted(each)] for each in some]
            self.sets[on_it, anchor] = exact if len(some) <= _MOST_SETS else []
        exact = self.sets[on_it, anchor]
        self.looks += len(exact) if len(exact) > _FEW_SETS else 0
        if exact and (len(exact) <= _FEW_SETS or self.looks <= _MOST_LOOKS):
            return exact
        return [[[anchor], *rivals(self.friends, self.friends[anchor] & on_it)]]

    def _is_below(self, at: int, classes: _Classes) -> bool:
        """Whether a unit is sold below cost, and for less than without the activity."""
        mine, cuts = self.activity.id, self.cuts[at]
        if mine in cuts and cuts[mine].to is not None:  # beside a lower price it does nothing: look without
            classes = [
                [key for key in each if key == mine or key not in cuts or cuts[key].to is None]
                for each in classes
            ]
        left = self._left(at, classes)
        if floor(left + Fraction(1, 2)) >= self.units[at].line.cost:
            return False
        without = [rest for each in classes if (rest := [key for key in each if key != mine])]
        return left < self._left(at, without, mine)

    def _left(self, at: int, classes: _Classes, without: str | None = None) -> Fraction:
        """What is left of a unit without tax and its part of gifts."""
        cuts, unit = self.cuts[at], self.units[at]
        on_it = [[key for key in each if key in cuts] for each in classes]
        on_it = [each for each in on_it if each]
        price = reduced(unit.price, ([cuts[key] for key in each] for each in on_it))
        off = sum((max(self._part(key, at, price, without) for key in each) for each in on_it), _ZERO)
        gifts = sum((max(cuts[key].gift for key in each) for each in on_it), _ZERO)
        return unit.net(price - off) - gifts

    def _part(self, key: str, at: int, price: Fraction, without: str | None) -> Fraction:
        """A unit's part of an amount off the least that is left of an order which earns it."""
        off, conditions, full = self.cuts[at][key].off_order, self.by_id[key].conditions, self.units[at].price
        if not off or price <= 0:
            return _ZERO
        others = self._others(key, without)
        few = price + max(0, conditions.min_amount - full) * others.share
        many = conditions.min_amount * price / full
        units = price + (max(1, conditions.min_quantity) - 1) * min(price, others.unit)
        return off * price / max(price, max(min(few, many), units) - others.less)

    def _others(self, key: str, without: str | None = None) -> _Others:
        if (key, without) not in self.pools:
            self.pools[key, without] = self._least(key, without)
        return self.pools[key, without]

    def _least(self, anchor: str, without: str | None) -> _Others:
        share, least = Fraction(1), None
        for unit, cuts in zip(self.units, self.cuts, strict=True):
            if anchor not in cuts or not unit.price:
                continue
            for classes in self._sets(frozenset(key for key in cuts if key != without), anchor):
                left = max(_ZERO, reduced(unit.price, ([cuts[key] for key in each] for each in classes)))
                share = min(share, left / unit.price)
                least = left if least is None else min(least, left)
        friends = [key for key in self.friends[anchor] if key != without]
        less = sum(max(self._off(key) for key in each) for each in rivals(self.friends, friends))
        return _Others(share, least or _ZERO, less)

    def _off(self, key: str) -> int:
        """What an activity takes off an order that earns another amount, apart from single units."""
        match self.by_id[key].template:
            case Gift(sku=sku, quantity=quantity):
                return self.market.prices.get(sku, 0) * quantity
            case _:
                return max((cuts[key].off_order for cuts in self.cuts if key in cuts), default=0)

    def _described(self, at: int, classes: _Classes) -> Danger:
        unit, mine = self.units[at], self.activity.id
        worst = [min(each, key=lambda key: (self._left(at, [[key]]), key)) for each in classes]
        names = [self.by_id[key].name for key in sorted({mine, *worst}, key=lambda key: (key != mine, key))]
        left = floor(self._left(at, classes) + Fraction(1, 2))
        return Danger(unit.line.sku, unit.price, unit.line.cost, left, tuple(names))


def _can_meet(one: Activity, other: Activity) -> bool:
    """Whether there is a moment, a channel and a country in which both apply."""
    mine, theirs = one.conditions, other.conditions
    if mine.ends_at is not None and theirs.starts_at is not None and mine.ends_at <= theirs.starts_at:
        return False
    if theirs.ends_at is not None and mine.starts_at is not None and theirs.ends_at <= mine.starts_at:
        return False
    choices = ((mine.channels, theirs.channels), (mine.countries, theirs.countries))
    return not any(a and b and set(a).isdisjoint(b) for a, b in choices)
