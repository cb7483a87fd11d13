"""Transfers between warehouses, as they go over the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from transactional.stock.schemas import MAX_LINES, ArrivedIn, Code, LineIn
from transactional.stock.transfers import Transfer

Status = Literal["in_transit", "received"]


class TransferIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    from_warehouse: Code
    to_warehouse: Annotated[Code, Field(examples=["leeds"])]
    lines: list[LineIn] = Field(min_length=1, max_length=MAX_LINES)


class ArrivalIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    lines: list[ArrivedIn] | None = Field(
        None,
        max_length=MAX_LINES,
        description="What was counted, the rest stays under way; everything that is when it is left out.",
    )


class ClosingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)] = Field(
        examples=["the carrier lost a box"]
    )


class TransferLineView(BaseModel):
    sku: str
    sent: int
    received: int
    lost: int = Field(description="sent - received - lost are under way.")


class TransferView(BaseModel):
    id: str = Field(description="Send the last one as `before` to get those before it.")
    number: str
    from_warehouse: str
    to_warehouse: str
    status: Status
    sent_at: datetime
    received_at: datetime | None
    reason: str | None = Field(description="Why what never arrived was given up.")
    lines: list[TransferLineView]


class TransfersView(BaseModel):
    transfers: list[TransferView]


def transfer_view(found: Transfer) -> TransferView:
    names = TransferView.model_fields.keys() - {"lines"}
    lines = [
        TransferLineView(**{name: line[name] for name in TransferLineView.model_fields})
        for line in found.lines
    ]
    return TransferView(**{name: found.transfer[name] for name in names}, lines=lines)
