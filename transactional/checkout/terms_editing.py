"""How the staff changes the terms of sale; carts are priced under the new ones from the next request on."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Table, bindparam, select

from transactional.checkout import sale_terms
from transactional.checkout.errors import HomeZoneNeeded, NoStandardRate, ZoneInUse, ZonesOverlap
from transactional.checkout.models import (
    delivery_methods,
    delivery_rates,
    delivery_zones,
    tax_rates,
    tax_zones,
)
from transactional.checkout.tax import STANDARD
from transactional.errors import NotFound
from transactional.row_statements import for_update
from transactional.staff.service import Terms
from transactional.unit_of_work import Reading, Row, UnitOfWork

_rates_of_method = for_update(
    select(delivery_rates)
    .where(delivery_rates.c.method_id == bindparam("method_id"))
    .order_by(delivery_rates.c.id),
    delivery_rates,
)
_rates_of_tax_zone = for_update(
    select(tax_rates).where(tax_rates.c.zone_id == bindparam("zone_id")).order_by(tax_rates.c.id), tax_rates
)
_rates = (
    select(delivery_rates, delivery_zones.c.code.label("zone"))
    .join(delivery_zones, delivery_zones.c.id == delivery_rates.c.zone_id)
    .order_by(delivery_rates.c.id)
)
_tax_rates = select(tax_rates).order_by(tax_rates.c.tax_class, tax_rates.c.valid_from)


def zones(db: Reading, table: Table) -> list[Row]:
    """The zones of delivery or tax, by code."""
    return db.rows(select(table).order_by(table.c.code))


def methods(db: Reading) -> list[Row]:
    """All methods in the order shoppers see, each with its `rates`, whose `zone` is a code."""
    rates = db.rows(_rates)
    found = db.rows(select(delivery_methods).order_by(delivery_methods.c.position, delivery_methods.c.code))
    return [{**row, "rates": [each for each in rates if each["method_id"] == row["id"]]} for row in found]


def tax_terms(db: Reading) -> list[Row]:
    """The zones of tax, each with its `rates`."""
    rates = db.rows(_tax_rates)
    return [
        {**row, "rates": [each for each in rates if each["zone_id"] == row["id"]]}
        for row in zones(db, tax_zones)
    ]


def put_zone(
    uow: UnitOfWork, code: str, *, name: str, countries: Sequence[str], postal_prefixes: Sequence[str]
) -> None:
    """Make a zone of delivery or change it.

    Args:
        countries: ISO 3166-1 alpha-2; none for all that no other zone names.
        postal_prefixes: starts of postal codes; none for the whole of the countries.

    Raises:
        ZonesOverlap: an address would lie as closely in another zone.
    """
    starts = sorted({each.replace(" ", "").upper() for each in postal_prefixes})
    sale_terms.lock(uow)
    for other in zones(uow, delivery_zones):
        alike = set(starts) & set(other["postal_prefixes"]) or not (starts or other["postal_prefixes"])
        if other["code"] != code and alike and _share(countries, other["countries"]):
            raise ZonesOverlap(code, other["code"])
    _put(
        uow,
        delivery_zones,
        code,
        {"name": name, "countries": sorted(set(countries)), "postal_prefixes": starts},
    )
    sale_terms.changed(uow)


def put_method(
    uow: UnitOfWork,
    terms: Terms,
    code: str,
    *,
    name: str,
    days_min: int,
    days_max: int,
    position: int,
    is_active: bool,
    rates: Sequence[Row],
) -> None:
    """Make a method of delivery or change it; its rates are replaced.

    Args:
        rates: rows of delivery_rates whose `zone` is a code.

    Raises:
        NotFound: there is no such zone.
        CurrencyNotSold: a rate is in a currency that the shop does not sell in.
    """
    sale_terms.lock(uow)
    ids = {row["code"]: row["id"] for row in zones(uow, delivery_zones)}
    for rate in rates:
        if rate["zone"] not in ids:
            raise NotFound("delivery zone", rate["zone"])
        terms.currency_of(rate["currency"])
    values = {"name": name, "days_min": days_min, "days_max": days_max}
    method = _put(uow, delivery_methods, code, {**values, "position": position, "is_active": is_active})
    for row in uow.lock_rows(delivery_rates, _rates_of_method, method_id=method["id"]):
        uow.delete(delivery_rates, row)
    uow.insert_many(
        delivery_rates,
        [
            {
                **{name: value for name, value in rate.items() if name != "zone"},
                "id": uow.new_id(),
                "method_id": method["id"],
                "zone_id": ids[rate["zone"]],
            }
            for rate in rates
        ],
    )
    sale_terms.changed(uow)


def remove_zone(uow: UnitOfWork, code: str) -> None:
    """Take a zone of delivery away: its addresses lie in the closest that is left.

    Raises:
        NotFound: there is no such zone.
        ZoneInUse: methods have rates for it.
    """
    sale_terms.lock(uow)
    if using := [row["code"] for row in methods(uow) if any(each["zone"] == code for each in row["rates"])]:
        raise ZoneInUse(code, using)
    uow.delete(delivery_zones, _coded(uow, delivery_zones, "delivery zone", code))
    sale_terms.changed(uow)


def remove_method(uow: UnitOfWork, code: str) -> None:
    """Take a method of delivery away, with its rates; orders keep its code and name.

    Raises:
        NotFound: there is no such method.
    """
    sale_terms.lock(uow)
    method = _coded(uow, delivery_methods, "delivery method", code)
    for row in uow.lock_rows(delivery_rates, _rates_of_method, method_id=method["id"]):
        uow.delete(delivery_rates, row)
    uow.delete(delivery_methods, method)
    sale_terms.changed(uow)


def _coded(uow: UnitOfWork, table: Table, what: str, code: str) -> Row:
    known = uow.row(select(table).where(table.c.code == code))
    locked = uow.lock(table, known["id"]) if known else None
    if locked is None:
        raise NotFound(what, code)
    return locked


def put_tax_zone(
    uow: UnitOfWork,
    terms: Terms,
    code: str,
    *,
    name: str,
    countries: Sequence[str],
    prices_include_tax: bool,
    reverse_charge: bool,
    rates: Sequence[tuple[str, int, date]],
) -> None:
    """Make a zone of tax or change it; its rates are replaced.

    Args:
        rates: class, basis points and the first day of the shop's calendar on which they hold.

    Raises:
        ZonesOverlap: a country is in another zone, or another zone is the rest of the world already.
        NoStandardRate: nothing would be taxed there from now on; where that is meant, its rate is 0.
    """
    sale_terms.lock(uow)
    today = sale_terms.shop_day(uow, terms)
    if not any(tax_class == STANDARD and day <= today for tax_class, _, day in rates):
        raise NoStandardRate(code, today)
    for other in zones(uow, tax_zones):
        if other["code"] != code and _share(countries, other["countries"]):
            raise ZonesOverlap(code, other["code"])
    how = {"prices_include_tax": prices_include_tax, "reverse_charge": reverse_charge}
    zone = _put(uow, tax_zones, code, {"name": name, "countries": sorted(set(countries)), **how})
    _drop_rates(uow, zone)
    uow.insert_many(
        tax_rates,
        [
            {
                "id": uow.new_id(),
                "zone_id": zone["id"],
                "tax_class": tax_class,
                "rate_bp": rate_bp,
                "valid_from": day,
            }
            for tax_class, rate_bp, day in rates
        ],
    )
    sale_terms.changed(uow)


def remove_tax_zone(uow: UnitOfWork, terms: Terms, code: str) -> None:
    """Take a zone of tax away, with its rates: its countries are taxed as the rest of the world.

    Raises:
        NotFound: there is no such zone.
        HomeZoneNeeded: the shop's own country lies in it.
    """
    sale_terms.lock(uow)
    zone = _coded(uow, tax_zones, "tax zone", code)
    home = sale_terms.current(uow).tax_zone_of(terms.country)
    if home is not None and home.code == code:
        raise HomeZoneNeeded(code, terms.country)
    _drop_rates(uow, zone)
    uow.delete(tax_zones, zone)
    sale_terms.changed(uow)


def _drop_rates(uow: UnitOfWork, tax_zone: Row) -> None:
    for row in uow.lock_rows(tax_rates, _rates_of_tax_zone, zone_id=tax_zone["id"]):
        uow.delete(tax_rates, row)


def _share(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two zones name one country, or both none."""
    return bool(set(some) & set(others)) or not (some or others)


def _put(uow: UnitOfWork, table: Table, code: str, values: Row) -> Row:
    known = uow.row(select(table).where(table.c.code == code))
    if known is None:
        return uow.insert(table, {"id": uow.new_id(), "code": code, **values})
    row = uow.lock(table, known["id"]) or known
    return uow.update(table, row, **values)
