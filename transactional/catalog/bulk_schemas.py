"""What batch generation and bulk changes send and receive. Money is minor units; prices contain tax."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transactional.catalog.bulk import Dated, Rules, Selection, digest
from transactional.catalog.csv_format import OPTIONS
from transactional.catalog.drafts import SkuDraft
from transactional.catalog.generation import Batch, Override
from transactional.catalog.matrix import MAX_COMBINATIONS
from transactional.catalog.repricing import MAX_PRICE, MAX_UNITS, Change, Kind, Rule
from transactional.catalog.staff_schemas import (
    Barcode,
    Grams,
    Options,
    Price,
    SkuCode,
    TaxClass,
    Word,
)
from transactional.members.schemas import Group
from transactional.moments import Moment

Values = Annotated[list[Word], Field(min_length=1, max_length=MAX_COMBINATIONS)]
Patterns = Annotated[list[Options], Field(max_length=1_000)]
_SIZES_AND_COLOURS = {"size": ["S", "M", "L"], "colour": ["Red", "Dark blue"]}


class MatrixIn(BaseModel):
    """A pattern names some options: {"size": "S"} stands for all colours of that size. It has to fit one."""

    model_config = ConfigDict(extra="forbid")
    options: dict[Word, Values] = Field(min_length=1, max_length=OPTIONS, examples=[_SIZES_AND_COLOURS])
    code_template: str = Field(
        min_length=1,
        max_length=200,
        description="{product}, {n} and option names are replaced.",
        examples=["{product}-{size}-{colour}"],
    )
    only: Patterns = Field(default_factory=list, description="Empty: all combinations.")
    leave_out: Patterns = Field(default_factory=list, examples=[[{"size": "L", "colour": "Red"}]])

    def batch(self) -> Batch:
        values = {name: list(dict.fromkeys(each)) for name, each in self.options.items()}
        return Batch(values, self.code_template, self.only, self.leave_out)


Units = Annotated[int, Field(ge=0, le=MAX_UNITS)]


class OverrideIn(BaseModel):
    """What is different for the combinations that fit a pattern; only what is named."""

    model_config = ConfigDict(extra="forbid")
    options: Options = Field(examples=[{"size": "L"}])
    price: Price = Field(0, examples=[2_190])
    list_price: Price = Field(0, examples=[2_690])
    cost: Price = 0
    weight_grams: Grams = 0
    barcode: Barcode | None = None
    on_hand: Units | None = None

    def override(self) -> Override:
        values = self.model_dump(exclude_unset=True, exclude={"options", "on_hand"})
        return Override(self.options, values, self.on_hand)


class BatchIn(MatrixIn):
    price: Price = Field(examples=[1_990])
    list_price: Price = Field(examples=[2_490])
    cost: Price = 0
    weight_grams: Grams = 0
    tax_class: TaxClass = "standard"
    on_hand: Units = Field(0, description="Units of each that are there from the start.")
    overrides: list[OverrideIn] = Field(
        default_factory=list,
        max_length=MAX_COMBINATIONS,
        description="Of several that fit, that which names most options holds.",
    )

    def like(self) -> SkuDraft:
        return SkuDraft(
            "",
            self.price,
            self.list_price,
            self.cost,
            weight_grams=self.weight_grams,
            tax_class=self.tax_class,
        )


class CellView(BaseModel):
    options: dict[str, str]
    code: str
    exists: bool
    taken: bool = Field(description="Another SKU has this code: it cannot be made so.")


class MatrixView(BaseModel):
    cells: list[CellView]
    new: int = Field(description="How many of the cells would be made.")
    taken: int = Field(description="How many codes are taken; then none can be made.")


class BatchView(BaseModel):
    created: int
    codes: list[str]


class RuleIn(BaseModel):
    """`percent` takes signed basis points, -2000 takes a fifth off; `add` takes a signed amount."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind = Field(examples=["percent"])
    amount: int = Field(ge=-MAX_PRICE, le=MAX_PRICE, examples=[-2_000])
    ending: int | None = Field(None, ge=0, le=99, description="Last two digits to round to.", examples=[99])

    def rule(self) -> Rule:
        return Rule(self.kind, self.amount, self.ending)


class UnitsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Kind = Field(examples=["add"])
    amount: int = Field(ge=-MAX_UNITS, le=MAX_UNITS, examples=[5])

    def rule(self) -> Rule:
        return Rule(self.kind, self.amount)


