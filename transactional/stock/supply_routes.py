"""Back-orders and pre-orders over HTTP, for the staff."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, problems, request_id, respond, shop_of
from transactional.stock import backorders, warehousing
from transactional.stock.schemas import SkuCode
from transactional.stock.supply_schemas import BackorderIn, FromStockIn, PreorderIn, SupplyIn, SupplyView
from transactional.unit_of_work import Reading

router = APIRouter(prefix=f"{API}/staff/stock", tags=["stock"], dependencies=[STAFF_ONLY])


@router.get("/{sku}/supply", response_model=SupplyView, responses=problems(401, 404))
async def get_supply(request: Request, sku: SkuCode) -> Response:
    """Whether a SKU may be sold beyond what is there, and for how many units orders wait."""
    with shop_of(request).database.read() as db:
        return respond(_view(db, sku))


@router.put("/{sku}/supply", response_model=SupplyView, responses=problems(401, 404))
async def put_supply(request: Request, sku: SkuCode, body: SupplyIn) -> Response:
    """Sell a SKU on back-order, before its day or from stock; orders that wait keep their promise."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        sku_id = warehousing.sku_id(uow, sku)
        match body:
            case FromStockIn():
                backorders.remove(uow, sku_id)
            case BackorderIn():
                backorders.put(
                    uow, sku_id, policy="backorder", most=body.most, days=body.days, available_from=None
                )
            case PreorderIn():
                day = body.available_from
                backorders.put(uow, sku_id, policy="preorder", most=body.most, days=None, available_from=day)
        return respond(_view(uow, sku))


def _view(db: Reading, sku: str) -> SupplyView:
    sku_id = warehousing.sku_id(db, sku)
    found = backorders.current(db, [sku_id]).get(sku_id)
    if found is None:
        owed = backorders.owed(db, sku_id)
        return SupplyView(sku=sku, policy="stock", most=0, owed=owed, days=None, available_from=None)
    return SupplyView(sku=sku, **vars(found))
