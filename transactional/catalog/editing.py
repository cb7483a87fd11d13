"""What the staff does to categories, brands, products and pictures.

Locks are taken in the order category, product, SKU, stock level. Whoever changes the tree holds all of it:
two moves that are harmless alone can make a cycle together.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from transactional.catalog import creation, rules, sku_editing
from transactional.catalog.drafts import Picture, ProductDraft
from transactional.catalog.errors import (
    AlreadyThere,
    CategoryCycle,
    CategoryInUse,
    IllegalStatus,
    NotADraft,
    NothingToSell,
)
from transactional.catalog.models import brands, categories, category_slugs, product_media, products, skus
from transactional.errors import NotFound
from transactional.row_statements import for_update
from transactional.unit_of_work import Reading, Row, UnitOfWork

_tree = select(categories).order_by(categories.c.id)
_category_by_slug = select(categories.c.id).where(categories.c.slug == bindparam("slug"))
_slug_before = select(category_slugs).where(category_slugs.c.slug == bindparam("slug"))
_old_slugs = (
    select(category_slugs)
    .where(category_slugs.c.category_id == bindparam("category_id"))
    .order_by(category_slugs.c.id)
)
_in_category = select(products.c.id).where(products.c.category_id == bindparam("category_id")).limit(1)
_product_by_slug = select(products.c.id).where(products.c.slug == bindparam("slug"))
_sellable = (
    select(skus.c.id)
    .where(skus.c.product_id == bindparam("product_id"), skus.c.retired_at.is_(None))
    .limit(1)
)
_pictures = (
    select(product_media)
    .where(product_media.c.product_id == bindparam("product_id"))
    .order_by(product_media.c.position)
)


def add_category(uow: UnitOfWork, slug: str, name: str, parent_id: str | None) -> str:
    """Add a category as the last below its parent; returns its id.

    Raises:
        NotFound: there is no such parent.
        AlreadyThere: the slug is, or was, another's.
    """
    tree = uow.lock_rows(categories, for_update(_tree, categories))
    if parent_id is not None and all(row["id"] != parent_id for row in tree):
        raise NotFound("category", parent_id)
    _free_slug(uow, slug, None)
    position = max((row["position"] + 1 for row in tree if row["parent_id"] == parent_id), default=0)
    return creation.create_category(uow, slug, name, parent_id=parent_id, position=position)


def edit_category(uow: UnitOfWork, category_id: str, changes: dict[str, Any]) -> None:
    """Change columns of a category: name, slug, description, image, is_hidden; an old slug leads on.

    Raises:
        NotFound: there is no such category.
        AlreadyThere: the slug is, or was, another's.
    """
    tree = {row["id"]: row for row in uow.lock_rows(categories, for_update(_tree, categories))}
    if category_id not in tree:
        raise NotFound("category", category_id)
    category = tree[category_id]
    slug = str(changes.get("slug", category["slug"]))
    if slug != category["slug"]:
        _free_slug(uow, slug, category_id)
        row = {"id": uow.new_id(), "category_id": category_id, "slug": category["slug"]}
        uow.insert(category_slugs, row)
    if any(category[name] != value for name, value in changes.items()):
        uow.update(categories, category, **changes)


def delete_category(uow: UnitOfWork, category_id: str) -> None:
    """Delete a category that holds nothing.

    Raises:
        NotFound: there is no such category.
        CategoryInUse: it has products, of whatever state, or categories below it.
    """
    tree = uow.lock_rows(categories, for_update(_tree, categories))
    category = next((row for row in tree if row["id"] == category_id), None)
    if category is None:
        raise NotFound("category", category_id)
    below = any(row["parent_id"] == category_id for row in tree)
    if below or uow.value(_in_category, category_id=category_id) is not None:
        raise CategoryInUse(category["slug"])
    for row in uow.lock_rows(category_slugs, for_update(_old_slugs, category_slugs), category_id=category_id):
        uow.delete(category_slugs, row)
    uow.delete(categories, category)


def _free_slug(uow: UnitOfWork, slug: str, category_id: str | None) -> None:
    """See that no category has this slug, nor had it; one may have its own back."""
    if uow.value(_category_by_slug, slug=slug) is not None:
        raise AlreadyThere("category", slug)
    for row in uow.lock_rows(category_slugs, for_update(_slug_before, category_slugs), slug=slug):
        if row["category_id"] != category_id:
            raise AlreadyThere("category", slug)
        uow.delete(category_slugs, row)


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
        AlreadyThere: the slug, a SKU code or a barcode is taken.
        OtherOptions, SameOptions: see `sku_editing.check_options`.
    """
    _check_place(uow, {"category_id": draft.category_id, "brand_id": draft.brand_id})
    if uow.value(_product_by_slug, slug=draft.slug) is not None:
        raise AlreadyThere("product", draft.slug)
    sku_editing.check_new(uow, draft.skus, [])
    return creation.create_products(uow, [draft], currency)[0][0]


def edit_product(uow: UnitOfWork, product_id: str, changes: dict[str, Any]) -> None:
    """Change columns of a product: name, description, category_id, brand_id, product_type, tags, attributes;
    of a draft its slug too.

    Raises:
        NotFound: there is no such product, category or brand.
        NotADraft: it is live or retired, and keeps its slug.
        AlreadyThere: the slug is another's.
    """
    product = sku_editing.lock_product(uow, product_id)
    _check_place(uow, changes)
    slug = str(changes.get("slug", product["slug"]))
    if slug != product["slug"]:
        if product["status"] != "draft":
            raise NotADraft(product["slug"], product["status"])
        if uow.value(_product_by_slug, slug=slug) is not None:
            raise AlreadyThere("product", slug)
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
    product = sku_editing.lock_product(uow, product_id)
    if product["status"] == status:
        return
    if status not in rules.LIFECYCLE[product["status"]]:
        raise IllegalStatus(product["status"], status)
    if status == "live" and not is_sellable(uow, product_id):
        raise NothingToSell(product["slug"])
    uow.update(products, product, status=status, updated_at=uow.now)


def is_sellable(db: Reading, product_id: str) -> bool:
    """Whether a product has a SKU that is not retired."""
    return db.value(_sellable, product_id=product_id) is not None


def pictures(db: Reading, product: Row) -> list[Picture]:
    """The pictures of a product, the main one first; a product that has no media may have its image."""
    found = [Picture(row["url"], row["alt"]) for row in db.rows(_pictures, product_id=product["id"])]
    return found or ([Picture(product["image"])] if product["image"] else [])


def set_pictures(uow: UnitOfWork, product_id: str, wanted: Sequence[Picture]) -> None:
    """Give a product these pictures; the first is the main one.

    Raises:
        NotFound: there is no such product.
    """
    product = sku_editing.lock_product(uow, product_id)
    if pictures(uow, product) == list(wanted):
        return
    for row in uow.lock_rows(product_media, for_update(_pictures, product_media), product_id=product_id):
        uow.delete(product_media, row)
    uow.insert_many(product_media, creation.media_rows(uow, product_id, wanted))
    uow.update(products, product, image=wanted[0].url if wanted else None, updated_at=uow.now)


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
