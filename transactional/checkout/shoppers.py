"""Who buys a cart.

Its customer, when somebody proved to be one by a wallet's token, or to the staff: with the prices and offers
of the customer's groups, and the address book. Else who an e-mail address names, which proves nothing: it
counts orders, and no more.
"""

from dataclasses import replace

from transactional.checkout.requirements import Invoicee, is_email
from transactional.errors import NotFound
from transactional.members import addresses
from transactional.members import service as members
from transactional.members.models import customers
from transactional.members.service import Buyer
from transactional.promotions.pricing import Shopper
from transactional.unit_of_work import Reading, Row


def of_cart(db: Reading, cart: Row, email: str = "") -> Shopper:
    """The shopper that a cart is priced for."""
    channel = cart["channel"]
    if cart["customer_id"] is not None:
        customer = db.get(customers, cart["customer_id"]) or {"groups": None}
        return Shopper(cart["customer_id"], True, channel, frozenset(customer["groups"] or ()))
    if is_email(email):
        return Shopper(members.known(db, email), True, channel)
    return Shopper(channel=channel)


def buyer_of(db: Reading, cart: Row, typed: Buyer, label: str | None) -> Buyer:
    """Who orders and where it goes: as it was typed, or as the address book of the cart's customer has it.

    Args:
        label: of an address in the book; None for the one that was typed, or the default when none was.

    Raises:
        NotFound: the cart has no customer, or the customer no such address.
    """
    customer_id = cart["customer_id"]
    if customer_id is None:
        if label is not None:
            raise NotFound("address", label)
        return typed
    if not typed.email:
        typed = replace(typed, email=(db.get(customers, customer_id) or {}).get("email") or "")
    if label is not None:
        return addresses.sent_to(addresses.labelled(db, customer_id, label), typed)
    if any((typed.name, typed.address, typed.city, typed.postal_code, typed.country)):
        return typed
    saved = addresses.default(db, customer_id, "shipping")
    return typed if saved is None else addresses.sent_to(saved, typed)


def invoicee_of(db: Reading, cart: Row, typed: Invoicee | None) -> Invoicee | None:
    """Who the invoice is made out to: as it was typed, or to the default for billing of the cart's customer.

    The default stands for a company and an address, where neither was typed.
    """
    if typed is None or cart["customer_id"] is None or typed.company or typed.has_address:
        return typed
    saved = addresses.default(db, cart["customer_id"], "billing")
    if saved is None:
        return typed
    names = ("company", "city", "postal_code", "country")
    bill = {name: saved[name] for name in names}
    return replace(typed, name=typed.name or saved["name"], address=saved["lines"], **bill)
