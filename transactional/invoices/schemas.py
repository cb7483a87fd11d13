"""Invoices over the wire."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field


class InvoiceView(BaseModel):
    """An issued document; total = net + tax in minor units, positive also on a credit note."""

    number: str = Field(description="Without gaps in its kind and year.")
    kind: Literal["invoice", "credit_note"]
    order_id: str
    credit_note_id: str | None
    corrects: str | None = Field(description="Number of a credit note's invoice.")
    issued_at: datetime
    currency: str
    net: int
    tax: int
    total: int
    reverse_charge: bool = Field(description="Whether the buyer accounts for the tax.")
    sent_on: date | None = Field(description="Day of the shop's calendar on which the goods left.")
    promised_on: date | None = Field(description="By when they were to arrive, while none has left.")
    buyer: dict[str, str | None]


class InvoicesView(BaseModel):
    invoices: list[InvoiceView]


class InvoicePage(BaseModel):
    items: list[InvoiceView]
    page: int
    page_size: int
    total: int
