"""Codes of the International Organization for Standardization, as pycountry lists them."""

from typing import Annotated

import pycountry
from pydantic import AfterValidator, Field

COUNTRIES = frozenset(each.alpha_2 for each in pycountry.countries)
CURRENCIES = frozenset(each.alpha_3 for each in pycountry.currencies)


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"{code} is no country of ISO 3166-1")
    return code


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(f"{code} is no currency of ISO 4217")
    return code


Country = Annotated[
    str,
    Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["GB"]),
    AfterValidator(_country),
]
Currency = Annotated[
    str, Field(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["GBP"]), AfterValidator(_currency)
]
