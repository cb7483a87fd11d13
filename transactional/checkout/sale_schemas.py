"""What a preview and its order say besides the goods.

Nothing is required here, and texts have no bounds: what is missing or too long is listed by
`checkout.requirements`, all of it at once and in the preview as in the order.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from transactional.checkout.requirements import MAX_NOTE, Invoicee, Wishes
from transactional.members.service import Buyer
from transactional.payments.schemas import TenderIn

Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class BuyerIn(BaseModel):
    """Who orders, and where it goes: an order needs all of it but the region."""

    model_config = ConfigDict(extra="forbid")
    email: Text = Field("", examples=["ada@example.com"])
    name: Text = Field("", examples=["Ada Lovelace"])
    address: Text = Field("", examples=["12 St James's Square"])
    city: Text = Field("", examples=["London"])
    region: Text | None = None
    postal_code: Text = Field("", examples=["SW1Y 4JH"])
    country: Text = Field("", description="ISO 3166-1 alpha-2.", examples=["GB"])

    def buyer(self) -> Buyer:
        return Buyer(**self.model_dump())


class InvoiceeIn(BaseModel):
    """Who the invoice is made out to.

    What is not given is the order's; without company and address it is the default for billing in the address
    book of the cart's customer.
    """

    model_config = ConfigDict(extra="forbid")
    name: Text = Field("", examples=["Ada Lovelace"])
    company: Text | None = Field(None, examples=["Analytical Engines Ltd"])
    tax_number: Text | None = Field(
        None, description="Of the company; its form is checked, by country.", examples=["GB 123 4567 89"]
    )
    address: Text | None = Field(None, description="Of the invoice; then all of it is needed.")
    city: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None

    def invoicee(self) -> Invoicee:
        return Invoicee(**self.model_dump())


class SaleIn(BaseModel):
    """What an order says besides its goods."""

    model_config = ConfigDict(extra="forbid")
    buyer: BuyerIn = Field(
        BuyerIn(),
        description="Of a customer's cart it may lack what the customer has.",
        examples=[{"email": "ada@example.com", "name": "Ada Lovelace"}],
    )
    saved_address: Text | None = Field(
        None,
        description=(
            "Label in the customer's address book; it takes the place of name and address."
            " Without any of these the default for shipping holds."
        ),
    )
    delivery_method: Text | None = Field(
        None, description="One of the cart's deliveries; the first when none is given."
    )
    note: Text | None = Field(None, description=f"For who packs the parcel; at most {MAX_NOTE} characters.")
    invoice: InvoiceeIn | None = None
    terms_accepted: bool = False
    expected_total: int | None = Field(
        None, ge=0, description="What the shopper was shown; another total is refused with `price_changed`."
    )
    tenders: list[TenderIn] = Field(
        [],
        max_length=10,
        description="What pays in this order, each as much as it has; a payment provider takes the rest.",
    )

    def wishes(self) -> Wishes:
        invoice = None if self.invoice is None else self.invoice.invoicee()
        return Wishes(self.delivery_method, self.note, self.terms_accepted, invoice, self.saved_address)
