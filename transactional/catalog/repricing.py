"""Pure rules of bulk changes: what a price or a number of units becomes."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from transactional.money import BASIS_POINTS, MOST_AMOUNT, divide_half_up
from transactional.stock.rules import MOST_ON_SHELF

MAX_PRICE = MOST_AMOUNT
MAX_UNITS = MOST_ON_SHELF

Kind = Literal["set", "add", "percent"]


@dataclass(frozen=True)
class Rule:
    """How a number changes.

    Args:
        kind: `set` it to the amount, `add` the signed amount, or by `percent`: amount is signed basis points
            (-2000 takes a fifth off).
        ending: round to the nearest number of minor units that ends so: 99 of GBP gives 19.99; of two
            equally near the lower. The first is `ending` itself.
    """

    kind: Kind
    amount: int
    ending: int | None = None

    def apply(self, before: int) -> int:
        """The number afterwards; never below zero."""
        match self.kind:
            case "set":
                after = self.amount
            case "add":
                after = before + self.amount
            case "percent":
                after = divide_half_up(before * max(0, BASIS_POINTS + self.amount), BASIS_POINTS)
        after = max(0, after)
        return after if self.ending is None else nearest_ending(after, self.ending)


def nearest_ending(amount: int, ending: int) -> int:
    """The number nearest to `amount` whose last two digits are `ending`; of two equally near the lower."""
    below = max(ending, (amount - ending) // 100 * 100 + ending)
    return below if amount - below <= below + 100 - amount else below + 100


class Change(NamedTuple):
    """One SKU before and after. Money is minor units, stock is units on hand.

    Args:
        dated_price: what is asked in the dates of the change; None: nothing of its own.
    """

    sku_id: str
    sku: str
    price_before: int
    price_after: int
    list_price_before: int
    list_price_after: int
    cost_before: int
    cost_after: int
    tax_class_before: str
    tax_class_after: str
    dated_price: int | None
    on_hand_before: int
    on_hand_after: int
    reserved: int  # the last: it is no part of a preview's digest

    @property
    def columns(self) -> dict[str, int | str]:
        """The columns of `skus` that change."""
        pairs: dict[str, tuple[int | str, int | str]] = {
            "price": (self.price_before, self.price_after),
            "list_price": (self.list_price_before, self.list_price_after),
            "cost": (self.cost_before, self.cost_after),
            "tax_class": (self.tax_class_before, self.tax_class_after),
        }
        return {name: after for name, (before, after) in pairs.items() if before != after}

    @property
    def problem(self) -> str | None:
        """Why it cannot be done."""
        amounts = (self.price_after, self.list_price_after, self.cost_after, self.dated_price or 0)
        if max(amounts) > MAX_PRICE or self.on_hand_after > MAX_UNITS:
            return "that is too much"
        if self.price_after > self.list_price_after:
            return f"the price {self.price_after} is above the list price {self.list_price_after}"
        if self.on_hand_after < self.reserved:
            return f"{self.reserved} units are promised to orders"
        return None
