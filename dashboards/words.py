"""Numbers, dates and findings in words people read, in the shop's locale."""

from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)


def major(minor: float, currency: str) -> float:
    """Minor units as major units: 1234 GBP -> 12.34, 1234 JPY -> 1234."""
    precision: int = get_currency_precision(currency)
    return float(minor / 10**precision)


def money(minor: float, currency: str, locale: str) -> str:
    """The exact amount: £1,204.50."""
    return format_currency(Decimal(str(major(round(minor), currency))), currency, locale=locale)


def short_money(minor: float, currency: str, locale: str) -> str:
    """The amount with three digits or so: £9.95, £646, £1,049, £12.4K, £203K."""
    amount = major(minor, currency)
    if abs(amount) < 100:
        return format_currency(amount, currency, locale=locale)
    if abs(amount) < 10_000:
        whole = Locale.parse(locale).currency_formats["standard"].pattern.replace(".00", "")
        return format_currency(amount, currency, whole, locale, currency_digits=False)
    return format_compact_currency(amount, currency, locale=locale, fraction_digits=_digits(amount))


def count(number: float, locale: str) -> str:
    """The number with as many digits as matter: 912, 3,935, 12.4K, 203K."""
    if abs(number) < 10_000:
        return format_decimal(round(number), locale=locale)
    return format_compact_decimal(number, locale=locale, fraction_digits=_digits(number))


def _digits(number: float) -> int:
    """Digits behind the point of a number in thousands or millions, so that it has three: 12.4, 203."""
    scaled = abs(number)
    while scaled >= 1_000:
        scaled /= 1_000
    return 1 if scaled < 100 else 0


def percent(share: float, locale: str, digits: int = 1) -> str:
    """0.0312 -> 3.1%."""
    return format_percent(share, format=f"#,##0.{'0' * digits}%" if digits else "#,##0%", locale=locale)


def day(value: date, locale: str) -> str:
    """3 May 2026."""
    return format_date(value, "d MMM y", locale=locale)


def moment(value: datetime, zone: str, locale: str) -> str:
    """3 May 2026, 14:05:09 in the shop's time zone."""
    return format_datetime(value, "d MMM y, HH:mm:ss", tzinfo=get_timezone(zone), locale=locale)


def change(now: float, before: float) -> float | None:
    """Relative change, or None when there is nothing to compare with."""
    return (now - before) / abs(before) if before else None


def moved(what: str, now: float, before: float, locale: str) -> str:
    """A finding: "Net sales up 8% on the previous period"."""
    relative = change(now, before)
    if relative is None:
        return (
            f"{what}: nothing to compare with in the previous period"
            if now
            else f"{what}: none in these dates"
        )
    if abs(relative) < 0.005:
        return f"{what} level with the previous period"
    direction = "up" if relative > 0 else "down"
    return f"{what} {direction} {percent(abs(relative), locale, 0)} on the previous period"
