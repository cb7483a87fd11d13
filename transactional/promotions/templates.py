"""What an activity can give: one frozen dataclass per template, checked by pydantic where it comes in."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

Class = Literal["product", "order", "shipping"]
CLASSES: tuple[Class, ...] = ("product", "order", "shipping")  # the order in which offers are applied

BasisPoints = Annotated[int, Field(ge=1, le=10_000, description="2000 = 20 %.", examples=[1_000])]
Money = Annotated[int, Field(ge=1, le=10**9, description="Minor units with tax.", examples=[500])]
Price = Annotated[int, Field(ge=0, le=10**9, description="Minor units with tax.", examples=[900])]
Units = Annotated[int, Field(ge=1, le=99)]
Sku = Annotated[str, Field(min_length=1, max_length=64)]
Of = Literal["product", "order"]
ALL_OF_IT = 10**9


class _Strict:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True)
class Percent(_Strict):
    """So much less, off each matching line or off all of them together."""

    kind: Literal["percent"] = "percent"
    off_bp: BasisPoints
    of: Of = "product"


@dataclass(frozen=True, kw_only=True)
class Amount(_Strict):
    """An amount off each matching unit (of: product), or off all of them together (of: order)."""

    kind: Literal["amount"] = "amount"
    off: Money
    of: Of = "product"


@dataclass(frozen=True, kw_only=True)
class FixedPrice(_Strict):
    """Every matching unit for one price."""

    kind: Literal["fixed_price"] = "fixed_price"
    price: Price


@dataclass(frozen=True, kw_only=True)
class BuyXGetY(_Strict):
    """Of every `buy` + `get` matching units the cheapest `get` are reduced, or free."""

    kind: Literal["buy_x_get_y"] = "buy_x_get_y"
    buy: Units
    get: Units = 1
    off_bp: BasisPoints = 10_000
    times: Units = 99


@dataclass(frozen=True, kw_only=True)
class Part(_Strict):
    sku: Sku
    quantity: Units = 1


@dataclass(frozen=True, kw_only=True)
class Bundle(_Strict):
    """These SKUs together for one price."""

    kind: Literal["bundle"] = "bundle"
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=20)]
    price: Price
    times: Units = 99


@dataclass(frozen=True, kw_only=True)
class Step(_Strict):
    """From so many units, or so much money, on."""

    at_least: Money
    off_bp: BasisPoints


@dataclass(frozen=True, kw_only=True)
class Tiered(_Strict):
    """The more matching units (or money), the more percent off."""

    kind: Literal["tiered"] = "tiered"
    by: Literal["units", "money"] = "units"
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=10)]


@dataclass(frozen=True, kw_only=True)
class FreeShipping(_Strict):
    """Delivery costs nothing, or up to so much less."""

    kind: Literal["free_shipping"] = "free_shipping"
    up_to: Money = ALL_OF_IT


@dataclass(frozen=True, kw_only=True)
class Gift(_Strict):
    """Units of one SKU are free once they are in the basket with what earns them."""

    kind: Literal["gift"] = "gift"
    sku: Sku
    quantity: Units = 1


@dataclass(frozen=True, kw_only=True)
class MemberPrice(_Strict):
    """So much less for the customers of one segment."""

    kind: Literal["member_price"] = "member_price"
    segment: Annotated[str, Field(min_length=1, max_length=64)]
    off_bp: BasisPoints


@dataclass(frozen=True, kw_only=True)
class FlashSale(_Strict):
    """One price until so many units are sold, in all orders together."""

    kind: Literal["flash_sale"] = "flash_sale"
    price: Price
    units: Annotated[int, Field(ge=1, le=1_000_000)]


Template = Annotated[
    Percent
    | Amount
    | FixedPrice
    | BuyXGetY
    | Bundle
    | Tiered
    | FreeShipping
    | Gift
    | MemberPrice
    | FlashSale,
    Field(discriminator="kind"),
]


def class_of(template: Template) -> Class:
    """What a template takes its discount off: single products, the order as a whole, or delivery."""
    match template:
        case Percent(of=of) | Amount(of=of):
            return of
        case Tiered() | Gift():
            return "order"
        case FreeShipping():
            return "shipping"
        case _:
            return "product"


def names_money(template: Template) -> bool:
    """Whether what a template gives depends on an amount of money."""
    match template:
        case Amount() | FixedPrice() | Bundle() | FlashSale() | Tiered(by="money"):
            return True
        case FreeShipping(up_to=up_to):
            return up_to != ALL_OF_IT
        case _:
            return False
