"""Every number of a total, and the rule that made it: rows that add up to the total to the minor unit. Pure.

All amounts but those of tax are without tax, because only then does each row stand for itself: goods at
their list prices, less lower prices, less promotions, plus delivery, plus the tax of each rate.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from transactional.unit_of_work import Row

Kind = Literal["goods", "price", "promotion", "delivery", "tax"]


@dataclass(frozen=True)
class Part:
    """One row; minor units.

    Args:
        amount: signed; the amounts of all rows add up to the total.
        basis: what it was computed from: units of goods; what a promotion is off, before it and those it is
            combined with; the parcel's goods or grams, which chose the delivery's rate; what is taxed.
        rule: what made it: list_price, unit_price, a promotion's id, a delivery's code and rate, a tax rate.
    """

    kind: Kind
    label: str
    amount: int
    basis: int | None
    rule: str


@dataclass(frozen=True)
class Sold:
    """A line without tax, and its tax."""

    quantity: int
    gross: int
    discount: int
    tax: int
    tax_rate_bp: int


@dataclass(frozen=True)
class Given:
    """What a promotion takes off a line, or delivery, without tax; `basis` is what that cost before any."""

    promotion_id: str
    label: str
    discount: int
    off_delivery: bool
    basis: int


@dataclass(frozen=True)
class Delivered:
    """Delivery after promotions, without tax, and its tax; no code when nothing is delivered.

    Args:
        basis: goods or grams that chose the rate; None when they did not, or it is not known.
        step: which rate of the delivery it is, if it is known.
    """

    code: str
    label: str
    net: int
    tax: int
    tax_rate_bp: int
    basis: int | None = None
    step: str | None = None

    @property
    def rule(self) -> str:
        return f"{self.code}: {self.step}" if self.step else self.code


def given_of(rows: Iterable[Row], nets: Mapping[str | None, int]) -> list[Given]:
    """What promotions gave, of rows that name promotion, reason, discount and the line (None: delivery).

    Args:
        nets: what lines and delivery cost after promotions, without tax.
    """
    rows = list(rows)
    before = dict(nets)
    for row in rows:
        before[row["order_line_id"]] += row["discount"]
    return [
        Given(row["promotion_id"], row["reason"], row["discount"], line is None, before[line])
        for row, line in ((row, row["order_line_id"]) for row in rows)
    ]


def explain(lines: Sequence[Sold], given: Sequence[Given], delivered: Delivered) -> list[Part]:
    """The rows of a basket or an order; their amounts add up to its total."""
    units = sum(line.quantity for line in lines)
    parts = [Part("goods", "Goods at list price", sum(line.gross for line in lines), units, "list_price")]
    by_promotions = sum(each.discount for each in given if not each.off_delivery)
    lowered = sum(line.discount for line in lines) - by_promotions
    if lowered:
        parts.append(Part("price", "Prices below list price", -lowered, units, "unit_price"))
    parts += _promotions(given)
    before = delivered.net + sum(each.discount for each in given if each.off_delivery)
    if before or delivered.code:
        parts.append(Part("delivery", delivered.label, before, delivered.basis, delivered.rule))
    parts += _taxes(lines, delivered)
    return parts


def _promotions(given: Sequence[Given]) -> Iterator[Part]:
    labels: dict[str, str] = {}
    sums: dict[str, int] = defaultdict(int)
    bases: dict[str, int] = defaultdict(int)
    for each in given:
        labels.setdefault(each.promotion_id, each.label)
        sums[each.promotion_id] += each.discount
        bases[each.promotion_id] += each.basis
    for promotion_id, amount in sums.items():
        yield Part("promotion", labels[promotion_id], -amount, bases[promotion_id], promotion_id)


def _taxes(lines: Sequence[Sold], delivered: Delivered) -> Iterator[Part]:
    for rate, (net, tax) in taxes(lines, delivered).items():
        yield Part("tax", f"Tax {percent(rate)}", tax, net, f"{rate}")


def taxes(lines: Sequence[Sold], delivered: Delivered) -> Mapping[int, tuple[int, int]]:
    """What is taxed and the tax, by rate in basis points, the highest first."""
    found: dict[int, tuple[int, int]] = {}
    rows = [(line.tax_rate_bp, line.gross - line.discount, line.tax) for line in lines]
    for rate, net, tax in [*rows, (delivered.tax_rate_bp, delivered.net, delivered.tax)]:
        before = found.get(rate, (0, 0))
        found[rate] = (before[0] + net, before[1] + tax)
    return {rate: found[rate] for rate in sorted(found, reverse=True) if found[rate] != (0, 0)}


def percent(rate_bp: int) -> str:
    """2000 as 20 %, 825 as 8.25 %."""
    return f"{rate_bp / 100:g} %"
