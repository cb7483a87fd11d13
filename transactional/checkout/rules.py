"""What a basket costs: pure arithmetic, every number of which the checkout page can show."""

from collections.abc import Sequence
from dataclasses import dataclass

from transactional.catalog.rules import GIFT_CARD
from transactional.checkout.tax import STANDARD, Treatment

MAX_LINES = 100
MAX_QUANTITY = 99
MAX_COUPONS = 5  # in one cart


@dataclass(frozen=True)
class Item:
    """Units of one SKU at today's prices, which contain tax where the sale's treatment says so."""

    quantity: int
    list_price: int
    unit_price: int
    promotions: int = 0  # what they take off all units together
    tax_class: str = STANDARD

    @property
    def is_gift_card(self) -> bool:
        return self.tax_class == GIFT_CARD


@dataclass(frozen=True)
class LineAmounts:
    """One line without tax: gross at list price, discount off it; and the tax on what is left.

    `promotions` is their part of the discount, `full` what the line costs before them, with tax.
    """

    gross: int
    discount: int
    tax: int
    tax_rate_bp: int
    promotions: int
    full: int

    @property
    def net(self) -> int:
        return self.gross - self.discount

    @property
    def total(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True)
class Amounts:
    """A whole basket: total = gross - discount + shipping + tax, where tax includes that on shipping.

    `shipping_promotions` is what promotions take off delivery, without tax.
    """

    lines: tuple[LineAmounts, ...]
    gross: int
    discount: int
    shipping: int
    shipping_tax: int
    shipping_tax_rate_bp: int
    shipping_promotions: int
    tax: int
    total: int


def line_amounts(item: Item, taxed: Treatment) -> LineAmounts:
    rate = taxed.rate(item.tax_class)
    full = item.unit_price * item.quantity
    before, before_tax = taxed.split(full, rate)
    net, tax = taxed.split(full - item.promotions, rate)
    gross, _ = taxed.split(item.list_price * item.quantity, rate)
    return LineAmounts(
        gross=gross,
        discount=gross - net,
        tax=tax,
        tax_rate_bp=rate,
        promotions=before - net,
        full=before + before_tax,
    )


def goods(items: Sequence[Item]) -> int:
    """What the goods among the items cost together before promotions: gift cards need no parcel."""
    return sum(item.unit_price * item.quantity for item in items if not item.is_gift_card)


def amounts(items: Sequence[Item], taxed: Treatment, delivery: int, off_delivery: int = 0) -> Amounts:
    """Price a basket; the same items always cost the same.

    Args:
        delivery: its price before promotions, which contains tax as the items' prices do.
        off_delivery: what promotions take off it.
    """
    lines = tuple(line_amounts(item, taxed) for item in items)
    rate = taxed.rate(STANDARD)
    before, _ = taxed.split(delivery, rate)
    shipping, shipping_tax = taxed.split(delivery - off_delivery, rate)
    return Amounts(
        lines=lines,
        gross=sum(line.gross for line in lines),
        discount=sum(line.discount for line in lines),
        shipping=shipping,
        shipping_tax=shipping_tax,
        shipping_tax_rate_bp=rate,
        shipping_promotions=before - shipping,
        tax=sum(line.tax for line in lines) + shipping_tax,
        total=sum(line.total for line in lines) + shipping + shipping_tax,
    )
