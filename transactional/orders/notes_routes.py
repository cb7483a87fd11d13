"""Notes and marks of orders over HTTP, for the staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, request_id, respond, shop_of
from transactional.orders import notes
from transactional.orders.schemas import MarkIn, MarkView, NoteIn, NoteView, RemarksView
from transactional.unit_of_work import Reading, UnitOfWork

router = APIRouter(prefix=f"{API}/staff/orders", tags=["staff"], dependencies=[STAFF_ONLY])
Label = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["call-back"])]
_REFUSALS = problems(401, 404, 409)


def _view(db: Reading, order_id: str) -> RemarksView:
    found, marks = notes.of_order(db, order_id)
    return RemarksView(
        notes=[NoteView(**{name: row[name] for name in NoteView.model_fields}) for row in found],
        marks=[MarkView(**{name: row[name] for name in MarkView.model_fields}) for row in marks],
    )


@router.get("/{order_id}/remarks", response_model=RemarksView, responses=problems(401, 404))
async def get_remarks(request: Request, order_id: UUID) -> Response:
    """What shopper and staff noted on an order, and its marks."""
    with shop_of(request).database.read() as db:
        return respond(_view(db, str(order_id)))


@router.post(
    "/{order_id}/notes",
    status_code=201,
    response_model=RemarksView,
    responses=problems(400, 401, 404, 409),
)
async def add_note(request: Request, key: IdempotencyKey, order_id: UUID, body: NoteIn) -> Response:
    """Note something on an order; notes are not changed any more."""

    def work(uow: UnitOfWork) -> RemarksView:
        notes.add_of_staff(uow, str(order_id), body.text)
        return _view(uow, str(order_id))

    return await once(request, key, "staff", work)


@router.put("/{order_id}/marks/{label}", response_model=RemarksView, responses=_REFUSALS)
async def put_mark(request: Request, order_id: UUID, label: Label, body: MarkIn) -> Response:
    """Put a coloured mark on an order, or give it another colour."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        notes.mark(uow, str(order_id), label, body.colour)
        view = _view(uow, str(order_id))
    return respond(view)


@router.delete("/{order_id}/marks/{label}", response_model=RemarksView, responses=_REFUSALS)
async def remove_mark(request: Request, order_id: UUID, label: Label) -> Response:
    """Take a mark off an order."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        notes.unmark(uow, str(order_id), label)
        view = _view(uow, str(order_id))
    return respond(view)
