"""Stock over HTTP, for the staff."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, request_id, respond, shop_of
from transactional.stock import service, warehousing
from transactional.stock.schemas import (
    MOST_UNITS,
    AdjustmentIn,
    ArrivedIn,
    ChangeIn,
    Code,
    LevelView,
    LineIn,
    MovementsView,
    MovementView,
    ReceiptIn,
    ShelfView,
    ShelvesView,
    SkuCode,
    StocksView,
    StockView,
    WarehouseIn,
    WarehousesView,
    WarehouseView,
)
from transactional.stock.valuation import Priced
from transactional.unit_of_work import Reading, Row, UnitOfWork

router = APIRouter(prefix=f"{API}/staff", tags=["stock"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(400, 401, 404, 409)


@router.get("/warehouses", response_model=WarehousesView, responses=problems(401))
async def list_warehouses(request: Request) -> Response:
    """All warehouses, the preferred first."""
    with shop_of(request).database.read() as db:
        rows = warehousing.list_all(db)
        return respond(WarehousesView(warehouses=[WarehouseView(**row) for row in rows]))


@router.put("/warehouses/{code}", response_model=WarehouseView, responses=_REFUSALS)
async def put_warehouse(
    request: Request, code: Annotated[Code, Path(examples=["leeds"])], body: WarehouseIn
) -> Response:
    """Open a warehouse or change it."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        return respond(WarehouseView(**warehousing.put(uow, code, **body.model_dump())))


@router.get("/stock", response_model=ShelvesView, responses=problems(401))
async def list_stock(
    request: Request,
    warehouse: Code | None = None,
    prefix: Annotated[str, Query(max_length=64, description="Of SKU codes.", examples=["SHIRT"])] = "",
    below: Annotated[
        int | None, Query(ge=1, le=MOST_UNITS, description="Only where fewer are there and not promised.")
    ] = None,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """What there is in the warehouses, by SKU code: all of it, or what runs low."""
    with shop_of(request).database.read() as db:
        rows = warehousing.listed(
            db, warehouse=warehouse, prefix=prefix, below=below, page=page, page_size=page_size
        )
        items = [ShelfView(sku=row["sku"], **_level(row)) for row in rows]
        return respond(ShelvesView(items=items, page=page, page_size=page_size))


@router.get("/stock/{sku}", response_model=StockView, responses=problems(401, 404))
async def get_stock(request: Request, sku: SkuCode) -> Response:
    """What there is of a SKU, where, and what is promised."""
    with shop_of(request).database.read() as db:
        return respond(_stock_view(db, sku))


@router.get("/stock/{sku}/movements", response_model=MovementsView, responses=problems(401, 404))
async def explain_stock(
    request: Request,
    sku: SkuCode,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Why on hand is what it is: every movement, the latest first, with its document."""
    with shop_of(request).database.read() as db:
        rows = warehousing.explain(db, warehousing.sku_id(db, sku), str(before) if before else None, limit)
        return respond(MovementsView(sku=sku, movements=[MovementView(**row) for row in rows]))


@router.post("/stock/receipts", status_code=201, response_model=StocksView, responses=_REFUSALS)
async def receive(request: Request, key: IdempotencyKey, body: ReceiptIn) -> Response:
    """A delivery has arrived. What it was bought for beyond its SKUs' cost is a purchase price variance."""

    def work(uow: UnitOfWork) -> StocksView:
        warehouse_id = warehousing.find(uow, body.warehouse)["id"]
        units = units_of(uow, body.lines)
        ids = warehousing.sku_ids(uow, [line.sku for line in body.lines])
        priced = [
            Priced(ids[line.sku], line.quantity, line.unit_cost)
            for line in body.lines
            if line.unit_cost is not None
        ]
        service.receive(uow, units, body.document, warehouse_id, supplier=body.supplier, priced=priced)
        return _stock_views(uow, body.lines)

    return await once(request, key, "staff", work)


@router.post("/stock/adjustments", status_code=201, response_model=StocksView, responses=_REFUSALS)
async def adjust(request: Request, key: IdempotencyKey, body: AdjustmentIn) -> Response:
    """Correct what is on hand; what is promised to orders cannot go."""

    def work(uow: UnitOfWork) -> StocksView:
        warehousing.adjust(
            uow,
            warehousing.find(uow, body.warehouse)["id"],
            units_of(uow, body.lines),
            body.document,
            body.reason,
        )
        return _stock_views(uow, body.lines)

    return await once(request, key, "staff", work)


def units_of(db: Reading, lines: Sequence[LineIn | ChangeIn | ArrivedIn]) -> dict[str, int]:
    """Units by SKU id; a SKU that stands in several lines counts together."""
    counted: Counter[str] = Counter()
    for line in lines:
        counted[line.sku] += line.quantity
    ids = warehousing.sku_ids(db, list(counted))
    return {ids[code]: quantity for code, quantity in counted.items()}


def _stock_view(db: Reading, code: str) -> StockView:
    found = warehousing.stock_of(db, warehousing.sku_id(db, code))
    levels = [LevelView(**_level(row)) for row in found.levels]
    available = sum(level.available for level in levels)
    return StockView(sku=code, available=available, in_transit=found.in_transit, levels=levels)


def _level(row: Row) -> dict[str, Any]:
    available = row["on_hand"] - row["reserved"] if row["is_active"] else 0
    return {name: row[name] for name in ("warehouse", "on_hand", "reserved")} | {"available": available}


def _stock_views(db: Reading, lines: Sequence[LineIn | ChangeIn]) -> StocksView:
    return StocksView(stocks=[_stock_view(db, code) for code in sorted({line.sku for line in lines})])
