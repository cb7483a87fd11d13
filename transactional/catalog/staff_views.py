"""The catalogue as the staff sees it: in whatever state, with cost and stock."""

from sqlalchemy import Column, ScalarSelect, bindparam, func, or_, select

from transactional.catalog import editing
from transactional.catalog.models import brands, categories, products, skus
from transactional.catalog.staff_schemas import (
    StaffBrand,
    StaffBrands,
    StaffCategories,
    StaffCategory,
    StaffProduct,
    StaffProductRow,
    StaffProducts,
    StaffSku,
)
from transactional.errors import NotFound
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Reading

_rows = (
    select(products.c.id, products.c.slug, products.c.name, products.c.status)
    .order_by(products.c.id.desc())
    .limit(bindparam("size"))
    .offset(bindparam("skip"))
)
_count = select(func.count()).select_from(products)
_categories = select(categories).order_by(categories.c.position, categories.c.name)
_brands = (
    select(brands, func.count(products.c.id).label("products"))
    .join(products, products.c.brand_id == brands.c.id, isouter=True)
    .group_by(brands.c.id, brands.c.slug, brands.c.name)
    .order_by(brands.c.name, brands.c.slug)
)


def _units(column: Column[int]) -> ScalarSelect[int]:
    """The sum of a column of a SKU's levels in all warehouses."""
    return (
        select(func.coalesce(func.sum(column), 0)).where(stock_levels.c.sku_id == skus.c.id).scalar_subquery()
    )


_skus_of = (
    select(
        skus, *(_units(each).label(each.name) for each in (stock_levels.c.on_hand, stock_levels.c.reserved))
    )
    .where(skus.c.product_id == bindparam("product_id"))
    .order_by(skus.c.position)
)


def list_categories(db: Reading) -> StaffCategories:
    """All categories, the hidden too, siblings in their order."""
    return StaffCategories(items=[StaffCategory(**row) for row in db.rows(_categories)])


def list_brands(db: Reading) -> StaffBrands:
    """All brands, by name."""
    return StaffBrands(items=[StaffBrand(**row) for row in db.rows(_brands)])


def list_products(
    db: Reading, status: str | None, named: str | None, page: int, page_size: int
) -> StaffProducts:
    """One page of products, the newest first.

    Args:
        status: None is every one.
        named: words of which each stands somewhere in the product's name, slug or one of its SKU codes.
    """
    wanted = [] if status is None else [products.c.status == status]
    for word in (named or "").split():
        coded = select(skus.c.product_id).where(skus.c.code.icontains(word, autoescape=True))
        fields = [each.icontains(word, autoescape=True) for each in (products.c.name, products.c.slug)]
        wanted.append(or_(*fields, products.c.id.in_(coded)))
    found = db.rows(_rows.where(*wanted), size=page_size, skip=(page - 1) * page_size)
    return StaffProducts(
        items=[StaffProductRow(**row) for row in found],
        page=page,
        page_size=page_size,
        total=db.value(_count.where(*wanted)),
    )


def product(db: Reading, product_id: str) -> StaffProduct:
    """A product with its pictures and SKUs.

    Raises:
        NotFound: there is no such product.
    """
    row = db.get(products, product_id)
    if row is None:
        raise NotFound("product", product_id)
    offered = db.rows(_skus_of, product_id=product_id)
    return StaffProduct(
        **{name: row[name] for name in StaffProduct.model_fields if name in row},
        pictures=editing.pictures(db, row),
        skus=[StaffSku.model_validate(sku) for sku in offered],
    )
