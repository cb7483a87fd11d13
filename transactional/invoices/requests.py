"""Invoices that buyers ask for, with their order or later."""

from dataclasses import asdict

from sqlalchemy import bindparam, select

from transactional.checkout.requirements import Invoicee, gate, of_invoice
from transactional.checkout.tax_numbers import normalised
from transactional.invoices.errors import InvoiceeFixed, InvoiceIssued
from transactional.invoices.models import invoice_requests
from transactional.unit_of_work import Reading, Row, UnitOfWork

_of_order = select(invoice_requests).where(invoice_requests.c.order_id == bindparam("order_id"))


def request(uow: UnitOfWork, order_id: str, invoicee: Invoicee, *, reverse_charge: bool = False) -> None:
    """Note that the buyer wants an invoice, and in which name; it is issued once the order is paid."""
    row = {"id": uow.new_id(), "order_id": order_id, "buyer": _buyer(invoicee), "created_at": uow.now}
    uow.insert(invoice_requests, {**row, "status": "open", "reverse_charge": reverse_charge})


def change(uow: UnitOfWork, order: Row, invoicee: Invoicee, issued: str | None) -> None:
    """Note in which name the buyer wants the invoice of a locked order, whatever was said before.

    Args:
        issued: number of the order's invoice; None while there is none.

    Raises:
        InvoiceIssued: it is too late.
        InvoiceeFixed: the order carries no tax because of the company it was asked for.
        OrderIncomplete: something is missing or wrong, which its details list.
    """
    if issued is not None:
        raise InvoiceIssued(issued)
    gate(list(of_invoice(invoicee, order["ship_country"] or "")))
    known = of_order(uow, order["id"])
    if known is None:
        request(uow, order["id"], invoicee)
        return
    buyer = _buyer(invoicee)
    if known["reverse_charge"] and buyer["tax_number"] != known["buyer"]["tax_number"]:
        raise InvoiceeFixed(known["buyer"]["tax_number"])
    uow.update(invoice_requests, uow.lock(invoice_requests, known["id"]) or known, buyer=buyer)


def of_order(db: Reading, order_id: str) -> Row | None:
    """What the buyer of an order asked for; None for nothing."""
    return db.row(_of_order, order_id=order_id)


def _buyer(invoicee: Invoicee) -> dict[str, str | None]:
    number = invoicee.tax_number
    return asdict(invoicee) | {"tax_number": normalised(number) if number else None}
