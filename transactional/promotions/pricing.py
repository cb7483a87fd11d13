"""Carts under the activities that are on, and what an order keeps of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, select

from transactional.catalog import pricing as prices
from transactional.catalog import rules as catalog
from transactional.catalog.models import brands, categories, products, skus
from transactional.catalog.rules import GIFT_CARD
from transactional.checkout.rules import Amounts
from transactional.money import allocate
from transactional.orders.models import orders
from transactional.promotions import budgets, live
from transactional.promotions.budgets import Use
from transactional.promotions.errors import PromotionUsedUp
from transactional.promotions.evaluation import evaluate
from transactional.promotions.live import Live
from transactional.promotions.models import (
    order_promotions,
    promotion_budgets,
    promotion_codes,
    promotion_customers,
)
from transactional.promotions.rules import Basket, Context, Line, Missed, Outcome, Used
from transactional.staff.service import Terms
from transactional.unit_of_work import Reading, Row, UnitOfWork

NOTHING = Outcome()
_categories = select(categories.c.id, categories.c.parent_id, categories.c.slug)
_brands = select(brands.c.id, brands.c.slug).where(brands.c.id.in_(bindparam("brand_ids", expanding=True)))
_budgets = select(promotion_budgets).where(
    promotion_budgets.c.promotion_id.in_(bindparam("promotion_ids", expanding=True))
)
_customer_uses = select(promotion_customers.c.promotion_id, promotion_customers.c.uses).where(
    promotion_customers.c.customer_id == bindparam("customer_id"),
    promotion_customers.c.promotion_id.in_(bindparam("promotion_ids", expanding=True)),
)
_codes = (
    select(promotion_codes)
    .where(promotion_codes.c.code.in_(bindparam("codes", expanding=True)))
    .order_by(promotion_codes.c.code)
)
_OF_GIFT = ("id", "currency", "price", "list_price", "has_prices")
_gifts = (
    select(skus.c.code.label("sku"), *(skus.c[name] for name in _OF_GIFT))
    .join(products, products.c.id == skus.c.product_id)
    .where(
        skus.c.code.in_(bindparam("codes", expanding=True)),
        products.c.status == "live",
        skus.c.retired_at.is_(None),
    )
)
_ordered_before = (
    select(orders.c.id)
    .where(
        orders.c.customer_id == bindparam("customer_id"),
        orders.c.status.not_in(("cancelled", "expired")),
        orders.c.purpose == "sale",
    )
    .limit(1)
)


@dataclass(frozen=True)
class Shopper:
    """Who buys, as far as it is known; known without a customer's id is somebody new."""

    customer_id: str | None = None
    is_known: bool = False
    channel: str = "web"
    segments: frozenset[str] = frozenset()


NOBODY = Shopper()


@dataclass(frozen=True)
class Delivery:
    """Where a basket goes and how; the charge is before promotions, minor units with tax."""

    charge: int
    country: str
    method: str | None


def outcome_of(
    db: Reading, terms: Terms, cart: Row, lines: Sequence[Row], delivery: Delivery, shopper: Shopper
) -> Outcome:
    """What the activities that are on do to a cart's priced lines.

    Args:
        lines: rows with the SKU, its prices, its product's `category_id` and `brand_id`, and `promotions`,
            the version of what is on.
    """
    on = live.activities_of(db, lines[0]["promotions"] if lines else None)
    if not on.activities:
        return NOTHING
    coupons, spent = coupons_of(db, cart["coupons"] or [])
    context = Context(
        moment=db.now,
        time_zone=terms.time_zone,
        channel=shopper.channel,
        segments=shopper.segments,
        first_order=is_first_order(db, shopper) if on.by_first_order else None,
        coupons=coupons,
        used=used(db, on, shopper),
        delivery_method=delivery.method,
        country=delivery.country,
        gift_prices=gift_prices(db, on, cart["currency"]),
        is_foreign=cart["currency"] != terms.currency,
    )
    names = lookup(db, on, lines)
    basket = Basket(tuple(line_of(row["id"], row, names) for row in lines), delivery.charge)
    return evaluated(basket, context, on, spent)


def evaluated(basket: Basket, context: Context, on: Live, spent: Sequence[Missed]) -> Outcome:
    """A basket under activities, with the codes that open nothing: those spent, and those of others."""
    outcome = evaluate(basket, context, on.activities)
    known, coupons = {each.id for each in on.activities}, context.coupons
    over = [Missed(key, code, "not_now", code=code) for key, code in coupons.items() if key not in known]
    return replace(outcome, missed=(*outcome.missed, *spent, *over)) if spent or over else outcome


@dataclass(frozen=True)
class Names:
    """Slugs by id, as far as activities ask for them."""

    paths: Mapping[str, tuple[str, ...]]
    brands: Mapping[str, str]


def lookup(db: Reading, on: Live, lines: Sequence[Row]) -> Names:
    """The slugs that activities compare the lines' products with."""
    paths: dict[str, tuple[str, ...]] = {}
    if on.by_category:
        tree = db.rows(_categories)
        for leaf in {row["category_id"] for row in lines if row["category_id"]}:
            paths[leaf] = tuple(step["slug"] for step in catalog.path(tree, leaf))
    brand_ids = {row["brand_id"] for row in lines if row["brand_id"]} if on.by_brand else set()
    found = db.rows(_brands, brand_ids=sorted(brand_ids)) if brand_ids else []
    return Names(paths, {row["id"]: row["slug"] for row in found})


def is_gift_card(row: Row) -> bool:
    return bool(row["tax_class"] == GIFT_CARD)


