"""The states of an order, its numbers and its credits. The table below is the only way from one to another.

                 pay               ship              deliver
pending_payment ────▶ paid ─────────────▶ shipped ─────────────▶ delivered
   │        │          │ ▲
   │ cancel │ expire   │ │ pay late, when the stock is still there
   │        └──────────┼─┴──── expired
   ▼                   │ cancel (credit note, refund)
cancelled ◀────────────┘

Units can come back once they were shipped; a return changes no state, it makes a credit note.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

from transactional.errors import IllegalTransition
from transactional.money import allocate, slice_of
from transactional.orders.errors import TooManyReturned

Event = Literal["pay", "expire", "cancel", "ship", "deliver", "return"]

TRANSITIONS: dict[tuple[str, Event], str] = {
    ("pending_payment", "pay"): "paid",
    ("pending_payment", "expire"): "expired",
    ("pending_payment", "cancel"): "cancelled",
    ("expired", "pay"): "paid",
    ("paid", "cancel"): "cancelled",
    ("paid", "ship"): "shipped",
    ("shipped", "deliver"): "delivered",
    ("shipped", "return"): "shipped",
    ("delivered", "return"): "delivered",
}


def after(status: str, event: Event) -> str:
    """The status that `event` leads to.

    Raises:
        IllegalTransition: it cannot happen in this status.
    """
    target = TRANSITIONS.get((status, event))
    if target is None:
        raise IllegalTransition(status, event)
    return target


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def document_number(document_id: str, day: date, prefix: str = "") -> str:
    """A number people can read out, made from the document's id: 261122-7K3M9QXA.

    A counter would be shorter, but every order would wait for the one before it to commit.
    """
    digest = int.from_bytes(sha256(document_id.encode()).digest()[:5])
    return f"{prefix}{day:%y%m%d}-" + "".join(_CROCKFORD[digest >> 5 * place & 31] for place in range(8))


@dataclass(frozen=True)
class SoldLine:
    """An order line with what has come back of it before; amounts without tax except `tax`."""

    id: str
    quantity: int
    returned: int
    net: int
    tax: int


@dataclass(frozen=True)
class Credit:
    """What a credit note gives back for one order line."""

    line_id: str
    quantity: int
    amount: int
    shipping: int
    tax: int

    @property
    def total(self) -> int:
        return self.amount + self.shipping + self.tax


def return_credit(line: SoldLine, quantity: int) -> Credit:
    """Credit for `quantity` units; all units together get exactly what the line cost. Delivery is kept.

    Raises:
        TooManyReturned: fewer units are still with the customer.
    """
    if quantity > line.quantity - line.returned:
        raise TooManyReturned(line.id, line.quantity - line.returned, quantity)
    # Sliced with tax, so that one unit of several gives back what one unit cost.
    total = slice_of(line.net + line.tax, line.quantity, line.returned, quantity)
    amount = slice_of(line.net, line.quantity, line.returned, quantity)
    return Credit(line.id, quantity, amount, shipping=0, tax=total - amount)


def cancellation_credits(lines: Sequence[SoldLine], shipping: int, tax: int) -> list[Credit]:
    """Credit for a whole order: every line, and its delivery spread over the lines.

    Args:
        shipping: the order's delivery charge without tax.
        tax: all tax of the order, so that what the lines do not carry is the tax on delivery.
    """
    weights = [line.net for line in lines]
    shippings = allocate(shipping, weights)
    shipping_taxes = allocate(tax - sum(line.tax for line in lines), weights)
    return [
        Credit(line.id, line.quantity, line.net, part, line.tax + part_tax)
        for line, part, part_tax in zip(lines, shippings, shipping_taxes, strict=True)
    ]
