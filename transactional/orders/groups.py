"""Group purchases: orders that wait, paid, until enough buyers are in; else their money goes back.

The group's row is locked after the order that is paid, and before the orders that wait for it. Who holds one
of those never asks for the group, so nobody waits in a circle.
"""

from dataclasses import dataclass

from sqlalchemy import bindparam, distinct, func, select

from transactional.catalog.models import products, skus
from transactional.errors import NotFound
from transactional.orders import transitions
from transactional.orders.models import group_purchases, orders
from transactional.row_statements import for_update
from transactional.unit_of_work import Reading, Row, UnitOfWork

_waiting = for_update(
    select(orders)
    .where(orders.c.group_id == bindparam("group_id"), orders.c.status == "gathering")
    .order_by(orders.c.id),
    orders,
)
_by_code = (
    select(
        group_purchases,
        skus.c.code.label("sku"),
        skus.c.options,
        skus.c.list_price,
        products.c.slug.label("product"),
        products.c.name,
        products.c.image,
    )
    .join(skus, skus.c.id == group_purchases.c.sku_id)
    .join(products, products.c.id == skus.c.product_id)
    .where(group_purchases.c.code == bindparam("code"))
)
_all = (
    select(group_purchases.c.code)
    .order_by(group_purchases.c.closes_at.desc(), group_purchases.c.id)
    .limit(bindparam("limit"))
)
_buyers = select(func.count(distinct(orders.c.customer_id))).where(
    orders.c.group_id == bindparam("group_id"),
    orders.c.status.not_in(("pending_payment", "expired", "cancelled")),
)


@dataclass(frozen=True)
class Group:
    """A group purchase as anybody may see it; `buyers` have paid."""

    row: Row
    buyers: int

    @property
    def missing(self) -> int:
        return max(int(self.row["buyers_wanted"]) - self.buyers, 0)


def find(db: Reading, code: str) -> Group:
    """A group purchase, with its SKU and product.

    Raises:
        NotFound: there is no such group.
    """
    row = db.row(_by_code, code=code)
    if row is None:
        raise NotFound("group purchase", code)
    return Group(row, int(db.value(_buyers, group_id=row["id"])))


def latest(db: Reading, limit: int) -> list[Group]:
    """Group purchases, those that close last first."""
    return [find(db, row["code"]) for row in db.rows(_all, limit=limit)]


def is_open(db: Reading, group: Row) -> bool:
    """Whether somebody may still join."""
    return bool(group["status"] == "open" and db.now < group["closes_at"])


def lock(uow: UnitOfWork, group_id: str) -> Row | None:
    """Lock a group, and the orders that wait for it: who cancels one of those locks stock levels after it."""
    group = uow.lock(group_purchases, group_id)
    uow.lock_rows(orders, _waiting, group_id=group_id)
    return group


def accepts(uow: UnitOfWork, order: Row) -> bool:
    """Whether the money of a locked member may be kept: its group is open, or complete already."""
    group = lock(uow, order["group_id"])
    return group is not None and (group["status"] == "completed" or is_open(uow, group))


def gather(uow: UnitOfWork, paid: Row) -> None:
    """Let a member that is just paid wait for the others, or go on with all of them when it was the last.

    Args:
        paid: an order that its group accepts.
    """
    group = uow.lock(group_purchases, paid["group_id"])
    if group is None:
        raise RuntimeError(f"order {paid['number']} has no group")
    if group["status"] == "completed":
        transitions.hold_all(uow, [paid])
        return
    others = uow.lock_rows(orders, _waiting, group_id=group["id"])
    members = [*others, transitions.apply(uow, paid, "gather")]
    if len({order["customer_id"] for order in members}) < group["buyers_wanted"]:
        return
    uow.update(group_purchases, group, status="completed")
    transitions.hold_all(uow, transitions.apply_all(uow, members, "complete", "all buyers are in"))
