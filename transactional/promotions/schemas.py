"""What promotions send and receive over the wire. Amounts are minor units and contain tax unless net."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from iso import Country
from transactional.moments import Moment
from transactional.promotions.rules import Activity, Budget, Conditions, Names
from transactional.promotions.templates import Class, Template

MAX_CODES = 5_000  # in one request
Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, min_length=3, max_length=40),
    Field(pattern="^[A-Za-z0-9_-]+$", examples=["SUMMER10"]),
]

Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400), Field(examples=["clearance"])
]

Prefix = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, max_length=24),
    Field(pattern="^[A-Za-z0-9_-]*$"),
]


class PromotionIn(BaseModel):
    """An activity made from a template."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "10 % off everything from 20.00",
                    "template": {"kind": "percent", "off_bp": 1_000, "of": "order"},
                    "conditions": {"min_amount": 2_000},
                    "budget": {"uses": 1_000},
                },
            ]
        },
    )
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    template: Template
    conditions: Conditions = Conditions()
    budget: Budget = Budget()
    group: str | None = Field(
        None, min_length=1, max_length=64, description="Of a group only the best deal applies."
    )
    priority: int = Field(0, ge=-100, le=100)
    stacks_with: frozenset[Class] | None = Field(
        None, description="Classes of offers it may be combined with; by default all but its own."
    )
    not_with: frozenset[UUID] = Field(frozenset(), max_length=100, description="Ids of other promotions.")
    needs_code: bool = False

    def activity(self, promotion_id: str) -> Activity:
        return Activity(
            id=promotion_id,
            name=self.name,
            template=self.template,
            conditions=self.conditions,
            budget=self.budget,
            group=self.group,
            priority=self.priority,
            stacks_with=self.stacks_with,
            not_with=frozenset(str(each) for each in self.not_with),
            needs_code=self.needs_code,
        )


class ActivateIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})
    below_cost_reason: Reason | None = Field(
        None, description="Why it may sell below cost: it is not judged then, and the reason is kept."
    )


class BudgetView(BaseModel):
    """What a limited promotion has given."""

    uses: int
    money: int
    units: int


class PromotionView(BaseModel):
    id: str
    status: Literal["draft", "active", "paused", "ended"]
    of: Class
    definition: dict[str, Any] = Field(description="As it was given.")
    below_cost_reason: str | None = Field(description="Why it may sell below cost, if it may.")
    given: BudgetView | None = Field(description="None for a promotion without limits.")
    codes: int
    created_at: datetime
    updated_at: datetime


class PromotionPage(BaseModel):
    items: list[PromotionView]
    page: int
    page_size: int


class CodesIn(BaseModel):
    """Codes to make: `count` random ones, or `named` ones."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"count": 100}]})
    count: int = Field(0, ge=0, le=MAX_CODES)
    named: list[Code] = Field([], max_length=100)
    max_uses: int | None = Field(1, ge=1, le=1_000_000, description="Orders per code; null without limit.")
    prefix: Prefix = Field("", description="What random codes begin with.", examples=["XMAS-"])
    expires_at: Moment | None = Field(None, description="From when on they open nothing any more.")

    @model_validator(mode="after")
    def _something(self) -> "CodesIn":
        if not self.count and not self.named:
            raise ValueError("ask for a count or name codes")
        return self


class CodesView(BaseModel):
    codes: list[str]


class CodeView(BaseModel):
    code: str
    uses: int = Field(description="Orders that have it, without those called off.")
    max_uses: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class CodePage(BaseModel):
    items: list[CodeView]
    page: int
    page_size: int


class RevokedView(BaseModel):
    revoked: int
    left: int = Field(description="Unused codes that are still valid: ask again.")


class CouponIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: Code


class SimulateIn(BaseModel):
    """Past orders to run a promotion on: those placed from `start` up to but not at `end`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}]},
    )
    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _bounded(self) -> "SimulateIn":
        if not timedelta(0) < self.end - self.start <= timedelta(days=366):
            raise ValueError("a range of up to 366 days")
        return self


class SumsView(BaseModel):
    """Orders without a promotion (before) and with it (after), both under the others that are on now.

    Net amounts are without tax and delivery.
    """

    orders: int
    orders_affected: int
    discount: int = Field(description="Taken off beyond what the others take off, with tax; also delivery.")
    net_before: int
    net_after: int
    margin_before: int = Field(description="Net less cost of goods.")
    margin_after: int


class DayView(SumsView):
    day: date = Field(description="In the shop's own time zone.")


class AffectedOrderView(BaseModel):
    number: str
    placed_at: datetime
    discount_before: int
    discount_after: int
    net_before: int
    net_after: int


class SimulationView(SumsView):
    """What the orders of a range would have been."""

    gifts_waiting: int = Field(description="Orders that earned the gift and did not hold it.")
    days: list[DayView] = Field(description="Days with orders.")
    most_affected: list[AffectedOrderView] = Field(description="The 20 whose discount changes most.")
    unknown: list[str] = Field(description="What past orders do not tell, in words.")


class DiscountView(BaseModel):
    """What a promotion takes off a line."""

    promotion: str
    reason: str
    amount: int


class AppliedView(BaseModel):
    """A promotion that applies, with all it takes off."""

    promotion: str
    name: str
    code: str | None
    amount: int
    shipping: int = Field(description="The part taken off delivery.")


class TrialLine(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: str = Field(min_length=1, max_length=64)
    quantity: int = Field(1, ge=1, le=99)


class TrialIn(BaseModel):
    """A basket and its circumstances to try promotions on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"lines": [{"sku": "SHIRT0-S", "quantity": 2}], "country": "GB", "first_order": True}
            ]
        },
    )
    lines: list[TrialLine] = Field(min_length=1, max_length=100)
    channel: str = Field("web", max_length=32)
    segments: Names = ()
    first_order: bool | None = Field(None, description="Null while nobody knows who buys.")
    moment: Moment | None = Field(None, description="When it is priced; now unless given.")
    codes: list[Code] = Field([], max_length=5)
    country: Country | None = Field(None, description="Where it goes; at home unless given.")
    delivery_method: str | None = Field(
        None, max_length=32, description="The first that can be had unless given."
    )
    promotion: UUID | None = Field(
        None, description="One that is not on, to try beside those that are; it needs no code."
    )


class TrialLineView(BaseModel):
    sku: str
    quantity: int
    unit_price: int
    list_price: int
    discounts: list[DiscountView]
    total: int


class TrialView(BaseModel):
    """What promotions do to a basket, and why others do nothing. Nothing is changed."""

    currency: str
    lines: list[TrialLineView]
    delivery_method: str | None
    shipping: int = Field(description="Before promotions.")
    shipping_discount: int
    promotions: list[AppliedView]
    gifts: list["HintView"]
    missed: list["HintView"] = Field(description="Every offer that did not apply, or could give more.")


class HintView(BaseModel):
    """What would make an offer apply, or why a code does not."""

    promotion: str | None
    name: str
    reason: str = Field(description="For programs: add_units, add_money, add_sku, used_up...")
    message: str
    missing: int
    sku: str | None
