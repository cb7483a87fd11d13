"""A cart at today's prices, under the promotions that are on, delivered and taxed."""

from dataclasses import dataclass, replace

from sqlalchemy import bindparam, case, select

from transactional.catalog import pricing as prices
from transactional.catalog.models import products, skus
from transactional.checkout import delivery, rules, sale_terms
from transactional.checkout.delivery import Offer, Parcel
from transactional.checkout.models import cart_lines
from transactional.checkout.tax import STANDARD, Treatment
from transactional.promotions import live, pricing
from transactional.promotions.pricing import Shopper
from transactional.promotions.rules import Outcome
from transactional.staff.service import Terms
from transactional.stock import backorders
from transactional.stock import service as stock
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row

_priced_lines = (
    select(
        cart_lines.c.id,
        cart_lines.c.sku_id,
        cart_lines.c.quantity,
        skus.c.code.label("sku"),
        skus.c.options,
        skus.c.price,
        skus.c.list_price,
        skus.c.cost,
        skus.c.currency,
        skus.c.has_prices,
        skus.c.has_supply,
        skus.c.tax_class,
        skus.c.weight_grams,
        products.c.slug.label("product"),
        products.c.name,
        products.c.image,
        case((skus.c.retired_at.is_(None), products.c.status), else_="retired").label("status"),
        products.c.category_id,
        products.c.brand_id,
        live.VERSION.label("promotions"),
        sale_terms.VERSION.label("sale_terms"),
        stock.available(skus.c.id).label("available"),
    )
    .join(skus, skus.c.id == cart_lines.c.sku_id)
    .join(products, products.c.id == skus.c.product_id)
    .where(cart_lines.c.cart_id == bindparam("cart_id"))
    .order_by(cart_lines.c.position)
)


@dataclass(frozen=True)
class PricedCart:
    """A cart with its lines and what they cost now, delivered to an address.

    Args:
        parcel: what is to be delivered; None when there is nothing, or only gift cards.
        offers: the deliveries that can be had.
        delivery: the chosen one of them; None when it cannot be had, or none is needed.
        taxed: with `reverse_charge` only when the buyer owes the tax.
    """

    cart: Row
    lines: list[Row]
    amounts: rules.Amounts
    promotions: Outcome
    parcel: Parcel | None
    offers: list[Offer]
    delivery: Offer | None
    taxed: Treatment


def lines_of(db: Reading, cart: Row, shopper: Shopper, unit_price: int | None = None) -> list[Row]:
    """The lines of a cart at the prices that hold for who buys.

    Args:
        unit_price: agreed for every unit; promotions then give nothing.
    """
    found = backorders.orderable(db, db.rows(_priced_lines, cart_id=cart["id"]))
    lines = prices.at_their_prices(db, found, cart["currency"], sorted(shopper.segments))
    if unit_price is None:
        return lines
    listed = {line["id"]: max(unit_price, line["list_price"]) for line in lines}
    agreed = {"price": unit_price, "promotions": None}
    return [{**line, **agreed, "list_price": listed[line["id"]]} for line in lines]


def price(
    db: Reading,
    terms: Terms,
    cart: Row,
    lines: list[Row],
    shopper: Shopper,
    to: Place,
    method: str | None = None,
    company_of: str | None = None,
) -> PricedCart:
    """What a cart's lines cost, delivered to a place by a method, or by the first that serves it.

    Args:
        company_of: country of the company that buys, by its tax number; None when no company does.
    """
    sale = sale_terms.of_version(db, lines[0]["sale_terms"] if lines else None)
    taxed = sale.treatment(to, sale_terms.shop_day(db, terms))
    untaxed = taxed.reverse_charge and company_of not in (None, terms.country)
    items = _items(lines)
    parcel = _parcel(cart, lines, items)
    offers = sale.offers(to, parcel) if parcel else []
    if untaxed:
        lines = [_without_tax(line, taxed) for line in lines]
        items = _items(lines)
        offers = [replace(offer, price=taxed.without_tax(offer.price, STANDARD)) for offer in offers]
    taxed = taxed.reversed() if untaxed else replace(taxed, reverse_charge=False)
    chosen = delivery.choose(offers, method)
    charge = chosen.price if chosen and parcel and parcel.goods else 0
    how = pricing.Delivery(charge, to.country, chosen.code if chosen else None)
    given = pricing.outcome_of(db, terms, cart, lines, how, shopper)
    if given.lines:
        items = [
            replace(item, promotions=given.off(line["id"])) for item, line in zip(items, lines, strict=True)
        ]
    amounts = rules.amounts(items, taxed, charge, given.shipping)
    return PricedCart(cart, lines, amounts, given, parcel, offers, chosen, taxed)


def _items(lines: list[Row]) -> list[rules.Item]:
    return [
        rules.Item(line["quantity"], line["list_price"], line["price"], tax_class=line["tax_class"])
        for line in lines
    ]


def _parcel(cart: Row, lines: list[Row], items: list[rules.Item]) -> Parcel | None:
    if all(item.is_gift_card for item in items):
        return None
    weight = sum(line["weight_grams"] * line["quantity"] for line in lines)
    return Parcel(rules.goods(items), weight, cart["currency"])


def _without_tax(line: Row, taxed: Treatment) -> Row:
    names = ("price", "list_price")
    return {**line, **{name: taxed.without_tax(line[name], line["tax_class"]) for name in names}}
