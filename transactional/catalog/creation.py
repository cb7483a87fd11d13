"""Puts things into the catalogue: categories, brands, and products of drafts, each table in one statement."""

from collections.abc import Sequence

from transactional.catalog.drafts import Picture, ProductDraft, SkuDraft
from transactional.catalog.errors import NothingToSell
from transactional.catalog.models import brands, categories, product_media, products, skus
from transactional.unit_of_work import Row, UnitOfWork


def create_category(
    uow: UnitOfWork, slug: str, name: str, *, parent_id: str | None = None, position: int = 0
) -> str:
    """Add a category; returns its id."""
    row = {"id": uow.new_id(), "parent_id": parent_id, "slug": slug, "name": name, "position": position}
    return str(uow.insert(categories, {**row, "is_hidden": False})["id"])


def create_brand(uow: UnitOfWork, slug: str, name: str) -> str:
    """Add a brand; returns its id."""
    return str(uow.insert(brands, {"id": uow.new_id(), "slug": slug, "name": name})["id"])


def create_products(
    uow: UnitOfWork, drafts: Sequence[ProductDraft], currency: str
) -> tuple[list[str], dict[str, str]]:
    """Add products with their SKUs, none of them in stock yet.

    Returns:
        The products' ids, and the SKUs' ids by code.

    Raises:
        NothingToSell: one is to be live and has no SKU to sell.
    """
    made: list[Row] = []
    offered: list[Row] = []
    pictured: list[Row] = []
    for draft in drafts:
        if draft.status == "live" and all(sku.is_retired for sku in draft.skus):
            raise NothingToSell(draft.slug)
        row = _product_row(uow, draft)
        made.append(row)
        offered += [_sku_row(uow, row["id"], at, sku, currency) for at, sku in enumerate(draft.skus)]
        pictured += media_rows(uow, row["id"], draft.pictures)
    uow.insert_many(products, made)
    uow.insert_many(skus, offered)
    uow.insert_many(product_media, pictured)
    return [row["id"] for row in made], {row["code"]: row["id"] for row in offered}


def create_product(uow: UnitOfWork, draft: ProductDraft, currency: str) -> dict[str, str]:
    """Add a product with its SKUs, none of them in stock yet; returns the SKU ids by SKU code.

    Raises:
        NothingToSell: it is to be live and has no SKU to sell.
    """
    return create_products(uow, [draft], currency)[1]


def add_skus(
    uow: UnitOfWork, product_id: str, drafts: Sequence[SkuDraft], currency: str, position: int = 0
) -> dict[str, str]:
    """Add SKUs to a product from `position` on, none in stock yet; returns their ids by code."""
    rows = [_sku_row(uow, product_id, at, sku, currency) for at, sku in enumerate(drafts, position)]
    uow.insert_many(skus, rows)
    return {row["code"]: row["id"] for row in rows}


def media_rows(uow: UnitOfWork, product_id: str, wanted: Sequence[Picture]) -> list[Row]:
    """Rows of `product_media` for a product's pictures in their order."""
    return [
        {"id": uow.new_id(), "product_id": product_id, "url": each.url, "alt": each.alt, "position": at}
        for at, each in enumerate(wanted)
    ]


def _product_row(uow: UnitOfWork, draft: ProductDraft) -> Row:
    return {
        "id": uow.new_id(),
        "category_id": draft.category_id,
        "brand_id": draft.brand_id,
        "slug": draft.slug,
        "name": draft.name,
        "description": draft.description,
        "status": draft.status,
        "image": draft.pictures[0].url if draft.pictures else draft.image,
        "created_at": uow.now,
        "updated_at": uow.now,
        "product_type": draft.product_type,
        "tags": list(draft.tags),
        "attributes": dict(draft.attributes),
    }


def _sku_row(uow: UnitOfWork, product_id: str, position: int, sku: SkuDraft, currency: str) -> Row:
    return {
        "id": uow.new_id(),
        "product_id": product_id,
        "code": sku.code,
        "options": dict(sku.options),
        "list_price": sku.list_price,
        "price": sku.price,
        "cost": sku.cost,
        "currency": currency,
        "weight_grams": sku.weight_grams,
        "position": position,
        "barcode": sku.barcode,
        "tax_class": sku.tax_class,
        "image": sku.image,
        "retired_at": uow.now if sku.is_retired else None,
        "has_prices": False,
        "has_supply": False,
    }
