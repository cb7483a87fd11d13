"""The journal over HTTP: the staff looks for entries, and writes and reverses its own."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.ledger import journal, views
from transactional.ledger.routes import FirstDay, LastDay, Page, PageSize, period_of, today
from transactional.ledger.schemas import (
    Account,
    EntriesView,
    EntryIn,
    EntryView,
    ReversalIn,
    SupplierPaymentIn,
)
from transactional.unit_of_work import UnitOfWork

router = APIRouter(prefix=f"{API}/staff/ledger", tags=["staff"], dependencies=[STAFF_ONLY])


@router.get("/entries", response_model=EntriesView, responses=problems(400, 401))
async def list_entries(
    request: Request,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    document: Annotated[str | None, Query(max_length=64)] = None,
    account: Annotated[Account | None, Query(description="That they move something from or to.")] = None,
    page: Page = 1,
    page_size: PageSize = 50,
) -> Response:
    """Journal entries with their postings, the newest first."""
    shop = shop_of(request)
    period = period_of(shop, first_day, last_day or today(shop))
    with shop.database.read() as db:
        found = journal.entries(
            db, period, document=document, account=account, page=page, page_size=page_size
        )
        items = [views.entry_view(each) for each in found]
        return respond(EntriesView(items=items, page=page, page_size=page_size))


@router.post("/entries", status_code=201, response_model=EntryView, responses=problems(400, 401, 409))
async def write_entry(request: Request, key: IdempotencyKey, body: EntryIn) -> Response:
    """Post by hand what the shop cannot know, between accounts that it does not keep itself."""

    def work(uow: UnitOfWork) -> EntryView:
        made = [each.posting() for each in body.postings]
        return views.entry_view(journal.write(uow, body.document, body.reason, made))

    return await once(request, key, "staff", work)


@router.post(
    "/supplier-payments", status_code=201, response_model=EntryView, responses=problems(400, 401, 409)
)
async def pay_supplier(request: Request, key: IdempotencyKey, body: SupplierPaymentIn) -> Response:
    """A supplier was paid from the bank: posted by hand to what is owed to it."""

    def work(uow: UnitOfWork) -> EntryView:
        return views.entry_view(journal.pay_supplier(uow, **body.model_dump()))

    return await once(request, key, "staff", work)


@router.post(
    "/entries/{reference}/reversal",
    status_code=201,
    response_model=EntryView,
    responses=problems(400, 401, 404, 409),
)
async def reverse_entry(
    request: Request,
    key: IdempotencyKey,
    reference: Annotated[str, Path(max_length=160, examples=["manual:0197a0c8-5b7e-7cc0-8000-1c7d6f1e2a3b"])],
    body: ReversalIn,
) -> Response:
    """Undo an entry that was posted by hand, once."""

    def work(uow: UnitOfWork) -> EntryView:
        return views.entry_view(journal.reverse(uow, reference, body.reason))

    return await once(request, key, "staff", work)
