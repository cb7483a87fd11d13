"""Customers and their address books over HTTP, for the staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, problems, request_id, respond, shop_of
from transactional.members import addresses
from transactional.members import service as members
from transactional.members.schemas import AddressesView, AddressIn, CustomersView, CustomerView, GroupsIn
from transactional.members.views import addresses_view, customer_view

router = APIRouter(prefix=f"{API}/staff/customers", tags=["staff"], dependencies=[STAFF_ONLY])
Label = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$", examples=["home"])]
_REFUSALS = problems(401, 404, 409)


@router.get("", response_model=CustomersView, responses=problems(401))
async def list_customers(
    request: Request,
    email: Annotated[str, Query(max_length=320, description="Part of it.")] = "",
    name: Annotated[str, Query(max_length=200, description="Part of it.")] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Customers, the newest first."""
    with shop_of(request).database.read() as db:
        found, total = members.search(db, email, name, page, page_size)
    items = [customer_view(row) for row in found]
    return respond(CustomersView(items=items, page=page, page_size=page_size, total=total))


@router.get("/{customer_id}", response_model=CustomerView, responses=problems(401, 404))
async def get_customer(request: Request, customer_id: UUID) -> Response:
    """A customer, by id."""
    with shop_of(request).database.read() as db:
        return respond(customer_view(members.find(db, str(customer_id))))


@router.put("/{customer_id}/groups", response_model=CustomerView, responses=problems(401, 404))
async def put_groups(request: Request, customer_id: UUID, body: GroupsIn) -> Response:
    """Let a customer be in these groups and no others: carts have their prices from the next request on."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        members.put_groups(uow, str(customer_id), body.groups)
        view = customer_view(members.find(uow, str(customer_id)))
    return respond(view)


@router.get("/{customer_id}/addresses", response_model=AddressesView, responses=problems(401, 404))
async def list_addresses(request: Request, customer_id: UUID) -> Response:
    """The address book of a customer."""
    with shop_of(request).database.read() as db:
        return respond(addresses_view(db, str(customer_id)))


@router.put("/{customer_id}/addresses/{label}", response_model=AddressesView, responses=_REFUSALS)
async def put_address(request: Request, customer_id: UUID, label: Label, body: AddressIn) -> Response:
    """Keep an address, or change it; a new default takes the place of the old one."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        addresses.put(uow, str(customer_id), label, body.model_dump())
        view = addresses_view(uow, str(customer_id))
    return respond(view)


@router.delete("/{customer_id}/addresses/{label}", response_model=AddressesView, responses=_REFUSALS)
async def remove_address(request: Request, customer_id: UUID, label: Label) -> Response:
    """Take an address out of the book."""
    async with shop_of(request).database.request("staff", request_id(request)) as uow:
        addresses.remove(uow, str(customer_id), label)
        view = addresses_view(uow, str(customer_id))
    return respond(view)
