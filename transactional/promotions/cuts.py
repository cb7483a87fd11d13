"""The most that one activity takes off one unit of a SKU, in the smallest basket that earns it.

Offers on a set of units, such as "3 for 2" or a bundle, are spread over the set by price; a gift costs the
goods that earn it what it cost the shop. An amount off the order depends on what else is in the basket.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from transactional.money import BASIS_POINTS
from transactional.promotions.conditions import fits, given_skus
from transactional.promotions.rules import Activity, Conditions, Line
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

_NONE = Fraction()


@dataclass(frozen=True)
class Unit:
    """One unit of a SKU at a price that may be asked for it, and the highest tax that price may contain."""

    line: Line
    tax_rate_bp: int

    @property
    def price(self) -> int:
        return self.line.unit_price

    def net(self, price: Fraction) -> Fraction:
        return price * BASIS_POINTS / (BASIS_POINTS + self.tax_rate_bp)


@dataclass(frozen=True)
class Market:
    """The highest price and the cost of every SKU on sale."""

    prices: Mapping[str, int]
    costs: Mapping[str, int]


@dataclass(frozen=True)
class Cut:
    """The most an activity takes off a unit, in the order in which it is reckoned.

    Args:
        to: down to this price.
        share: of what it costs then.
        by: this much of it.
        off_order: off the whole order, of which the unit carries its part.
        gift: what it has to pay of a gift, without tax.
    """

    to: Fraction | None = None
    share: Fraction = _NONE
    by: Fraction = _NONE
    off_order: int = 0
    gift: Fraction = _NONE


def market_of(units: Iterable[Unit]) -> Market:
    prices: dict[str, int] = {}
    costs: dict[str, int] = {}
    for unit in units:
        prices[unit.line.sku] = max(unit.price, prices.get(unit.line.sku, 0))
        costs[unit.line.sku] = unit.line.cost
    return Market(prices, costs)


def cut(activity: Activity, unit: Unit, market: Market) -> Cut | None:
    """What an activity takes off a unit at worst; None when it has nothing to do with it."""
    line, template = unit.line, activity.template
    if not fits(activity, line):
        return None
    match template:
        case Percent(off_bp=rate) | MemberPrice(off_bp=rate):
            return Cut(share=Fraction(rate, BASIS_POINTS))
        case Tiered(steps=steps):
            return Cut(share=Fraction(max(step.off_bp for step in steps), BASIS_POINTS))
        case FixedPrice(price=price) | FlashSale(price=price):
            return Cut(to=Fraction(price))
        case BuyXGetY(buy=buy, get=get, off_bp=rate):
            return Cut(share=Fraction(get, buy + get) * Fraction(rate, BASIS_POINTS))
        case Bundle():
            return _part_of_bundle(template, unit, market)
        case Amount(of="product", off=off):
            return Cut(by=Fraction(off))
        case Amount(off=off):
            return Cut(off_order=off)
        case Gift(sku=sku, quantity=quantity) if sku != line.sku:
            cost = market.costs.get(sku, 0) * quantity
            return Cut(gift=_part_of_gift(cost, activity.conditions, unit.price))
        case _:
            return None


def _part_of_bundle(bundle: Bundle, unit: Unit, market: Market) -> Cut | None:
    """A unit's part is the smaller, the dearer the others are; the unit itself is at its own price."""
    if unit.line.sku not in given_skus(bundle):
        return None
    worth = sum(
        (unit.price if part.sku == unit.line.sku else market.prices.get(part.sku, 0)) * part.quantity
        for part in bundle.parts
    )
    return Cut(share=1 - min(Fraction(1), Fraction(bundle.price, worth or 1)))


def _part_of_gift(cost: int, conditions: Conditions, price: int) -> Fraction:
    if conditions.min_amount:
        return cost * min(Fraction(1), Fraction(price, conditions.min_amount))
    return Fraction(cost, max(1, conditions.min_quantity))


def reduced(price: int, cuts: Iterable[Iterable[Cut]]) -> Fraction:
    """What a unit costs when of each class of cuts the worst applies, before amounts off the order."""
    classes = [list(each) for each in cuts]
    left = min([Fraction(price), *(cut.to for each in classes for cut in each if cut.to is not None)])
    for each in classes:
        left *= 1 - max(cut.share for cut in each)
    return left - sum((max(cut.by for cut in each) for each in classes), _NONE)
