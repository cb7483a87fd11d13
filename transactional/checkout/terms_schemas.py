"""What the staff sends and receives about delivery and tax. Prices are minor units."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from iso import Country
from transactional.catalog.staff_schemas import TaxClass
from transactional.money import MOST_AMOUNT

Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", examples=["standard"])]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Prefix = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16)]
MOST_MONEY = MOST_AMOUNT
MOST_GRAMS = 10**8


class ZoneIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name = Field(examples=["Scottish islands"])
    countries: list[Country] = Field(
        default=[], max_length=250, description="None for all that no other zone names.", examples=[["GB"]]
    )
    postal_prefixes: list[Prefix] = Field(
        default=[], max_length=1_000, description="None for all of the countries.", examples=[["HS", "ZE"]]
    )

    @model_validator(mode="after")
    def prefixes_need_a_country(self) -> Self:
        if self.postal_prefixes and not self.countries:
            raise ValueError("postal_prefixes need countries")
        return self


class ZoneView(BaseModel):
    code: str
    name: str
    countries: list[str]
    postal_prefixes: list[str]


class RateIn(BaseModel):
    """A price in a zone: `flat`; by `weight`, from weight_from to below weight_to; `free_over` free_from.

    One by weight may be free from an amount too.
    """

    model_config = ConfigDict(extra="forbid")
    zone: Code = Field(examples=["everywhere"])
    currency: str = Field(pattern="^[A-Z]{3}$", examples=["GBP"])
    kind: Literal["flat", "weight", "free_over"] = Field(examples=["free_over"])
    price: int = Field(ge=0, le=MOST_MONEY, examples=[395])
    weight_from: int = Field(0, ge=0, le=MOST_GRAMS, description="Grams, inclusive.")
    weight_to: int | None = Field(None, ge=1, le=MOST_GRAMS, description="Grams, exclusive.")
    free_from: int | None = Field(
        None, ge=0, le=MOST_MONEY, description="Goods before promotions.", examples=[5_000]
    )

    @model_validator(mode="after")
    def kind_has_its_bounds(self) -> Self:
        if self.kind != "weight" and (self.kind == "free_over") != (self.free_from is not None):
            raise ValueError("free_from belongs to free_over, and may belong to weight")
        if self.weight_to is not None and self.weight_to <= self.weight_from:
            raise ValueError("weight_to must be above weight_from")
        return self


class MethodIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name = Field(examples=["Standard delivery"])
    days_min: int = Field(ge=0, le=365, examples=[2])
    days_max: int = Field(ge=0, le=365, examples=[4])
    position: int = Field(0, ge=0, le=1_000, description="The lowest that serves an address is its default.")
    is_active: bool = True
    rates: list[RateIn] = Field(max_length=500)

    @model_validator(mode="after")
    def days_in_order(self) -> Self:
        if self.days_max < self.days_min:
            raise ValueError("days_max must not be below days_min")
        return self


class MethodView(MethodIn):
    code: str


class DeliveryTermsView(BaseModel):
    zones: list[ZoneView]
    methods: list[MethodView]


class TaxRateIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tax_class: TaxClass = Field(examples=["standard"])
    rate_bp: int = Field(ge=0, le=10_000, description="Basis points; 2000 = 20 %.", examples=[2_000])
    valid_from: date = Field(examples=["2011-01-04"], description="Day of the shop's calendar.")


class TaxZoneIn(BaseModel):
    """Classes without a rate are taxed as standard."""

    model_config = ConfigDict(extra="forbid")
    name: Name = Field(examples=["At home"])
    countries: list[Country] = Field(max_length=250, examples=[["GB"]])
    prices_include_tax: bool = Field(description="Otherwise tax is added on top.", examples=[True])
    reverse_charge: bool = Field(
        False,
        description=(
            "Whether companies that ask for an invoice with a tax number of another country than the shop's"
            " pay no tax, as they owe it themselves."
        ),
    )
    rates: list[TaxRateIn] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def one_rate_a_day(self) -> Self:
        keys = [(rate.tax_class, rate.valid_from) for rate in self.rates]
        if len(set(keys)) < len(keys):
            raise ValueError("a class has two rates from the same day")
        return self


class TaxZoneView(TaxZoneIn):
    countries: list[str]  # as they were kept, also before they were looked up
    code: str


class TaxTermsView(BaseModel):
    zones: list[TaxZoneView]
