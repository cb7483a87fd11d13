"""What shop and sandbox send each other."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

EventType = Literal["payment.authorised", "payment.captured", "payment.failed", "payment.disputed"]
DisputeStatus = Literal["inquiry", "open", "won", "lost"]
WebhookMode = Literal["now", "late", "twice", "never"]
INSTALLMENTS = (3, 6, 12)  # how many the sandbox's bank offers


class PaymentIn(BaseModel):
    """A payment to create; the Idempotency-Key header makes a repeat return the first."""

    model_config = ConfigDict(extra="forbid")
    reference: UUID = Field(description="The shop's own id of the payment.")
    amount: int = Field(gt=0, description="Minor units.")
    currency: str = Field(pattern="^[A-Z]{3}$")
    description: str = Field("", max_length=200)
    installments: Literal[1, 3, 6, 12] = Field(1, description="In how many parts the buyer pays the bank.")
    return_url: HttpUrl
    webhook_url: HttpUrl
    webhook: WebhookMode = Field("now", description="How the shop is told, unless the pay page says another.")


class PaymentOut(BaseModel):
    id: str
    reference: UUID
    status: Literal["pending", "authorised", "captured", "failed", "voided"]
    amount: int
    currency: str
    pay_url: str


class RefundIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount: int = Field(gt=0)


class RefundOut(BaseModel):
    id: str
    status: Literal["succeeded", "failed"]
    amount: int


class SilenceIn(BaseModel):
    """From now on do what is asked, and do not answer."""

    model_config = ConfigDict(extra="forbid")
    answers: int = Field(ge=0, le=1_000, description="How many captures, refunds and voids get no answer.")


class DisputeIn(BaseModel):
    """A dispute to begin; an inquiry takes no money."""

    model_config = ConfigDict(extra="forbid")
    amount: int = Field(gt=0)
    status: Literal["inquiry", "open"] = "open"


class DisputeStepIn(BaseModel):
    """How a dispute goes on: an inquiry becomes `open` and takes the money, and either ends."""

    model_config = ConfigDict(extra="forbid")
    status: Literal["open", "won", "lost"]


class DisputeOut(BaseModel):
    """A dispute of a payment: while it is `open` or `lost`, the buyer's bank has the money."""

    id: str
    amount: int
    status: DisputeStatus = "open"


class EventOut(BaseModel):
    """The body of a webhook."""

    id: str
    type: EventType
    created_at: datetime
    payment: PaymentOut
    dispute: DisputeOut | None = None
