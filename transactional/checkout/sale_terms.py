"""The terms of sale, delivery and tax, read once and kept until the staff changes them."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from uuid import NAMESPACE_URL, uuid4, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from transactional.checkout import delivery, tax
from transactional.checkout.delivery import Method, Offer, Parcel, Rate, Zone
from transactional.checkout.models import (
    delivery_methods,
    delivery_rates,
    delivery_zones,
    sale_versions,
    tax_rates,
    tax_zones,
)
from transactional.checkout.tax import TaxRate, TaxZone, Treatment
from transactional.staff.service import Terms
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row, UnitOfWork

_ONLY = "live"
_KEPT = 16
_FIRST_DAY = date(2000, 1, 1)
_version = select(sale_versions.c.version).where(sale_versions.c.id == _ONLY)
# A column for queries that are run anyway, so that a cart does not ask for the terms.
VERSION = _version.scalar_subquery()
_set_version = (
    sale_versions.update().where(sale_versions.c.id == _ONLY).values(version=bindparam("new_version"))
)
_zones = select(delivery_zones).order_by(delivery_zones.c.code)
_methods = (
    select(delivery_methods)
    .where(delivery_methods.c.is_active)
    .order_by(delivery_methods.c.position, delivery_methods.c.code)
)
_rates = select(delivery_rates).order_by(delivery_rates.c.method_id, delivery_rates.c.id)
_tax_zones = select(tax_zones).order_by(tax_zones.c.code)
_tax_rates = select(tax_rates).order_by(tax_rates.c.zone_id, tax_rates.c.valid_from, tax_rates.c.tax_class)


@dataclass(frozen=True)
class SaleTerms:
    """How the shop delivers and taxes."""

    zones: tuple[Zone, ...] = ()
    methods: tuple[Method, ...] = ()
    tax_zones: tuple[TaxZone, ...] = ()

    def offers(self, to: Place, parcel: Parcel) -> list[Offer]:
        return delivery.offers(self.zones, self.methods, to.country, to.postal_code, parcel)

    def at_home(self, terms: Terms, currency: str) -> Rate | None:
        """The rate of a light parcel in the shop's own country, which its pages advertise."""
        offers = self.offers(Place(terms.country, ""), Parcel(0, 0, currency))
        return offers[0].rate if offers else None

    def tax_zone_of(self, country: str) -> TaxZone | None:
        return tax.zone_of(self.tax_zones, country)

    def treatment(self, to: Place, day: date) -> Treatment:
        return tax.treatment(self.tax_zones, to.country, day)


_NONE = SaleTerms()
_kept: OrderedDict[str, SaleTerms] = OrderedDict()  # by version, which no two shops share


def of_version(db: Reading, version: str | None) -> SaleTerms:
    """The terms of a version; None is that of a cart without lines, which needs none."""
    if version is None:
        return _NONE
    found = _kept.get(version)
    if found is None:
        found = _kept[version] = _read(db)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return found


def current(db: Reading) -> SaleTerms:
    """The terms that hold now."""
    return of_version(db, db.value(_version))


def shop_day(db: Reading, terms: Terms) -> date:
    return db.now.astimezone(ZoneInfo(terms.time_zone)).date()


def _read(db: Reading) -> SaleTerms:
    zones = db.rows(_zones)
    codes = {row["id"]: row["code"] for row in zones}
    rates = {key: list(rows) for key, rows in groupby(db.rows(_rates), itemgetter("method_id"))}
    taxes = {key: list(rows) for key, rows in groupby(db.rows(_tax_rates), itemgetter("zone_id"))}
    return SaleTerms(
        zones=tuple(
            Zone(row["code"], frozenset(row["countries"]), tuple(row["postal_prefixes"])) for row in zones
        ),
        methods=tuple(
            Method(
                row["code"],
                row["name"],
                row["days_min"],
                row["days_max"],
                tuple(_rate(each, codes[each["zone_id"]]) for each in rates.get(row["id"], [])),
            )
            for row in db.rows(_methods)
        ),
        tax_zones=tuple(
            TaxZone(
                row["code"],
                row["name"],
                frozenset(row["countries"]),
                row["prices_include_tax"],
                tuple(
                    TaxRate(each["tax_class"], each["rate_bp"], each["valid_from"])
                    for each in taxes.get(row["id"], [])
                ),
                row["reverse_charge"],
            )
            for row in db.rows(_tax_zones)
        ),
    )


def _rate(row: Row, zone: str) -> Rate:
    names = ("currency", "kind", "price", "weight_from", "weight_to", "free_from")
    return Rate(zone, **{name: row[name] for name in names})


def lock(uow: UnitOfWork) -> None:
    """Let nobody else change the terms until the commit."""
    uow.lock(sale_versions, _ONLY)


def changed(uow: UnitOfWork) -> None:
    """Let everybody read the terms again; a random id, so that a version rolled back is never met again."""
    uow.write(_set_version, new_version=str(uuid4()))


def open_first(uow: UnitOfWork, terms: Terms) -> None:
    """The terms of a new shop: `standard` delivery everywhere, tax at home and none on what is exported.

    Ids follow from the shop's, so that history is repeatable.
    """
    if not uow.insert_unless_there(sale_versions, {"id": _ONLY, "version": str(uuid4())}, "id"):
        return

    def first(what: str) -> str:
        return str(uuid5(NAMESPACE_URL, f"storehouse:{terms.shop_id}:{what}"))

    everywhere, standard = first("delivery zone:everywhere"), first("delivery method:standard")
    uow.insert(
        delivery_zones,
        {
            "id": everywhere,
            "code": "everywhere",
            "name": "Everywhere",
            "countries": [],
            "postal_prefixes": [],
        },
    )
    method = {"code": "standard", "name": "Standard delivery", "days_min": 2, "days_max": 4}
    uow.insert(delivery_methods, {"id": standard, **method, "position": 0, "is_active": True})
    rate = {"kind": "free_over", "price": 395, "free_from": 5_000, "weight_from": 0}
    uow.insert(
        delivery_rates,
        {
            "id": first("delivery rate:standard"),
            "method_id": standard,
            "zone_id": everywhere,
            "currency": terms.currency,
            **rate,
        },
    )
    for code, name, countries, included, standard_bp in (
        ("home", "At home", [terms.country], True, terms.tax_rate_bp),
        ("rest", "Exports", [], False, 0),
    ):
        zone = {"id": first(f"tax zone:{code}"), "code": code, "name": name, "countries": countries}
        uow.insert(tax_zones, {**zone, "prices_include_tax": included, "reverse_charge": False})
        for tax_class, rate_bp in (("standard", standard_bp), ("zero", 0)):
            row = {"zone_id": zone["id"], "tax_class": tax_class, "rate_bp": rate_bp}
            uow.insert(
                tax_rates, {"id": first(f"tax rate:{code}:{tax_class}"), **row, "valid_from": _FIRST_DAY}
            )
