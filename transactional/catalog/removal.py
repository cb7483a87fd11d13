"""Deletes what nobody knows yet: drafts, and brands without products. What was live is retired instead."""

from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, Table, bindparam, select

from transactional.catalog import sku_editing
from transactional.catalog.errors import BrandInUse, NotADraft, ProductInUse
from transactional.catalog.models import brands, product_media, products, sku_prices, skus
from transactional.database import metadata
from transactional.errors import NotFound
from transactional.row_statements import for_update
from transactional.unit_of_work import UnitOfWork

_id: BindParameter[Any] = bindparam("product_id")
# What goes with a product, in the order of locks; it goes the other way round, as each refers to one before.
_parts = {
    product_media: select(product_media)
    .where(product_media.c.product_id == _id)
    .order_by(product_media.c.id),
    skus: select(skus).where(skus.c.product_id == _id).order_by(skus.c.id),
    sku_prices: select(sku_prices)
    .join(skus, skus.c.id == sku_prices.c.sku_id)
    .where(skus.c.product_id == _id)
    .order_by(sku_prices.c.id),
}
_of_brand = select(products.c.id).where(products.c.brand_id == bindparam("brand_id")).limit(1)


def delete_product(uow: UnitOfWork, product_id: str) -> None:
    """Delete a draft with its SKUs, their prices and its pictures.

    Raises:
        NotFound: there is no such product.
        NotADraft: it is live or retired.
        ProductInUse: something refers to it or to a SKU of it, such as stock.
    """
    product = sku_editing.lock_product(uow, product_id)
    if product["status"] != "draft":
        raise NotADraft(product["slug"], product["status"])
    found = {
        table: uow.lock_rows(table, for_update(statement, table), product_id=product_id)
        for table, statement in _parts.items()
    }
    for table, statement in _referring():
        if uow.value(statement, product_id=product_id) is not None:
            raise ProductInUse(product["slug"], table.name)
    for table, rows in reversed(found.items()):
        for row in rows:
            uow.delete(table, row)
    uow.delete(products, product)


def delete_brand(uow: UnitOfWork, brand_id: str) -> None:
    """Delete a brand that has no products.

    Raises:
        NotFound: there is no such brand.
        BrandInUse: it has products, of whatever state.
    """
    brand = uow.lock(brands, brand_id)
    if brand is None:
        raise NotFound("brand", brand_id)
    if uow.value(_of_brand, brand_id=brand_id) is not None:
        raise BrandInUse(brand["slug"])
    uow.delete(brands, brand)


@lru_cache
def _referring() -> list[tuple[Table, Select[Any]]]:
    """What refers to a product or its SKUs, by table; looked up, so that no later table is forgotten."""
    found: list[tuple[Table, Select[Any]]] = []
    for table in metadata.sorted_tables:
        for key in () if table in _parts else table.foreign_keys:
            column = key.parent
            if key.column is products.c.id:
                found.append((table, select(column).where(column == _id).limit(1)))
            elif key.column is skus.c.id:
                of_skus = select(column).join(skus, skus.c.id == column)
                found.append((table, of_skus.where(skus.c.product_id == _id).limit(1)))
    return found