def line_of(key: str, row: Row, names: Names, quantity: int | None = None) -> Line:
    """A row of SKU, prices and product as the rules see it."""
    return Line(
        key=key,
        sku=row["sku"],
        product=row["product"],
        quantity=row["quantity"] if quantity is None else quantity,
        list_price=row["list_price"],
        unit_price=row["price"],
        cost=row["cost"],
        categories=names.paths.get(row["category_id"], ()),
        brand=names.brands.get(row["brand_id"]),
        is_gift_card=is_gift_card(row),
    )


def gift_prices(db: Reading, on: Live, currency: str) -> dict[str, int]:
    """What the gifts cost now that activities give, without those that nobody can buy in the currency."""
    found = db.rows(_gifts, codes=list(on.gifts)) if on.gifts else []
    asked = prices.at_their_prices(db, found, currency, sku_id="id")
    return {row["sku"]: row["price"] for row in asked if "unpriced" not in row}


def coupons_of(db: Reading, codes: Sequence[str]) -> tuple[dict[str, str], list[Missed]]:
    """The code that opens each activity, and those that are used up or over."""
    good: dict[str, str] = {}
    spent: list[Missed] = []
    for row in db.rows(_codes, codes=list(codes)) if codes else []:
        if row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= db.now):
            spent.append(Missed(row["promotion_id"], row["code"], "code_over", code=row["code"]))
        elif row["max_uses"] is not None and row["uses"] >= row["max_uses"]:
            spent.append(Missed(row["promotion_id"], row["code"], "used_up", code=row["code"]))
        else:
            good.setdefault(row["promotion_id"], row["code"])
    return good, spent


def is_first_order(db: Reading, shopper: Shopper) -> bool | None:
    if shopper.customer_id is None:
        return True if shopper.is_known else None
    return db.row(_ordered_before, customer_id=shopper.customer_id) is None


def used(db: Reading, on: Live, shopper: Shopper) -> dict[str, Used]:
    """What the activities have given, in all and to this shopper."""
    found: dict[str, Used] = {}
    for row in db.rows(_budgets, promotion_ids=on.limited) if on.limited else []:
        found[row["promotion_id"]] = Used(row["uses"], row["money"], row["units"])
    if on.per_customer and shopper.customer_id is not None:
        mine = db.rows(_customer_uses, customer_id=shopper.customer_id, promotion_ids=on.per_customer)
        for row in mine:
            before = found.get(row["promotion_id"], Used())
            found[row["promotion_id"]] = replace(before, by_customer=row["uses"])
    return found


def record(
    uow: UnitOfWork,
    order: Row,
    order_lines: Sequence[Row],
    cart_lines: Sequence[Row],
    amounts: Amounts,
    outcome: Outcome,
) -> list[Row]:
    """Note which promotion gave what to which line of a new order, and count it; returns what it noted.

    Args:
        order_lines: of the order, in the order of `cart_lines`, which were priced.

    Raises:
        PromotionUsedUp: another order was faster; the transaction must not be committed.
    """
    if not outcome.applied:
        return []
    codes = {each.activity_id: each.code for each in outcome.applied}
    sold = {line["id"]: row["id"] for line, row in zip(cart_lines, order_lines, strict=True)}
    new = [
        {
            **row,
            "id": uow.new_id(),
            "order_id": order["id"],
            "order_line_id": sold.get(row["order_line_id"]),
            "code": codes[row["promotion_id"]],
        }
        for row in given(cart_lines, amounts, outcome)
    ]
    noted = uow.insert_many(order_promotions, new)
    _take(uow, order, outcome)
    return noted


def given(cart_lines: Sequence[Row], amounts: Amounts, outcome: Outcome) -> Iterator[Row]:
    """What each promotion gives to each line, and to delivery, as rows of an order to be.

    `order_line_id` is the id of the cart's line; None for delivery. `discount` adds up, to the minor unit,
    to what promotions take off the line without tax.
    """
    for line, priced in zip(cart_lines, amounts.lines, strict=True):
        of_line = [each for each in outcome.lines if each.line == line["id"]]
        if not of_line:
            continue
        discounts = allocate(priced.promotions, [each.amount for each in of_line])
        for each, discount in zip(of_line, discounts, strict=True):
            yield {
                "order_line_id": line["id"],
                "promotion_id": each.activity_id,
                "units": each.units,
                "amount": each.amount,
                "discount": discount,
                "reason": each.reason,
            }
    yield from _off_delivery(amounts, outcome)


def _off_delivery(amounts: Amounts, outcome: Outcome) -> Iterator[Row]:
    cheaper = [each for each in outcome.applied if each.shipping]
    if not cheaper:
        return
    discounts = allocate(amounts.shipping_promotions, [each.shipping for each in cheaper])
    for each, discount in zip(cheaper, discounts, strict=True):
        yield {
            "order_line_id": None,
            "promotion_id": each.activity_id,
            "units": 0,
            "amount": each.shipping,
            "discount": discount,
            "reason": each.name,
        }


def _take(uow: UnitOfWork, order: Row, outcome: Outcome) -> None:
    uses = [
        Use(
            each.activity_id,
            each.amount,
            order["currency"],
            each.units,
            each.code,
            each.per_customer,
            each.is_counted,
        )
        for each in outcome.applied
    ]
    used_up = budgets.take(uow, uses, order["customer_id"])
    if used_up is not None:
        raise PromotionUsedUp(next(each.name for each in outcome.applied if each.activity_id == used_up))
