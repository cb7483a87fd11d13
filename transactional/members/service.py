"""Customers, known by their e-mail address; the groups they are in are the staff's."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from transactional.errors import NotFound
from transactional.members.models import customers
from transactional.unit_of_work import Reading, Row, UnitOfWork

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


def find(db: Reading, customer_id: str) -> Row:
    """A customer.

    Raises:
        NotFound: there is none of this id.
    """
    customer = db.get(customers, customer_id)
    if customer is None:
        raise NotFound("customer", customer_id)
    return customer


def search(db: Reading, email: str, name: str, page: int, page_size: int) -> tuple[list[Row], int]:
    """Customers whose e-mail address and name contain these, the newest first, and how many there are."""
    chosen = select(customers)
    for column, part in ((customers.c.email, email), (customers.c.name, name)):
        if part:
            chosen = chosen.where(func.lower(column).contains(part.strip().lower(), autoescape=True))
    total = db.value(select(func.count()).select_from(chosen.subquery()))
    newest = chosen.order_by(customers.c.id.desc()).limit(page_size).offset((page - 1) * page_size)
    return db.rows(newest), int(total)


def put_groups(uow: UnitOfWork, customer_id: str, groups: Sequence[str]) -> None:
    """Let a customer be in these groups and no others.

    Raises:
        NotFound: there is no such customer.
    """
    customer = uow.lock(customers, customer_id)
    if customer is None:
        raise NotFound("customer", customer_id)
    uow.update(customers, customer, groups=sorted(set(groups)) or None)


def known(db: Reading, email: str) -> str | None:
    """The customer of this e-mail address; None for somebody new."""
    customer: str | None = db.value(_by_email, email=email.strip().lower())
    return customer


def groups_of(db: Reading, customer_id: str) -> list[str]:
    """The groups of a customer, whose prices and offers they have."""
    return sorted((db.get(customers, customer_id) or {}).get("groups") or ())


def join(uow: UnitOfWork, buyer: Buyer) -> str:
    """Make a customer of a buyer who was not `known`; returns the customer's id."""
    email = buyer.email.strip().lower()
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
    # Another transaction made it since the buyer was looked for; the insert waited for its commit.
    return str(uow.value(_by_email, email=email))
