"""Address books over HTTP, for the staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, problems, request_id, respond, shop_of
from transactional.members import addresses
from transactional.members.schemas import AddressesView, AddressIn, AddressView
from transactional.unit_of_work import Reading

router = APIRouter(prefix=f"{API}/staff/customers", tags=["staff"], dependencies=[STAFF_ONLY])
Label = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$", examples=["home"])]
_REFUSALS = problems(401, 404, 409)


def _view(db: Reading, customer_id: str) -> AddressesView:
    shown = AddressView.model_fields
    rows = addresses.of_customer(db, customer_id)
    return AddressesView(addresses=[AddressView(**{name: row[name] for name in shown}) for row in rows])


@router.get("/{customer_id}/addresses", response_model=AddressesView, responses=problems(401, 404))
async def list_addresses(request: Request, customer_id: UUID) -> Response:
    """The address book of a customer."""
    with shop_of(request).database.read() as db:
        return respond(_view(db, str(customer_id)))


@router.put("/{customer_id}/addresses/{label}", response_model=AddressesView, responses=_REFUSALS)
async def put_address(request: Request, customer_id: UUID, label: Label, body: AddressIn) -> Response:
    """Keep an address, or change it; a new default takes the place of the old one."""
    with shop_of(request).database.transaction("staff", request_id(request)) as uow:
        addresses.put(uow, str(customer_id), label, body.model_dump())
        view = _view(uow, str(customer_id))
    return respond(view)


@router.delete("/{customer_id}/addresses/{label}", response_model=AddressesView, responses=_REFUSALS)
async def remove_address(request: Request, customer_id: UUID, label: Label) -> Response:
    """Take an address out of the book."""
    with shop_of(request).database.transaction("staff", request_id(request)) as uow:
        addresses.remove(uow, str(customer_id), label)
        view = _view(uow, str(customer_id))
    return respond(view)
