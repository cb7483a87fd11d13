"""What people said of a product, as its page shows it: reviews or questions, a page of them."""

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Table

from transactional.catalog import feedback
from transactional.catalog.schemas import ProductView
from transactional.pages.paging import page_count, paging
from transactional.unit_of_work import Reading

PAGE_SIZE = 10


def said(db: Reading, product: ProductView, table: Table, number: int, order: str) -> dict[str, Any]:
    """A page of the reviews or questions of a product; past the last page it is the last.

    Args:
        order: see `browsing.product_page`; turning a page keeps it.
    """
    pages = page_count(feedback.count_published(db, table, product.id), PAGE_SIZE)
    shown = min(number, pages)

    def address(to: int) -> str:
        query = {table.name: str(to)} | ({"order": order} if order else {})
        return f"/p/{product.slug}?{urlencode(query)}#{table.name}"

    rows = feedback.published(db, table, product.id, shown, PAGE_SIZE)
    return {"rows": rows, "paging": paging(shown, pages, address)}
