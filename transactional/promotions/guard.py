"""Whether activities that may meet on one unit can sell it below cost, or below zero.

It reckons with the worst: every limit still open, the smallest basket that earns an offer, prices set first,
then percentages, then amounts. Offers on a set of units, such as "3 for 2" or a bundle, are spread over the
set, and an amount off the order over the goods that earn it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from transactional.money import BASIS_POINTS
from transactional.promotions.conditions import fits
from transactional.promotions.exclusivity import combinations
from transactional.promotions.rules import Activity, Line
from transactional.promotions.templates import (
    Amount,
    Bundle,
    BuyXGetY,
    FixedPrice,
    FlashSale,
    Gift,
    MemberPrice,
    Percent,
    Tiered,
)


@dataclass(frozen=True)
class Danger:
    """A SKU that a combination of activities can sell for `price`, below `floor`; both without tax."""

    sku: str
    price: int
    floor: int
    combination: tuple[str, ...]


@dataclass(frozen=True)
class _Cut:
    """The most an activity takes off a unit: down to a price, by a share, or by an amount."""

    to: Fraction | None = None
    share: Fraction = Fraction()
    by: Fraction = Fraction()


def find_danger(
    activity: Activity, others: Iterable[Activity], skus: Iterable[Line], tax_rate_bp: int
) -> Danger | None:
    """The first SKU that `activity`, alone or with others, can sell below what it costs.

    Args:
        others: activities that are on.
        skus: one unit of each SKU on sale.
        tax_rate_bp: tax contained in prices, in basis points.
    """
    lines = list(skus)
    prices = {line.sku: line.unit_price for line in lines}
    meeting = [activity, *(other for other in others if _can_meet(activity, other))]
    sets: dict[frozenset[str], list[frozenset[str]]] = {}
    for line in lines:
        cuts = {each.id: cut for each in meeting if (cut := _cut(each, line, prices)) is not None}
        if activity.id not in cuts:
            continue
        on_it = frozenset(cuts)
        if on_it not in sets:
            sets[on_it] = combinations([each for each in meeting if each.id in on_it], activity)
        for together in sets[on_it]:
            danger = _judge(line, [each for each in meeting if each.id in together], cuts, tax_rate_bp)
            if danger is not None:
                return danger
    return None


def _judge(
    line: Line, together: Sequence[Activity], cuts: Mapping[str, _Cut], tax_rate_bp: int
) -> Danger | None:
    price = _lowest(line.unit_price, [cuts[each.id] for each in together])
    net = floor(price * BASIS_POINTS / (BASIS_POINTS + tax_rate_bp) + Fraction(1, 2))
    if price >= 0 and net >= line.cost:
        return None
    return Danger(line.sku, net, max(line.cost, 0), tuple(each.name for each in together))


def _lowest(price: int, cuts: Sequence[_Cut]) -> Fraction:
    left = min([Fraction(price), *(cut.to for cut in cuts if cut.to is not None)])
    for cut in cuts:
        left *= 1 - cut.share
    return left - sum((cut.by for cut in cuts), Fraction())


def _can_meet(one: Activity, other: Activity) -> bool:
    """Whether there is a moment and a channel in which both apply."""
    mine, theirs = one.conditions, other.conditions
    if mine.ends_at is not None and theirs.starts_at is not None and mine.ends_at <= theirs.starts_at:
        return False
    if theirs.ends_at is not None and mine.starts_at is not None and theirs.ends_at <= mine.starts_at:
        return False
    return not (mine.channels and theirs.channels and set(mine.channels).isdisjoint(theirs.channels))


def _cut(activity: Activity, line: Line, prices: Mapping[str, int]) -> _Cut | None:
    """What an activity takes off a unit at worst; None when it has nothing to do with it."""
    template = activity.template
    if isinstance(template, Bundle):
        if all(part.sku != line.sku for part in template.parts):
            return None
        worth = sum(prices.get(part.sku, 0) * part.quantity for part in template.parts)
        return _Cut(share=1 - min(Fraction(1), Fraction(template.price, worth or 1)))
    if not fits(activity.conditions, line):
        return None
    match template:
        case Percent(off_bp=rate) | MemberPrice(off_bp=rate):
            return _Cut(share=Fraction(rate, BASIS_POINTS))
        case Tiered(steps=steps):
            return _Cut(share=Fraction(max(step.off_bp for step in steps), BASIS_POINTS))
        case FixedPrice(price=price) | FlashSale(price=price):
            return _Cut(to=Fraction(price))
        case BuyXGetY(buy=buy, get=get, off_bp=rate):
            return _Cut(share=Fraction(get, buy + get) * Fraction(rate, BASIS_POINTS))
        case Amount(of="product", off=off):
            return _Cut(by=Fraction(off))
        case Amount(off=off):
            return _Cut(by=_part_of_order(off, activity, line))
        case Gift(sku=sku, quantity=quantity):
            return _Cut(by=_part_of_order(prices.get(sku, 0) * quantity, activity, line))
        case _:
            return None


def _part_of_order(off: int, activity: Activity, line: Line) -> Fraction:
    """A unit's part of an amount off the smallest order that earns it."""
    least = max(
        activity.conditions.min_amount,
        activity.conditions.min_quantity * line.unit_price,
        line.unit_price,
    )
    return Fraction(off * line.unit_price, least or 1)
