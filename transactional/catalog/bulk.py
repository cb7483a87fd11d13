"""Bulk change of prices and stock: a selection and rules; looked at first, then done as it was shown."""

from dataclasses import dataclass

from sqlalchemy import Select, select

from transactional.catalog import inventory, rules
from transactional.catalog.errors import BulkRefused, PreviewOutdated, TooManySelected
from transactional.catalog.models import brands, categories, products, skus
from transactional.catalog.repricing import Change, Rule, digest
from transactional.errors import NotFound
from transactional.unit_of_work import Reading, Row, UnitOfWork, for_update

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
class Rules:
    """What changes; None: stays."""

    price: Rule | None = None
    list_price: Rule | None = None
    on_hand: Rule | None = None


def preview(db: Reading, selection: Selection, wanted: Rules) -> list[Change]:
    """Every selected SKU before and after, by code.

    Raises:
        NotFound: there is no such category, brand or product, or a code is unknown.
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
    if digest(changes) != shown:
        raise PreviewOutdated
    problems = [f"{change.sku}: {change.problem}" for change in changes if change.problem]
    if problems:
        raise BulkRefused(problems)
    by_id = {row["id"]: row for row in rows}
    for change in changes:
        prices = {"price": change.price_after, "list_price": change.list_price_after}
        if prices != {"price": change.price_before, "list_price": change.list_price_before}:
            uow.update(skus, by_id[change.sku_id], **prices)
    units = {change.sku_id: change.on_hand_after - change.on_hand_before for change in changes}
    inventory.adjust(uow, units, f"bulk change {shown[:16]}")
    return changes


def _changes(db: Reading, rows: list[Row], selection: Selection, wanted: Rules) -> list[Change]:
    if len(rows) > MAX_SKUS:
        raise TooManySelected(MAX_SKUS)
    if unknown := set(selection.codes) - {row["code"] for row in rows}:
        raise NotFound("SKU in this selection", min(unknown))
    levels = inventory.levels(db, [row["id"] for row in rows])
    found = []
    for row in sorted(rows, key=lambda row: row["code"]):
        level = levels[row["id"]]
        found.append(
            Change(
                row["id"],
                row["code"],
                row["price"],
                _after(wanted.price, row["price"]),
                row["list_price"],
                _after(wanted.list_price, row["list_price"]),
                level.on_hand,
                _after(wanted.on_hand, level.on_hand),
                level.reserved,
            )
        )
    return found


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
