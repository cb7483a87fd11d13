"""The staff's part of the catalogue: categories, brands, products, SKUs and pictures."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, request_id, respond, shop_of
from transactional.catalog import editing, removal, schedule, sku_editing, staff_views
from transactional.catalog.staff_schemas import (
    BrandIn,
    CategoryChanges,
    CategoryIn,
    Created,
    NameIn,
    PicturesIn,
    PlaceIn,
    ProductChanges,
    ProductIn,
    RetiredIn,
    ScheduleIn,
    SkuChanges,
    SkuOptionsIn,
    SkusIn,
    StaffBrands,
    StaffCategories,
    StaffProduct,
    StaffProducts,
    Status,
    StatusIn,
)
from transactional.unit_of_work import UnitOfWork


def staff_catalogue() -> APIRouter:
    """A router for a part of the staff's catalogue."""
    return APIRouter(prefix=f"{API}/staff/catalogue", tags=["staff"], dependencies=[STAFF_ONLY])


staff_router = staff_catalogue()
REFUSALS = problems(400, 401, 404, 409)
_CHANGES = problems(401, 404, 409)


async def changed(request: Request, work: Callable[[UnitOfWork], BaseModel]) -> Response:
    """Answer a PUT or PATCH, which may be repeated without a key."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        return respond(work(uow))


@staff_router.post("/categories", status_code=201, response_model=Created, responses=REFUSALS)
async def add_category(request: Request, key: IdempotencyKey, body: CategoryIn) -> Response:
    """Add a category as the last below its parent."""
    parent = None if body.parent_id is None else str(body.parent_id)

    def work(uow: UnitOfWork) -> Created:
        return Created(id=editing.add_category(uow, body.slug, body.name, parent))

    return await once(request, key, "staff", work)


@staff_router.get("/categories", response_model=StaffCategories, responses=problems(401))
async def list_categories(request: Request) -> Response:
    """All categories, the hidden too, as a flat list with parents."""
    with shop_of(request).database.read() as db:
        return respond(staff_views.list_categories(db))


@staff_router.patch("/categories/{category_id}", response_model=StaffCategories, responses=_CHANGES)
async def edit_category(request: Request, category_id: UUID, body: CategoryChanges) -> Response:
    """Change what is named of a category; answers with the tree."""

    def work(uow: UnitOfWork) -> StaffCategories:
        editing.edit_category(uow, str(category_id), body.model_dump(exclude_unset=True))
        return staff_views.list_categories(uow)

    return await changed(request, work)


@staff_router.delete("/categories/{category_id}", response_model=StaffCategories, responses=_CHANGES)
async def delete_category(request: Request, category_id: UUID) -> Response:
    """Delete a category that holds nothing; answers with the tree."""

    def work(uow: UnitOfWork) -> StaffCategories:
        editing.delete_category(uow, str(category_id))
        return staff_views.list_categories(uow)

    return await changed(request, work)


@staff_router.put("/categories/{category_id}/place", response_model=StaffCategories, responses=_CHANGES)
async def move_category(request: Request, category_id: UUID, body: PlaceIn) -> Response:
    """Move a category with all below it, or reorder it among its siblings; answers with the tree."""
    parent = None if body.parent_id is None else str(body.parent_id)

    def work(uow: UnitOfWork) -> StaffCategories:
        editing.move_category(uow, str(category_id), parent, body.position)
        return staff_views.list_categories(uow)

    return await changed(request, work)


@staff_router.post("/brands", status_code=201, response_model=Created, responses=REFUSALS)
async def add_brand(request: Request, key: IdempotencyKey, body: BrandIn) -> Response:
    """Add a brand."""

    def work(uow: UnitOfWork) -> Created:
        return Created(id=editing.add_brand(uow, body.slug, body.name))

    return await once(request, key, "staff", work)


@staff_router.get("/brands", response_model=StaffBrands, responses=problems(401))
async def list_brands(request: Request) -> Response:
    """All brands with how many products."""
    with shop_of(request).database.read() as db:
        return respond(staff_views.list_brands(db))


@staff_router.patch("/brands/{brand_id}", response_model=Created, responses=_CHANGES)
async def rename_brand(request: Request, brand_id: UUID, body: NameIn) -> Response:
    """Rename a brand."""

    def work(uow: UnitOfWork) -> Created:
        editing.rename_brand(uow, str(brand_id), body.name)
        return Created(id=str(brand_id))

    return await changed(request, work)


@staff_router.delete("/brands/{brand_id}", response_model=StaffBrands, responses=_CHANGES)
async def delete_brand(request: Request, brand_id: UUID) -> Response:
    """Delete a brand that has no products; answers with those that are left."""

    def work(uow: UnitOfWork) -> StaffBrands:
        removal.delete_brand(uow, str(brand_id))
        return staff_views.list_brands(uow)

    return await changed(request, work)


@staff_router.get("/products", response_model=StaffProducts, responses=problems(401))
async def list_products(
    request: Request,
    status: Status | None = None,
    q: Annotated[str | None, Query(max_length=80, description="Words of a name, slug or SKU code.")] = None,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Products in whatever state, the newest first."""
    with shop_of(request).database.read() as db:
        return respond(staff_views.list_products(db, status, q, page, page_size))


