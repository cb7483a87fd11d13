"""What promotions are about: the basket, its circumstances, activities, and what came of them.

Amounts are minor units with tax, except costs, which are without.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from transactional.promotions.templates import CLASSES, Class, FlashSale, Template, class_of, names_money


@dataclass(frozen=True)
class Line:
    """Units of one SKU in a basket; `categories` from the root down."""

    key: str
    sku: str
    product: str
    quantity: int
    list_price: int
    unit_price: int
    cost: int = 0
    categories: tuple[str, ...] = ()
    brand: str | None = None
    is_gift_card: bool = False

    @property
    def total(self) -> int:
        return self.unit_price * self.quantity


@dataclass(frozen=True)
class Basket:
    """What is bought, and what its delivery costs before promotions."""

    lines: tuple[Line, ...]
    shipping: int = 0


@dataclass(frozen=True)
class Used:
    """What an activity has given so far; `by_customer` is how often this shopper had it."""

    uses: int = 0
    money: int = 0
    units: int = 0
    by_customer: int = 0


@dataclass(frozen=True)
class Context:
    """The circumstances of a basket.

    Args:
        moment: in UTC; dates and hours of activities are those of `time_zone`.
        first_order: None while nobody knows who buys.
        coupons: the code that opens an activity, by activity id.
        used: by activity id; an activity that is missing has given nothing.
        delivery_method: code of the chosen delivery; None when none can be had.
        country: where it goes; None when nobody knows.
        gift_prices: what a unit costs of the SKUs that activities give away, if it can be bought.
        is_foreign: whether the basket is in another currency than amounts of activities are.
    """

    moment: datetime
    time_zone: str = "UTC"
    channel: str = "web"
    segments: frozenset[str] = frozenset()
    first_order: bool | None = None
    coupons: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[str, Used] = field(default_factory=dict)
    delivery_method: str | None = None
    country: str | None = None
    gift_prices: Mapping[str, int] = field(default_factory=dict)
    is_foreign: bool = False


def _without_offset(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("hours are those of the shop's time zone: name no other")
    return at


Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=160)], ...], Field(max_length=500)]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")]
ShopTime = Annotated[time, AfterValidator(_without_offset)]
Limit = Annotated[int | None, Field(ge=1, le=10**12)]


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """When an activity applies; a line matches when it fits every list that is not empty, and no exception.

    Minima count the matching lines before any promotion, so no offer undoes the condition of another. Gift
    cards match only where their SKU, their product or the category they stand in is named.

    Args:
        not_reduced: only lines whose unit price is not below their list price.
        weekdays: from 0, Monday; hours over midnight belong to the day on which they began.
        from_time, until_time: hours of the shop's time zone; until 00:00 is until the day ends.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    skus: Names = ()
    products: Names = ()
    categories: Names = ()
    brands: Names = ()
    except_skus: Names = ()
    except_products: Names = ()
    except_categories: Names = ()
    except_brands: Names = ()
    not_reduced: bool = False
    min_amount: Annotated[int, Field(ge=0, le=10**12)] = 0
    min_quantity: Annotated[int, Field(ge=0, le=10_000)] = 0
    segments: Names = ()
    channels: Names = ()
    first_order: bool = False
    delivery_methods: Names = ()
    countries: Annotated[tuple[Country, ...], Field(max_length=300)] = ()
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    weekdays: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(max_length=7)] = ()
    from_time: ShopTime | None = None
    until_time: ShopTime | None = None


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much an activity may give; None is without limit."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    uses: Limit = None
    uses_per_customer: Limit = None
    money: Limit = None


@dataclass(frozen=True)
class Activity:
    """A promotion.

    Args:
        group: at most one activity of a group applies, the best deal for the shopper.
        priority: the higher one is preferred where two may not apply together.
        stacks_with: classes of other offers it may be combined with; None is every class but its own.
        not_with: ids of activities it is never combined with.
        needs_code: applies only with a coupon code.
    """

    id: str
    name: str
    template: Template
    conditions: Conditions = Conditions()
    budget: Budget = Budget()
    group: str | None = None
    priority: int = 0
    stacks_with: frozenset[Class] | None = None
    not_with: frozenset[str] = frozenset()
    needs_code: bool = False

    @cached_property
    def of(self) -> Class:
        return class_of(self.template)

    @property
    def per_customer(self) -> int | None:
        """How often one customer may have it; a first order comes once, also when two are placed at once."""
        return 1 if self.conditions.first_order else self.budget.uses_per_customer

    @property
    def cap(self) -> int | None:
        """How many units it may give in all."""
        return self.template.units if isinstance(self.template, FlashSale) else None

    @property
    def is_limited(self) -> bool:
        """Whether what it gives in all is counted."""
        return (self.budget.uses, self.budget.money, self.cap) != (None, None, None)

    @property
    def is_counted(self) -> bool:
        """Whether what it gives is counted, in all or for each customer."""
        return self.is_limited or self.per_customer is not None

    @cached_property
    def names_money(self) -> bool:
        """Whether it depends on an amount, which is one of the shop's own currency."""
        limits = (self.conditions.min_amount or None, self.budget.money)
        return limits != (None, None) or names_money(self.template)

    def is_over(self, now: datetime) -> bool:
        return self.conditions.ends_at is not None and self.conditions.ends_at <= now

    @cached_property
    def combines_with(self) -> frozenset[Class]:
        return frozenset(CLASSES) - {self.of} if self.stacks_with is None else self.stacks_with


WhyNot = Literal[
    "not_now",
    "channel",
    "segment",
    "first_order_only",
    "buyer_unknown",
    "code_needed",
    "code_over",
    "currency",
    "delivery",
    "used_up",
    "used_by_customer",
    "no_matching_items",
    "add_units",
    "add_money",
    "add_sku",
    "gift_gone",
    "no_saving",
    "better_offer",
]


@dataclass(frozen=True)
class Missed:
    """An activity that did not apply (or could give more): why, and how many units or how much is missing."""

    activity_id: str
    name: str
    reason: WhyNot
    missing: int = 0
    sku: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class LineDiscount:
    """What one activity takes off one line; `units` count against a flash sale's cap."""

    line: str
    activity_id: str
    amount: int
    reason: str
    units: int = 0


@dataclass(frozen=True)
class Applied:
    """An activity that applied, with all it takes off, that off delivery included."""

    activity_id: str
    name: str
    amount: int
    shipping: int
    units: int
    code: str | None
    per_customer: int | None
    is_counted: bool


@dataclass(frozen=True)
class GiftOffer:
    """A gift that is earned and not in the basket yet."""

    activity_id: str
    name: str
    sku: str
    quantity: int


@dataclass(frozen=True)
class Outcome:
    """Discounts per line with their reasons, and why other offers did not apply."""

    lines: tuple[LineDiscount, ...] = ()
    applied: tuple[Applied, ...] = ()
    gifts: tuple[GiftOffer, ...] = ()
    missed: tuple[Missed, ...] = ()

    @property
    def shipping(self) -> int:
        return sum(each.shipping for each in self.applied)

    @property
    def saved(self) -> int:
        return sum(each.amount for each in self.applied)

    def off(self, line: str) -> int:
        """What all activities take off a line."""
        return sum(each.amount for each in self.lines if each.line == line)
