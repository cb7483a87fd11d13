"""The staff's work on many SKUs at once: the matrix of options, and prices and stock in bulk."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from transactional.api import IdempotencyKey, once, problems, respond, shop_of
from transactional.catalog import bulk, garbage, generation, pricing
from transactional.catalog.bulk_schemas import (
    ApplyIn,
    BatchIn,
    BatchView,
    BulkIn,
    BulkView,
    CellView,
    MatrixIn,
    MatrixView,
    SkuPrices,
    SkuPricesIn,
    SkuPriceView,
    bulk_view,
)
from transactional.catalog.staff_routes import REFUSALS, changed, staff_catalogue
from transactional.unit_of_work import Reading, UnitOfWork

router = staff_catalogue()
Page = Annotated[int, Query(ge=1, le=10_000)]
Size = Annotated[int, Query(ge=1, le=1_000)]


@router.post("/products/{product_id}/matrix", status_code=200, response_model=MatrixView, responses=REFUSALS)
async def show_matrix(request: Request, key: IdempotencyKey, product_id: UUID, body: MatrixIn) -> Response:
    """The combinations of option values, which are there already, and the codes the others would get."""

    def work(uow: UnitOfWork) -> MatrixView:
        cells = generation.cells(uow, str(product_id), body.batch())
        return MatrixView(
            cells=[CellView(**vars(cell)) for cell in cells],
            new=sum(not cell.exists for cell in cells),
            taken=sum(cell.taken for cell in cells),
        )

    return await once(request, key, "staff", work, 200)


@router.post(
    "/products/{product_id}/matrix/skus", status_code=201, response_model=BatchView, responses=REFUSALS
)
async def create_skus(request: Request, key: IdempotencyKey, product_id: UUID, body: BatchIn) -> Response:
    """Create the chosen combinations that are not there yet, all or none."""
    currency = shop_of(request).terms.currency

    def work(uow: UnitOfWork) -> BatchView:
        overrides = [each.override() for each in body.overrides]
        codes = generation.create(
            uow, str(product_id), body.batch(), body.like(), currency, overrides, body.on_hand
        )
        return BatchView(created=len(codes), codes=list(codes))

    with garbage.paused():
        return await once(request, key, "staff", work)


@router.post("/bulk/preview", status_code=200, response_model=BulkView, responses=REFUSALS)
async def preview_change(
    request: Request, key: IdempotencyKey, body: BulkIn, page: Page = 1, page_size: Size = 100
) -> Response:
    """What a bulk change would do to each SKU; the digest applies exactly that."""

    def work(uow: UnitOfWork) -> BulkView:
        return bulk_view(body, bulk.preview(uow, body.selection(), body.rules()), page, page_size)

    return await once(request, key, "staff", work, 200)


@router.post("/bulk", status_code=200, response_model=BulkView, responses=REFUSALS)
async def apply_change(
    request: Request, key: IdempotencyKey, body: ApplyIn, page: Page = 1, page_size: Size = 100
) -> Response:
    """Do what a preview showed; refused when anything changed since, or something else is asked."""

    def work(uow: UnitOfWork) -> BulkView:
        done = bulk.apply(uow, body.selection(), body.rules(), body.digest)
        return bulk_view(body, done, page, page_size)

    with garbage.paused():
        return await once(request, key, "staff", work, 200)


def _prices(db: Reading, sku_id: str) -> SkuPrices:
    return SkuPrices(prices=[SkuPriceView(**row) for row in pricing.prices(db, sku_id)])


@router.get("/skus/{sku_id}/prices", response_model=SkuPrices, responses=problems(401, 404))
async def get_prices(request: Request, sku_id: UUID) -> Response:
    """The prices of a SKU by currency, customer group and dates, past and future too."""
    with shop_of(request).database.read() as db:
        return respond(_prices(db, str(sku_id)))


@router.put("/skus/{sku_id}/prices", response_model=SkuPrices, responses=problems(400, 401, 404))
async def set_prices(request: Request, sku_id: UUID, body: SkuPricesIn) -> Response:
    """Give a SKU these prices instead of those it has."""
    for price in body.prices:
        shop_of(request).terms.currency_of(price.currency)

    def work(uow: UnitOfWork) -> SkuPrices:
        pricing.set_prices(uow, str(sku_id), body.wanted())
        return _prices(uow, str(sku_id))

    return await changed(request, work)
