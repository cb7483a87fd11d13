"""How a SKU may be sold beyond what is there, as it goes over the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from transactional.moments import Moment
from transactional.stock.schemas import MOST_UNITS

Most = Annotated[
    int, Field(ge=0, le=MOST_UNITS, description="Units that orders may wait for together.", examples=[50])
]


class _Policy(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BackorderIn(_Policy):
    """Sold beyond what is there, and promised so many days after the order."""

    policy: Literal["backorder"]
    most: Most
    days: int = Field(ge=0, le=3_650, examples=[12])


class PreorderIn(_Policy):
    """Sold before its day, and sent from then on."""

    policy: Literal["preorder"]
    most: Most
    available_from: Moment


class FromStockIn(_Policy):
    """Sold when it is there."""

    policy: Literal["stock"]


SupplyIn = Annotated[BackorderIn | PreorderIn | FromStockIn, Field(discriminator="policy")]


class SupplyView(BaseModel):
    """How a SKU is sold, and for how many units orders wait."""

    sku: str
    policy: Literal["stock", "backorder", "preorder"]
    most: int
    owed: int
    days: int | None
    available_from: datetime | None


class BackorderView(BaseModel):
    """Units that were sold before they were there, and why they still are not."""

    sku: str
    quantity: int
    waiting: int = Field(description="Units that have not come yet.")
    cancelled: int
    placed_at: datetime
    expected_at: datetime = Field(description="When they were promised to be there.")
    policy: Literal["stock", "backorder", "preorder"] = Field(description="How the SKU is sold now.")
    ahead: int = Field(description="Units that orders placed before wait for.")


class BackordersView(BaseModel):
    """Why an order waits."""

    is_waiting: bool
    items: list[BackorderView]
