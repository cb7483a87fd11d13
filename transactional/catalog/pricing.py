"""Prices per currency and customer group, with dates: which one is asked now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from transactional.catalog.models import sku_prices, skus
from transactional.errors import NotFound
from transactional.unit_of_work import Reading, Row, UnitOfWork, for_update

_prices_of = select(sku_prices).where(sku_prices.c.sku_id.in_(bindparam("sku_ids", expanding=True)))
_prices_of_one = (
    select(sku_prices).where(sku_prices.c.sku_id == bindparam("sku_id")).order_by(sku_prices.c.id)
)


def resolved(
    prices: Iterable[Mapping[str, Any]], currency: str, groups: Sequence[str], at: datetime
) -> int | None:
    """The price that holds for a buyer at a moment, out of a SKU's rows; None when none does.

    The lowest price of the buyer's own groups, else the one for everybody. Of one group the row that began
    last holds, so that a campaign needs no end of what was before it; of two of one moment the lower.

    Args:
        groups: the customer groups the buyer belongs to.
        at: `valid_from` is in the time, `valid_to` no longer.
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
    own = [price for group, (_, price) in latest.items() if group is not None]
    return min(own) if own else latest[None][1] if None in latest else None


def at_their_prices(
    db: Reading, lines: list[Row], currency: str, groups: Sequence[str] = (), sku_id: str = "sku_id"
) -> list[Row]:
    """Lines with the prices that hold now instead of the SKUs' own; no query when no line has such rows.

    Args:
        lines: rows with `has_prices`, `price` and `list_price`, all of them prices in `currency`.
        sku_id: the column that holds the SKU's id.
    """
    special = [line[sku_id] for line in lines if line["has_prices"]]
    if not special:
        return lines
    by_sku: dict[str, list[Row]] = {}
    for row in db.rows(_prices_of, sku_ids=special):
        by_sku.setdefault(row["sku_id"], []).append(row)
    return [
        _repriced(line, resolved(by_sku.get(line[sku_id], []), currency, groups, db.now)) for line in lines
    ]


def _repriced(line: Row, price: int | None) -> Row:
    if price is None:
        return line
    return {**line, "price": price, "list_price": max(price, line["list_price"])}


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
