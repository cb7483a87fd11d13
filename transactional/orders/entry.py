"""Orders that the staff enters: for a customer on the phone, and those that cost nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from transactional.checkout import service as checkout
from transactional.checkout.requirements import NO_WISHES, Wishes
from transactional.errors import ShopError
from transactional.members import service as members
from transactional.members.service import Buyer
from transactional.orders import service
from transactional.orders.errors import GiftCardNotGiven, RecipientRefused
from transactional.orders.rules import Gratis, Special
from transactional.orders.service import Placed
from transactional.staff.service import Terms
from transactional.unit_of_work import UnitOfWork


def by_phone(
    uow: UnitOfWork,
    terms: Terms,
    buyer: Buyer,
    quantities: Mapping[str, int],
    coupons: Sequence[str] = (),
    **how: Any,
) -> Placed:
    """Order for a customer who rang; the cart is made on the way.

    The staff vouches for who rings: prices and address book are those of the buyer's e-mail address.

    Args:
        quantities: units by SKU code.
        how: delivery, tenders and what else `service.place` takes.

    Raises:
        NotForSale, CartTooLarge: a code is unknown or not on sale, or there are too many.
        CouponUnknown: no promotion that is on has this code.
        What `service.place` does.
    """
    cart_id = filled_cart(uow, terms, quantities, "phone", members.known(uow, buyer.email))
    for code in coupons:
        checkout.add_coupon(uow, cart_id, code)
    return service.place(uow, terms, cart_id, buyer, **how)


def gratis(
    uow: UnitOfWork,
    terms: Terms,
    buyer: Buyer,
    quantities: Mapping[str, int],
    purpose: Gratis,
    reason: str,
    wishes: Wishes = NO_WISHES,
) -> Placed:
    """Send goods that nobody pays: each line is free of its whole list price, and so is delivery.

    It is paid at once, without tender or posting, as it is no sale; what they cost is posted when they leave.

    Args:
        quantities: units by SKU code.

    Raises:
        NotForSale, CartTooLarge: a code is unknown or not on sale, or there are too many.
        GiftCardNotGiven: one of them is a gift card.
        OutOfStock: fewer units are available than wanted.
        OrderIncomplete: something of the address or the delivery is missing.
    """
    placed = service.place(
        uow,
        terms,
        filled_cart(uow, terms, quantities, "staff"),
        buyer,
        wishes=wishes,
        special=Special(purpose, unit_price=0, reason=reason),
    )
    for line in placed.lines:
        if line["is_gift_card"]:
            raise GiftCardNotGiven(line["sku"])
    return placed


def gift_list(
    uow: UnitOfWork,
    terms: Terms,
    recipients: Sequence[Buyer],
    quantities: Mapping[str, int],
    purpose: Gratis,
    reason: str,
    wishes: Wishes = NO_WISHES,
) -> list[Placed]:
    """Send each of several people the same goods that nobody pays: to all of them, or to none.

    Raises:
        RecipientRefused: says for whom, and why, an order cannot be placed.
    """
    placed: list[Placed] = []
    for place, recipient in enumerate(recipients, 1):
        try:
            placed.append(gratis(uow, terms, recipient, quantities, purpose, reason, wishes))
        except ShopError as refusal:
            raise RecipientRefused(place, recipient.email, refusal) from refusal
    return placed


def filled_cart(
    uow: UnitOfWork,
    terms: Terms,
    quantities: Mapping[str, int],
    channel: str,
    customer_id: str | None = None,
) -> str:
    """A cart of its own with these units by SKU code; returns its id."""
    cart_id = checkout.create(uow, terms, channel=channel, customer_id=customer_id)
    checkout.add(uow, cart_id, quantities)
    return cart_id
