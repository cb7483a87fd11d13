"""Promotions over HTTP, for the staff; carts show what they give."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, request_id, respond, shop_of
from transactional.promotions import service, simulation, trial
from transactional.promotions.lifecycle import Event
from transactional.promotions.schemas import (
    ActivateIn,
    CodePage,
    CodesIn,
    CodesView,
    CodeView,
    PromotionIn,
    PromotionPage,
    PromotionView,
    RevokedView,
    SimulateIn,
    SimulationView,
    TrialIn,
    TrialView,
)
from transactional.promotions.views import code_view, promotion_view
from transactional.unit_of_work import UnitOfWork

router = APIRouter(prefix=f"{API}/staff/promotions", tags=["staff"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(400, 401, 404, 409)


@router.post("", status_code=201, response_model=PromotionView, responses=_REFUSALS)
async def create_promotion(request: Request, key: IdempotencyKey, body: PromotionIn) -> Response:
    """Draft a promotion from a template."""

    def work(uow: UnitOfWork) -> PromotionView:
        return promotion_view(uow, service.find(uow, service.create(uow, body)))

    return await once(request, key, "staff", work)


@router.get("", response_model=PromotionPage, responses=problems(401))
async def list_promotions(
    request: Request,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Promotions, the newest first."""
    with shop_of(request).database.read() as db:
        items = [promotion_view(db, row) for row in service.listed(db, page, page_size)]
    return respond(PromotionPage(items=items, page=page, page_size=page_size))


@router.get("/{promotion_id}", response_model=PromotionView, responses=problems(401, 404))
async def get_promotion(request: Request, promotion_id: UUID) -> Response:
    """A promotion and what it has given."""
    with shop_of(request).database.read() as db:
        return respond(promotion_view(db, service.find(db, str(promotion_id))))


@router.put("/{promotion_id}", response_model=PromotionView, responses=problems(401, 404, 409))
async def edit_promotion(request: Request, promotion_id: UUID, body: PromotionIn) -> Response:
    """Put another definition in the place of a draft's."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        service.edit(uow, str(promotion_id), body)
        view = promotion_view(uow, service.find(uow, str(promotion_id)))
    return respond(view)


@router.post("/{promotion_id}/activate", response_model=PromotionView, responses=_REFUSALS)
async def activate(
    request: Request, key: IdempotencyKey, promotion_id: UUID, body: ActivateIn | None = None
) -> Response:
    """Switch a promotion on; one that can sell something below cost only with a reason."""
    return await _change(request, key, promotion_id, "activate", body.below_cost_reason if body else None)


@router.post("/{promotion_id}/pause", response_model=PromotionView, responses=_REFUSALS)
async def pause(request: Request, key: IdempotencyKey, promotion_id: UUID) -> Response:
    """Switch a promotion off for a while."""
    return await _change(request, key, promotion_id, "pause")


@router.post("/{promotion_id}/end", response_model=PromotionView, responses=_REFUSALS)
async def end(request: Request, key: IdempotencyKey, promotion_id: UUID) -> Response:
    """Switch a promotion off for good."""
    return await _change(request, key, promotion_id, "end")


async def _change(
    request: Request, key: str, promotion_id: UUID, event: Event, below_cost_reason: str | None = None
) -> Response:
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> PromotionView:
        service.change(uow, shop.terms, str(promotion_id), event, below_cost_reason)
        return promotion_view(uow, service.find(uow, str(promotion_id)))

    return await once(request, key, "staff", work, 200)


@router.post("/evaluate", response_model=TrialView, responses=problems(401, 404, 409))
async def evaluate(request: Request, body: TrialIn) -> Response:
    """Try what is on, and a draft, on a basket: every discount, and every reason why there is none."""
    shop = shop_of(request)
    with shop.database.read() as db:
        return respond(trial.run(db, shop.terms, body))


@router.post("/{promotion_id}/codes", status_code=201, response_model=CodesView, responses=_REFUSALS)
async def make_codes(request: Request, key: IdempotencyKey, promotion_id: UUID, body: CodesIn) -> Response:
    """Make coupon codes, random or named."""

    def work(uow: UnitOfWork) -> CodesView:
        return CodesView(codes=service.make_codes(uow, str(promotion_id), body))

    return await once(request, key, "staff", work)


@router.get("/{promotion_id}/codes", response_model=CodePage, responses=problems(401, 404))
async def list_codes(
    request: Request,
    promotion_id: UUID,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """A promotion's codes with their uses, by code."""
    with shop_of(request).database.read() as db:
        rows = service.codes(db, str(promotion_id), page, page_size)
    return respond(CodePage(items=[code_view(row) for row in rows], page=page, page_size=page_size))


@router.delete("/{promotion_id}/codes", response_model=RevokedView, responses=problems(401, 404))
async def revoke_unused_codes(request: Request, promotion_id: UUID) -> Response:
    """Let the codes that nobody has used open nothing any more."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        revoked, left = service.revoke_unused_codes(uow, str(promotion_id))
    return respond(RevokedView(revoked=revoked, left=left))


@router.delete("/{promotion_id}/codes/{code}", response_model=CodeView, responses=problems(401, 404))
async def revoke_code(request: Request, promotion_id: UUID, code: str) -> Response:
    """Let a code open nothing any more; orders that have it keep what they got."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        row = service.revoke_code(uow, str(promotion_id), code.strip().upper())
    return respond(code_view(row))


@router.get("/{promotion_id}/simulation", response_model=SimulationView, responses=problems(401, 404))
async def simulate(request: Request, promotion_id: UUID, over: Annotated[SimulateIn, Query()]) -> Response:
    """What the orders of a range would have been with this promotion too; changes nothing."""
    shop = shop_of(request)

    def work() -> SimulationView:
        with shop.database.read() as db:
            return simulation.run(db, shop.terms, str(promotion_id), over.start, over.end)

    # In a thread: a year's orders take seconds, in which others want to buy.
    return respond(await asyncio.to_thread(work))
