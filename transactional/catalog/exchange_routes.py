"""Products in and out as CSV files."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from transactional.api import IdempotencyKey, once, problems, request_id, respond, shop_of
from transactional.catalog import csv_export, garbage
from transactional.catalog.csv_format import FormatName
from transactional.catalog.exchange import import_products
from transactional.catalog.staff_routes import REFUSALS, staff_catalogue
from transactional.transactions import Database
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
    note: str | None = Field(description="What was not taken as it stands, and what instead.")


class ImportView(BaseModel):
    """What became of each line: created, updated or unchanged."""

    created: int
    updated: int
    unchanged: int
    lines: list[ImportedLine]


Category = Annotated[
    str | None,
    Query(
        max_length=100, description="Slug of the category for new products whose own the shop does not have."
    ),
]


@router.post(
    "/imports/{name}",
    status_code=201,
    response_model=ImportView,
    responses=REFUSALS | problems(413, 422) | {200: {"model": ImportView, "description": "Of a dry run."}},
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": _FILE}}},
)
async def import_file(
    request: Request,
    key: IdempotencyKey,
    name: FormatName,
    category: Category = None,
    dry_run: Annotated[bool, Query(description="Report only: nothing is changed.")] = False,
) -> Response:
    """Create and change products as a CSV file says: all of it, or nothing with every fault named."""
    data = await request.body()
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> ImportView:
        done = import_products(uow, data, name, shop.terms.currency, category)
        outcomes = [line.outcome for line in done]
        return ImportView(
            created=outcomes.count("created"),
            updated=outcomes.count("updated"),
            unchanged=outcomes.count("unchanged"),
            lines=[ImportedLine(**line._asdict()) for line in done],
        )

    with garbage.paused():
        if not dry_run:
            return await once(request, key, "staff", work)
        with shop.database.rehearsal("staff", request_id(request)) as uow:
            return respond(work(uow))


@router.get("/exports/{name}", response_class=Response, responses=problems(401, 404))
async def export_file(
    request: Request,
    name: FormatName,
    after: Annotated[str | None, Query(max_length=160, description="Slug: only products behind it.")] = None,
    rows: Annotated[
        int | None, Query(ge=1, description="Whole products, one at least, up to so many lines.")
    ] = None,
) -> Response:
    """All products as a CSV file, which an import would find unchanged; or a part, which it takes."""
    database = shop_of(request).database
    with database.read() as db:
        start = csv_export.behind(db, after)
    disposition = {"content-disposition": f'attachment; filename="products-{name}.csv"'}
    return StreamingResponse(
        _lines(database, name, start, rows), media_type="text/csv; charset=utf-8", headers=disposition
    )


async def _lines(database: Database, name: FormatName, start: str, rows: int | None) -> AsyncIterator[str]:
    """A file in portions; each is a transaction of its own, so that a slow reader holds none open."""
    yield csv_export.header(name)
    after: str | None = start
    while after is not None and rows != 0:
        with database.read() as db:
            found = csv_export.portion(db, name, after, rows, is_first=after == start)
        yield found.text
        after = found.last
        rows = None if rows is None else max(0, rows - found.lines)
