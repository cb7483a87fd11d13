"""What carts send and receive over the wire. Prices are minor units and contain tax unless named net."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from transactional.checkout.rules import MAX_LINES, MAX_QUANTITY
from transactional.promotions.schemas import AppliedView, DiscountView, HintView

Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY, examples=[1])]


class LineIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: str = Field(min_length=1, max_length=64, description="SKU code.")
    quantity: Quantity = 1


class CartIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    visitor_id: str | None = Field(None, max_length=64, description="The tracker's visitor.")


class LinesIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    lines: list[LineIn] = Field(min_length=1, max_length=MAX_LINES)


class QuantityIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    quantity: Quantity


class CartLineView(BaseModel):
    id: str
    sku: str
    product: str = Field(description="Slug of the product.")
    name: str
    options: dict[str, str]
    image: str | None
    quantity: int
    unit_price: int
    list_price: int
    discounts: list[DiscountView] = Field(description="What promotions take off the line.")
    total: int = Field(description="What the line costs after promotions.")
    available: int


class CartView(BaseModel):
    token: str = Field(description="Addresses the cart; whoever has it may change the cart.")
    status: Literal["open", "ordered"]
    currency: str
    lines: list[CartLineView]
    goods: int = Field(description="What the lines cost together, after promotions.")
    coupons: list[str] = Field(description="Codes the shopper typed.")
    promotions: list[AppliedView] = Field(description="What applies.")
    hints: list[HintView] = Field(description="What would apply, and why a code does not.")


class AmountsView(BaseModel):
    """What the basket costs now: total = gross - discount + shipping + tax; all but total without tax."""

    currency: str
    gross: int
    discount: int
    shipping: int
    tax: int
    total: int


class Shortage(BaseModel):
    sku: str
    wanted: int
    available: int


class CheckoutView(BaseModel):
    cart: CartView
    amounts: AmountsView
    shortages: list[Shortage] = Field(description="Lines that could not be ordered now; empty when all can.")
