"""Prices per currency and customer group, with dates: which one is asked now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select

from transactional.catalog.errors import NoPrice
from transactional.catalog.models import products, sku_prices, skus
from transactional.errors import NotFound
from transactional.row_statements import for_update
from transactional.unit_of_work import Reading, Row, UnitOfWork

_prices_of = select(sku_prices).where(sku_prices.c.sku_id.in_(bindparam("sku_ids", expanding=True)))
_prices_of_one = (
    select(sku_prices).where(sku_prices.c.sku_id == bindparam("sku_id")).order_by(sku_prices.c.id)
)
# What everybody may pay `now` in a `currency`, and the one of it that is asked of a SKU.
_of_everybody = and_(
    sku_prices.c.sku_id == skus.c.id,
    sku_prices.c.currency == bindparam("currency"),
    sku_prices.c.customer_group.is_(None),
    sku_prices.c.valid_from <= bindparam("now"),
    or_(sku_prices.c.valid_to.is_(None), sku_prices.c.valid_to > bindparam("now")),
)
_asked = (
    select(sku_prices.c.price)
    .where(_of_everybody)
    .order_by(sku_prices.c.valid_from.desc(), sku_prices.c.price)
    .limit(1)
    .correlate(skus)
    .scalar_subquery()
)
_of_product = and_(skus.c.product_id == products.c.id, skus.c.retired_at.is_(None))
# Whether a product has a SKU with such a price, and the lowest of them.
HAS_PRICE = exists().where(_of_everybody, _of_product).correlate(products)
LOWEST = select(func.min(_asked)).where(_of_product).correlate(products).scalar_subquery()


def resolved(
    prices: Iterable[Mapping[str, Any]],
    currency: str,
    groups: Sequence[str],
    at: datetime,
    own: int | None = None,
) -> int | None:
    """The price that holds for a buyer at a moment, out of a SKU's rows; None when none does.

    The lowest of what everybody pays and of the prices of the buyer's groups. Of one group the row that began
    last holds, so that a campaign needs no end of what was before it; of two of one moment the lower.

    Args:
        groups: the customer groups the buyer belongs to.
        at: `valid_from` is in the time, `valid_to` no longer.
        own: the SKU's, which everybody pays while no row for everybody holds; None in another currency.
    """
    latest: dict[str | None, tuple[datetime, int]] = {}
    for row in prices:
        group, began = row["customer_group"], row["valid_from"]
        if row["currency"] != currency or not (group is None or group in groups) or began > at:
            continue
        if row["valid_to"] is not None and at >= row["valid_to"]:
            continue
        known = latest.get(group)
        if known is None or (began, -row["price"]) > (known[0], -known[1]):
            latest[group] = (began, row["price"])
    if own is not None and None not in latest:
        latest[None] = (at, own)
    return min((price for _, price in latest.values()), default=None)


def at_their_prices(
    db: Reading, lines: list[Row], currency: str, groups: Sequence[str] = (), sku_id: str = "sku_id"
) -> list[Row]:
    """Lines with the prices that hold now in a currency; no query when all have their SKUs' own.

    A line whose SKU has no price in the currency is `unpriced`, and must not be sold. In another currency
    than the SKU's own, the list price is what everybody pays.

    Args:
        lines: rows with the SKU's `has_prices`, `currency`, `price` and `list_price`.
        sku_id: the column that holds the SKU's id.
    """
    special = [line[sku_id] for line in lines if line["has_prices"]]
    if not special and all(line["currency"] == currency for line in lines):
        return lines
    by_sku: dict[str, list[Row]] = {}
    for row in db.rows(_prices_of, sku_ids=special) if special else []:
        by_sku.setdefault(row["sku_id"], []).append(row)
    return [_repriced(line, by_sku.get(line[sku_id], []), currency, groups, db.now) for line in lines]


def _repriced(line: Row, dated: list[Row], currency: str, groups: Sequence[str], now: datetime) -> Row:
    is_own = line["currency"] == currency
    price = resolved(dated, currency, groups, now, line["price"] if is_own else None)
    if price is None:
        return {**line, "currency": currency, "price": 0, "list_price": 0, "unpriced": True}
    listed = line["list_price"] if is_own else resolved(dated, currency, (), now) or 0
    return {**line, "currency": currency, "price": price, "list_price": max(price, listed)}


def refuse_unpriced(db: Reading, offered: list[Row], currency: str, groups: Sequence[str]) -> None:
    """Refuse SKUs that cannot be sold in a currency; see `at_their_prices`.

    Raises:
        NoPrice: tells of the first.
    """
    for sku in at_their_prices(db, offered, currency, groups, sku_id="id"):
        if "unpriced" in sku:
            raise NoPrice(sku["code"], currency)


def prices(db: Reading, sku_id: str) -> list[Row]:
    """All price rows of a SKU, past and future too.

    Raises:
        NotFound: there is no such SKU.
    """
    if db.get(skus, sku_id) is None:
        raise NotFound("SKU", sku_id)
    return db.rows(_prices_of_one, sku_id=sku_id)


def set_prices(uow: UnitOfWork, sku_id: str, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Give a SKU these price rows instead of those it has.

    Args:
        wanted: currency, customer_group (None: everybody), price, valid_from and valid_to (None: no end).

    Raises:
        NotFound: there is no such SKU.
    """
    sku = uow.lock(skus, sku_id)
    if sku is None:
        raise NotFound("SKU", sku_id)
    for row in uow.lock_rows(sku_prices, for_update(_prices_of_one, sku_prices), sku_id=sku_id):
        uow.delete(sku_prices, row)
    uow.insert_many(sku_prices, [{"id": uow.new_id(), "sku_id": sku_id, **row} for row in wanted])
    if sku["has_prices"] != bool(wanted):
        uow.update(skus, sku, has_prices=bool(wanted))


def add_dated(
    uow: UnitOfWork,
    offered: Sequence[Row],
    amounts: Mapping[str, int],
    customer_group: str | None,
    valid_from: datetime,
    valid_to: datetime | None,
) -> None:
    """Give SKUs a price more, for the same group and dates; one that is there already is not added again.

    Args:
        offered: the SKUs, locked.
        amounts: the price of each by SKU id, in the SKU's own currency.
    """
    alike = {"customer_group": customer_group, "valid_from": valid_from, "valid_to": valid_to}
    known = {
        (row["sku_id"], row["currency"], row["price"])
        for row in uow.rows(_prices_of, sku_ids=list(amounts))
        if all(row[name] == value for name, value in alike.items())
    }
    rows = [
        {"id": uow.new_id(), "sku_id": sku["id"], "currency": sku["currency"], "price": amounts[sku["id"]]}
        | alike
        for sku in offered
        if (sku["id"], sku["currency"], amounts[sku["id"]]) not in known
    ]
    uow.insert_many(sku_prices, rows)
    uow.update_many(skus, {sku["id"]: {"has_prices": True} for sku in offered if not sku["has_prices"]})
