"""The staff's search for orders over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from transactional.api import API, STAFF_ONLY, problems, respond, shop_of
from transactional.moments import Moment
from transactional.orders import listing
from transactional.orders.listing import Search
from transactional.orders.schemas import Status

router = APIRouter(prefix=f"{API}/staff/orders", tags=["staff"], dependencies=[STAFF_ONLY])
_PAGE = 50


class OrderSummary(BaseModel):
    """An order in a list."""

    id: str
    number: str
    status: str
    channel: str
    purpose: str
    email: str | None
    ship_name: str | None
    ship_country: str | None
    currency: str
    total: int | None
    placed_at: datetime
    paid_at: datetime | None


class OrdersView(BaseModel):
    """Orders, the newest first."""

    items: list[OrderSummary]
    next: str | None = Field(description="`before` of the next page; null on the last one.")


@router.get("", response_model=OrdersView, responses=problems(401))
async def list_orders(
    request: Request,
    status: Annotated[list[Status] | None, Query(description="Any of these; all when none is given.")] = None,
    channel: Annotated[str | None, Query(max_length=32)] = None,
    number: Annotated[str | None, Query(max_length=64, description="All of it, or its beginning.")] = None,
    email: Annotated[str | None, Query(max_length=320)] = None,
    mark: Annotated[str | None, Query(max_length=40)] = None,
    is_changing: Annotated[bool | None, Query(description="Whether a change waits for its money.")] = None,
    placed_from: Moment | None = None,
    placed_to: Moment | None = None,
    before: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Look for orders: the review queue, one customer's, those with a mark..."""
    search = Search(
        statuses=tuple(status or ()),
        channel=channel,
        number=number,
        email=email,
        mark=mark,
        is_changing=is_changing,
        placed_from=placed_from,
        placed_to=placed_to,
        before=None if before is None else str(before),
    )
    with shop_of(request).database.read() as db:
        rows = listing.find(db, search, _PAGE + 1)
    items = [OrderSummary(**{name: row[name] for name in OrderSummary.model_fields}) for row in rows[:_PAGE]]
    return respond(OrdersView(items=items, next=items[-1].id if len(rows) > _PAGE else None))
