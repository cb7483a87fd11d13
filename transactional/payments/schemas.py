"""What paying sends and receives over the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from transactional.moments import Moment
from transactional.payments.errors import GiftCardNotValid
from transactional.payments.provider import Method
from transactional.payments.tenders import Wanted
from transactional.security import Keys

Limit = Annotated[
    int | None,
    Field(ge=1, le=10**12, description="The most to take, in minor units; without it all there is."),
]


class GiftCardTenderIn(BaseModel):
    """Pay with a gift card."""

    model_config = ConfigDict(extra="forbid")
    method: Literal["gift_card"]
    code: str = Field(max_length=40, examples=["0F3K-9QXA-7M2D-5RTE-81HW"])
    amount: Limit = None

    def wanted(self, keys: Keys) -> Wanted:
        """The tender this asks for.

        Raises:
            GiftCardNotValid: we did not make this code.
        """
        number = keys.gift_card_number(self.code)
        if number is None:
            raise GiftCardNotValid
        return Wanted(self.method, number, self.amount)


class WalletTenderIn(BaseModel):
    """Pay with a customer's balance or points."""

    model_config = ConfigDict(extra="forbid")
    method: Literal["balance", "points"]
    wallet: str = Field(max_length=200, description="Token of the wallet; whoever has it may spend.")
    amount: Limit = None

    def wanted(self, keys: Keys) -> Wanted:
        """The tender this asks for.

        Raises:
            NotFound: we did not make this token.
        """
        return Wanted(self.method, keys.row_id("wallet", self.wallet), self.amount)


TenderIn = Annotated[GiftCardTenderIn | WalletTenderIn, Field(discriminator="method")]
Amount = Annotated[int, Field(ge=1, le=10**12, description="Minor units.", examples=[2_500])]
Reason = Annotated[str, Field(min_length=1, max_length=200, examples=["The parcel came late"])]


class GiftCardIn(BaseModel):
    """A gift card to give away."""

    model_config = ConfigDict(extra="forbid")
    amount: Amount
    reason: Reason
    expires_at: Moment | None = Field(None, description="Without it the card does not expire.")


class GiftCardView(BaseModel):
    """A gift card; its code is only shown by the address of the card."""

    id: str
    number: str = Field(description="The first part of the code; opens nothing.")
    initial: int
    currency: str
    status: str
    issued_at: datetime
    expires_at: datetime | None
    balance: int
    code: str | None = None


CardStatus = Literal["active", "blocked", "charged_back", "disabled"]


class GiftCardsView(BaseModel):
    """Gift cards, the newest first, without their codes."""

    items: list[GiftCardView]
    next: str | None = Field(description="`before` of the next page; null on the last one.")


class CreditIn(BaseModel):
    """Money for a customer's balance."""

    model_config = ConfigDict(extra="forbid")
    email: str = Field(max_length=320, examples=["ada@example.com"])
    amount: Amount
    reason: Reason


class WalletView(BaseModel):
    customer_id: str
    balance: int = Field(description="Minor units.")
    points: int = Field(description="Minor units that the points are worth.")
    token: str | None = Field(
        None, description="Whoever has it may spend; only shown by the wallet's address."
    )


class TenderView(BaseModel):
    """One part of how an order is paid; what was taken and went back is computed from its events."""

    id: str
    position: int
    method: str
    provider: str
    status: str
    amount: int = Field(description="What it was to pay.")
    currency: str
    installments: int = Field(description="In how many parts the buyer pays the provider.")
    captured: int
    refunding: int = Field(description="Asked of the provider, and not known to have gone back.")
    refunded: int
    charged_back: int


class RefundView(BaseModel):
    """Money that is owed to a buyer and that the provider could not give back, or has not for an hour."""

    id: str
    status: Literal["failed", "pending"] = Field(
        description="Pending: it is sent again and again; the provider does not answer, or is switched off."
    )
    order_id: str
    number: str = Field(description="Of the order.")
    provider: str
    amount: int
    currency: str
    created_at: datetime


class UnpaidRefundsView(BaseModel):
    items: list[RefundView]


class RetryView(BaseModel):
    id: str = Field(description="Of the refund that is asked for instead.")


class MessageView(BaseModel):
    """What a provider told and the shop could not believe yet."""

    id: str
    source: str = Field(description="The provider.")
    external_id: str = Field(description="The provider's id of the message.")
    received_at: datetime
    problem: str


class MessagesView(BaseModel):
    items: list[MessageView]


class TendersView(BaseModel):
    items: list[TenderView]


class PayIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    return_url: HttpUrl | None = Field(
        None, description="Where the provider sends the shopper afterwards; empty: to this API's own return."
    )
    method: Method | None = Field(None, description="One of /payment-methods; empty: as was chosen before.")
    provider: str | None = Field(None, max_length=32, description="Who takes it, when several do.")
    installments: int | None = Field(
        None, ge=1, le=60, description="One of /payment-methods; empty: the first that the method has."
    )


class PaymentMethodView(BaseModel):
    method: str
    provider: str
    name: str = Field(description="As a shopper reads it.")
    installments: int = Field(
        description="In how many parts one pays; 1 also where the provider's page asks."
    )


class PaymentMethods(BaseModel):
    items: list[PaymentMethodView]


class PayView(BaseModel):
    payment_id: str
    status: str
    amount: int
    currency: str
    redirect_url: str = Field(description="Send the shopper here to pay.")


class WebhookView(BaseModel):
    outcome: str = Field(description="What changed, as `settlement.Outcome` names it, or unchanged.")
