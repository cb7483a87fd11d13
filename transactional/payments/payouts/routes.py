"""Payout files and their reconciliation over HTTP, for the staff.

Comparing years of payments takes seconds, so it is done in a thread: shoppers do not wait.
"""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.payments.payouts import reconciliation, service
from transactional.payments.payouts.files import FileFormat
from transactional.payments.payouts.reconciliation import Outcome, Reconciliation
from transactional.payments.payouts.schemas import (
    PayoutsView,
    PayoutView,
    ReconciledLine,
    ReconciledTotal,
    ReconciliationView,
)
from transactional.unit_of_work import UnitOfWork

router = APIRouter(prefix=f"{API}/staff/payouts", tags=["staff"], dependencies=[STAFF_ONLY])
_FILE = {
    "schema": {"type": "string"},
    "example": "payout_id,line_id,kind,reference,gross,fee,net,currency,occurred_at\r\n"
    "po_2026-11-21,mov_1,payment,pay_1,19.90,0.50,19.40,GBP,2026-11-21T10:00:00Z\r\n",
}
_TO_LOOK_AT: tuple[Outcome, ...] = ("differing", "extra", "missing")
Provider = Annotated[FileFormat, Query(examples=["sandbox"], description="Whose file; decides its format.")]


@router.post(
    "",
    status_code=201,
    response_model=PayoutsView,
    responses=problems(400, 401, 409, 413, 422),
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": _FILE}}},
)
async def upload(request: Request, key: IdempotencyKey, provider: Provider) -> Response:
    """Take a provider's payout file in: all of it, or nothing with every fault named."""
    data = await request.body()

    def work(uow: UnitOfWork) -> PayoutsView:
        taken = service.take_in(uow, provider, data)
        shown = [PayoutView(**{name: row[name] for name in PayoutView.model_fields}) for row in taken.payouts]
        return PayoutsView(payouts=shown, new=taken.new)

    return await once(request, key, "staff", work)


@router.get("/reconciliation", response_model=ReconciliationView, responses=problems(401))
async def get_reconciliation(
    request: Request,
    provider: Provider,
    as_of: Annotated[
        date | None,
        Query(ge=date(2000, 1, 1), le=date(2200, 1, 1), description="At this day's end; without it today."),
    ] = None,
    after_days: Annotated[int, Query(ge=0, le=90, description="Older than this, ours is missing.")] = 3,
    outcome: Annotated[Outcome | None, Query(description="List these; without it what needs a look.")] = None,
    page: Annotated[int, Query(ge=1, le=1_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """How the provider's files and our payments agree: totals by class and age, and the lines that do not."""
    shop = shop_of(request)
    zone = ZoneInfo(shop.terms.time_zone)
    day = as_of or shop.database.clock().astimezone(zone).date()
    until = datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)
    outcomes = _TO_LOOK_AT if outcome is None else (outcome,)

    def read() -> Reconciliation:
        with shop.database.read() as db:
            return reconciliation.reconcile(
                db, provider, until, outcomes, after_days=after_days, page=page, page_size=page_size
            )

    found = await asyncio.to_thread(read)
    view = ReconciliationView(
        provider=provider,
        as_of=day,
        totals=[ReconciledTotal(**row) for row in found.totals],
        items=[ReconciledLine(**row) for row in found.items],
        page=page,
        page_size=page_size,
    )
    return respond(view)
