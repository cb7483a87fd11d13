"""Invoices that buyers ask for with their order."""

from dataclasses import asdict

from transactional.checkout.requirements import Invoicee
from transactional.checkout.tax_numbers import normalised
from transactional.invoices.models import invoice_requests
from transactional.unit_of_work import UnitOfWork


def request(uow: UnitOfWork, order_id: str, invoicee: Invoicee) -> None:
    """Note that the buyer wants an invoice, and in which name; it is issued once the order is paid."""
    buyer = asdict(invoicee)
    if invoicee.tax_number:
        buyer["tax_number"] = normalised(invoicee.tax_number)
    row = {"id": uow.new_id(), "order_id": order_id, "buyer": buyer, "created_at": uow.now}
    uow.insert(invoice_requests, {**row, "status": "open"})
