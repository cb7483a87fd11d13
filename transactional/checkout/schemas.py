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
    currency: str | None = Field(
        None, max_length=3, description="ISO 4217; without it the shop's own.", examples=["GBP"]
    )


class CustomerIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wallet: str = Field(max_length=200, description="Token of the customer's wallet.")


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
    for_sale: bool = Field(description="Whether it can be bought at all, in this currency.")


class CartView(BaseModel):
    token: str = Field(description="Addresses the cart; whoever has it may change the cart.")
    status: Literal["open", "ordered"]
    channel: str = Field(description="Where its order will come from: web, api, phone, staff or group.")
    has_customer: bool = Field(description="Whether somebody proved to be a customer, whose prices it has.")
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


class OfferView(BaseModel):
    code: str = Field(description="What an order takes as `delivery_method`.")
    name: str
    days_min: int
    days_max: int
    price: int = Field(description="Before promotions; with tax where prices contain it.")


class DeliveryView(BaseModel):
    """The deliveries an address can have; the first is taken when an order asks for none."""

    currency: str
    offers: list[OfferView]


class MissingView(BaseModel):
    """What is still to be mended before the order: `field` says where."""

    code: str
    field: str
    message: str


class PartView(BaseModel):
    """One row of an explanation; without tax, unless it is tax. The rows' amounts add up to the total."""

    kind: Literal["goods", "price", "promotion", "delivery", "tax"]
    label: str
    amount: int = Field(description="Signed minor units.")
    basis: int | None = Field(
        description=(
            "What it was computed from: units; what a promotion is off, before any; goods or grams that chose"
            " the delivery's rate; what is taxed."
        )
    )
    rule: str = Field(
        description="What made it: list_price, a promotion's id, a delivery's code and rate, a tax rate."
    )


class CheckoutView(BaseModel):
    cart: CartView
    amounts: AmountsView
    delivery: str | None = Field(
        description="Code of the delivery in these amounts; null when none serves, or none is needed."
    )
    explanation: list[PartView]
    missing: list[MissingView] = Field(description="What the order must still have, as its refusal lists it.")
    shortages: list[Shortage] = Field(description="Lines that could not be ordered now; empty when all can.")
