"""Customers and their address books as they go over the wire."""

from transactional.members import addresses
from transactional.members.schemas import AddressesView, AddressView, CustomerView
from transactional.unit_of_work import Reading, Row


def addresses_view(db: Reading, customer_id: str | None) -> AddressesView:
    """The address book of a customer; an empty one of nobody.

    Raises:
        NotFound: there is no such customer.
    """
    shown = AddressView.model_fields
    rows = addresses.of_customer(db, customer_id) if customer_id else []
    return AddressesView(addresses=[AddressView(**{name: row[name] for name in shown}) for row in rows])


def customer_view(row: Row) -> CustomerView:
    shown = CustomerView.model_fields.keys() - {"groups"}
    return CustomerView(groups=row["groups"] or [], **{name: row[name] for name in shown})
