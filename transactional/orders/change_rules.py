"""What a change of an order costs: pure arithmetic of what it adds and what it takes off."""

from dataclasses import dataclass

from transactional.checkout.rules import Item
from transactional.money import slice_of
from transactional.orders.rules import SoldLine


@dataclass(frozen=True)
class Difference:
    """What a change adds and takes off, in minor units with tax."""

    added: int
    credited: int

    @property
    def kept(self) -> int:
        """What is taken off and pays for what is added."""
        return min(self.added, self.credited)

    @property
    def due(self) -> int:
        """What the buyer pays before the change takes effect."""
        return self.added - self.kept

    @property
    def back(self) -> int:
        """What the buyer gets back when it takes effect."""
        return self.credited - self.kept


@dataclass(frozen=True)
class Charge:
    """A delivery charge without tax, and the tax on it."""

    net: int = 0
    tax: int = 0

    @property
    def total(self) -> int:
        return self.net + self.tax


NO_CHARGE = Charge()


def sold_again(
    line: SoldLine, less: int, list_price: int, unit_price: int, tax_class: str, *, with_tax: bool
) -> Item:
    """What is still to be sent of a line, for what it cost, to be taxed as where it goes now.

    What promotions gave stays given.

    Args:
        less: units of it that are not wanted any more.
        with_tax: whether the line's prices contain tax; where prices do not, the same number is without it.
    """
    units = line.open - less
    price = line.net + line.tax if with_tax else line.net
    # After the units that are credited, so that all of them together keep exactly what the line cost.
    part = slice_of(price, line.quantity, line.credited + less, units)
    return Item(units, list_price, unit_price, promotions=unit_price * units - part, tax_class=tax_class)
