"""What paying sends and receives over the wire."""

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from transactional.payments.provider import Method


class PayIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    return_url: HttpUrl | None = Field(
        None, description="Where the provider sends the shopper afterwards; empty: to this API's own return."
    )
    method: Method | None = Field(None, description="One of /payment-methods; empty: as was chosen before.")
    provider: str | None = Field(None, max_length=32, description="Who takes it, when several do.")


class PaymentMethodView(BaseModel):
    method: str
    provider: str
    name: str = Field(description="As a shopper reads it.")


class PaymentMethods(BaseModel):
    items: list[PaymentMethodView]


class PayView(BaseModel):
    payment_id: str
    status: str
    amount: int
    currency: str
    redirect_url: str = Field(description="Send the shopper here to pay.")


class WebhookView(BaseModel):
    outcome: str = Field(description="paid, refunding, closed or unchanged.")
