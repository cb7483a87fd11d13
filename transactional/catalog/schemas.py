"""What the catalogue sends over the wire. Prices are minor units and contain tax."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

Sort = Literal["newest", "price_asc", "price_desc", "name"]


class CategoryView(BaseModel):
    id: str
    parent_id: str | None
    slug: str
    name: str
    position: int
    description: str | None = Field(None, description="Text or simple HTML.")
    image: str | None = None


class Named(BaseModel):
    slug: str
    name: str


class BrandView(Named):
    products: int = Field(description="Those that are live.")


class BrandList(BaseModel):
    items: list[BrandView]


class ProductCard(BaseModel):
    """A product in a list: its SKUs' lowest price with the list price of that SKU, and their highest."""

    id: str
    slug: str
    name: str
    brand: str | None
    category: str
    image: str | None
    currency: str
    price_from: int
    list_price_from: int
    price_to: int
    available: int


class ProductPage(BaseModel):
    items: list[ProductCard]
    page: int
    page_size: int
    total: int


class PictureView(BaseModel):
    url: str
    alt: str = Field(description="What it shows; empty when it says nothing.")


class BeyondStock(BaseModel):
    """How units can be ordered that are not there."""

    policy: Literal["backorder", "preorder"]
    orderable: int = Field(description="Units that can be ordered, those that are there among them.")
    days: int | None = Field(description="A back-order is sent so long after it was placed.")
    available_from: datetime | None = Field(description="A pre-order is sent from then on.")


class SkuView(BaseModel):
    id: str
    code: str
    options: dict[str, str]
    price: int
    list_price: int
    currency: str
    available: int
    image: str | None
    is_gift_card: bool = Field(description="A code is sent in its place: nothing has to be delivered.")
    beyond_stock: BeyondStock | None = None


class ProductView(BaseModel):
    id: str
    slug: str
    name: str
    description: str
    image: str | None
    pictures: list[PictureView] = Field(description="The main one first.")
    product_type: str | None
    tags: list[str]
    attributes: dict[str, str]
    brand: Named | None
    category_path: list[Named]
    skus: list[SkuView]


class CategoryList(BaseModel):
    items: list[CategoryView]
