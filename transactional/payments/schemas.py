"""What paying sends and receives over the wire."""

from pydantic import BaseModel, ConfigDict, Field, HttpUrl


class PayIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    return_url: HttpUrl | None = Field(
        None, description="Where the provider sends the shopper afterwards; empty: to this API's own return."
    )


class PayView(BaseModel):
    payment_id: str
    status: str
    amount: int
    currency: str
    redirect_url: str = Field(description="Send the shopper here to pay.")


class WebhookView(BaseModel):
    outcome: str = Field(description="paid, refunding, closed or unchanged.")
