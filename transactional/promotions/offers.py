"""What one activity takes off lines, each of them as the offers before it left it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from transactional.money import BASIS_POINTS, allocate, divide_half_up
from transactional.promotions.rules import Line, WhyNot
from transactional.promotions.templates import (
    Amount,
    Bundle,
    BuyXGetY,
    FixedPrice,
    FlashSale,
    FreeShipping,
    Gift,
    MemberPrice,
    Percent,
    Template,
    Tiered,
)


@dataclass(frozen=True)
class Open:
    """A line an activity may reduce, and what its units still cost together."""

    line: Line
    amount: int

    def units(self, count: int) -> int:
        """What `count` of its units still cost."""
        return divide_half_up(self.amount * count, self.line.quantity)


@dataclass(frozen=True)
class Short:
    """What a basket lacks for an offer, or for more of it."""

    reason: WhyNot
    missing: int = 0
    sku: str | None = None


@dataclass(frozen=True)
class Offer:
    """What comes off the lines and off delivery; `units` count against a cap, `gift` waits to be added."""

    parts: Mapping[str, int] = field(default_factory=dict)
    shipping: int = 0
    units: Mapping[str, int] = field(default_factory=dict)
    gift: tuple[str, int] | None = None
    short: Short | None = None

    @property
    def goods(self) -> int:
        return sum(self.parts.values())

    @property
    def saved(self) -> int:
        return self.goods + self.shipping


def offer(template: Template, lines: Sequence[Open], shipping: int, units_sold: int = 0) -> Offer:
    """What a template gives for its matching lines; never more than they still cost.

    Args:
        shipping: what delivery still costs.
        units_sold: units of a flash sale that are gone already.
    """
    match template:
        case Percent(of="order", off_bp=rate):
            return _spread(lines, divide_half_up(_sum(lines) * rate, BASIS_POINTS))
        case Percent(off_bp=rate) | MemberPrice(off_bp=rate):
            return _percent(lines, rate)
        case Amount(of="order", off=off):
            return _spread(lines, min(off, _sum(lines)))
        case Amount(off=off):
            return Offer({each.line.key: min(off * each.line.quantity, each.amount) for each in lines})
        case FixedPrice(price=price):
            return Offer({each.line.key: max(0, each.amount - price * each.line.quantity) for each in lines})
        case BuyXGetY():
            return _buy_x_get_y(template, lines)
        case Bundle():
            return _bundle(template, lines)
        case Tiered():
            return _tiered(template, lines)
        case FreeShipping(up_to=up_to):
            return Offer(shipping=min(up_to, shipping))
        case Gift():
            return _gift(template, lines)
        case FlashSale(price=price, units=cap):
            return _flash_sale(lines, price, cap - units_sold)


def _sum(lines: Sequence[Open]) -> int:
    return sum(each.amount for each in lines)


def _percent(lines: Sequence[Open], rate: int) -> Offer:
    return Offer({each.line.key: divide_half_up(each.amount * rate, BASIS_POINTS) for each in lines})


def _spread(lines: Sequence[Open], off: int, short: Short | None = None) -> Offer:
    if not lines:
        return Offer(short=short)
    parts = allocate(off, [each.amount for each in lines])
    return Offer({each.line.key: part for each, part in zip(lines, parts, strict=True)}, short=short)


def _unit_price(each: Open) -> Fraction:
    return Fraction(each.amount, each.line.quantity)


def _buy_x_get_y(template: BuyXGetY, lines: Sequence[Open]) -> Offer:
    together = template.buy + template.get
    units = sum(each.line.quantity for each in lines)
    sets = min(units // together, template.times)
    left, parts = sets * template.get, {}
    for each in sorted(lines, key=lambda each: (_unit_price(each), each.line.key)):
        taken = min(left, each.line.quantity)
        parts[each.line.key] = divide_half_up(each.units(taken) * template.off_bp, BASIS_POINTS)
        left -= taken
    rest = units - sets * together
    close = sets < template.times and (sets == 0 or rest >= template.buy)
    return Offer(parts, short=Short("add_units", together - rest) if close else None)


def _bundle(template: Bundle, lines: Sequence[Open]) -> Offer:
    by_sku = {each.line.sku: each for each in lines}
    needed: dict[str, int] = {}
    for part in template.parts:
        needed[part.sku] = needed.get(part.sku, 0) + part.quantity
    there = {sku: by_sku[sku].line.quantity if sku in by_sku else 0 for sku in needed}
    sets = min(template.times, *(there[sku] // count for sku, count in needed.items()))
    if not sets:
        short = next(
            Short("add_sku", count - there[sku], sku) for sku, count in needed.items() if there[sku] < count
        )
        return Offer(short=short) if any(there.values()) else Offer(short=Short("no_matching_items"))
    worth = {by_sku[sku].line.key: by_sku[sku].units(count * sets) for sku, count in needed.items()}
    off = max(0, sum(worth.values()) - template.price * sets)
    return Offer(dict(zip(worth, allocate(off, list(worth.values())), strict=True)))


def _tiered(template: Tiered, lines: Sequence[Open]) -> Offer:
    by_money = template.by == "money"
    reached = sum(each.line.total if by_money else each.line.quantity for each in lines)
    steps = sorted(template.steps, key=lambda step: step.at_least)
    rate = max((step.off_bp for step in steps if step.at_least <= reached), default=0)
    beyond = (step.at_least - reached for step in steps if step.at_least > reached and step.off_bp > rate)
    missing = min(beyond, default=0)
    short = Short("add_money" if by_money else "add_units", missing) if missing else None
    return Offer(_percent(lines, rate).parts if rate else {}, short=short)


def _gift(template: Gift, lines: Sequence[Open]) -> Offer:
    given = next((each for each in lines if each.line.sku == template.sku), None)
    if given is None:
        return Offer(gift=(template.sku, template.quantity))
    free = min(template.quantity, given.line.quantity)
    waiting = template.quantity - free
    return Offer({given.line.key: given.units(free)}, gift=(template.sku, waiting) if waiting else None)


def _flash_sale(lines: Sequence[Open], price: int, units_left: int) -> Offer:
    if units_left <= 0:
        return Offer(short=Short("used_up"))
    parts, units = {}, {}
    for each in sorted(lines, key=lambda each: (-_unit_price(each), each.line.key)):
        taken = min(units_left, each.line.quantity)
        off = max(0, each.units(taken) - price * taken)
        if off:
            parts[each.line.key], units[each.line.key] = off, taken
            units_left -= taken
    return Offer(parts, units=units)
