"""Products that go live, and are retired, by themselves at a moment."""

from datetime import datetime

from sqlalchemy import bindparam, or_, select

from transactional.catalog import editing, sku_editing
from transactional.catalog.models import products
from transactional.database import UtcDateTime
from transactional.unit_of_work import Reading, UnitOfWork

_now = bindparam("now", type_=UtcDateTime)
_due = (
    select(products.c.id)
    .where(or_(products.c.live_from <= _now, products.c.live_until <= _now))
    .order_by(products.c.id)
    .limit(bindparam("limit"))
)


def plan(
    uow: UnitOfWork, product_id: str, *, live_from: datetime | None, live_until: datetime | None
) -> None:
    """Take a product live from one moment until another; None: not by itself.

    Raises:
        NotFound: there is no such product.
    """
    product = sku_editing.lock_product(uow, product_id)
    if (product["live_from"], product["live_until"]) != (live_from, live_until):
        uow.update(products, product, live_from=live_from, live_until=live_until, updated_at=uow.now)


def due(db: Reading, limit: int) -> list[str]:
    """Products of which a moment has come."""
    return [row["id"] for row in db.rows(_due, now=db.now, limit=limit)]


def follow(uow: UnitOfWork, product_id: str) -> None:
    """Do what was planned for a product by now. What has nothing to sell by then stays off sale."""
    product = sku_editing.lock_product(uow, product_id)
    begins, ends = product["live_from"], product["live_until"]
    changes: dict[str, object] = {}
    if begins is not None and begins <= uow.now:
        changes["live_from"] = None
        if editing.is_sellable(uow, product_id):
            changes["status"] = "live"
    if ends is not None and ends <= uow.now:
        changes["live_until"] = None
        if changes.get("status", product["status"]) == "live":
            changes["status"] = "retired"
    if changes:
        uow.update(products, product, **changes, updated_at=uow.now)
