"""What units that a change of an order adds cost, and the delivery of what would still be sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from transactional.catalog import pricing as prices
from transactional.catalog.errors import NoPrice
from transactional.catalog.models import products, skus
from transactional.catalog.rules import GIFT_CARD, variant_name
from transactional.checkout import delivery as deliveries
from transactional.checkout import rules as amounts
from transactional.checkout.delivery import Offer, Parcel
from transactional.checkout.errors import NotForSale, OrderIncomplete
from transactional.checkout.rules import Item, LineAmounts
from transactional.checkout.sale_terms import SaleTerms
from transactional.checkout.tax import STANDARD, Treatment
from transactional.members import service as members
from transactional.orders import change_rules, progress
from transactional.orders.change_rules import NO_CHARGE, Charge
from transactional.orders.errors import AgreedPriceTooHigh, GiftCardNotAdded
from transactional.orders.rules import SALE, SoldLine
from transactional.promotions.models import order_promotions
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row

_GOODS = (
    skus.c.id.label("sku_id"),
    skus.c.code.label("sku"),
    skus.c.options,
    skus.c.price,
    skus.c.list_price,
    skus.c.cost,
    skus.c.currency,
    skus.c.has_prices,
    skus.c.tax_class,
    skus.c.weight_grams,
    products.c.name,
)
_for_sale = (
    select(*_GOODS)
    .join(products, products.c.id == skus.c.product_id)
    .where(
        products.c.status == "live",
        skus.c.retired_at.is_(None),
        skus.c.code.in_(bindparam("codes", expanding=True)),
    )
)
_sold = select(skus.c.id, skus.c.tax_class, skus.c.weight_grams).where(
    skus.c.id.in_(bindparam("sku_ids", expanding=True))
)
_off_delivery = select(func.coalesce(func.sum(order_promotions.c.amount), 0)).where(
    order_promotions.c.order_id == bindparam("order_id"), order_promotions.c.order_line_id.is_(None)
)


@dataclass(frozen=True)
class Addition:
    """Units to add.

    Args:
        unit_price: what was agreed with the buyer, at most what the buyer pays, which None is.
    """

    sku: str
    quantity: int
    unit_price: int | None = None


@dataclass(frozen=True)
class Sale:
    """An order and where it would go.

    Args:
        before, after: how it is taxed, and would be.
        listed: how prices are there, also when the buyer owes the tax and pays none.
    """

    order: Row
    lines: list[Row]
    sold: Mapping[str, SoldLine]
    terms: SaleTerms
    before: Treatment
    listed: Treatment
    after: Treatment
    to: Place

    def asked(self, price: int, tax_class: str) -> int:
        """What is asked for what is priced so."""
        return self.listed.without_tax(price, tax_class) if self.after.reverse_charge else price

    @property
    def is_taxed_anew(self) -> bool:
        return self.before != self.after

    @property
    def has_moved(self) -> bool:
        """Whether the address lies in another zone of delivery."""
        there = Place(self.order["ship_country"], self.order["ship_postal_code"])
        zones = [
            deliveries.zone_of(self.terms.zones, place.country, place.postal_code)
            for place in (there, self.to)
        ]
        return zones[0] != zones[1]


@dataclass(frozen=True)
class Priced:
    """A line to add: its columns that are no amounts, what a unit weighs in grams, and its amounts."""

    row: Row
    weight: int
    amounts: LineAmounts


def skus_of(db: Reading, lines: Iterable[Row]) -> dict[str, Row]:
    """Weights and tax classes of what an order's lines hold, by SKU id."""
    return {row["id"]: row for row in db.rows(_sold, sku_ids=[line["sku_id"] for line in lines])}