class DatedIn(BaseModel):
    """A price with dates besides the SKU's own, of which it is made."""

    model_config = ConfigDict(extra="forbid")
    rule: RuleIn
    customer_group: Group | None = None
    valid_from: Moment = Field(examples=["2026-11-27T00:00:00Z"])
    valid_to: Moment | None = Field(None, examples=["2026-12-01T00:00:00Z"])

    @model_validator(mode="after")
    def ends_later(self) -> "DatedIn":
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to is not after valid_from")
        return self

    def dated(self) -> Dated:
        return Dated(self.rule.rule(), self.valid_from, self.valid_to, self.customer_group)


class BulkIn(BaseModel):
    """SKUs for which all that is given holds, and what becomes of them. Nothing given: all SKUs."""

    model_config = ConfigDict(extra="forbid")
    category: str | None = Field(None, max_length=100, description="Slug; with all categories below it.")
    brand: str | None = Field(None, max_length=100, description="Slug.")
    product: str | None = Field(None, max_length=160, description="Slug.")
    skus: list[SkuCode] = Field(default_factory=list, max_length=1_000, description="Codes.")
    price: RuleIn | None = None
    list_price: RuleIn | None = None
    cost: RuleIn | None = None
    tax_class: TaxClass | None = None
    dated_price: DatedIn | None = None
    on_hand: UnitsIn | None = Field(None, examples=[None])
    warehouse: Annotated[str, Field(max_length=32)] | None = Field(
        None, description="Code of the one whose stock changes; the first when it is not given."
    )

    def selection(self) -> Selection:
        return Selection(self.category, self.brand, self.product, tuple(self.skus))

    def rules(self) -> Rules:
        return Rules(
            price=None if self.price is None else self.price.rule(),
            list_price=None if self.list_price is None else self.list_price.rule(),
            cost=None if self.cost is None else self.cost.rule(),
            tax_class=self.tax_class,
            dated=None if self.dated_price is None else self.dated_price.dated(),
            warehouse=self.warehouse,
            on_hand=None if self.on_hand is None else self.on_hand.rule(),
        )


class ApplyIn(BulkIn):
    digest: str = Field(pattern="^[0-9a-f]{64}$", description="Of the preview that is to be applied.")


class ChangeView(BaseModel):
    sku: str
    price_before: int
    price_after: int
    list_price_before: int
    list_price_after: int
    cost_before: int
    cost_after: int
    tax_class_before: str
    tax_class_after: str
    dated_price: int | None
    on_hand_before: int
    on_hand_after: int
    problem: str | None


class BulkView(BaseModel):
    """A page of the changes, those that cannot be made first; the digest is of all, and of what was asked."""

    digest: str
    changes: list[ChangeView]
    page: int
    page_size: int
    total: int
    problems: int = Field(description="SKUs that cannot be changed so; then nothing can be applied.")


def bulk_view(asked: BulkIn, changes: list[Change], page: int, page_size: int) -> BulkView:
    wrong = [change for change in changes if change.problem]
    first = [*wrong, *(change for change in changes if not change.problem)] if wrong else changes
    shown = first[(page - 1) * page_size : page * page_size]
    return BulkView(
        digest=digest(asked.selection(), asked.rules(), changes),
        changes=[ChangeView(**change._asdict(), problem=change.problem) for change in shown],
        page=page,
        page_size=page_size,
        total=len(changes),
        problems=len(wrong),
    )


class SkuPriceIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    currency: str = Field(
        pattern="^[A-Z]{3}$", description="The shop's own, or another that it sells in.", examples=["GBP"]
    )
    customer_group: Group | None = None
    price: Price = Field(examples=[990])
    valid_from: Moment = Field(examples=["2026-11-27T00:00:00Z"])
    valid_to: Moment | None = Field(None, examples=["2026-12-01T00:00:00Z"])

    @model_validator(mode="after")
    def ends_later(self) -> "SkuPriceIn":
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to is not after valid_from")
        return self


class SkuPricesIn(BaseModel):
    """All prices of a SKU besides its own; an empty list takes them away."""

    model_config = ConfigDict(extra="forbid")
    prices: list[SkuPriceIn] = Field(max_length=200)

    def wanted(self) -> list[dict[str, Any]]:
        return [price.model_dump() for price in self.prices]


class SkuPriceView(BaseModel):
    currency: str
    customer_group: str | None
    price: int
    valid_from: datetime
    valid_to: datetime | None


class SkuPrices(BaseModel):
    prices: list[SkuPriceView]
