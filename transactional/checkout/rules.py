"""What a basket costs: pure arithmetic, every number of which the checkout page can show."""

from collections.abc import Sequence
from dataclasses import dataclass

from transactional.money import without_tax

SHIPPING = 395  # flat, with tax
FREE_SHIPPING_FROM = 5_000  # goods with tax
MAX_LINES = 100
MAX_QUANTITY = 99
MAX_COUPONS = 5  # in one cart


@dataclass(frozen=True)
class Item:
    """Units of one SKU at today's prices, which contain tax."""

    quantity: int
    list_price: int
    unit_price: int
    promotions: int = 0  # what they take off all units together
    is_gift_card: bool = False


@dataclass(frozen=True)
class LineAmounts:
    """One line without tax: gross at list price, discount off it; and the tax on what is left."""

    gross: int
    discount: int
    tax: int

    @property
    def net(self) -> int:
        return self.gross - self.discount

    @property
    def total(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True)
class Amounts:
    """A whole basket: total = gross - discount + shipping + tax, where tax includes that on shipping.

    `charge` is delivery with tax, before promotions.
    """

    lines: tuple[LineAmounts, ...]
    gross: int
    discount: int
    shipping: int
    tax: int
    total: int
    charge: int


def line_amounts(item: Item, tax_rate_bp: int) -> LineAmounts:
    """One line; a gift card is not taxed, as what is bought with it will be."""
    if item.is_gift_card:
        tax_rate_bp = 0
    total = item.unit_price * item.quantity - item.promotions
    net = without_tax(total, tax_rate_bp)
    gross = without_tax(item.list_price * item.quantity, tax_rate_bp)
    return LineAmounts(gross=gross, discount=gross - net, tax=total - net)


def shipping_charge(goods: int) -> int:
    """Delivery for goods of this price, both with tax."""
    return 0 if goods >= FREE_SHIPPING_FROM or goods == 0 else SHIPPING


def goods(items: Sequence[Item]) -> int:
    """What the goods among the items cost together before promotions, with tax: gift cards need no parcel."""
    return sum(item.unit_price * item.quantity for item in items if not item.is_gift_card)


def amounts(items: Sequence[Item], tax_rate_bp: int, off_shipping: int = 0) -> Amounts:
    """Price a basket; the same items always cost the same.

    Free delivery is earned by what the goods cost before promotions, or a coupon could make a basket dearer.

    Args:
        off_shipping: what promotions take off delivery, with tax.
    """
    lines = tuple(line_amounts(item, tax_rate_bp) for item in items)
    full = shipping_charge(goods(items))
    charge = full - off_shipping
    shipping = without_tax(charge, tax_rate_bp)
    return Amounts(
        lines=lines,
        gross=sum(line.gross for line in lines),
        discount=sum(line.discount for line in lines),
        shipping=shipping,
        tax=sum(line.tax for line in lines) + charge - shipping,
        total=sum(line.total for line in lines) + charge,
        charge=full,
    )
