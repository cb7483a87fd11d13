"""What the shop sells, at every price and tax that may hold while an activity is on."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select

from transactional.catalog import pricing as prices
from transactional.catalog.models import products, sku_prices, skus
from transactional.checkout import sale_terms
from transactional.checkout.tax import TaxZone, treatment
from transactional.promotions import live, pricing
from transactional.promotions.cuts import Unit
from transactional.promotions.rules import Activity
from transactional.staff.service import Terms
from transactional.unit_of_work import Reading, Row

# On sale now, or to be from a moment on.
_is_shown = or_(products.c.status == "live", products.c.live_from.is_not(None))
_on_sale = (
    select(
        skus.c.id,
        skus.c.code.label("sku"),
        skus.c.price,
        skus.c.list_price,
        skus.c.cost,
        skus.c.tax_class,
        products.c.slug.label("product"),
        products.c.category_id,
        products.c.brand_id,
        products.c.status,
        products.c.live_from,
    )
    .join(products, products.c.id == skus.c.product_id)
    .where(_is_shown, skus.c.retired_at.is_(None))
    .order_by(skus.c.code)
)
_prices = (
    select(sku_prices)
    .join(skus, skus.c.id == sku_prices.c.sku_id)
    .join(products, products.c.id == skus.c.product_id)
    .where(_is_shown, sku_prices.c.currency == bindparam("currency"))
    .order_by(sku_prices.c.id)
)


def units(db: Reading, terms: Terms, activity: Activity, others: Iterable[Activity]) -> Iterator[Unit]:
    """One unit of each SKU on sale, at each price that may be asked for it now or in the activity's time.

    Products that go live by themselves before the activity ends are on sale then. A gift card costs the shop
    what it is worth.
    """
    found = [row for row in db.rows(_on_sale) if _is_sold(row, activity.conditions.ends_at)]
    names = pricing.lookup(db, live.of((activity, *others)), found)
    dated: dict[str, list[Row]] = {}
    for row in db.rows(_prices, currency=terms.currency):
        dated.setdefault(row["sku_id"], []).append(row)
    rates = {each: _highest_rate(db, terms, activity, each) for each in {row["tax_class"] for row in found}}
    for row in found:
        for price in sorted(_asked(db.now, activity, row["price"], dated.get(row["id"], []), terms.currency)):
            at = {"price": price, "list_price": max(price, row["list_price"])}
            unit = pricing.line_of(row["sku"], {**row, **at, "cost": _cost(row)}, names, quantity=1)
            yield Unit(unit, rates[row["tax_class"]])


def _is_sold(row: Row, end: datetime | None) -> bool:
    """Whether a SKU can be bought before the end of an activity; None is no end."""
    return row["status"] == "live" or end is None or row["live_from"] < end


def _cost(row: Row) -> int:
    cost: int = row["list_price"] if pricing.is_gift_card(row) else row["cost"]
    return cost


def _asked(now: datetime, activity: Activity, own: int, dated: list[Row], currency: str) -> set[int]:
    """The prices of a SKU that buyers of any one group, or of none, may be asked."""
    start, end = _time(now, activity)
    begins = {row["valid_from"] for row in dated} | {row["valid_to"] for row in dated if row["valid_to"]}
    moments = {now, start} | {each for each in begins if start <= each and (end is None or each < end)}
    buyers = [[], *([row["customer_group"]] for row in dated if row["customer_group"] is not None)]
    resolved = (prices.resolved(dated, currency, groups, at, own) for at in moments for groups in buyers)
    return {price for price in resolved if price is not None}


def _time(now: datetime, activity: Activity) -> tuple[datetime, datetime | None]:
    conditions = activity.conditions
    return max(now, conditions.starts_at or now), conditions.ends_at


def _highest_rate(db: Reading, terms: Terms, activity: Activity, tax_class: str) -> int:
    """The highest tax that prices of a class contain anywhere, now or in the activity's time."""
    zones = sale_terms.current(db).tax_zones
    start, end = _time(db.now, activity)
    today, first = (each.astimezone(ZoneInfo(terms.time_zone)).date() for each in (db.now, start))
    last = end and end.astimezone(ZoneInfo(terms.time_zone)).date()
    changes = {rate.valid_from for zone in zones for rate in zone.rates}
    days = {today, first} | {day for day in changes if first <= day and (last is None or day <= last)}
    return max((_rate(zones, zone, tax_class, day) for zone in zones for day in days), default=0)


def _rate(zones: tuple[TaxZone, ...], zone: TaxZone, tax_class: str, day: date) -> int:
    country = min(zone.countries, default="")
    taxed = treatment(zones, country, day)
    return taxed.rate(tax_class) if taxed.prices_include_tax else 0
