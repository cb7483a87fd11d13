"""How group purchases begin, how buyers join them, and how those that did not fill up end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from transactional.catalog.models import skus
from transactional.catalog.rules import GIFT_CARD
from transactional.checkout.errors import CartTooLarge, NotForSale
from transactional.members import service as members
from transactional.members.service import Buyer
from transactional.orders import after_sales, groups, service
from transactional.orders.entry import filled_cart
from transactional.orders.errors import (
    AlreadyInGroup,
    GroupClosed,
    GroupCodeTaken,
    GroupOver,
    GroupPriceTooHigh,
)
from transactional.orders.models import group_purchases, orders
from transactional.orders.rules import Special
from transactional.orders.service import Placed
from transactional.row_statements import for_update
from transactional.staff.service import Terms
from transactional.unit_of_work import Reading, UnitOfWork

_sku = select(skus).where(skus.c.code == bindparam("code"))
_own = (
    select(orders.c.id)
    .where(
        orders.c.group_id == bindparam("group_id"),
        orders.c.customer_id == bindparam("customer_id"),
        orders.c.status.not_in(("expired", "cancelled")),
    )
    .limit(1)
)
_IN_GROUP = ("pending_payment", "gathering")
_over = (
    select(group_purchases)
    .where(group_purchases.c.status == "open", group_purchases.c.closes_at <= bindparam("now"))
    .order_by(group_purchases.c.id)
    .limit(bindparam("limit"))
)
_over_for_update = for_update(_over, group_purchases, skip_locked=True)
_left_behind = (
    select(orders.c.id)
    .join(group_purchases, group_purchases.c.id == orders.c.group_id)
    .where(group_purchases.c.status == "failed", orders.c.status.in_(_IN_GROUP))
    .order_by(orders.c.id)
    .limit(bindparam("limit"))
)


def create(
    uow: UnitOfWork, code: str, sku: str, price: int, buyers_wanted: int, per_buyer: int, closes_at: datetime
) -> None:
    """Open a group purchase.

    Args:
        price: minor units for each unit, with tax where prices contain it.

    Raises:
        NotForSale: there is no such SKU, or it is a gift card.
        GroupPriceTooHigh: everybody can have it for that price or less.
        GroupCodeTaken: there is a group of this code.
        GroupOver: it would be closed already.
    """
    if closes_at <= uow.now:
        raise GroupOver(closes_at)
    found = uow.row(_sku, code=sku)
    if found is None or found["tax_class"] == GIFT_CARD or found["retired_at"]:
        raise NotForSale(sku)
    if price >= found["price"]:
        raise GroupPriceTooHigh(price, found["price"])
    row = {
        "id": uow.new_id(),
        "code": code,
        "sku_id": found["id"],
        "price": price,
        "currency": found["currency"],
        "buyers_wanted": buyers_wanted,
        "per_buyer": per_buyer,
        "status": "open",
        "closes_at": closes_at,
        "created_at": uow.now,
    }
    if not uow.insert_unless_there(group_purchases, row, "code"):
        raise GroupCodeTaken(code)


def join(uow: UnitOfWork, terms: Terms, code: str, buyer: Buyer, quantity: int = 1, **how: Any) -> Placed:
    """Order at a group's price; once it is paid, the order waits for the other buyers.

    Args:
        how: delivery, tenders and what else `service.place` takes.

    Raises:
        NotFound: there is no such group.
        GroupClosed: it is complete, or its time is over.
        CartTooLarge: more units than a buyer may have.
        AlreadyInGroup: this customer is in it.
        What `service.place` does.
    """
    group = groups.find(uow, code).row
    # Held to the end, so that it cannot close under an order that is paid as it is placed.
    held = groups.lock(uow, group["id"])
    if held is None or not groups.is_open(uow, held):
        raise GroupClosed(code)
    if quantity > held["per_buyer"]:
        raise CartTooLarge(held["per_buyer"], "units for each buyer")
    customer_id = members.known(uow, buyer.email)
    if customer_id and uow.value(_own, group_id=held["id"], customer_id=customer_id):
        raise AlreadyInGroup(code)
    cart_id = filled_cart(uow, terms, {group["sku"]: quantity}, "group")
    special = Special(unit_price=held["price"], group_id=held["id"])
    return service.place(uow, terms, cart_id, buyer, special=special, **how)


def end(uow: UnitOfWork, code: str) -> None:
    """Give a group up before its time; its members are `left_behind`.

    Raises:
        NotFound: there is no such group.
        GroupClosed: it is complete, or over already.
    """
    group = uow.lock(group_purchases, groups.find(uow, code).row["id"])
    if group is None or group["status"] != "open":
        raise GroupClosed(code)
    uow.update(group_purchases, group, status="failed")


def is_over(db: Reading) -> bool:
    """Whether a group's time is over that is not complete."""
    return bool(db.rows(_over, now=db.now, limit=1))


def fail_overdue(uow: UnitOfWork, limit: int = 100) -> int:
    """Let groups fail that did not fill up in time; returns how many. Members are `left_behind`."""
    overdue = uow.lock_rows(group_purchases, _over_for_update, now=uow.now, limit=limit)
    uow.update_many(group_purchases, {row["id"]: {"status": "failed"} for row in overdue})
    return len(overdue)


def left_behind(db: Reading, limit: int) -> Sequence[str]:
    """Ids of members of failed groups, paid or not."""
    return [row["id"] for row in db.rows(_left_behind, limit=limit)]


def call_off(uow: UnitOfWork, order_id: str) -> None:
    """Cancel a member of a failed group, unless somebody else just did: all it paid goes back."""
    if service.lock(uow, order_id)["status"] in _IN_GROUP:
        after_sales.cancel(uow, order_id, "too few buyers joined the group")
