"""Invoices over the wire."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class InvoiceView(BaseModel):
    """An issued document; total = net + tax in minor units, positive also on a credit note."""

    number: str = Field(description="Without gaps in its kind and year.")
    kind: Literal["invoice", "credit_note"]
    order_id: str
    credit_note_id: str | None
    issued_at: datetime
    currency: str
    net: int
    tax: int
    total: int
    buyer: dict[str, str | None]


class InvoicesView(BaseModel):
    invoices: list[InvoiceView]
