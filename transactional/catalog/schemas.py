"""What the catalogue sends over the wire. Prices are minor units and contain tax."""

from typing import Literal

from pydantic import BaseModel

Sort = Literal["newest", "price_asc", "price_desc", "name"]


class CategoryView(BaseModel):
    id: str
    parent_id: str | None
    slug: str
    name: str
    position: int


class Named(BaseModel):
    slug: str
    name: str


class ProductCard(BaseModel):
    """A product in a list: the lowest price of its SKUs, and the list price of that SKU."""

    id: str
    slug: str
    name: str
    brand: str | None
    category: str
    image: str | None
    currency: str
    price_from: int
    list_price_from: int
    available: int


class ProductPage(BaseModel):
    items: list[ProductCard]
    page: int
    page_size: int
    total: int


class SkuView(BaseModel):
    id: str
    code: str
    options: dict[str, str]
    price: int
    list_price: int
    currency: str
    available: int


class ProductView(BaseModel):
    id: str
    slug: str
    name: str
    description: str
    image: str | None
    brand: Named | None
    category_path: list[Named]
    skus: list[SkuView]


class CategoryList(BaseModel):
    items: list[CategoryView]
