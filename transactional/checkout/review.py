"""A cart as its order would be: priced for who buys it, what is missing, and what its total is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transactional.checkout import service as checkout
from transactional.checkout import shoppers
from transactional.checkout.explanation import Delivered, Part, Sold, explain, given_of
from transactional.checkout.priced import PricedCart
from transactional.checkout.requirements import Address, Invoicee, Missing, Wanted, Wishes, missing
from transactional.checkout.tax_numbers import country_of
from transactional.checkout.tenders import usable
from transactional.members.service import Buyer
from transactional.payments import tenders as payments
from transactional.promotions import pricing
from transactional.staff.service import Terms
from transactional.stock.rules import Place
from transactional.unit_of_work import Reading, Row


@dataclass(frozen=True)
class Review:
    """What an order of the cart would be, and what stands between them.

    Args:
        customer_id: who buys, when it is known; see `shoppers`.
        invoice: who it is made out to; None when none is asked for.
        tenders: those that can be used.
    """

    buyer: Buyer
    customer_id: str | None
    invoice: Invoicee | None
    basket: PricedCart
    tenders: list[payments.Named]
    missing: list[Missing]


def review(
    db: Reading,
    terms: Terms,
    cart: Row,
    typed: Buyer,
    wishes: Wishes,
    tenders: Sequence[payments.Wanted] = (),
    unit_price: int | None = None,
) -> Review:
    """Look at a cart as an order of it would be; the order looks the same way.

    Args:
        typed: empty strings for what was not.
        unit_price: agreed for every unit; promotions then give nothing.

    Raises:
        NotFound: the address book has no such address.
    """
    buyer = shoppers.buyer_of(db, cart, typed, wishes.saved_address)
    shopper = shoppers.of_cart(db, cart, buyer.email)
    to = Place(buyer.country or terms.country, buyer.postal_code)
    wishes = replace(wishes, invoice=shoppers.invoicee_of(db, cart, wishes.invoice))
    company_of = _company_of(wishes.invoice, buyer)
    basket = checkout.price_lines(
        db, terms, cart, shopper, to, wishes.delivery_method, unit_price, company_of
    )
    named, wrong = usable(db, tenders, cart["currency"])
    found = [*_missing_of(basket, buyer, wishes, terms), *wrong]
    return Review(buyer, shopper.customer_id, wishes.invoice, basket, named, found)


def _company_of(invoice: Invoicee | None, buyer: Buyer) -> str | None:
    """The country of the company that the invoice is made out to, by its tax number."""
    if invoice is None or not invoice.company or not invoice.tax_number:
        return None
    return country_of(invoice.tax_number, invoice.country or buyer.country)


def _missing_of(basket: PricedCart, buyer: Buyer, wishes: Wishes, terms: Terms) -> list[Missing]:
    lines = [
        Wanted(
            line["sku"],
            line["quantity"],
            line["available"],
            line["status"] == "live",
            line["currency"] if "unpriced" in line else None,
        )
        for line in basket.lines
    ]
    to = Address(**{**vars(buyer), "region": buyer.region or ""})
    delivered = basket.parcel is None or basket.delivery is not None
    return missing(lines, to, wishes, delivered=delivered, terms_demanded=terms.must_be_accepted)


def explained(basket: PricedCart) -> list[Part]:
    """The rows that add up to the basket's total."""
    amounts = basket.amounts
    lines = [
        Sold(line["quantity"], priced.gross, priced.discount, priced.tax, priced.tax_rate_bp)
        for line, priced in zip(basket.lines, amounts.lines, strict=True)
    ]
    nets: dict[str | None, int] = {None: amounts.shipping}
    nets |= {line["id"]: priced.net for line, priced in zip(basket.lines, amounts.lines, strict=True)}
    given = given_of(pricing.given(basket.lines, amounts, basket.promotions), nets)
    return explain(lines, given, _delivered(basket))


def _delivered(basket: PricedCart) -> Delivered:
    amounts, chosen, parcel = basket.amounts, basket.delivery, basket.parcel
    taxed = (amounts.shipping, amounts.shipping_tax, amounts.shipping_tax_rate_bp)
    if chosen is None or parcel is None:
        return Delivered("", "Delivery", *taxed)
    return Delivered(chosen.code, chosen.name, *taxed, chosen.rate.basis(parcel), chosen.rate.step)
