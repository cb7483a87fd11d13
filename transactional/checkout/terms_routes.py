"""Delivery and tax over HTTP, for the staff."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, problems, request_id, respond, shop_of
from transactional.checkout import terms_editing
from transactional.checkout.models import delivery_zones
from transactional.checkout.terms_schemas import (
    Code,
    DeliveryTermsView,
    MethodIn,
    MethodView,
    RateIn,
    TaxRateIn,
    TaxTermsView,
    TaxZoneIn,
    TaxZoneView,
    ZoneIn,
    ZoneView,
)
from transactional.unit_of_work import Reading, Row

router = APIRouter(prefix=f"{API}/staff", tags=["staff"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(401, 404, 409)


def _shown(model: Any, row: Row, **more: Any) -> Any:
    """`row` as a view that has some of its columns."""
    return model(**{name: row[name] for name in model.model_fields.keys() & row.keys()} | more)


def _delivery(db: Reading) -> DeliveryTermsView:
    return DeliveryTermsView(
        zones=[_shown(ZoneView, row) for row in terms_editing.zones(db, delivery_zones)],
        methods=[
            _shown(MethodView, row, rates=[_shown(RateIn, rate) for rate in row["rates"]])
            for row in terms_editing.methods(db)
        ],
    )


def _tax(db: Reading) -> TaxTermsView:
    return TaxTermsView(
        zones=[
            _shown(TaxZoneView, row, rates=[_shown(TaxRateIn, rate) for rate in row["rates"]])
            for row in terms_editing.tax_terms(db)
        ]
    )


@router.get("/delivery", response_model=DeliveryTermsView, responses=problems(401))
async def get_delivery_terms(request: Request) -> Response:
    """Where the shop delivers, how, and for what."""
    with shop_of(request).database.read() as db:
        return respond(_delivery(db))


@router.put("/delivery/zones/{code}", response_model=DeliveryTermsView, responses=_REFUSALS)
async def put_delivery_zone(request: Request, code: Annotated[Code, Path()], body: ZoneIn) -> Response:
    """Make a zone or change it."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        terms_editing.put_zone(uow, code, **body.model_dump())
        view = _delivery(uow)
    return respond(view)


@router.put("/delivery/methods/{code}", response_model=DeliveryTermsView, responses=_REFUSALS)
async def put_delivery_method(request: Request, code: Annotated[Code, Path()], body: MethodIn) -> Response:
    """Make a method or change it; its rates are replaced."""
    shop = shop_of(request)
    async with shop.database.request("staff", request_id(request)) as uow:
        terms_editing.put_method(uow, shop.terms, code, **body.model_dump())
        view = _delivery(uow)
    return respond(view)


@router.delete("/delivery/zones/{code}", response_model=DeliveryTermsView, responses=_REFUSALS)
async def remove_delivery_zone(request: Request, code: Annotated[Code, Path()]) -> Response:
    """Take a zone away to which no method delivers."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        terms_editing.remove_zone(uow, code)
        view = _delivery(uow)
    return respond(view)


@router.delete("/delivery/methods/{code}", response_model=DeliveryTermsView, responses=problems(401, 404))
async def remove_delivery_method(request: Request, code: Annotated[Code, Path()]) -> Response:
    """Take a method away with its rates; one that is only to rest is put with `is_active` false."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        terms_editing.remove_method(uow, code)
        view = _delivery(uow)
    return respond(view)


@router.get("/tax", response_model=TaxTermsView, responses=problems(401))
async def get_tax_terms(request: Request) -> Response:
    """Which tax holds where, for what and since when."""
    with shop_of(request).database.read() as db:
        return respond(_tax(db))


@router.put("/tax/zones/{code}", response_model=TaxTermsView, responses=_REFUSALS)
async def put_tax_zone(
    request: Request, code: Annotated[Code, Path(examples=["home"])], body: TaxZoneIn
) -> Response:
    """Make a zone or change it; its rates are replaced."""
    shop = shop_of(request)
    rates = [(rate.tax_class, rate.rate_bp, rate.valid_from) for rate in body.rates]
    async with shop.database.request("staff", request_id(request)) as uow:
        terms_editing.put_tax_zone(uow, shop.terms, code, **body.model_dump(exclude={"rates"}), rates=rates)
        view = _tax(uow)
    return respond(view)


@router.delete("/tax/zones/{code}", response_model=TaxTermsView, responses=_REFUSALS)
async def remove_tax_zone(request: Request, code: Annotated[Code, Path()]) -> Response:
    """Take a zone away with its rates: its countries are taxed as the rest of the world."""
    shop = shop_of(request)
    async with shop.database.request("staff", request_id(request)) as uow:
        terms_editing.remove_tax_zone(uow, shop.terms, code)
        view = _tax(uow)
    return respond(view)
