"""What the staff sends and receives about stock."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from iso import Country
from transactional.money import MOST_AMOUNT

Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", examples=["main"])]
SkuCode = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Document = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    Field(description="The paper it stands on: delivery note, count sheet.", examples=["DN-2026-1187"]),
]
MAX_LINES = 500
MOST_UNITS = 1_000_000


class _Warehouse(BaseModel):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        examples=["Leeds"]
    )
    country: Country
    postal_code: str = Field("", max_length=20, examples=["LS9 8AG"])
    priority: int = Field(
        0, ge=0, le=1_000, description="Orders are allocated to the lowest first.", examples=[1]
    )
    is_active: bool = Field(True, description="Whether new orders may be allocated to it.")


class WarehouseIn(_Warehouse):
    model_config = ConfigDict(extra="forbid")


class WarehouseView(_Warehouse):
    country: str  # as it was kept, also before it was looked up
    code: str


class WarehousesView(BaseModel):
    warehouses: list[WarehouseView]


class LineIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: SkuCode
    quantity: int = Field(ge=1, le=MOST_UNITS, examples=[12])


class ChangeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: SkuCode
    quantity: int = Field(ge=-MOST_UNITS, le=MOST_UNITS, description="Signed.", examples=[-2])


class ArrivedIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: SkuCode
    quantity: int = Field(ge=0, le=MOST_UNITS, examples=[12])


class ReceivedIn(LineIn):
    unit_cost: int | None = Field(
        None,
        ge=0,
        le=MOST_AMOUNT,
        description="What the supplier asks for each, without tax; the SKU's cost when it is left out.",
        examples=[1_150],
    )


class ReceiptIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    warehouse: Code
    document: Document
    supplier: Code | None = Field(
        None, description="To whom the goods are owed: liability:payable:<supplier>.", examples=["weavers"]
    )
    lines: list[ReceivedIn] = Field(min_length=1, max_length=MAX_LINES)


class AdjustmentIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    warehouse: Code
    document: Document
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)] = Field(
        examples=["counted twice, two are missing"]
    )
    lines: list[ChangeIn] = Field(min_length=1, max_length=MAX_LINES)


class LevelView(BaseModel):
    warehouse: str
    on_hand: int
    reserved: int
    available: int = Field(description="on_hand - reserved, in active warehouses.")


class ShelfView(LevelView):
    sku: str


class ShelvesView(BaseModel):
    items: list[ShelfView]
    page: int
    page_size: int


class StockView(BaseModel):
    sku: str
    available: int = Field(description="Can be sold now, in all warehouses.")
    in_transit: int = Field(description="On its way between warehouses.")
    levels: list[LevelView]


class StocksView(BaseModel):
    stocks: list[StockView]


class MovementView(BaseModel):
    id: str = Field(description="Send the last one as `before` to get those before it.")
    moved_at: datetime
    warehouse: str
    kind: str
    on_hand_change: int
    reserved_change: int
    document: str
    shipment: str | None = Field(description="Number of the parcel that units left in.")
    reason: str | None
    on_hand: int = Field(description="In this warehouse after the movement.")
    reserved: int


class MovementsView(BaseModel):
    sku: str
    movements: list[MovementView]
