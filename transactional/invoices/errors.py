"""What the invoices room refuses."""

from transactional.errors import ShopError


class NotInvoiceable(ShopError):
    code = "not_invoiceable"

    def __init__(self, status: str):
        super().__init__(f"An order that is {status} and was not paid gets no invoice.", status=status)
