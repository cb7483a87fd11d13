"""Carts: lines and quantities; prices are always today's."""

from collections.abc import Mapping

from sqlalchemy import bindparam, func, or_, select

from transactional.catalog import pricing as prices
from transactional.catalog.models import products, skus
from transactional.checkout import priced as priced_cart
from transactional.checkout import rules, shoppers
from transactional.checkout.errors import CartNotOpen, CartTooLarge, NotForSale
from transactional.checkout.models import cart_lines, carts
from transactional.checkout.priced import PricedCart
from transactional.errors import NotFound
from transactional.members import service as members
from transactional.promotions.errors import CouponUnknown
from transactional.promotions.models import promotion_codes, promotions
from transactional.promotions.pricing import Shopper
from transactional.staff.service import Terms
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row, UnitOfWork

_lines = select(cart_lines).where(cart_lines.c.cart_id == bindparam("cart_id"))
_units = (
    select(func.coalesce(func.sum(cart_lines.c.quantity), 0))
    .join(carts, carts.c.id == cart_lines.c.cart_id)
    .where(carts.c.id == bindparam("cart_id"), carts.c.status == "open")
)
_for_sale = (
    select(skus.c.code, skus.c.id, skus.c.currency, skus.c.price, skus.c.list_price, skus.c.has_prices)
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
    .where(
        promotion_codes.c.code == bindparam("code"),
        promotion_codes.c.revoked_at.is_(None),
        or_(promotion_codes.c.expires_at.is_(None), promotion_codes.c.expires_at > bindparam("now")),
        promotions.c.status == "active",
    )
)


def create(
    uow: UnitOfWork,
    terms: Terms,
    visitor_id: str | None = None,
    channel: str = "web",
    customer_id: str | None = None,
    currency: str | None = None,
) -> str:
    """Open an empty cart; returns its id.

    Args:
        channel: where its order will come from: web, api, phone, staff or group.
        customer_id: whose cart it is, when that is proven.
        currency: what it is bought in; the shop's own when none is named.

    Raises:
        CurrencyNotSold: the shop does not sell in it.
    """
    return str(_open(uow, terms, visitor_id, channel, customer_id, currency)["id"])


def _open(
    uow: UnitOfWork,
    terms: Terms,
    visitor_id: str | None,
    channel: str,
    customer_id: str | None,
    currency: str | None,
) -> Row:
    row = {
        "id": uow.new_id(),
        "currency": terms.currency_of(currency),
        "status": "open",
        "visitor_id": visitor_id,
        "channel": channel,
        "customer_id": customer_id,
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
        NoPrice: a SKU has no price in the cart's currency.
        CartTooLarge: too many lines, or too many of one SKU.
    """
    cart = lock_open(uow, cart_id)
    found = uow.rows(_for_sale, codes=list(quantities))
    if foreign := [row for row in found if row["currency"] != cart["currency"]]:
        prices.refuse_unpriced(uow, foreign, cart["currency"], sorted(shoppers.of_cart(uow, cart).segments))
    sku_ids = {row["code"]: row["id"] for row in found}
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
    if uow.value(_coupon, code=code, now=uow.now) is None:
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


def give(uow: UnitOfWork, cart_id: str, customer_id: str) -> None:
    """Make a cart that of a customer who proved to be its buyer.

    Raises:
        NotFound, CartNotOpen: see `lock_open`; NotFound also when there is no such customer.
    """
    cart = lock_open(uow, cart_id)
    members.find(uow, customer_id)
    uow.update(carts, cart, customer_id=customer_id, updated_at=uow.now)


def find(db: Reading, cart_id: str) -> Row:
    """A cart without its lines.

    Raises:
        NotFound: there is no such cart.
    """
    cart = db.get(carts, cart_id)
    if cart is None:
        raise NotFound("cart", cart_id)
    return cart


def priced(
    db: Reading,
    terms: Terms,
    cart_id: str,
    email: str = "",
    to: Place | None = None,
    method: str | None = None,
) -> PricedCart:
    """The cart at today's prices, for its customer or who an e-mail address names; see `price_lines`.

    Raises:
        NotFound: there is no such cart.
    """
    cart = find(db, cart_id)
    return price_lines(db, terms, cart, shoppers.of_cart(db, cart, email), to, method)


def price_lines(
    db: Reading,
    terms: Terms,
    cart: Row,
    shopper: Shopper,
    to: Place | None = None,
    method: str | None = None,
    unit_price: int | None = None,
    company_of: str | None = None,
) -> PricedCart:
    """The lines of a cart that is already read, at today's prices and under the promotions that are on.

    Args:
        to: where it goes; somewhere in the shop's own country when it is not known yet.
        method: code of the delivery; the first that can be had when none is asked for.
        unit_price: agreed for every unit; promotions then give nothing.
        company_of: country of the company that buys, by its tax number; None when no company does.
    """
    lines = priced_cart.lines_of(db, cart, shopper, unit_price)
    return priced_cart.price(
        db, terms, cart, lines, shopper, to or Place(terms.country, ""), method, company_of
    )


def opened(
    uow: UnitOfWork, terms: Terms, visitor_id: str | None, channel: str, currency: str | None = None
) -> PricedCart:
    """Open an empty cart and show it: it has no lines to look for; see `create`."""
    cart = _open(uow, terms, visitor_id, channel, None, currency)
    return priced_cart.price(uow, terms, cart, [], Shopper(channel=channel), Place(terms.country, ""))


def is_open(db: Reading, cart_id: str) -> bool:
    """Whether the cart is there and can still be changed."""
    cart = db.get(carts, cart_id)
    return cart is not None and cart["status"] == "open"


def units_in(db: Reading, cart_id: str) -> int:
    """How many units an open cart holds; 0 when it is ordered or unknown."""
    return int(db.value(_units, cart_id=cart_id))
