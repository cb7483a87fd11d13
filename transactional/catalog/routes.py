"""The catalogue over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from transactional.api import API, Currency, problems, respond, shop_of
from transactional.catalog import service
from transactional.catalog.schemas import BrandList, CategoryList, ProductPage, ProductView, Sort

router = APIRouter(prefix=API, tags=["catalogue"])
Slug = Annotated[str | None, Query(max_length=160)]


@router.get("/categories", response_model=CategoryList)
async def list_categories(request: Request) -> Response:
    """The category tree, as a flat list with parents."""
    with shop_of(request).database.read() as db:
        return respond(CategoryList(items=service.list_categories(db)))


@router.get("/brands", response_model=BrandList)
async def list_brands(request: Request) -> Response:
    """The brands that have something to sell, with how many products."""
    with shop_of(request).database.read() as db:
        return respond(BrandList(items=service.list_brands(db)))


@router.get("/products", response_model=ProductPage, responses=problems(400, 404))
async def list_products(
    request: Request,
    category: Slug = None,
    brand: Slug = None,
    sort: Sort = "newest",
    currency: Currency = None,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Live products of a category's whole subtree, or of a brand; only those with a price in the currency."""
    shop = shop_of(request)
    with shop.database.read() as db:
        found = service.list_products(
            db,
            category=category,
            brand=brand,
            sort=sort,
            page=page,
            page_size=page_size,
            currency=shop.terms.other_currency(currency),
        )
    return respond(found)


@router.get("/products/{slug}", response_model=ProductView, responses=problems(400, 404))
async def get_product(request: Request, slug: str, currency: Currency = None) -> Response:
    """A product with its SKUs, prices and availability; only SKUs with a price in the currency."""
    shop = shop_of(request)
    with shop.database.read() as db:
        return respond(service.product(db, slug, shop.terms.other_currency(currency)))
