"""What orders send and receive over the wire."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from transactional.checkout.sale_schemas import SaleIn
from transactional.checkout.schemas import PartView
from transactional.payments.schemas import TenderView

Status = Literal[
    "pending_payment",
    "paid",
    "gathering",
    "in_review",
    "approved",
    "partly_shipped",
    "shipped",
    "delivered",
    "completed",
    "cancelled",
    "expired",
    "returned",
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class OrderIn(SaleIn):
    cart: str = Field(max_length=200, description="Token of the cart.")


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
    tax_rate_bp: int | None
    discounts: list[OrderPromotionView]


class OrderView(BaseModel):
    """An order: total = gross - discount + shipping + tax, all but total without tax."""

    token: str = Field(description="Addresses the order; whoever has it may see and pay the order.")
    id: str
    number: str
    status: str
    purpose: str = Field(description="sale, or what it is given for: replacement, sample or gift.")
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
    delivery_method: str | None
    delivery_name: str | None
    prices_include_tax: bool | None = Field(
        description="Whether the lines' unit and list prices contain tax."
    )
    placed_at: datetime
    promised_at: datetime | None
    expires_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    lines: list[OrderLineView]
    delivery_discounts: list[OrderPromotionView]
    gift_cards: list[str] = Field([], description="Codes of the cards in it, when it is looked up.")
    paid_by: list[TenderView] = Field([], description="Its tenders in their order, when it is looked up.")
    explanation: list[PartView] = Field(description="Rows that add up to the total.")


Colour = Literal["blue", "orange", "green", "pink", "red", "grey"]


class NoteIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
        Field(examples=["Customer rang: leave it with the neighbour."]),
    ]


class MarkIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    colour: Colour = Field(examples=["orange"])


class NoteView(BaseModel):
    id: str
    author: Literal["shopper", "staff"]
    text: str
    created_at: datetime


class MarkView(BaseModel):
    label: str
    colour: Colour
    created_at: datetime


class RemarksView(BaseModel):
    """What people noted on an order, the oldest first; only the staff sees it."""

    notes: list[NoteView]
    marks: list[MarkView]


class ReasonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=400),
        Field(examples=["The address is not the card's."]),
    ]


class TransitionView(BaseModel):
    """One thing that happened to an order."""

    from_status: str
    to_status: str = Field(description="The same when the event changes no state.")
    event: str
    actor: str = Field(description="shopper, staff, provider:<name> or system:<job>.")
    reason: str | None
    occurred_at: datetime


class HistoryView(BaseModel):
    """An order's life, the newest last."""

    placed_at: datetime
    items: list[TransitionView]


class UnitsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    order_line_id: UUID
    quantity: int = Field(ge=1, le=1_000_000, examples=[1])


class ShipmentIn(BaseModel):
    """What leaves the house; all that is left when no lines are given."""

    model_config = ConfigDict(extra="forbid")
    lines: list[UnitsIn] | None = Field(None, min_length=1, max_length=100)
    warehouse: str | None = Field(
        None, max_length=32, description="Code of the one it leaves from; all that hold some of it when none."
    )
    carrier: str | None = Field(None, max_length=80, examples=["Royal Mail"])
    tracking: str | None = Field(None, max_length=120, examples=["QW123456789GB"])

    def quantities(self) -> dict[str, int] | None:
        """Units by order line id."""
        return None if self.lines is None else units_of(self.lines)


class ShippedLineView(BaseModel):
    order_line_id: str
    quantity: int


class ShipmentView(BaseModel):
    number: str
    warehouse_id: str
    carrier: str | None
    tracking: str | None
    status: Literal["shipped", "delivered"]
    shipped_at: datetime
    delivered_at: datetime | None
    lines: list[ShippedLineView]


class ShipmentsView(BaseModel):
    """An order's shipments, the oldest first."""

    order_status: str
    items: list[ShipmentView]


class CreditIn(ReasonIn):
    """Units that are not sent."""

    lines: list[UnitsIn] = Field(min_length=1, max_length=100)

    def quantities(self) -> dict[str, int]:
        """Units by order line id."""
        return units_of(self.lines)


class ReturnIn(CreditIn):
    """Units that came back."""

    warehouse: str | None = Field(
        None, max_length=32, description="Code of the one they are in; the first that is open when none."
    )
    condition: Literal["sellable", "damaged"] = Field(
        "sellable", description="Damaged units are counted out of stock again, as shrinkage."
    )


def units_of(lines: Iterable[UnitsIn]) -> dict[str, int]:
    """Units by order line id; a line that is named twice counts twice."""
    units: Counter[str] = Counter()
    for line in lines:
        units[str(line.order_line_id)] += line.quantity
    return dict(units)


class CreditNoteView(BaseModel):
    id: str
    number: str
    kind: str
    currency: str
    amount: int = Field(description="What goes back to the customer, with tax.")
