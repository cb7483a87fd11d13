"""Turning the text of a field into a number, an amount of money or a moment."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

LARGEST = Decimal(10) ** 15


class BadValueError(ValueError):
    """A field that is not what it should be; the message is the reason a person reads."""


def decimal(text: str, field: str, decimal_separator: str = ".", thousands_separator: str = "") -> Decimal:
    """A number as written; raises BadValueError naming `field`."""
    plain = text.strip()
    if thousands_separator:
        plain = plain.replace(thousands_separator, "")
    if decimal_separator != ".":
        if "." in plain:  # it would silently become a decimal point
            raise BadValueError(f"{field}: {text!r} is no number with {decimal_separator!r} for decimals")
        plain = plain.replace(decimal_separator, ".")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        raise BadValueError(f"{field}: {text!r} is no number") from None
    if not value.is_finite() or abs(value) >= LARGEST:
        raise BadValueError(f"{field}: {text!r} is no amount")
    return value


def whole(value: Decimal, field: str) -> int:
    """A count; raises BadValueError when it has a fraction or does not fit a database integer."""
    if value != value.to_integral_value() or abs(value) >= 2**31:
        raise BadValueError(f"{field}: {value} is no whole number of units")
    return int(value)


def minor_units(amount: Decimal, digits: int) -> int:
    """An amount in minor units, halves rounded away from zero so that a sale and its return cancel."""
    return int(amount.scaleb(digits).quantize(Decimal(1), ROUND_HALF_UP))


def exact_minor_units(amount: Decimal, digits: int) -> int | None:
    """An amount in minor units; None when it has fractions of one."""
    units = amount.scaleb(digits)
    return int(units) if units == units.to_integral_value() else None


def currency_digits(currency: str) -> int:
    """Decimal places of a currency's minor unit: 2 for GBP, 0 for JPY."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)


def moments(formats: Sequence[str], time_zone: str) -> Callable[[str, str], datetime]:
    """A parser of local times: (text, field) -> the moment in UTC.

    A time that the clocks skipped is taken as if they had not yet changed; of one that came twice the first.
    """
    zone = ZoneInfo(time_zone)

    @lru_cache(maxsize=65_536)
    def parse(text: str, field: str) -> datetime:
        for one in formats:
            try:
                local = datetime.strptime(text.strip(), one)  # noqa: DTZ007 - the zone follows
            except ValueError:
                continue
            if local.tzinfo is None:
                local = local.replace(tzinfo=zone)
            if 1900 <= local.year <= 2200:
                return local.astimezone(UTC)
        raise BadValueError(f"{field}: {text!r} is no time like {' or '.join(formats)}")

    return parse


def iso(moment: datetime | None) -> str | None:
    """UTC, without zone, as DuckDB reads it."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def without(pattern: str | None) -> Callable[[str], str]:
    """A function that strips a field and removes what matches `pattern`."""
    if pattern is None:
        return str.strip
    compiled = re.compile(pattern)
    return lambda text: compiled.sub("", text.strip())
