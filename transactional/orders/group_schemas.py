"""What group purchases send and receive over the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from transactional.checkout.rules import MAX_QUANTITY
from transactional.checkout.sale_schemas import SaleIn
from transactional.checkout.schemas import Quantity
from transactional.moments import Moment
from transactional.money import MOST_AMOUNT
from transactional.orders.groups import Group

GroupCode = Annotated[str, Field(pattern="^[a-z0-9-]{3,40}$", examples=["shirts-for-ten"])]


class GroupIn(BaseModel):
    """A group purchase of one SKU."""

    model_config = ConfigDict(extra="forbid")
    code: GroupCode
    sku: str = Field(min_length=1, max_length=64, description="SKU code.")
    price: int = Field(ge=1, le=MOST_AMOUNT, description="Of each unit, as prices are asked.", examples=[500])
    buyers_wanted: int = Field(ge=2, le=1_000, description="Paid buyers that complete it.", examples=[10])
    per_buyer: int = Field(1, ge=1, le=MAX_QUANTITY, description="The most units in one order.")
    closes_at: Moment = Field(examples=["2036-01-01T12:00:00Z"])


class GroupOrderIn(SaleIn):
    """An order at a group's price, which is the server's own."""

    quantity: Quantity = 1


class GroupView(BaseModel):
    code: str
    sku: str
    product: str = Field(description="Slug of the product.")
    name: str
    price: int = Field(description="Of each unit, as prices are asked.")
    list_price: int
    currency: str
    per_buyer: int
    buyers_wanted: int
    buyers: int = Field(description="How many are in: they have paid.")
    missing: int = Field(description="How many more it takes.")
    closes_at: datetime
    status: Literal["open", "completed", "failed"]


class GroupsView(BaseModel):
    items: list[GroupView]


_COUNTED = {"buyers", "missing"}
_SHOWN = GroupView.model_fields.keys() - _COUNTED


def group_view(group: Group) -> GroupView:
    return GroupView(buyers=group.buyers, missing=group.missing, **{name: group.row[name] for name in _SHOWN})
