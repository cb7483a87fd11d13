"""What single cells of a CSV file say; a ValueError tells why one says nothing that can be taken."""

import json
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal


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


def attributes(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError('is no JSON object of texts like {"material": "Linen"}')
    return found
