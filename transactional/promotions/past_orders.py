"""Orders of the past as baskets before promotions, read in pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from sqlalchemy import and_, bindparam, case, func, or_, select

from transactional.catalog.models import products, skus
from transactional.catalog.rules import GIFT_CARD
from transactional.checkout.tax import STANDARD
from transactional.members.models import customers
from transactional.money import BASIS_POINTS, divide_half_up
from transactional.orders.models import order_lines, orders
from transactional.promotions import pricing
from transactional.promotions.live import Live
from transactional.promotions.models import order_promotions
from transactional.promotions.rules import Basket
from transactional.unit_of_work import Reading, Row

_PAGE = 500
_earlier = orders.alias("earlier")
_page = (
    select(
        orders.c.id,
        orders.c.number,
        orders.c.placed_at,
        orders.c.channel,
        orders.c.customer_id,
        customers.c.groups,
        orders.c.ship_country,
        orders.c.delivery_method,
        func.coalesce(orders.c.shipping, 0).label("shipping"),
        # What the charge contains: nothing where tax was added on top.
        case((orders.c.prices_include_tax, orders.c.delivery_tax_rate_bp), else_=0).label("shipping_bp"),
        select(func.count())
        .where(
            _earlier.c.customer_id == orders.c.customer_id,
            _earlier.c.placed_at < orders.c.placed_at,
            _earlier.c.purpose == "sale",
            _earlier.c.status.not_in(("cancelled", "expired")),
        )
        .scalar_subquery()
        .label("earlier_orders"),
    )
    .join(customers, customers.c.id == orders.c.customer_id, isouter=True)
    .where(
        orders.c.status.not_in(("cancelled", "expired")),
        orders.c.purpose == "sale",
        orders.c.group_id.is_(None),
        orders.c.currency == bindparam("currency"),
        orders.c.placed_at < bindparam("end"),
        or_(
            orders.c.placed_at > bindparam("after"),
            and_(orders.c.placed_at == bindparam("after"), orders.c.id > bindparam("after_id")),
        ),
    )
    .order_by(orders.c.placed_at, orders.c.id)
    .limit(bindparam("size"))
)
_lines = (
    select(
        order_lines.c.id,
        order_lines.c.order_id,
        order_lines.c.sku,
        order_lines.c.quantity,
        order_lines.c.unit_price.label("price"),
        func.coalesce(order_lines.c.list_price, order_lines.c.unit_price).label("list_price"),
        func.coalesce(order_lines.c.cost, 0).label("cost"),
        func.coalesce(products.c.slug, "").label("product"),
        products.c.category_id,
        products.c.brand_id,
        order_lines.c.is_gift_card,
        case((order_lines.c.is_gift_card, GIFT_CARD), else_=STANDARD).label("tax_class"),
        # What the price contains: nothing where tax was added on top.
        case((orders.c.prices_include_tax, order_lines.c.tax_rate_bp), else_=0).label("contained_bp"),
    )
    .join(orders, orders.c.id == order_lines.c.order_id)
    .join(skus, skus.c.id == order_lines.c.sku_id, isouter=True)
    .join(products, products.c.id == skus.c.product_id, isouter=True)
    .where(
        order_lines.c.order_id.in_(bindparam("order_ids", expanding=True)),
        order_lines.c.quantity > 0,
        order_lines.c.unit_price.is_not(None),
    )
    .order_by(order_lines.c.order_id, order_lines.c.position)
)
_given = (
    select(order_promotions)
    .where(order_promotions.c.order_id.in_(bindparam("order_ids", expanding=True)))
    .order_by(order_promotions.c.order_id, order_promotions.c.id)
)
_NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class PastOrder:
    """An order as it was before promotions, and the codes it used by promotion."""

    order: Row
    lines: list[Row]
    basket: Basket
    codes: Mapping[str, str]


def read(db: Reading, on: Live, currency: str, start: datetime, end: datetime) -> Iterator[PastOrder]:
    """What was sold from `start` to before `end` to shoppers one by one, in the order in which it was.

    Products stand where they stand today, and customers are in the groups in which they are.
    """
    after, after_id = start, _NO_ID
    while page := db.rows(_page, currency=currency, after=after, after_id=after_id, end=end, size=_PAGE):
        ids = [order["id"] for order in page]
        found = db.rows(_lines, order_ids=ids)
        names = pricing.lookup(db, on, found)
        lines_of, given_of = _by_order(found), _by_order(db.rows(_given, order_ids=ids))
        for order in page:
            lines, given = lines_of.get(order["id"], []), given_of.get(order["id"], [])
            as_sold = tuple(pricing.line_of(line["id"], line, names) for line in lines)
            codes = {row["promotion_id"]: row["code"] for row in given if row["code"]}
            yield PastOrder(order, lines, Basket(as_sold, _delivery(order, given)), codes)
        after, after_id = page[-1]["placed_at"], page[-1]["id"]


def _by_order(rows: list[Row]) -> dict[str, list[Row]]:
    return {key: list(found) for key, found in groupby(rows, itemgetter("order_id"))}


def _delivery(order: Row, given: list[Row]) -> int:
    """What the order's delivery cost before promotions, with the tax that prices contained."""
    charge: int = order["shipping"]
    with_tax = charge + divide_half_up(charge * (order["shipping_bp"] or 0), BASIS_POINTS)
    taken_off: int = sum(row["amount"] for row in given if row["order_line_id"] is None)
    return with_tax + taken_off
