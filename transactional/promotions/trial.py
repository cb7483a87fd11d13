"""A basket priced for the staff, to see what promotions do to it and why; nothing is written."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from transactional.catalog import pricing as prices
from transactional.catalog.models import products, skus
from transactional.checkout import delivery, sale_terms
from transactional.checkout.delivery import Offer, Parcel
from transactional.promotions import live, pricing, service
from transactional.promotions.errors import CouponUnknown, PromotionReference
from transactional.promotions.live import Live
from transactional.promotions.pricing import NOBODY
from transactional.promotions.rules import Basket, Context, Line, Outcome
from transactional.promotions.schemas import TrialIn, TrialLineView, TrialView
from transactional.promotions.views import applied_views, discounts_of, gift_hints, plain_money, reasons
from transactional.staff.service import Terms
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row

_skus = (
    select(
        skus.c.id,
        skus.c.code.label("sku"),
        skus.c.price,
        skus.c.list_price,
        skus.c.cost,
        skus.c.currency,
        skus.c.has_prices,
        skus.c.tax_class,
        skus.c.weight_grams,
        products.c.slug.label("product"),
        products.c.category_id,
        products.c.brand_id,
    )
    .join(products, products.c.id == skus.c.product_id)
    .where(skus.c.code.in_(bindparam("codes", expanding=True)))
)


def run(db: Reading, terms: Terms, wanted: TrialIn) -> TrialView:
    """Price a basket as a shopper's would be in these circumstances.

    Raises:
        PromotionReference: a SKU is unknown.
        CouponUnknown: no promotion has a code.
        NotFound: there is no such promotion to try.
    """
    at = db.seen_at(wanted.moment or db.now)
    on, opened = _activities(at, wanted)
    rows = _rows(at, terms, wanted)
    names = pricing.lookup(at, on, rows)
    lines = tuple(pricing.line_of(row["sku"], row, names) for row in rows)
    chosen = _delivery(at, terms, wanted, lines, sum(row["weight_grams"] * row["quantity"] for row in rows))
    charge = chosen.price if chosen else 0
    coupons, spent = pricing.coupons_of(at, wanted.codes)
    context = Context(
        moment=at.now,
        time_zone=terms.time_zone,
        channel=wanted.channel,
        segments=frozenset(wanted.segments),
        first_order=wanted.first_order,
        coupons={**opened, **coupons},
        used=pricing.used(at, on, NOBODY),
        delivery_method=chosen.code if chosen else None,
        country=wanted.country or terms.country,
        gift_prices=pricing.gift_prices(at, on, terms.currency),
    )
    outcome = pricing.evaluated(Basket(lines, charge), context, on, spent)
    return TrialView(
        currency=terms.currency,
        lines=[_line_view(line, outcome) for line in lines],
        delivery_method=context.delivery_method,
        shipping=charge,
        shipping_discount=outcome.shipping,
        promotions=applied_views(outcome),
        gifts=gift_hints(outcome),
        missed=reasons(outcome, plain_money(terms.currency)),
    )


def _activities(db: Reading, wanted: TrialIn) -> tuple[Live, dict[str, str]]:
    """What is on with the one to try, and the code that stands for the one it would need."""
    on = live.read(db)
    known = service.known_codes(db, wanted.codes)
    for code in wanted.codes:
        if code not in known:
            raise CouponUnknown(code)
    if wanted.promotion is None:
        return on, {}
    tried = live.activity_of(service.find(db, str(wanted.promotion)))
    others = [each for each in on.activities if each.id != tried.id]
    return live.of([*others, tried]), {tried.id: "tried"} if tried.needs_code else {}


def _rows(db: Reading, terms: Terms, wanted: TrialIn) -> list[Row]:
    quantities: dict[str, int] = {}
    for line in wanted.lines:
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
    found = db.rows(_skus, codes=list(quantities))
    by_sku = {row["sku"]: row for row in prices.at_their_prices(db, found, terms.currency, sku_id="id")}
    for sku in quantities:
        if sku not in by_sku:
            raise PromotionReference("lines.sku", sku)
    return [{**by_sku[sku], "quantity": quantity} for sku, quantity in quantities.items()]


def _delivery(db: Reading, terms: Terms, wanted: TrialIn, lines: Sequence[Line], weight: int) -> Offer | None:
    goods = sum(line.total for line in lines if not line.is_gift_card)
    to = Place(wanted.country or terms.country, "")
    offers = sale_terms.current(db).offers(to, Parcel(goods, weight, terms.currency))
    return delivery.choose(offers, wanted.delivery_method) if goods else None


def _line_view(line: Line, outcome: Outcome) -> TrialLineView:
    return TrialLineView(
        sku=line.sku,
        quantity=line.quantity,
        unit_price=line.unit_price,
        list_price=line.list_price,
        discounts=discounts_of(outcome, line.key),
        total=line.total - outcome.off(line.key),
    )
