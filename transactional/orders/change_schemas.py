"""What changes of orders send and receive over the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from iso import Country
from transactional.checkout.schemas import Quantity
from transactional.orders.change_plan import Wish
from transactional.orders.change_pricing import Addition
from transactional.orders.schemas import Line, ReasonIn, UnitsIn, units_of
from transactional.payments.schemas import TenderIn
from transactional.unit_of_work import Row


class AdditionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: str = Field(min_length=1, max_length=64, description="SKU code.")
    quantity: Quantity = 1
    unit_price: int | None = Field(
        None, ge=0, description="What was agreed with the buyer, at most what everybody pays."
    )


class ShipToIn(BaseModel):
    """Where the order goes instead."""

    model_config = ConfigDict(extra="forbid")
    name: Line
    address: Line
    city: Line
    region: Line | None = None
    postal_code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]
    country: Country


class ChangeIn(ReasonIn):
    """How an order is to be changed; what is not named stays as it is."""

    add: list[AdditionIn] = Field(
        [], max_length=100, examples=[[{"sku": "LINEN-SHIRT-M", "quantity": 1}]], description="Units to add."
    )
    remove: list[UnitsIn] = Field([], max_length=100, description="Units that are not wanted any more.")
    ship_to: ShipToIn | None = None
    delivery_method: str | None = Field(
        None, max_length=32, description="Code of another delivery; what it costs is settled too."
    )

    def wish(self) -> Wish:
        to = None if self.ship_to is None else self.ship_to.model_dump()
        return Wish(
            reason=self.reason,
            add=[Addition(**vars(each)) for each in self.add],
            remove=units_of(self.remove),
            ship_to=None if to is None else {f"ship_{name}": value for name, value in to.items()},
            delivery_method=self.delivery_method,
        )


class ProposalIn(ChangeIn):
    expected_due: int | None = Field(
        None, ge=0, description="What the buyer was told to pay; another is refused with `price_changed`."
    )
    tenders: list[TenderIn] = Field(
        [], max_length=10, description="What pays in this order; a payment provider takes the rest."
    )


class AddedLineView(BaseModel):
    sku: str
    name: str
    quantity: int
    unit_price: int
    net: int
    tax: int


class RemovedUnitsView(BaseModel):
    order_line_id: str
    quantity: int


class PlannedChangeView(BaseModel):
    """What a change does; minor units with tax. `due` = `added` - `kept`."""

    currency: str
    added: int = Field(description="What it adds, a new delivery charge included.")
    credited: int = Field(description="What it takes off.")
    kept: int = Field(description="What of that pays for what it adds.")
    due: int = Field(description="What the buyer pays before it takes effect; 0: it takes effect at once.")
    back: int = Field(description="What the buyer gets back when it takes effect.")
    delivery: int = Field(description="The new delivery charge; 0 when it stays as it is.")
    delivery_method: str | None
    ship_name: str | None
    ship_address: str | None
    ship_city: str | None
    ship_region: str | None
    ship_postal_code: str | None
    ship_country: str | None
    add: list[AddedLineView]
    remove: list[RemovedUnitsView]


class ChangeView(PlannedChangeView):
    number: str
    status: Literal["open", "applied", "cancelled", "expired"]
    reason: str
    created_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None


class ChangesView(BaseModel):
    """An order's changes, the oldest first."""

    items: list[ChangeView]


class ProposedChangeView(ChangeView):
    page: str = Field(description="Address of the order's page, where its buyer pays what is due.")


_COPIED = PlannedChangeView.model_fields.keys() - {"back", "delivery", "add", "remove"}
_OF_CHANGE = ("number", "status", "reason", "created_at", "expires_at", "closed_at")


def planned_view(change: Row, additions: Sequence[Row], removals: Sequence[Row]) -> PlannedChangeView:
    return PlannedChangeView(**_shown(change, additions, removals))


def change_view(change: Row, additions: Sequence[Row], removals: Sequence[Row]) -> ChangeView:
    """A change with its own of these additions and removals."""
    mine = [[row for row in rows if row["change_id"] == change["id"]] for rows in (additions, removals)]
    return ChangeView(**_shown(change, *mine), **{name: change[name] for name in _OF_CHANGE})


def _shown(change: Row, additions: Sequence[Row], removals: Sequence[Row]) -> Row:
    delivery_tax = change["tax"] - sum(row["tax"] for row in additions)
    return {
        **{name: change.get(name) for name in _COPIED},
        "back": change["credited"] - change["kept"],
        "delivery": change["shipping"] + delivery_tax,
        "add": [
            AddedLineView(
                net=row["gross"] - row["discount"],
                **{name: row[name] for name in ("sku", "name", "quantity", "unit_price", "tax")},
            )
            for row in additions
        ],
        "remove": [
            RemovedUnitsView(order_line_id=row["order_line_id"], quantity=row["quantity"]) for row in removals
        ],
    }
