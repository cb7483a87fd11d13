"""The address book of a customer. Until there is a sign-in only the staff writes it.

The checkout shows it to a cart whose customer is proven by the wallet's token: an e-mail address typed into
a form proves nothing about who typed it.
"""

from dataclasses import replace
from typing import Literal

from sqlalchemy import bindparam, select

from transactional.errors import NotFound
from transactional.members.errors import TooManyAddresses
from transactional.members.models import customer_addresses, customers
from transactional.members.service import Buyer
from transactional.unit_of_work import Reading, Row, UnitOfWork

MAX_ADDRESSES = 50  # of one customer
_of_customer = (
    select(customer_addresses)
    .where(customer_addresses.c.customer_id == bindparam("customer_id"))
    .order_by(customer_addresses.c.label)
)
_labelled = select(customer_addresses).where(
    customer_addresses.c.customer_id == bindparam("customer_id"),
    customer_addresses.c.label == bindparam("label"),
)
_DEFAULTS = ("is_shipping_default", "is_billing_default")


def of_customer(db: Reading, customer_id: str) -> list[Row]:
    """The addresses, by label.

    Raises:
        NotFound: there is no such customer.
    """
    if db.get(customers, customer_id) is None:
        raise NotFound("customer", customer_id)
    return db.rows(_of_customer, customer_id=customer_id)


def labelled(db: Reading, customer_id: str, label: str) -> Row:
    """The address that a customer has saved under a label.

    Raises:
        NotFound: there is no such address.
    """
    saved = db.row(_labelled, customer_id=customer_id, label=label)
    if saved is None:
        raise NotFound("address", label)
    return saved


def default(db: Reading, customer_id: str, use: Literal["shipping", "billing"]) -> Row | None:
    """The address that holds where a customer names none."""
    saved = db.rows(_of_customer, customer_id=customer_id)
    return next((row for row in saved if row[f"is_{use}_default"]), None)


def sent_to(saved: Row, typed: Buyer) -> Buyer:
    """A buyer whose name and address are those of an address in the book."""
    names = ("name", "city", "region", "postal_code", "country")
    where = ", ".join(part for part in (saved["company"], saved["lines"]) if part)
    return replace(typed, address=where, **{name: saved[name] for name in names})


def put(uow: UnitOfWork, customer_id: str, label: str, values: Row) -> None:
    """Keep an address under a label, or change the one that is there.

    What becomes the default for shipping or billing takes that from the address that was it.

    Raises:
        NotFound: there is no such customer.
        TooManyAddresses: the book is full.
    """
    there = _locked(uow, customer_id)
    for other in there:
        taken = {name: False for name in _DEFAULTS if values[name] and other[name]}
        if other["label"] != label and taken:
            uow.update(customer_addresses, _own(uow, other["id"]), **taken)
    known = next((row for row in there if row["label"] == label), None)
    if known is not None:
        uow.update(customer_addresses, _own(uow, known["id"]), **values)
    elif len(there) >= MAX_ADDRESSES:
        raise TooManyAddresses(MAX_ADDRESSES)
    else:
        new = {"id": uow.new_id(), "customer_id": customer_id, "label": label, "created_at": uow.now}
        uow.insert(customer_addresses, {**new, **values})


def remove(uow: UnitOfWork, customer_id: str, label: str) -> None:
    """Take an address out of the book; nothing happens when it is not there.

    Raises:
        NotFound: there is no such customer.
    """
    for row in _locked(uow, customer_id):
        if row["label"] == label:
            uow.delete(customer_addresses, _own(uow, row["id"]))


def _locked(uow: UnitOfWork, customer_id: str) -> list[Row]:
    """The addresses of a customer, whose lock puts changes of the book in a row."""
    if uow.lock(customers, customer_id) is None:
        raise NotFound("customer", customer_id)
    return uow.rows(_of_customer, customer_id=customer_id)


def _own(uow: UnitOfWork, address_id: str) -> Row:
    row = uow.lock(customer_addresses, address_id)
    if row is None:
        raise NotFound("address", address_id)
    return row
