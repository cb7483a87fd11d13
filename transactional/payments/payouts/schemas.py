"""Payouts and their reconciliation as they go over the wire; amounts in minor units."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class PayoutView(BaseModel):
    id: str
    external_id: str
    currency: str
    gross: int
    fee: int
    net: int
    lines: int


class PayoutsView(BaseModel):
    payouts: list[PayoutView]
    new: bool = Field(description="False when this file had come before: nothing was changed.")


class ReconciledTotal(BaseModel):
    """Lines of one class, age and currencies; a side that has none adds up to 0."""

    outcome: str = Field(description="matched, differing, extra, missing or awaited.")
    age: str = Field(description="Days since: 0-1, 2-7, 8-30 or >30.")
    our_currency: str | None
    our_amount: int
    their_currency: str | None
    their_amount: int
    lines: int


class ReconciledLine(BaseModel):
    outcome: str
    age: str
    kind: str
    reference: str | None = Field(description="The provider's id of the payment or refund.")
    line: str | None = Field(description="The provider's id of the line in its file.")
    document_id: str | None = Field(description="Our payment's or refund's id.")
    our_currency: str | None
    our_amount: int | None
    their_currency: str | None
    their_amount: int | None
    at: datetime


class ReconciliationView(BaseModel):
    provider: str
    as_of: date
    totals: list[ReconciledTotal]
    items: list[ReconciledLine]
    page: int
    page_size: int
