"""Bulk change of what SKUs cost and of their stock: a selection and rules; looked at, then done as shown."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Select, select

from transactional.catalog import inventory, pricing, rules
from transactional.catalog.errors import BulkRefused, PreviewOutdated, TooManySelected
from transactional.catalog.inventory import Level
from transactional.catalog.models import brands, categories, products, skus
from transactional.catalog.repricing import Change, Rule
from transactional.errors import NotFound
from transactional.row_statements import for_update
from transactional.stock import valuation
from transactional.unit_of_work import Reading, Row, UnitOfWork

MAX_SKUS = 10_000
_tree = select(categories)


@dataclass(frozen=True)
class Selection:
    """SKUs for which all that is given holds: slugs of a category (with all below it), brand and product,
    and SKU codes."""

    category: str | None = None
    brand: str | None = None
    product: str | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dated:
    """A price that holds from one moment until another (None: no end), made of the SKU's own price.

    Args:
        customer_group: None is everybody.
    """

    rule: Rule
    valid_from: datetime
    valid_to: datetime | None = None
    customer_group: str | None = None


@dataclass(frozen=True)
class Rules:
    """What changes; None: stays.

    Args:
        warehouse: code of the one whose stock is changed; None is the first.
    """

    price: Rule | None = None
    list_price: Rule | None = None
    cost: Rule | None = None
    tax_class: str | None = None
    dated: Dated | None = None
    on_hand: Rule | None = None
    warehouse: str | None = None


def preview(db: Reading, selection: Selection, wanted: Rules) -> list[Change]:
    """Every selected SKU before and after, by code.

    Raises:
        NotFound: there is no such category, brand, product or warehouse, or a code is unknown.
        TooManySelected: they are more than MAX_SKUS.
    """
    return _changes(db, db.rows(_selected(db, selection)), selection, wanted)


def apply(uow: UnitOfWork, selection: Selection, wanted: Rules, shown: str) -> list[Change]:
    """Do what a preview showed; returns the changes.

    Args:
        shown: the digest of the preview.

    Raises:
        PreviewOutdated: something is not as it was shown.
        BulkRefused: a price would be above its list price, or stock below what is promised.
        NotFound, TooManySelected: see `preview`.
    """
    rows = uow.lock_rows(skus, for_update(_selected(uow, selection), skus))
    changes = _changes(uow, rows, selection, wanted)
    if digest(selection, wanted, changes) != shown:
        raise PreviewOutdated
    problems = [f"{change.sku}: {change.problem}" for change in changes if change.problem]
    if problems:
        raise BulkRefused(problems)
    by_id = {row["id"]: row for row in rows}
    changed = [(by_id[change.sku_id], change.columns) for change in changes if change.columns]
    valuation.change_skus(uow, changed)
    if wanted.dated:
        amounts = {change.sku_id: change.dated_price or 0 for change in changes}
        dates = (wanted.dated.customer_group, wanted.dated.valid_from, wanted.dated.valid_to)
        pricing.add_dated(uow, rows, amounts, *dates)
    units = {change.sku_id: change.on_hand_after - change.on_hand_before for change in changes}
    inventory.adjust(uow, units, f"bulk change {shown[:16]}", wanted.warehouse)
    return changes


def digest(selection: Selection, wanted: Rules, changes: list[Change]) -> str:
    """Stands for what was asked and exactly these changes from exactly this state; orders in between do not
    matter.
    """
    shown = (selection, wanted, [change[:-1] for change in changes])
    return sha256(repr(shown).encode()).hexdigest()


def _changes(db: Reading, rows: list[Row], selection: Selection, wanted: Rules) -> list[Change]:
    if len(rows) > MAX_SKUS:
        raise TooManySelected(MAX_SKUS)
    if unknown := set(selection.codes) - {row["code"] for row in rows}:
        raise NotFound("SKU in this selection", min(unknown))
    levels = inventory.levels(db, [row["id"] for row in rows], wanted.warehouse)
    return [_change(row, levels[row["id"]], wanted) for row in sorted(rows, key=lambda row: str(row["code"]))]


def _change(row: Row, level: Level, wanted: Rules) -> Change:
    price = _after(wanted.price, row["price"])
    return Change(
        sku_id=row["id"],
        sku=row["code"],
        price_before=row["price"],
        price_after=price,
        list_price_before=row["list_price"],
        list_price_after=_after(wanted.list_price, row["list_price"]),
        cost_before=row["cost"],
        cost_after=_after(wanted.cost, row["cost"]),
        tax_class_before=row["tax_class"],
        tax_class_after=wanted.tax_class or row["tax_class"],
        dated_price=wanted.dated.rule.apply(price) if wanted.dated else None,
        on_hand_before=level.on_hand,
        on_hand_after=_after(wanted.on_hand, level.on_hand),
        reserved=level.reserved,
    )


def _after(rule: Rule | None, before: int) -> int:
    return before if rule is None else rule.apply(before)


def _selected(db: Reading, selection: Selection) -> Select[tuple[object, ...]]:
    statement = select(skus).order_by(skus.c.id).limit(MAX_SKUS + 1)
    chosen = select(products.c.id)
    if selection.category is not None:
        tree = db.rows(_tree)
        root = next((row["id"] for row in tree if row["slug"] == selection.category), None)
        if root is None:
            raise NotFound("category", selection.category)
        chosen = chosen.where(products.c.category_id.in_(sorted(rules.subtree(tree, root))))
    for what, slug in (("brand", selection.brand), ("product", selection.product)):
        if slug is None:
            continue
        table = brands if what == "brand" else products
        row_id = db.value(select(table.c.id).where(table.c.slug == slug))
        if row_id is None:
            raise NotFound(what, slug)
        chosen = chosen.where((products.c.brand_id if what == "brand" else products.c.id) == row_id)
    if selection.codes:
        statement = statement.where(skus.c.code.in_(selection.codes))
    if selection.category or selection.brand or selection.product:
        statement = statement.where(skus.c.product_id.in_(chosen))
    return statement
