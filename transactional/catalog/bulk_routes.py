"""The staff's work on many SKUs at once: the matrix of options, and prices and stock in bulk."""

from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from transactional.api import IdempotencyKey, once, shop_of
from transactional.catalog import generation
from transactional.catalog.bulk_schemas import BatchIn, BatchView, CellView, MatrixIn, MatrixView
from transactional.catalog.staff_routes import REFUSALS, staff_catalogue
from transactional.errors import PriceAboveList
from transactional.unit_of_work import UnitOfWork

router = staff_catalogue()


@router.post("/products/{product_id}/matrix", status_code=200, response_model=MatrixView, responses=REFUSALS)
async def show_matrix(request: Request, key: IdempotencyKey, product_id: UUID, body: MatrixIn) -> Response:
    """The combinations of option values, which are there already, and the codes the others would get."""

    def work(uow: UnitOfWork) -> MatrixView:
        cells = generation.cells(uow, str(product_id), body.batch())
        return MatrixView(
            cells=[CellView(**vars(cell)) for cell in cells], new=sum(not cell.exists for cell in cells)
        )

    return await once(request, key, "staff", work, 200)


@router.post(
    "/products/{product_id}/matrix/skus", status_code=201, response_model=BatchView, responses=REFUSALS
)
async def create_skus(request: Request, key: IdempotencyKey, product_id: UUID, body: BatchIn) -> Response:
    """Create the chosen combinations that are not there yet, all or none."""
    if body.price > body.list_price:
        raise PriceAboveList(body.code_template, body.price, body.list_price)
    currency = shop_of(request).terms.currency

    def work(uow: UnitOfWork) -> BatchView:
        codes = generation.create(uow, str(product_id), body.batch(), body.like(), currency)
        return BatchView(created=len(codes), codes=list(codes))

    return await once(request, key, "staff", work)
