"""What orders send and receive over the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from transactional.members.service import Buyer
from transactional.payments.schemas import TenderIn

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class BuyerIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    email: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=320, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
        Field(examples=["ada@example.com"]),
    ]
    name: Annotated[Line, Field(examples=["Ada Lovelace"])]
    address: Annotated[Line, Field(examples=["12 St James's Square"])]
    city: Annotated[Line, Field(examples=["London"])]
    region: Line | None = None
    postal_code: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=32),
        Field(examples=["SW1Y 4JH"]),
    ]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["GB"])]

    def buyer(self) -> Buyer:
        return Buyer(**self.model_dump())


class OrderIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cart: str = Field(max_length=200, description="Token of the cart.")
    buyer: BuyerIn
    expected_total: int | None = Field(
        None, ge=0, description="What the shopper was shown; another total is refused with `price_changed`."
    )
    tenders: list[TenderIn] = Field(
        [],
        max_length=10,
        description="What pays in this order, each as much as it has; a payment provider takes the rest.",
    )


class OrderPromotionView(BaseModel):
    """What a promotion took off, with tax."""

    promotion: str
    code: str | None
    reason: str
    amount: int


class OrderLineView(BaseModel):
    id: str
    sku: str
    name: str
    quantity: int
    unit_price: int
    list_price: int
    net: int
    tax: int
    discounts: list[OrderPromotionView]


class OrderView(BaseModel):
    """An order: total = gross - discount + shipping + tax, all but total without tax."""

    token: str = Field(description="Addresses the order; whoever has it may see and pay the order.")
    id: str
    number: str
    status: str
    currency: str
    gross: int
    discount: int
    shipping: int
    tax: int
    total: int
    email: str | None
    ship_name: str | None
    ship_address: str | None
    ship_city: str | None
    ship_region: str | None
    ship_postal_code: str | None
    ship_country: str | None
    placed_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    lines: list[OrderLineView]
    delivery_discounts: list[OrderPromotionView]
    gift_cards: list[str] = Field([], description="Codes of the cards in it, when it is looked up.")


class CancelIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: str | None = Field(None, max_length=400)


class ReturnLineIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    order_line_id: UUID
    quantity: int = Field(ge=1)


class ReturnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    lines: list[ReturnLineIn] = Field(min_length=1, max_length=100)
    reason: str | None = Field(None, max_length=400)


class CreditNoteView(BaseModel):
    id: str
    number: str
    kind: str
    currency: str
    amount: int = Field(description="What goes back to the customer, with tax.")
