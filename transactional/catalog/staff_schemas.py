"""What the staff sends about the catalogue, and sees of it. Money is minor units; prices contain tax."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_serializer,
    model_validator,
)

from transactional.catalog.csv_format import OPTIONS
from transactional.catalog.drafts import Picture, ProductDraft, SkuDraft
from transactional.catalog.repricing import MAX_PRICE
from transactional.catalog.rules import TAX_CLASSES
from transactional.catalog.schemas import CategoryView
from transactional.moments import Moment

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MAX_PICTURES = 50
MAX_GRAMS = 100_000_000

Status = Literal["draft", "live", "retired"]
Slug = Annotated[str, StringConstraints(max_length=100, pattern=SLUG)]
# As wide as the handles of Shopify, whose files are imported.
ProductSlug = Annotated[str, StringConstraints(max_length=160, pattern=r"^[\w-]+$")]
ProductName = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Description = Annotated[str, StringConstraints(max_length=20_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
SkuCode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f]+$")]
Price = Annotated[int, Field(ge=0, le=MAX_PRICE)]
Grams = Annotated[int, Field(ge=0, le=MAX_GRAMS)]
Barcode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z-]+$")]
Url = Annotated[str, StringConstraints(max_length=300, pattern=r"^(/[^/\s]|https://)[^\s]*$")]
Alt = Annotated[str, StringConstraints(max_length=300)]
Options = Annotated[dict[Word, Word], Field(max_length=OPTIONS)]
Tag = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern="^[^,]+$")
]
Tags = Annotated[list[Tag], Field(max_length=100)]
Attributes = Annotated[dict[Word, Annotated[str, StringConstraints(max_length=500)]], Field(max_length=100)]
TaxClass = Annotated[str, Field(pattern="^(" + "|".join(TAX_CLASSES) + ")$")]


class CategoryIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slug: Slug = Field(examples=["hats"])
    name: Name = Field(examples=["Hats"])
    parent_id: UUID | None = None


class NameIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name = Field(examples=["Hats and caps"])


class CategoryChanges(BaseModel):
    """Only what is named changes. Links to an old slug go on leading to the category."""

    model_config = ConfigDict(extra="forbid")
    name: Name = Field("", examples=["Hats and caps"])
    slug: Slug = ""
    description: Description | None = None
    image: Url | None = None
    is_hidden: bool = Field(False, description="In no menu, with all below it, and without a page.")


class PlaceIn(BaseModel):
    """Where a category comes to stand: below a parent (null: at the top), at a position from 0."""

    model_config = ConfigDict(extra="forbid")
    parent_id: UUID | None = None
    position: int = Field(0, ge=0, le=100_000)


class BrandIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slug: Slug = Field(examples=["northwind"])
    name: Name = Field(examples=["Northwind"])


class Created(BaseModel):
    id: str


class SkuIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: SkuCode = Field(examples=["HAT-XL-RED"])
    options: Options = Field(default_factory=dict, examples=[{"size": "XL", "colour": "Red"}])
    price: Price = Field(examples=[1_990])
    list_price: Price | None = Field(None, description="The price, when it is not given.")
    cost: Price = Field(0, description="Without tax.")
    weight_grams: Grams = 0
    barcode: Barcode | None = None
    tax_class: TaxClass = "standard"
    image: Url | None = None

    @model_validator(mode="after")
    def reduced_at_most(self) -> "SkuIn":
        if self.list_price is not None and self.price > self.list_price:
            raise ValueError("the price is above the list price")
        return self

    def draft(self) -> SkuDraft:
        given = self.model_dump()
        return SkuDraft(**{**given, "list_price": self.price if self.list_price is None else self.list_price})


class SkusIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    skus: list[SkuIn] = Field(min_length=1, max_length=100)


class SkuChanges(BaseModel):
    """Only what is named changes."""

    model_config = ConfigDict(extra="forbid")
    price: Price = Field(0, examples=[1_490])
    list_price: Price = 0
    cost: Price = 0
    weight_grams: Grams = 0
    barcode: Barcode | None = None
    tax_class: TaxClass = "standard"
    image: Url | None = None
    options: Options = Field(default_factory=dict)


class SkuOptionsIn(BaseModel):
    """Options by SKU code; all SKUs of a product have the same options, and no two the same values."""

    model_config = ConfigDict(extra="forbid")
    skus: dict[SkuCode, Options] = Field(
        min_length=1, max_length=1_000, examples=[{"HAT-XL-RED": {"size": "XL", "colour": "Dark red"}}]
    )


class RetiredIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    retired: bool = Field(description="It cannot be bought; its orders and its stock stay.", examples=[False])


class ProductIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slug: ProductSlug = Field(examples=["straw-hat"])
    name: ProductName = Field(examples=["Straw hat"])
    category_id: UUID
    brand_id: UUID | None = None
    description: Description = Field("", description="Text or simple HTML.")
    product_type: Word | None = None
    tags: Tags = Field(default_factory=list)
    attributes: Attributes = Field(default_factory=dict, examples=[{"material": "Straw"}])
    skus: list[SkuIn] = Field(default_factory=list, max_length=100)

    def draft(self) -> ProductDraft:
        given = self.model_dump(exclude={"skus", "category_id", "brand_id"})
        return ProductDraft(
            **given,
            category_id=str(self.category_id),
            brand_id=None if self.brand_id is None else str(self.brand_id),
            skus=[sku.draft() for sku in self.skus],
            status="draft",
        )


class ProductChanges(BaseModel):
    """Only what is named changes."""

    model_config = ConfigDict(extra="forbid")
    slug: ProductSlug = Field("", description="Of a draft only: links know that of what was live.")
    name: ProductName = Field("", examples=["Straw hat"])
    category_id: UUID = UUID(int=0)
    brand_id: UUID | None = None
    description: Description = ""
    product_type: Word | None = None
    tags: Tags = Field(default_factory=list)
    attributes: Attributes = Field(default_factory=dict)

    def named(self) -> dict[str, Any]:
        """The columns that were named, as the table holds them."""
        given = self.model_dump(exclude_unset=True)
        return {name: str(value) if isinstance(value, UUID) else value for name, value in given.items()}


class StatusIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    status: Status = Field(examples=["live"])


class ScheduleIn(BaseModel):
    """When a product goes live and is retired by itself; null: it does not."""

    model_config = ConfigDict(extra="forbid")
    live_from: Moment | None = Field(None, examples=["2026-12-01T08:00:00Z"])
    live_until: Moment | None = Field(None, examples=["2026-12-24T12:00:00Z"])

    @model_validator(mode="after")
    def ends_later(self) -> "ScheduleIn":
        if self.live_from and self.live_until and self.live_until <= self.live_from:
            raise ValueError("live_until is not after live_from")
        return self


class PictureIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: Url = Field(examples=["/media/straw-hat.svg"])
    alt: Alt = Field("", examples=["A straw hat from above"])


class PicturesIn(BaseModel):
    """All pictures of a product, the main one first."""

    model_config = ConfigDict(extra="forbid")
    pictures: list[PictureIn] = Field(max_length=MAX_PICTURES)

    def wanted(self) -> list[Picture]:
        return [Picture(each.url, each.alt) for each in self.pictures]


class StaffSku(BaseModel):
    id: str
    code: str
    options: dict[str, str]
    price: int
    list_price: int
    cost: int
    currency: str
    weight_grams: int
    barcode: str | None
    tax_class: str
    position: int
    image: str | None
    retired_at: datetime | None
    on_hand: int
    reserved: int


class StaffProduct(BaseModel):
    """A product in whatever state, with all that the staff may change."""

    id: str
    slug: str
    name: str
    description: str
    status: Status
    category_id: str
    brand_id: str | None
    product_type: str | None
    tags: list[str]
    attributes: dict[str, str]
    live_from: datetime | None
    live_until: datetime | None
    pictures: list[Picture]
    skus: list[StaffSku]

    @field_serializer("pictures")
    def plain(self, pictures: list[Picture]) -> list[dict[str, str]]:
        return [vars(each) for each in pictures]


class StaffCategory(CategoryView):
    is_hidden: bool


class StaffCategories(BaseModel):
    items: list[StaffCategory]


class StaffBrand(BaseModel):
    id: str
    slug: str
    name: str
    products: int = Field(description="In whatever state.")


class StaffBrands(BaseModel):
    items: list[StaffBrand]


class StaffProductRow(BaseModel):
    id: str
    slug: str
    name: str
    status: Status


class StaffProducts(BaseModel):
    items: list[StaffProductRow]
    page: int
    page_size: int
    total: int
