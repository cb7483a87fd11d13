"""Products in and out as CSV files."""

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from transactional.api import IdempotencyKey, once, problems, shop_of
from transactional.catalog.csv_export import export_products
from transactional.catalog.csv_format import FormatName
from transactional.catalog.exchange import import_products
from transactional.catalog.staff_routes import REFUSALS, staff_catalogue
from transactional.unit_of_work import UnitOfWork

router = staff_catalogue()
_FILE = {
    "schema": {"type": "string"},
    "example": "product,name,category,sku,price\r\ncap,Cap,Hats,CAP-RED,19.90\r\n",
}


class ImportedLine(BaseModel):
    line: int
    product: str
    sku: str | None
    outcome: str


class ImportView(BaseModel):
    """What became of each line: created, updated or unchanged."""

    created: int
    updated: int
    unchanged: int
    lines: list[ImportedLine]


@router.post(
    "/imports/{name}",
    status_code=201,
    response_model=ImportView,
    responses=REFUSALS | problems(413, 422),
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": _FILE}}},
)
async def import_file(request: Request, key: IdempotencyKey, name: FormatName) -> Response:
    """Create and change products as a CSV file says: all of it, or nothing with every fault named."""
    data = await request.body()
    currency = shop_of(request).terms.currency

    def work(uow: UnitOfWork) -> ImportView:
        lines = [ImportedLine(**line._asdict()) for line in import_products(uow, data, name, currency)]
        outcomes = [line.outcome for line in lines]
        return ImportView(
            created=outcomes.count("created"),
            updated=outcomes.count("updated"),
            unchanged=outcomes.count("unchanged"),
            lines=lines,
        )

    return await once(request, key, "staff", work)


@router.get("/exports/{name}", response_class=Response, responses=problems(401))
async def export_file(request: Request, name: FormatName) -> Response:
    """All products as a CSV file, which an import would find unchanged."""
    with shop_of(request).database.read() as db:
        text = export_products(db, name)
    disposition = {"content-disposition": f'attachment; filename="products-{name}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=disposition)
