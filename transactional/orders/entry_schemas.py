"""What the entry of orders by the staff sends and receives over the wire."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, Field

from transactional.checkout.requirements import MAX_NOTE, Wishes
from transactional.checkout.rules import MAX_COUPONS, MAX_LINES
from transactional.checkout.sale_schemas import BuyerIn, SaleIn, Text
from transactional.checkout.schemas import LineIn
from transactional.orders.rules import Gratis
from transactional.orders.schemas import OrderView, ReasonIn
from transactional.promotions.schemas import Code

MAX_RECIPIENTS = 100
Lines = Annotated[list[LineIn], Field(min_length=1, max_length=MAX_LINES)]


class PhoneOrderIn(SaleIn):
    """An order for somebody on the phone, who is told the total and pays on the order's page.

    The staff knows who rings: a customer of the buyer's e-mail address has the own prices and address book.
    """

    lines: Lines
    coupons: list[Code] = Field([], max_length=MAX_COUPONS)


class _GivenIn(ReasonIn):
    """Goods that nobody pays."""

    purpose: Gratis
    lines: Lines
    delivery_method: Text | None = Field(
        None, description="One that serves the address; the first when none is given."
    )
    note: Text | None = Field(None, description=f"For who packs the parcel; at most {MAX_NOTE} characters.")

    def wishes(self) -> Wishes:
        """Nobody buys, so the terms of sale need not be accepted."""
        return Wishes(self.delivery_method, self.note, terms_accepted=True)


class GratisOrderIn(_GivenIn):
    """Goods that nobody pays."""

    buyer: BuyerIn


class GiftListIn(_GivenIn):
    """The same goods for several people, which nobody pays."""

    recipients: list[BuyerIn] = Field(min_length=1, max_length=MAX_RECIPIENTS)
    delivery_method: str | None = Field(
        None,
        max_length=32,
        description="One that serves all addresses; the first of each when none is given.",
    )
    note: str | None = Field(None, max_length=MAX_NOTE, description="For who packs the parcels.")


class GivenOrderView(BaseModel):
    id: str
    number: str
    email: str


class GiftListView(BaseModel):
    """An order for each recipient, in their order."""

    items: list[GivenOrderView]


class EnteredOrderView(OrderView):
    page: str = Field(description="Address of the order's page, where its buyer sees and pays it.")


def units_by_sku(lines: Iterable[LineIn]) -> Counter[str]:
    """Units by SKU code; a code that is named twice counts twice."""
    units: Counter[str] = Counter()
    for line in lines:
        units[line.sku] += line.quantity
    return units
