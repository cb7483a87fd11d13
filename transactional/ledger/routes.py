"""The ledger over HTTP, for the staff.

Adding up a long period takes a second per half a million postings, so it is done in a thread:
shoppers do not wait.
"""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, problems, respond, shop_of
from transactional.ledger import service, statements, tax, views
from transactional.ledger.errors import NoPeriod
from transactional.ledger.schemas import EntryView, StatementView, TaxStatement, TrialBalance
from transactional.ledger.statements import AccountTotals, Period, Statement
from transactional.ledger.tax import TaxOfPeriod
from transactional.shop import Shop

router = APIRouter(prefix=f"{API}/staff/ledger", tags=["staff"], dependencies=[STAFF_ONLY])

_EARLIEST, _LATEST = date(2000, 1, 1), date(2200, 1, 1)
FirstDay = Annotated[
    date | None,
    Query(ge=_EARLIEST, le=_LATEST, description="In the shop's time zone; without it since the beginning."),
]
LastDay = Annotated[date | None, Query(ge=_EARLIEST, le=_LATEST, description="Included; without it today.")]
Page = Annotated[int, Query(ge=1, le=1_000)]
PageSize = Annotated[int, Query(ge=1, le=100)]


def today(shop: Shop) -> date:
    return shop.database.clock().astimezone(ZoneInfo(shop.terms.time_zone)).date()


def period_of(shop: Shop, first_day: date | None, last_day: date) -> Period:
    """The moments from the first day's midnight to that after the last, on the shop's clock.

    Raises:
        NoPeriod: the first day is after the last.
    """
    if first_day is not None and first_day > last_day:
        raise NoPeriod(first_day, last_day)
    zone = ZoneInfo(shop.terms.time_zone)
    since = datetime.combine(first_day or _EARLIEST, time(0), zone)
    until = datetime.combine(last_day + timedelta(days=1), time(0), zone)
    return Period(since.astimezone(UTC), until.astimezone(UTC))


@router.get("/trial-balance", response_model=TrialBalance, responses=problems(400, 401))
async def get_trial_balance(
    request: Request,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    page: Page = 1,
    page_size: PageSize = 100,
) -> Response:
    """What every account moved in a period, or holds at the end of a day when no first day is given."""
    shop = shop_of(request)
    last_day = last_day or today(shop)
    period = period_of(shop, first_day, last_day)

    def read() -> list[AccountTotals]:
        with shop.database.read() as db:
            return statements.trial_balance(db, period)

    found = await asyncio.to_thread(read)
    start = (page - 1) * page_size
    view = TrialBalance(
        first_day=first_day,
        last_day=last_day,
        totals=views.currency_totals(found),
        kinds=views.kind_totals(found),
        items=[views.totals_view(each) for each in found[start : start + page_size]],
        page=page,
        page_size=page_size,
        total=len(found),
    )
    return respond(view)


@router.get("/tax", response_model=TaxStatement, responses=problems(400, 401))
async def get_tax(request: Request, first_day: FirstDay = None, last_day: LastDay = None) -> Response:
    """Tax of a period by rate, from the lines of sales and credit notes, beside what the tax account says."""
    shop = shop_of(request)
    last_day = last_day or today(shop)
    period = period_of(shop, first_day, last_day)

    def read() -> TaxOfPeriod:
        with shop.database.read() as db:
            return tax.of_period(db, period)

    found = await asyncio.to_thread(read)
    view = TaxStatement(
        first_day=first_day,
        last_day=last_day,
        rates=[views.rate_view(each) for each in found.rates],
        totals=views.posted_tax(found),
    )
    return respond(view)


@router.get("/entries/{reference}", response_model=EntryView, responses=problems(401, 404))
async def get_entry(
    request: Request,
    reference: Annotated[str, Path(max_length=160, examples=["order:261122-7K3M9QXA:paid"])],
) -> Response:
    """One journal entry, by its reference."""
    with shop_of(request).database.read() as db:
        return respond(views.entry_view(service.find(db, reference)))


@router.get("/accounts/{account}", response_model=StatementView, responses=problems(400, 401, 404))
async def get_statement(
    request: Request,
    account: Annotated[str, Path(max_length=100, examples=["asset:receivable:sandbox"])],
    first_day: FirstDay = None,
    last_day: LastDay = None,
    page: Page = 1,
    page_size: PageSize = 50,
) -> Response:
    """An account's statement: its totals in a period, and its postings."""
    shop = shop_of(request)
    last_day = last_day or today(shop)
    period = period_of(shop, first_day, last_day)

    def read() -> Statement:
        with shop.database.read() as db:
            return statements.statement(db, account, period, page=page, page_size=page_size)

    found = await asyncio.to_thread(read)
    view = StatementView(
        account=account,
        first_day=first_day,
        last_day=last_day,
        totals=[views.totals_view(each) for each in found.totals],
        items=[views.line_view(line) for line in found.lines],
        page=page,
        page_size=page_size,
    )
    return respond(view)
