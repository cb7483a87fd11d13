"""Customers, known by their e-mail address."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from transactional.members.models import customers
from transactional.unit_of_work import Reading, UnitOfWork

_by_email = select(customers.c.id).where(customers.c.email == bindparam("email"))


@dataclass(frozen=True)
class Buyer:
    """Who orders, and where it goes. `country` is an ISO 3166 code."""

    email: str
    name: str
    address: str
    city: str
    postal_code: str
    country: str
    region: str | None = None


def known(db: Reading, email: str) -> str | None:
    """The customer of this e-mail address; None for somebody new."""
    customer: str | None = db.value(_by_email, email=email.strip().lower())
    return customer


def customer_id(uow: UnitOfWork, buyer: Buyer) -> str:
    """The customer of this e-mail address, made on the first order."""
    email = buyer.email.strip().lower()
    known: str | None = uow.value(_by_email, email=email)
    if known is not None:
        return known
    row = {
        "id": uow.new_id(),
        "email": email,
        "name": buyer.name,
        "city": buyer.city,
        "region": buyer.region,
        "postal_code": buyer.postal_code,
        "country": buyer.country,
        "created_at": uow.now,
    }
    if uow.insert_unless_there(customers, row, "email"):
        return str(row["id"])
    # Another transaction made it between the look and the insert, which waited for its commit.
    return str(uow.value(_by_email, email=email))
