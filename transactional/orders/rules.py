"""The states of an order, its numbers and its credits. The drawing is all that can happen.

pending_payment ── pay ──▶ paid ── ship ──▶ shipped ── deliver ──▶ delivered ── complete ──▶ completed

pending_payment ── expire ──▶ expired ── pay ──▶ paid
paid ── gather ──▶ gathering ── complete ──▶ paid
paid, approved ── hold ──▶ in_review ── approve ──▶ approved ── ship ──▶ shipped
paid, approved, partly_shipped ── ship part ──▶ partly_shipped ── ship ──▶ shipped
partly_shipped ── cancel rest ──▶ shipped
partly_shipped ── hold ──▶ as before, and nothing more of it is sent
partly_shipped ── approve ──▶ as before, and the rest may be sent
in_review ── hold ──▶ as before, for another reason

pending_payment, paid, gathering, in_review, approved ── cancel ──▶ cancelled
shipped, delivered, completed ── return all ──▶ returned

paid, in_review, approved, partly_shipped ── cancel part ──▶ as before, with a credit note
partly_shipped, shipped, delivered, completed ── return ──▶ as before, with a credit note
pending_payment, paid, gathering, in_review, approved, partly_shipped ── change ──▶ as before
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

from transactional.errors import IllegalTransition
from transactional.money import allocate, slice_of
from transactional.orders.errors import TooManyCancelled, TooManyReturned

Event = Literal[
    "pay",
    "expire",
    "gather",
    "hold",
    "approve",
    "cancel",
    "cancel part",
    "cancel rest",
    "change",
    "ship part",
    "ship",
    "deliver",
    "return",
    "return all",
    "complete",
]

_SHIPPABLE = ("paid", "approved", "partly_shipped")
_PAUSES: tuple[Event, Event] = ("hold", "approve")
_SENT = ("shipped", "delivered", "completed")
TRANSITIONS: dict[tuple[str, Event], str] = {
    ("pending_payment", "pay"): "paid",
    ("pending_payment", "expire"): "expired",
    ("expired", "pay"): "paid",
    ("paid", "gather"): "gathering",
    ("gathering", "complete"): "paid",
    **{(status, "hold"): "in_review" for status in ("paid", "approved", "in_review")},
    ("in_review", "approve"): "approved",
    **{("partly_shipped", event): "partly_shipped" for event in _PAUSES},
    **{
        (status, "cancel"): "cancelled"
        for status in ("pending_payment", "paid", "gathering", "in_review", "approved")
    },
    **{(status, "cancel part"): status for status in (*_SHIPPABLE, "in_review")},
    ("partly_shipped", "cancel rest"): "shipped",
    **{(status, "change"): status for status in (*_SHIPPABLE, "pending_payment", "gathering", "in_review")},
    **{(status, "ship part"): "partly_shipped" for status in _SHIPPABLE},
    **{(status, "ship"): "shipped" for status in _SHIPPABLE},
    ("shipped", "deliver"): "delivered",
    ("delivered", "complete"): "completed",
    **{(status, "return"): status for status in ("partly_shipped", *_SENT)},
    **{(status, "return all"): "returned" for status in _SENT},
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


NO_SKU = ""  # on a credit note's line for delivery alone
SALE = "sale"
Gratis = Literal["replacement", "sample", "gift"]


@dataclass(frozen=True)
class Special:
    """What sets an order apart from the sale of a basket.

    Args:
        purpose: what it is for; only a sale is revenue.
        unit_price: agreed for every unit instead of prices and promotions, with tax where prices contain it.
        reason: why it costs nothing.
        group_id: the group purchase that it joins.
    """

    purpose: str = SALE
    unit_price: int | None = None
    reason: str | None = None
    group_id: str | None = None


ORDINARY = Special()


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def document_number(document_id: str, day: date, prefix: str = "") -> str:
    """A number people can read out, made from the document's id: 261122-7K3M9QXA.

    A counter would be shorter, but every order would wait for the one before it to commit.
    """
    digest = int.from_bytes(sha256(document_id.encode()).digest()[:5])
    return f"{prefix}{day:%y%m%d}-" + "".join(_CROCKFORD[digest >> 5 * place & 31] for place in range(8))


@dataclass(frozen=True)
class SoldLine:
    """An order line with what became of its units; amounts without tax except `tax`."""

    id: str
    quantity: int
    net: int
    tax: int
    cancelled: int = 0
    shipped: int = 0
    returned: int = 0

    @property
    def open(self) -> int:
        """Units that can still be shipped, or cancelled."""
        return self.quantity - self.cancelled - self.shipped

    @property
    def returnable(self) -> int:
        """Units that are with the customer."""
        return self.shipped - self.returned

    @property
    def credited(self) -> int:
        """Units that a credit note has given back, of either kind."""
        return self.cancelled + self.returned


@dataclass(frozen=True)
class Credit:
    """What a credit note gives back for one order line; without a line, for delivery alone.

    Args:
        tax: on goods and delivery; `shipping_tax` is that on delivery.
    """

    line_id: str | None
    quantity: int
    amount: int
    shipping: int
    tax: int
    shipping_tax: int = 0

    @property
    def total(self) -> int:
        return self.amount + self.shipping + self.tax


def return_credit(line: SoldLine, quantity: int) -> Credit:
    """Credit for units that came back. Delivery is kept.

    Raises:
        TooManyReturned: fewer units are with the customer.
    """
    if quantity > line.returnable:
        raise TooManyReturned(line.id, line.returnable, quantity)
    return _credit(line, quantity)


def partial_credit(line: SoldLine, quantity: int) -> Credit:
    """Credit for units that are not sent; delivery is kept, as the rest is still delivered.

    Raises:
        TooManyCancelled: fewer units are still to be sent.
    """
    if quantity > line.open:
        raise TooManyCancelled(line.id, line.open, quantity)
    return _credit(line, quantity)


def _credit(line: SoldLine, quantity: int) -> Credit:
    """All units together get exactly what the line cost, in whatever portions and of whichever kind."""
    # Sliced with tax, so that one unit of several gives back what one unit cost.
    total = slice_of(line.net + line.tax, line.quantity, line.credited, quantity)
    amount = slice_of(line.net, line.quantity, line.credited, quantity)
    return Credit(line.id, quantity, amount, shipping=0, tax=total - amount)


def cancellation_credits(lines: Sequence[SoldLine], shipping: int, shipping_tax: int) -> list[Credit]:
    """Credit for all that is left of an order, and its delivery spread over the lines.

    Args:
        lines: those that have units left.
        shipping: what is left of the delivery charge, without tax; `shipping_tax` is the tax on it.
    """
    goods = [_credit(line, line.open) for line in lines]
    weights = [credit.amount for credit in goods]
    shippings = allocate(shipping, weights)
    shipping_taxes = allocate(shipping_tax, weights)
    return [
        Credit(credit.line_id, credit.quantity, credit.amount, part, credit.tax + part_tax, part_tax)
        for credit, part, part_tax in zip(goods, shippings, shipping_taxes, strict=True)
    ]
