"""What past orders would have been under a promotion: read in pages, nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import and_, bindparam, case, func, or_, select

from transactional.catalog.models import products, skus
from transactional.catalog.rules import GIFT_CARD
from transactional.checkout import sale_terms
from transactional.checkout.delivery import Parcel
from transactional.checkout.sale_terms import SaleTerms
from transactional.checkout.tax import STANDARD
from transactional.money import without_tax
from transactional.orders.models import order_lines, orders
from transactional.promotions import live, pricing, service
from transactional.promotions.evaluation import evaluate
from transactional.promotions.live import Live
from transactional.promotions.rules import Activity, Basket, Context, Outcome, Used
from transactional.promotions.schemas import SimulationView
from transactional.staff.service import Terms
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row

_PAGE = 500
_sold = orders.c.status.not_in(("cancelled", "expired"))
_earlier = orders.alias("earlier")
_page = (
    select(
        orders.c.id,
        orders.c.placed_at,
        orders.c.channel,
        orders.c.customer_id,
        select(func.count())
        .where(
            _earlier.c.customer_id == orders.c.customer_id,
            _earlier.c.placed_at < orders.c.placed_at,
            _earlier.c.status.not_in(("cancelled", "expired")),
        )
        .scalar_subquery()
        .label("earlier_orders"),
    )
    .where(
        _sold,
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
        (order_lines.c.gross - order_lines.c.discount).label("net"),
        func.coalesce(products.c.slug, "").label("product"),
        products.c.category_id,
        products.c.brand_id,
        case((order_lines.c.is_gift_card, GIFT_CARD), else_=STANDARD).label("tax_class"),
        func.coalesce(skus.c.weight_grams, 0).label("weight_grams"),
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
_NO_ID = "00000000-0000-0000-0000-000000000000"


def run(db: Reading, terms: Terms, promotion_id: str, start: datetime, end: datetime) -> SimulationView:
    """Run a promotion alone on the orders placed from `start` to before `end`.

    Prices are those of the orders, products stand where they stand today, every shopper is taken to have a
    code where one is needed, and budgets run out as they would have.

    Raises:
        NotFound: there is no such promotion.
    """
    activity = live.activity_of(service.find(db, promotion_id))
    on = live.of((activity,))
    total = SimulationView(
        orders=0, orders_affected=0, discount=0, net_before=0, net_after=0, margin_before=0, margin_after=0
    )
    spent, customers = Used(), dict[str, int]()
    for order, lines, basket in _orders(db, terms, on, start, end):
        had = customers.get(order["customer_id"], 0)
        context = _context(terms, activity, order, replace(spent, by_customer=had))
        outcome = evaluate(basket, context, [activity])
        if outcome.applied:
            spent = Used(
                spent.uses + 1,
                spent.money + outcome.saved,
                spent.units + sum(each.units for each in outcome.applied),
            )
            customers[order["customer_id"]] = had + 1
        total = _added(total, lines, outcome)
    return total


def _context(terms: Terms, activity: Activity, order: Row, used: Used) -> Context:
    return Context(
        moment=order["placed_at"],
        time_zone=terms.time_zone,
        channel=order["channel"],
        first_order=order["earlier_orders"] == 0,
        coupons={activity.id: "simulated"} if activity.needs_code else {},
        used={activity.id: used},
    )


def _added(total: SimulationView, lines: list[Row], outcome: Outcome) -> SimulationView:
    before = sum(line["net"] for line in lines)
    cost = sum(line["cost"] * line["quantity"] for line in lines)
    after = before
    for line in lines:
        full = line["price"] * line["quantity"]
        rate = line["contained_bp"]
        after -= without_tax(full, rate) - without_tax(full - outcome.off(line["id"]), rate)
    return SimulationView(
        orders=total.orders + 1,
        orders_affected=total.orders_affected + bool(outcome.applied),
        discount=total.discount + outcome.saved,
        net_before=total.net_before + before,
        net_after=total.net_after + after,
        margin_before=total.margin_before + before - cost,
        margin_after=total.margin_after + after - cost,
    )


def _orders(
    db: Reading, terms: Terms, on: Live, start: datetime, end: datetime
) -> Iterator[tuple[Row, list[Row], Basket]]:
    """Orders with their lines, a page at a time."""
    sale = sale_terms.current(db)
    after, after_id = start, _NO_ID
    while page := db.rows(_page, after=after, after_id=after_id, end=end, size=_PAGE):
        found = db.rows(_lines, order_ids=[order["id"] for order in page])
        names = pricing.lookup(db, on, found)
        of_order = {key: list(lines) for key, lines in groupby(found, lambda line: line["order_id"])}
        for order in page:
            lines = of_order.get(order["id"], [])
            as_sold = tuple(pricing.line_of(line["id"], line, names) for line in lines)
            yield order, lines, Basket(as_sold, _delivery(sale, terms, lines))
        after, after_id = page[-1]["placed_at"], page[-1]["id"]


def _delivery(sale: SaleTerms, terms: Terms, lines: Sequence[Row]) -> int:
    """What delivery at home would cost today, before promotions."""
    goods = sum(line["price"] * line["quantity"] for line in lines)
    weight = sum(line["weight_grams"] * line["quantity"] for line in lines)
    offers = sale.offers(Place(terms.country, ""), Parcel(goods, weight, terms.currency))
    return offers[0].price if offers else 0
