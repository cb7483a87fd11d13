"""Arithmetic of money: integers of minor units, rounded half up, and parts that add up to the whole."""

import re
from collections.abc import Sequence
from decimal import Decimal

from babel.numbers import get_currency_precision

BASIS_POINTS = 10_000
# Bounds that nobody meets, far enough below 64 bits that no document and no balance comes near them.
MOST_AMOUNT = 10**11  # a price, a cost
MOST_OF_DOCUMENT = 10**14  # what an order or an entry comes to
MOST_HELD = 10**17  # what one holder's account holds


def divide_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` for non-negative numbers, rounded half up to a whole minor unit."""
    return (2 * numerator + denominator) // (2 * denominator)


def without_tax(amount: int, rate_bp: int) -> int:
    """The net part of `amount`, which contains tax of `rate_bp` basis points (2000 = 20 %)."""
    return divide_half_up(amount * BASIS_POINTS, BASIS_POINTS + rate_bp)


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split `amount` in proportion to `weights`; the parts add up to it to the minor unit.

    Each part ends where the running share ends, so no part is more than one minor unit from its exact
    share. Weights that are all zero count as equal.

    Args:
        amount: non-negative minor units.
        weights: at least one, none negative.
    """
    whole = sum(weights)
    shares, whole = (list(weights), whole) if whole else ([1] * len(weights), len(weights))
    parts, running, given = [], 0, 0
    for share in shares:
        running += share
        until = divide_half_up(amount * running, whole)
        parts.append(until - given)
        given = until
    return parts


def slice_of(amount: int, quantity: int, taken: int, taking: int) -> int:
    """What `taking` of `quantity` units carry of `amount`, when `taken` units have carried theirs before.

    The slices of all units add up to `amount`, in whatever portions they are taken.
    """
    until = divide_half_up(amount * (taken + taking), quantity)
    return until - divide_half_up(amount * taken, quantity)


def money_text(amount: int, currency: str) -> str:
    """Minor units as a file holds them: 1990 of GBP is 19.90."""
    return str(Decimal(amount).scaleb(-get_currency_precision(currency)))


def minor_units(text: str, currency: str) -> int:
    """Minor units of an amount as a file holds it.

    Raises:
        ValueError: says why it is no amount of this currency.
    """
    precision = get_currency_precision(currency)
    if text.startswith("-"):
        raise ValueError(f"{text} is negative")
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]+)?", text):
        raise ValueError(f"{text[:40]!r} is no amount like 19.90")
    amount = Decimal(text).scaleb(precision)
    if amount != amount.to_integral_value():
        raise ValueError(f"{text[:40]} has more than {precision} decimals")
    return int(amount)
