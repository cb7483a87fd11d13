"""What single cells of a CSV file say; a ValueError tells why one says nothing that can be taken."""

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from transactional.catalog.csv_format import OPTIONS
from transactional.catalog.staff_schemas import (
    Alt,
    Attributes,
    Barcode,
    Description,
    Name,
    ProductName,
    ProductSlug,
    SkuCode,
    Tags,
    Url,
    Word,
)

_ADDRESS = "is neither https://... nor a path of this shop"
# What each text may be, which is what the API takes; and what is told of one that is something else.
TEXTS: dict[str, TypeAdapter[str]] = {
    "handle": TypeAdapter(ProductSlug),
    "title": TypeAdapter(ProductName),
    "body": TypeAdapter(Description),
    "vendor": TypeAdapter(Name),
    "type": TypeAdapter(Word),
    "sku": TypeAdapter(SkuCode),
    "barcode": TypeAdapter(Barcode),
    "image": TypeAdapter(Url),
    "image_alt": TypeAdapter(Alt),
    "sku_image": TypeAdapter(Url),
    **{f"option{n}_{part}": TypeAdapter(Word) for n in range(1, OPTIONS + 1) for part in ("name", "value")},
}
_OTHERWISE = {
    "handle": "is not letters, digits and hyphens",
    "sku": "holds white space or a control character",
    "barcode": "is not letters, digits and hyphens",
    "image": _ADDRESS,
    "sku_image": _ADDRESS,
}
_tags: TypeAdapter[list[str]] = TypeAdapter(Tags)
_attributes: TypeAdapter[dict[str, str]] = TypeAdapter(Attributes)
Said = TypeVar("Said")


def check_text(field: str, text: str) -> None:
    """Raises ValueError when a field cannot be this text."""
    _checked(TEXTS[field].validate_python, text, f"{text[:40]!r} {_OTHERWISE.get(field, 'cannot be kept')}")


def whole(text: str) -> int:
    if text.startswith("-"):
        raise ValueError(f"{text[:40]} is negative")
    if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", text):
        raise ValueError(f"{text[:40]!r} is no whole number up to 999999999")
    return int(text.split(".")[0])


def rounded(text: str) -> int:
    """A number with decimals to the nearest whole one: weights are converted from pounds."""
    if text.startswith("-"):
        raise ValueError(f"{text[:40]} is negative")
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,20})?", text):
        raise ValueError(f"{text[:40]!r} is no number up to 999999999")
    return int(Decimal(text).to_integral_value(ROUND_HALF_UP))


def one_of(text: str, known: Mapping[str, str | None]) -> str | None:
    if text not in known:
        raise ValueError(f"{text[:40]!r} is none of {', '.join(word for word in known if word)}")
    return known[text]


def flag(text: str) -> bool:
    return one_of(text.lower(), {"true": "yes", "false": None}) is not None


def retired(text: str) -> bool:
    return one_of(text.lower(), {"retired": "yes", "live": None}) is not None


def tags(text: str) -> list[str]:
    given = [tag.strip() for tag in text.split(",") if tag.strip()]
    return _checked(_tags.validate_python, given, "cannot be kept")


def attributes(text: str) -> dict[str, str]:
    return _checked(_attributes.validate_json, text, 'is no JSON object of texts like {"material": "Linen"}')


def _checked(validate: Callable[[Any], Said], given: object, otherwise: str) -> Said:
    """Raises ValueError with the reason as a person reads it."""
    try:
        return validate(given)
    except ValidationError as wrong:
        error = wrong.errors(include_url=False)[0]
    most = error.get("ctx", {}).get("max_length")
    match error["type"]:
        case "string_too_long":
            which = f"{error['input'][:40]!r} " if error["loc"] else ""
            raise ValueError(f"{which}is longer than {most} characters")
        case "too_long":
            raise ValueError(f"holds more than {most}")
        case _:
            raise ValueError(otherwise)
