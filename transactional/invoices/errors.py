"""What the invoices room refuses."""

from transactional.errors import ShopError


class InvoiceIssued(ShopError):
    code = "invoice_issued"

    def __init__(self, number: str):
        super().__init__(f"The invoice is issued already, as {number}, and stays as it is.", number=number)


class InvoiceeFixed(ShopError):
    code = "invoicee_fixed"

    def __init__(self, tax_number: str):
        super().__init__(
            f"This order was sold without tax to {tax_number}, so its invoice is made out to it.",
            tax_number=tax_number,
        )


class NotInvoiceable(ShopError):
    code = "not_invoiceable"

    def __init__(self, status: str):
        super().__init__(f"An order that is {status} and was not paid gets no invoice.", status=status)