@staff_router.get("/products/{product_id}", response_model=StaffProduct, responses=problems(401, 404))
async def get_product(request: Request, product_id: UUID) -> Response:
    """A product with all that can be changed."""
    with shop_of(request).database.read() as db:
        return respond(staff_views.product(db, str(product_id)))


@staff_router.post("/products", status_code=201, response_model=StaffProduct, responses=REFUSALS)
async def add_product(request: Request, key: IdempotencyKey, body: ProductIn) -> Response:
    """Add a product as a draft, with or without SKUs."""
    currency = shop_of(request).terms.currency

    def work(uow: UnitOfWork) -> StaffProduct:
        return staff_views.product(uow, editing.add_product(uow, body.draft(), currency))

    return await once(request, key, "staff", work)


@staff_router.patch("/products/{product_id}", response_model=StaffProduct, responses=_CHANGES)
async def edit_product(request: Request, product_id: UUID, body: ProductChanges) -> Response:
    """Change what is named of a product."""

    def work(uow: UnitOfWork) -> StaffProduct:
        editing.edit_product(uow, str(product_id), body.named())
        return staff_views.product(uow, str(product_id))

    return await changed(request, work)


@staff_router.delete("/products/{product_id}", response_model=Created, responses=_CHANGES)
async def delete_product(request: Request, product_id: UUID) -> Response:
    """Delete a draft that nothing refers to, with its SKUs; what was live is retired instead."""

    def work(uow: UnitOfWork) -> Created:
        removal.delete_product(uow, str(product_id))
        return Created(id=str(product_id))

    return await changed(request, work)


@staff_router.put("/products/{product_id}/status", response_model=StaffProduct, responses=_CHANGES)
async def set_status(request: Request, product_id: UUID, body: StatusIn) -> Response:
    """Take a product live, or retire it."""

    def work(uow: UnitOfWork) -> StaffProduct:
        editing.set_status(uow, str(product_id), body.status)
        return staff_views.product(uow, str(product_id))

    return await changed(request, work)


@staff_router.put("/products/{product_id}/schedule", response_model=StaffProduct, responses=_CHANGES)
async def set_schedule(request: Request, product_id: UUID, body: ScheduleIn) -> Response:
    """Let a product go live, and be retired, by itself; a moment that has passed comes at once."""

    def work(uow: UnitOfWork) -> StaffProduct:
        schedule.plan(uow, str(product_id), live_from=body.live_from, live_until=body.live_until)
        return staff_views.product(uow, str(product_id))

    return await changed(request, work)


@staff_router.put("/products/{product_id}/pictures", response_model=StaffProduct, responses=_CHANGES)
async def set_pictures(request: Request, product_id: UUID, body: PicturesIn) -> Response:
    """Give a product its pictures, the main one first."""

    def work(uow: UnitOfWork) -> StaffProduct:
        editing.set_pictures(uow, str(product_id), body.wanted())
        return staff_views.product(uow, str(product_id))

    return await changed(request, work)


@staff_router.post(
    "/products/{product_id}/skus", status_code=201, response_model=StaffProduct, responses=REFUSALS
)
async def add_skus(request: Request, key: IdempotencyKey, product_id: UUID, body: SkusIn) -> Response:
    """Add SKUs to a product, none in stock yet."""
    currency = shop_of(request).terms.currency

    def work(uow: UnitOfWork) -> StaffProduct:
        sku_editing.add_skus(uow, str(product_id), [sku.draft() for sku in body.skus], currency)
        return staff_views.product(uow, str(product_id))

    return await once(request, key, "staff", work)


@staff_router.put("/products/{product_id}/options", response_model=StaffProduct, responses=_CHANGES)
async def set_options(request: Request, product_id: UUID, body: SkuOptionsIn) -> Response:
    """Give SKUs other options: a plain one its first, or all of them one more."""

    def work(uow: UnitOfWork) -> StaffProduct:
        sku_editing.set_options(uow, str(product_id), body.skus)
        return staff_views.product(uow, str(product_id))

    return await changed(request, work)


@staff_router.put("/skus/{sku_id}/retired", response_model=Created, responses=_CHANGES)
async def retire_sku(request: Request, sku_id: UUID, body: RetiredIn) -> Response:
    """Take a SKU off sale, or back on it; carts show that it is not for sale."""

    def work(uow: UnitOfWork) -> Created:
        sku_editing.retire(uow, str(sku_id), is_retired=body.retired)
        return Created(id=str(sku_id))

    return await changed(request, work)


@staff_router.patch("/skus/{sku_id}", response_model=Created, responses=_CHANGES)
async def edit_sku(request: Request, sku_id: UUID, body: SkuChanges) -> Response:
    """Change what is named of a SKU; placed orders keep their prices."""

    def work(uow: UnitOfWork) -> Created:
        sku_editing.edit_sku(uow, str(sku_id), body.model_dump(exclude_unset=True))
        return Created(id=str(sku_id))

    return await changed(request, work)
