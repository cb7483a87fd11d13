"""Carts: lines and quantities; prices are always today's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Select, bindparam, case, func, select

from transactional.catalog import pricing as prices
from transactional.catalog.models import products, skus
from transactional.checkout import delivery, rules, sale_terms
from transactional.checkout.delivery import Offer, Parcel
from transactional.checkout.errors import CartNotOpen, CartTooLarge, NotForSale
from transactional.checkout.models import cart_lines, carts
from transactional.checkout.tax import Treatment
from transactional.errors import NotFound
from transactional.promotions import live, pricing
from transactional.promotions.errors import CouponUnknown
from transactional.promotions.models import promotion_codes, promotions
from transactional.promotions.pricing import NOBODY, Shopper
from transactional.promotions.rules import Outcome
from transactional.staff.service import Terms
from transactional.stock import backorders
from transactional.stock import service as stock
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row, UnitOfWork

_lines = select(cart_lines).where(cart_lines.c.cart_id == bindparam("cart_id"))
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
_units = (
    select(func.coalesce(func.sum(cart_lines.c.quantity), 0))
    .join(carts, carts.c.id == cart_lines.c.cart_id)
    .where(carts.c.id == bindparam("cart_id"), carts.c.status == "open")
)
_for_sale: Select[tuple[str, str]] = (
    select(skus.c.code, skus.c.id)
    .join(products, products.c.id == skus.c.product_id)
    .where(
        products.c.status == "live",
        skus.c.retired_at.is_(None),
        skus.c.code.in_(bindparam("codes", expanding=True)),
    )
)
_coupon = (
    select(promotion_codes.c.id)
    .join(promotions, promotions.c.id == promotion_codes.c.promotion_id)
    .where(promotion_codes.c.code == bindparam("code"), promotions.c.status == "active")
)


@dataclass(frozen=True)
class PricedCart:
    """A cart with its lines and what they cost now, delivered to an address.

    Args:
        offers: the deliveries that can be had.
        delivery: the chosen one of them; None when it cannot be had.
    """

    cart: Row
    lines: list[Row]
    amounts: rules.Amounts
    promotions: Outcome
    offers: list[Offer]
    delivery: Offer | None
    taxed: Treatment


def create(uow: UnitOfWork, terms: Terms, visitor_id: str | None = None) -> str:
    """Open an empty cart; returns its id."""
    return str(_open(uow, terms, visitor_id)["id"])


def _open(uow: UnitOfWork, terms: Terms, visitor_id: str | None) -> Row:
    row = {
        "id": uow.new_id(),
        "currency": terms.currency,
        "status": "open",
        "visitor_id": visitor_id,
        "created_at": uow.now,
        "updated_at": uow.now,
    }
    return uow.insert(carts, row)


def lock_open(uow: UnitOfWork, cart_id: str) -> Row:
    """Lock a cart that can still be changed.

    Raises:
        NotFound: there is no such cart.
        CartNotOpen: it has been ordered.
    """
    cart = uow.lock(carts, cart_id)
    if cart is None:
        raise NotFound("cart", cart_id)
    if cart["status"] != "open":
        raise CartNotOpen
    return cart


def add(uow: UnitOfWork, cart_id: str, quantities: Mapping[str, int]) -> None:
    """Put units by SKU code into the cart, on top of those already there.

    Raises:
        NotFound, CartNotOpen: see `lock_open`.
        NotForSale: a code is unknown, or it or its product is not for sale.
        CartTooLarge: too many lines, or too many of one SKU.
    """
    cart = lock_open(uow, cart_id)
    sku_ids = {row["code"]: row["id"] for row in uow.rows(_for_sale, codes=list(quantities))}
    present = {line["sku_id"]: line for line in uow.rows(_lines, cart_id=cart_id)}
    position = max((line["position"] for line in present.values()), default=0)
    new: list[Row] = []
    for code, quantity in quantities.items():
        if code not in sku_ids:
            raise NotForSale(code)
        line = present.get(sku_ids[code])
        if line is not None:
            _set_quantity(uow, line["id"], line["quantity"] + quantity)
            continue
        position += 1
        new.append(
            {
                "id": uow.new_id(),
                "cart_id": cart_id,
                "sku_id": sku_ids[code],
                "quantity": _bounded(quantity),
                "position": position,
            }
        )
    if len(present) + len(new) > rules.MAX_LINES:
        raise CartTooLarge(rules.MAX_LINES, "lines")
    uow.insert_many(cart_lines, new)
    uow.update(carts, cart, updated_at=uow.now)


def set_quantity(uow: UnitOfWork, cart_id: str, line_id: str, quantity: int) -> None:
    """Change the units of a line.

    Raises:
        NotFound, CartNotOpen: see `lock_open`; NotFound also when the line is not in this cart.
        CartTooLarge: too many of one SKU.
    """
    cart = lock_open(uow, cart_id)
    _own_line(uow, cart_id, line_id)
    _set_quantity(uow, line_id, quantity)
    uow.update(carts, cart, updated_at=uow.now)


def remove(uow: UnitOfWork, cart_id: str, line_id: str) -> None:
    """Take a line out.

    Raises:
        NotFound, CartNotOpen: see `lock_open`; NotFound also when the line is not in this cart.
    """
    cart = lock_open(uow, cart_id)
    uow.delete(cart_lines, _own_line(uow, cart_id, line_id))
    uow.update(carts, cart, updated_at=uow.now)


def _own_line(uow: UnitOfWork, cart_id: str, line_id: str) -> Row:
    line = uow.lock(cart_lines, line_id)
    if line is None or line["cart_id"] != cart_id:
        raise NotFound("cart line", line_id)
    return line


def _set_quantity(uow: UnitOfWork, line_id: str, quantity: int) -> None:
    line = uow.lock(cart_lines, line_id)
    if line is not None:
        uow.update(cart_lines, line, quantity=_bounded(quantity))


def _bounded(quantity: int) -> int:
    if quantity > rules.MAX_QUANTITY:
        raise CartTooLarge(rules.MAX_QUANTITY, "units of one SKU")
    return quantity


def add_coupon(uow: UnitOfWork, cart_id: str, code: str) -> None:
    """Keep a code with the cart; what it gives is seen when the cart is priced.

    Raises:
        NotFound, CartNotOpen: see `lock_open`.
        CouponUnknown: no promotion that is on has this code.
        CartTooLarge: too many codes.
    """
    cart = lock_open(uow, cart_id)
    codes = list(cart["coupons"] or [])
    if uow.value(_coupon, code=code) is None:
        raise CouponUnknown(code)
    if code in codes:
        return
    if len(codes) >= rules.MAX_COUPONS:
        raise CartTooLarge(rules.MAX_COUPONS, "codes")
    uow.update(carts, cart, coupons=[*codes, code], updated_at=uow.now)


def remove_coupon(uow: UnitOfWork, cart_id: str, code: str) -> None:
    """Take a code out of the cart; nothing happens when it is not there.

    Raises:
        NotFound, CartNotOpen: see `lock_open`.
    """
    cart = lock_open(uow, cart_id)
    left = [each for each in cart["coupons"] or [] if each != code]
    uow.update(carts, cart, coupons=left or None, updated_at=uow.now)


def priced(
    db: Reading,
    terms: Terms,
    cart_id: str,
    shopper: Shopper = NOBODY,
    to: Place | None = None,
    method: str | None = None,
) -> PricedCart:
    """The cart at today's prices; see `price_lines`.

    Raises:
        NotFound: there is no such cart.
    """
    cart = db.get(carts, cart_id)
    if cart is None:
        raise NotFound("cart", cart_id)
    return price_lines(db, terms, cart, shopper, to, method)


def price_lines(
    db: Reading,
    terms: Terms,
    cart: Row,
    shopper: Shopper = NOBODY,
    to: Place | None = None,
    method: str | None = None,
    unit_price: int | None = None,
) -> PricedCart:
    """The lines of a cart that is already read, at today's prices and under the promotions that are on.

    Args:
        to: where it goes; somewhere in the shop's own country when it is not known yet.
        method: code of the delivery; the first that can be had when none is asked for.
        unit_price: agreed for every unit; promotions then give nothing.
    """
    found = backorders.orderable(db, db.rows(_priced_lines, cart_id=cart["id"]))
    lines = prices.at_their_prices(db, found, cart["currency"])
    if unit_price is not None:
        listed = {line["id"]: max(unit_price, line["list_price"]) for line in lines}
        agreed = {"price": unit_price, "promotions": None}
        lines = [{**line, **agreed, "list_price": listed[line["id"]]} for line in lines]
    return _price(db, terms, cart, lines, shopper, to or Place(terms.country, ""), method)


def opened(uow: UnitOfWork, terms: Terms, visitor_id: str | None) -> PricedCart:
    """Open an empty cart and show it: it has no lines to look for."""
    cart = _open(uow, terms, visitor_id)
    return _price(uow, terms, cart, [], NOBODY, Place(terms.country, ""), None)


def _price(
    db: Reading, terms: Terms, cart: Row, lines: list[Row], shopper: Shopper, to: Place, method: str | None
) -> PricedCart:
    items = [
        rules.Item(line["quantity"], line["list_price"], line["price"], tax_class=line["tax_class"])
        for line in lines
    ]
    sale = sale_terms.of_version(db, lines[0]["sale_terms"] if lines else None)
    goods = rules.goods(items)
    weight = sum(line["weight_grams"] * line["quantity"] for line in lines)
    offers = sale.offers(to, Parcel(goods, weight, cart["currency"]))
    chosen = delivery.choose(offers, method)
    charge = chosen.price if chosen and goods else 0
    given = pricing.outcome_of(db, terms, cart, lines, charge, shopper)
    if given.lines:
        items = [
            replace(item, promotions=given.off(line["id"])) for item, line in zip(items, lines, strict=True)
        ]
    taxed = sale.treatment(to, sale_terms.shop_day(db, terms))
    amounts = rules.amounts(items, taxed, charge, given.shipping)
    return PricedCart(cart, lines, amounts, given, offers, chosen, taxed)


def is_open(db: Reading, cart_id: str) -> bool:
    """Whether the cart is there and can still be changed."""
    cart = db.get(carts, cart_id)
    return cart is not None and cart["status"] == "open"


def units_in(db: Reading, cart_id: str) -> int:
    """How many units an open cart holds; 0 when it is ordered or unknown."""
    return int(db.value(_units, cart_id=cart_id))