def additions(db: Reading, sale: Sale, wanted: Sequence[Addition]) -> list[Priced]:
    order = sale.order
    found = db.rows(_for_sale, codes=[each.sku for each in wanted]) if wanted else []
    groups = members.groups_of(db, order["customer_id"]) if found else ()
    by_code = {row["sku"]: row for row in prices.at_their_prices(db, found, order["currency"], groups)}
    made: list[Priced] = []
    for each in wanted:
        row = by_code.get(each.sku)
        if row is None:
            raise NotForSale(each.sku)
        if "unpriced" in row:
            raise NoPrice(each.sku, order["currency"])
        if row["tax_class"] == GIFT_CARD:
            raise GiftCardNotAdded(each.sku)
        price = sale.asked(row["price"], row["tax_class"]) if order["purpose"] == SALE else 0
        if each.unit_price is not None and each.unit_price > price:
            raise AgreedPriceTooHigh(each.sku, price, each.unit_price)
        price = price if each.unit_price is None else each.unit_price
        listed = max(price, sale.asked(row["list_price"], row["tax_class"]))
        item = Item(each.quantity, listed, price, tax_class=row["tax_class"])
        name = variant_name(row["name"], row["options"])
        made.append(_priced(row | {"name": name}, item, row["weight_grams"], sale.after))
    return made


def sold_again(sale: Sale, skus_of: Mapping[str, Row], less: Mapping[str, int]) -> list[Priced]:
    """What is still to be sent of an order that is taxed anew, less the units that are not wanted."""
    made: list[Priced] = []
    with_tax = sale.order["prices_include_tax"] is not False
    for line in sale.lines:
        sold, sku, gone = sale.sold[line["id"]], skus_of[line["sku_id"]], less.get(line["id"], 0)
        if line["is_gift_card"] or sold.open == gone:
            continue
        item = change_rules.sold_again(
            sold, gone, line["list_price"], line["unit_price"], sku["tax_class"], with_tax=with_tax
        )
        made.append(_priced(line, item, sku["weight_grams"], sale.after))
    return made


def _priced(of: Row, item: Item, weight: int, taxed: Treatment) -> Priced:
    row = {name: of[name] for name in ("sku_id", "sku", "name", "cost")}
    row |= {"quantity": item.quantity, "list_price": item.list_price, "unit_price": item.unit_price}
    return Priced(row, weight, amounts.line_amounts(item, taxed))


def parcel(
    sale: Sale, skus_of: Mapping[str, Row], removals: Mapping[str, int], new: Iterable[Priced]
) -> Parcel:
    """All that would still be sent."""
    goods = weight = 0
    for line in sale.lines:
        units = sale.sold[line["id"]].open - removals.get(line["id"], 0)
        goods += 0 if line["is_gift_card"] else units * line["unit_price"]
        weight += units * skus_of[line["sku_id"]]["weight_grams"]
    for each in new:
        goods += each.row["quantity"] * each.row["unit_price"]
        weight += each.row["quantity"] * each.weight
    return Parcel(goods, weight, sale.order["currency"])


def offer(sale: Sale, method: str | None, parcel: Parcel) -> Offer | None:
    """The delivery that is charged anew; None when the order keeps its own."""
    wanted = method or sale.order["delivery_method"]
    stays = method is None and not sale.has_moved and not sale.is_taxed_anew
    if stays or wanted is None:
        return None
    found = deliveries.choose(sale.terms.offers(sale.to, parcel), wanted)
    if found is None:
        told = "This delivery does not serve the address: choose another."
        raise OrderIncomplete([("delivery_unavailable", "delivery_method", told)])
    return found


def delivery(db: Reading, sale: Sale, offer: Offer | None, *, is_needed: bool) -> tuple[Charge, Charge]:
    """What is charged for delivery now, and what of the charge before is taken off; none when it stays."""
    if offer is None:
        return NO_CHARGE, NO_CHARGE
    is_charged = sale.order["purpose"] == SALE and is_needed
    price = sale.asked(offer.price, STANDARD) if is_charged else 0
    price = max(0, price - int(db.value(_off_delivery, order_id=sale.order["id"])))
    now = Charge(*sale.after.split(price, sale.after.rate(STANDARD)))
    before = Charge(*progress.delivery_left(db, sale.order, sale.lines))
    return (NO_CHARGE, NO_CHARGE) if now == before else (now, before)
