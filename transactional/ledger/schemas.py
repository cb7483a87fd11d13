"""What the ledger sends and receives. Amounts are minor units."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from iso import Currency
from transactional.ledger.chart import Kind
from transactional.ledger.rules import Posting
from transactional.money import MOST_OF_DOCUMENT


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


class KindTotals(BaseModel):
    kind: Kind
    currency: str
    balance: int = Field(description="Of all accounts of this kind, on the side where they grow.")


class TrialBalance(BaseModel):
    """Every account that moved in the period. Per currency the debits are equal to the credits."""

    first_day: date | None = Field(description="In the shop's time zone; null: since the shop's first day.")
    last_day: date
    totals: list[CurrencyTotals] = Field(description="Of all accounts, whatever the page.")
    kinds: list[KindTotals] = Field(
        description="Of all accounts: income less expense is the profit of the period, and since the"
        " beginning what assets are beyond liabilities."
    )
    items: list[AccountTotalsView]
    page: int
    page_size: int
    total: int = Field(description="Accounts on all pages.")


class RateTotalsView(BaseModel):
    """What was sold and credited at one rate of tax."""

    currency: str
    rate_bp: int = Field(description="Basis points: 2000 is 20 %.")
    sold: int = Field(description="Goods and delivery without tax.")
    sold_tax: int
    credited: int = Field(description="Of credit notes, without tax.")
    credited_tax: int
    tax: int = Field(description="Owed for this rate: that on sales less that on credit notes.")


class PostedTax(BaseModel):
    """What the tax account moved, and what the rates come to: the same."""

    currency: str
    posted: int
    by_rates: int


class TaxStatement(BaseModel):
    """Tax of the sales and credit notes posted in a period, by rate."""

    first_day: date | None = Field(description="In the shop's time zone; null: since the shop's first day.")
    last_day: date
    rates: list[RateTotalsView]
    totals: list[PostedTax]


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


class EntriesView(BaseModel):
    items: list[EntryView]
    page: int
    page_size: int


Account = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Document = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    Field(description="The paper it stands on.", examples=["INV-4711"]),
]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Field(examples=["rent for December"]),
]
Amount = Annotated[int, Field(ge=1, le=MOST_OF_DOCUMENT, description="Minor units.", examples=[12_000])]


class PostingIn(BaseModel):
    """An amount that is debited to its source and credited to its destination."""

    model_config = ConfigDict(extra="forbid")
    source: Account = Field(examples=["expense:other"])
    destination: Account = Field(examples=["asset:bank"])
    amount: Amount
    currency: Currency

    @model_validator(mode="after")
    def goes_elsewhere(self) -> "PostingIn":
        if self.source == self.destination:
            raise ValueError("source and destination are the same account")
        return self

    def posting(self) -> Posting:
        return Posting(self.source, self.destination, self.amount, self.currency)


class EntryIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    document: Document
    reason: Reason
    postings: list[PostingIn] = Field(min_length=1, max_length=100)


class SupplierPaymentIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    supplier: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", examples=["weavers"])
    amount: Amount
    currency: Currency
    document: Document
    reason: Reason = Field("supplier paid", examples=["supplier paid"])


class ReversalIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


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
