"""Transfers between warehouses over HTTP, for the staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.stock import transfers
from transactional.stock.routes import units_of
from transactional.stock.schemas import Code
from transactional.stock.transfer_schemas import (
    ArrivalIn,
    ClosingIn,
    Status,
    TransferIn,
    TransfersView,
    TransferView,
    transfer_view,
)
from transactional.unit_of_work import UnitOfWork

router = APIRouter(prefix=f"{API}/staff/stock/transfers", tags=["stock"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(400, 401, 404, 409)


@router.post("", status_code=201, response_model=TransferView, responses=_REFUSALS)
async def send_transfer(request: Request, key: IdempotencyKey, body: TransferIn) -> Response:
    """Units leave one warehouse for another; until they arrive they are under way and not for sale."""

    def work(uow: UnitOfWork) -> TransferView:
        units = units_of(uow, body.lines)
        number = transfers.send(uow, body.from_warehouse, body.to_warehouse, units)
        return transfer_view(transfers.transfer(uow, number))

    return await once(request, key, "staff", work)


@router.get("", response_model=TransfersView, responses=problems(401))
async def list_transfers(
    request: Request,
    status: Status | None = None,
    warehouse: Annotated[Code | None, Query(description="That they leave or come to.")] = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """Transfers, the latest first."""
    with shop_of(request).database.read() as db:
        before_id = str(before) if before else None
        found = transfers.listed(db, status=status, warehouse=warehouse, before=before_id, limit=limit)
        return respond(TransfersView(transfers=[transfer_view(each) for each in found]))


@router.get("/{number}", response_model=TransferView, responses=problems(401, 404))
async def get_transfer(request: Request, number: str) -> Response:
    """A transfer and what arrived of it."""
    with shop_of(request).database.read() as db:
        return respond(transfer_view(transfers.transfer(db, number)))


@router.post("/{number}/arrive", response_model=TransferView, responses=_REFUSALS)
async def arrive(request: Request, key: IdempotencyKey, number: str, body: ArrivalIn) -> Response:
    """Units of a transfer have arrived; the rest stays under way until it arrives too, or is closed."""

    def work(uow: UnitOfWork) -> TransferView:
        counted = None if body.lines is None else units_of(uow, body.lines)
        transfers.arrive(uow, number, counted)
        return transfer_view(transfers.transfer(uow, number))

    return await once(request, key, "staff", work, 200)


@router.post("/{number}/close", response_model=TransferView, responses=_REFUSALS)
async def close(request: Request, key: IdempotencyKey, number: str, body: ClosingIn) -> Response:
    """What is still under way of a transfer is lost."""

    def work(uow: UnitOfWork) -> TransferView:
        transfers.close(uow, number, body.reason)
        return transfer_view(transfers.transfer(uow, number))

    return await once(request, key, "staff", work, 200)
