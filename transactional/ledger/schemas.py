"""What the ledger sends over the wire. Amounts are minor units."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class AccountTotalsView(BaseModel):
    account: str = Field(examples=["income:sales"])
    currency: str
    debits: int = Field(description="Posted from the account.")
    credits: int = Field(description="Posted to the account.")
    balance: int = Field(description="Positive on the side where accounts of this kind grow.")


class CurrencyTotals(BaseModel):
    currency: str
    debits: int
    credits: int


class TrialBalance(BaseModel):
    """Every account that moved in the period. Per currency the debits are equal to the credits."""

    first_day: date | None = Field(description="In the shop's time zone; null: since the shop's first day.")
    last_day: date
    totals: list[CurrencyTotals] = Field(description="Of all accounts, whatever the page.")
    items: list[AccountTotalsView]
    page: int
    page_size: int
    total: int = Field(description="Accounts on all pages.")


class PostingView(BaseModel):
    source: str = Field(description="Account where the money comes from: debited.")
    destination: str = Field(description="Account where it goes: credited.")
    amount: int
    currency: str


class EntryView(BaseModel):
    reference: str
    document: str
    reason: str
    occurred_at: datetime
    reverses_id: str | None
    id: str
    postings: list[PostingView]


class StatementLine(PostingView):
    reference: str
    document: str
    reason: str
    occurred_at: datetime


class StatementView(BaseModel):
    """An account's totals in the period, and its postings, the newest first."""

    account: str
    first_day: date | None
    last_day: date
    totals: list[AccountTotalsView]
    items: list[StatementLine]
    page: int
    page_size: int
