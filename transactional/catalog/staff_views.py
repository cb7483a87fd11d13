"""The catalogue as the staff sees it: in whatever state, with cost and stock."""

from sqlalchemy import Column, ScalarSelect, bindparam, func, select

from transactional.catalog import editing
from transactional.catalog.models import products, skus
from transactional.catalog.staff_schemas import StaffProduct, StaffProductRow, StaffProducts, StaffSku
from transactional.errors import NotFound
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Reading

_rows = (
    select(products.c.id, products.c.slug, products.c.name, products.c.status)
    .order_by(products.c.id.desc())
    .limit(bindparam("size"))
    .offset(bindparam("skip"))
)
_rows_of_status = _rows.where(products.c.status == bindparam("status"))


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


def list_products(db: Reading, status: str | None, page: int, page_size: int) -> StaffProducts:
    """One page of products, the newest first; of one status, or of all."""
    where = {"size": page_size, "skip": (page - 1) * page_size}
    found = db.rows(_rows, **where) if status is None else db.rows(_rows_of_status, **where, status=status)
    return StaffProducts(items=[StaffProductRow(**row) for row in found], page=page, page_size=page_size)


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
