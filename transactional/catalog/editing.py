"""What the staff does to categories, brands, products, SKUs and pictures.

Locks are taken in the order category, product, SKU, stock level. Whoever changes the tree holds all of it:
two moves that are harmless alone can make a cycle together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select

from transactional.catalog import rules, service
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.errors import (
    AlreadyThere,
    CategoryCycle,
    IllegalStatus,
    NothingToSell,
    PriceAboveList,
)
from transactional.catalog.models import brands, categories, product_media, products, skus
from transactional.errors import NotFound
from transactional.stock import valuation
from transactional.unit_of_work import Reading, Row, UnitOfWork, for_update

_tree = select(categories).order_by(categories.c.id)
_category_by_slug = select(categories.c.id).where(categories.c.slug == bindparam("slug"))
_product_by_slug = select(products.c.id).where(products.c.slug == bindparam("slug"))
_known_codes = (
    select(skus.c.code).where(skus.c.code.in_(bindparam("codes", expanding=True))).order_by(skus.c.code)
)
_next_position = select(func.coalesce(func.max(skus.c.position) + 1, 0)).where(
    skus.c.product_id == bindparam("product_id")
)
_pictures = (
    select(product_media)
    .where(product_media.c.product_id == bindparam("product_id"))
    .order_by(product_media.c.position)
)
_CODES_AT_ONCE = 10_000  # SQLite takes 32,766 parameters in one statement


@dataclass(frozen=True)
class Picture:
    """One picture of a product; `alt` says what it shows."""

    url: str
    alt: str = ""


def add_category(uow: UnitOfWork, slug: str, name: str, parent_id: str | None) -> str:
    """Add a category as the last below its parent; returns its id.

    Raises:
        NotFound: there is no such parent.
        AlreadyThere: the slug is taken.
    """
    tree = uow.lock_rows(categories, for_update(_tree, categories))
    if parent_id is not None and all(row["id"] != parent_id for row in tree):
        raise NotFound("category", parent_id)
    if uow.value(_category_by_slug, slug=slug) is not None:
        raise AlreadyThere("category", slug)
    position = max((row["position"] + 1 for row in tree if row["parent_id"] == parent_id), default=0)
    return service.create_category(uow, slug, name, parent_id=parent_id, position=position)


def rename_category(uow: UnitOfWork, category_id: str, name: str) -> None:
    """Give a category another name; its slug stays, because links know it.

    Raises:
        NotFound: there is no such category.
    """
    uow.update(categories, _locked(uow, categories, "category", category_id), name=name)


def move_category(uow: UnitOfWork, category_id: str, parent_id: str | None, position: int) -> None:
    """Place a category, with all below it, at `position` (from 0) among the children of a parent.

    Raises:
        NotFound: there is no such category or parent.
        CategoryCycle: the parent is the category itself, or below it.
    """
    tree = {row["id"]: row for row in uow.lock_rows(categories, for_update(_tree, categories))}
    for wanted in (category_id, parent_id):
        if wanted is not None and wanted not in tree:
            raise NotFound("category", wanted)
    if parent_id in rules.subtree(tree.values(), category_id):
        raise CategoryCycle(tree[category_id]["slug"])
    in_order = sorted(tree.values(), key=lambda row: (row["position"], row["name"]))
    siblings = [row["id"] for row in in_order if row["parent_id"] == parent_id]
    for at, each in enumerate(rules.placed(siblings, category_id, position)):
        if (tree[each]["parent_id"], tree[each]["position"]) != (parent_id, at):
            uow.update(categories, tree[each], parent_id=parent_id, position=at)


def add_brand(uow: UnitOfWork, slug: str, name: str) -> str:
    """Add a brand; returns its id.

    Raises:
        AlreadyThere: the slug is taken.
    """
    row = {"id": uow.new_id(), "slug": slug, "name": name}
    if not uow.insert_unless_there(brands, row, "slug"):
        raise AlreadyThere("brand", slug)
    return row["id"]


def rename_brand(uow: UnitOfWork, brand_id: str, name: str) -> None:
    """Give a brand another name; its slug stays, because links know it.

    Raises:
        NotFound: there is no such brand.
    """
    uow.update(brands, _locked(uow, brands, "brand", brand_id), name=name)


def add_product(uow: UnitOfWork, draft: ProductDraft, currency: str) -> str:
    """Add a product with its SKUs; returns its id.

    Raises:
        NotFound: there is no such category or brand.
        AlreadyThere: the slug or a SKU code is taken.
    """
    _check_place(uow, {"category_id": draft.category_id, "brand_id": draft.brand_id})
    if uow.value(_product_by_slug, slug=draft.slug) is not None:
        raise AlreadyThere("product", draft.slug)
    check_codes(uow, [sku.code for sku in draft.skus])
    return create(uow, draft, currency)[0]


def create(uow: UnitOfWork, draft: ProductDraft, currency: str) -> tuple[str, dict[str, str]]:
    """Add a product that is known to be new; returns its id, and its SKU ids by code."""
    sku_ids = service.create_product(uow, draft, currency)
    return str(uow.value(_product_by_slug, slug=draft.slug)), sku_ids


def edit_product(uow: UnitOfWork, product_id: str, changes: dict[str, Any]) -> None:
    """Change columns of a product: name, description, category_id, brand_id, product_type, tags, attributes.

    Raises:
        NotFound: there is no such product, category or brand.
    """
    product = lock_product(uow, product_id)
    _check_place(uow, changes)
    changed = {name: value for name, value in changes.items() if product[name] != value}
    if changed:
        uow.update(products, product, **changed, updated_at=uow.now)


def set_status(uow: UnitOfWork, product_id: str, status: str) -> None:
    """Take a product to another state of its life; it is there already: nothing happens.

    Raises:
        NotFound: there is no such product.
        IllegalStatus: its life does not lead there, see `rules.LIFECYCLE`.
        NothingToSell: it has no SKU to go live with.
    """
    product = lock_product(uow, product_id)
    if product["status"] == status:
        return
    if status not in rules.LIFECYCLE[product["status"]]:
        raise IllegalStatus(product["status"], status)
    if status == "live" and uow.value(_next_position, product_id=product_id) == 0:
        raise NothingToSell(product["slug"])
    uow.update(products, product, status=status, updated_at=uow.now)


def add_skus(uow: UnitOfWork, product_id: str, drafts: Sequence[SkuDraft], currency: str) -> dict[str, str]:
    """Add SKUs behind those of a product; returns their ids by code.

    Raises:
        NotFound: there is no such product.
        AlreadyThere: a code is taken.
    """
    lock_product(uow, product_id)
    check_codes(uow, [draft.code for draft in drafts])
    position = uow.value(_next_position, product_id=product_id)
    return service.add_skus(uow, product_id, drafts, currency, position)


def edit_sku(uow: UnitOfWork, sku_id: str, changes: dict[str, Any]) -> None:
    """Change columns of a SKU: price, list_price, cost (minor units), weight_grams, barcode, tax_class.

    Raises:
        NotFound: there is no such SKU.
        PriceAboveList: the price would be above the list price.
    """
    sku = _locked(uow, skus, "SKU", sku_id)
    after = {**sku, **changes}
    if after["price"] > after["list_price"]:
        raise PriceAboveList(sku["code"], after["price"], after["list_price"])
    if after != sku:
        valuation.change_skus(uow, [(sku, changes)])


def pictures(db: Reading, product: Row) -> list[Picture]:
    """The pictures of a product, the main one first; a product that has no media may have its image."""
    found = [Picture(row["url"], row["alt"]) for row in db.rows(_pictures, product_id=product["id"])]
    return found or ([Picture(product["image"])] if product["image"] else [])


def set_pictures(uow: UnitOfWork, product_id: str, wanted: Sequence[Picture]) -> None:
    """Give a product these pictures; the first is the main one.

    Raises:
        NotFound: there is no such product.
    """
    product = lock_product(uow, product_id)
    if pictures(uow, product) == list(wanted):
        return
    for row in uow.lock_rows(product_media, for_update(_pictures, product_media), product_id=product_id):
        uow.delete(product_media, row)
    rows = [
        {"id": uow.new_id(), "product_id": product_id, "url": each.url, "alt": each.alt, "position": at}
        for at, each in enumerate(wanted)
    ]
    uow.insert_many(product_media, rows)
    uow.update(products, product, image=wanted[0].url if wanted else None, updated_at=uow.now)


def lock_product(uow: UnitOfWork, product_id: str) -> Row:
    """Raises NotFound when there is no such product."""
    return _locked(uow, products, "product", product_id)


def check_codes(uow: UnitOfWork, codes: Sequence[str]) -> None:
    """Raises AlreadyThere when a SKU code is taken, or stands in `codes` twice."""
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise AlreadyThere("SKU", code)
        seen.add(code)
    for start in range(0, len(codes), _CODES_AT_ONCE):
        taken = uow.value(_known_codes, codes=list(codes[start : start + _CODES_AT_ONCE]))
        if taken is not None:
            raise AlreadyThere("SKU", taken)


def _check_place(db: Reading, given: dict[str, Any]) -> None:
    for name, table in (("category_id", categories), ("brand_id", brands)):
        wanted = given.get(name)
        if wanted is not None and db.get(table, wanted) is None:
            raise NotFound(name.removesuffix("_id"), wanted)


def _locked(uow: UnitOfWork, table: Any, what: str, row_id: str) -> Row:
    row = uow.lock(table, row_id)
    if row is None:
        raise NotFound(what, row_id)
    return row
