"""Who buys a cart.

Its customer, when somebody proved to be one by a wallet's token, or to the staff: with the prices and offers
of the customer's groups, and the address book. Else who an e-mail address names, which proves nothing: it
counts orders, and no more.
"""

from dataclasses import replace

from transactional.checkout.requirements import is_email
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
        label: of an address in the book; None when the address was typed.

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
    return typed if label is None else addresses.at(db, customer_id, label, typed)
