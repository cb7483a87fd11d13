"""What the staff sends and receives about customers."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from iso import Country

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class AddressIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Text = Field(examples=["Ada Lovelace"])
    company: Text | None = None
    lines: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)] = Field(
        description="Street and number.", examples=["12 St James's Square"]
    )
    city: Text = Field(examples=["London"])
    region: Text | None = None
    postal_code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)] = (
        Field(examples=["SW1Y 4JH"])
    )
    country: Country
    phone: str | None = Field(None, pattern=r"^\+?[0-9 ()/-]{3,39}$", examples=["+44 20 7946 0018"])
    is_shipping_default: bool = False
    is_billing_default: bool = False


class AddressView(AddressIn):
    country: str  # as it was kept, also before it was looked up
    label: str


class AddressesView(BaseModel):
    addresses: list[AddressView]


# As a price's `customer_group` and a promotion's segments name it.
Group = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,63}$")]


class GroupsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    groups: list[Group] = Field(max_length=50, examples=[["trade"]])


class CustomerView(BaseModel):
    id: str
    email: str | None = Field(description="Null for imported customers.")
    name: str | None
    city: str | None
    country: str | None
    groups: list[str] = Field(description="Whose prices and offers are the customer's too.")
    created_at: datetime


class CustomersView(BaseModel):
    items: list[CustomerView]
    page: int
    page_size: int
    total: int
