"""What is missing before a cart can become an order: one list for preview, form and gate. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iso import COUNTRIES
from transactional.catalog.errors import NoPrice
from transactional.checkout.errors import CartEmpty, NotForSale, OrderIncomplete
from transactional.checkout.tax_numbers import is_plausible
from transactional.errors import ShopError
from transactional.stock.errors import OutOfStock

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONGEST_EMAIL = 320
MAX_NOTE = 500
_LONGEST = 200
# Field, most characters the order keeps, and what to do about it.
_ADDRESS = (
    ("name", _LONGEST, "Enter your name."),
    ("address", 400, "Enter a street and number."),
    ("city", _LONGEST, "Enter a town or city."),
    ("postal_code", 32, "Enter a postcode."),
)


@dataclass(frozen=True)
class Invoicee:
    """Who the invoice is made out to: a person, or a company when it has a company's name."""

    name: str
    company: str | None = None
    tax_number: str | None = None
    address: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None

    @property
    def has_address(self) -> bool:
        return any((self.address, self.city, self.postal_code, self.country))


@dataclass(frozen=True)
class Wishes:
    """What the shopper says besides who and where.

    Args:
        delivery_method: code; the first that serves the address when none is asked for.
        invoice: None when none is asked for.
        saved_address: label of one in the address book of the cart's customer, instead of a typed one.
    """

    delivery_method: str | None = None
    note: str | None = None
    terms_accepted: bool = False
    invoice: Invoicee | None = None
    saved_address: str | None = None


NO_WISHES = Wishes()


@dataclass(frozen=True)
class Wanted:
    """A line of the cart.

    Args:
        quantity, available: units that are wanted, and that can be had.
        for_sale: whether its product is.
        unpriced_in: the currency of the cart, when the SKU has no price in it.
    """

    sku: str
    quantity: int
    available: int
    for_sale: bool
    unpriced_in: str | None = None


@dataclass(frozen=True)
class Address:
    """What was typed so far; empty strings for what was not."""

    email: str = ""
    name: str = ""
    address: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""
    region: str = ""


@dataclass(frozen=True)
class Missing:
    """Something that stands between a cart and its order.

    Args:
        code: for programs.
        field: where it is mended: a field of the buyer, a SKU's line, delivery_method...
        refusal: what the gate raises when only lines stand in the way.
    """

    code: str
    field: str
    message: str
    refusal: ShopError | None = None


def missing(
    lines: Sequence[Wanted], to: Address, wishes: Wishes, *, delivered: bool, terms_demanded: bool
) -> list[Missing]:
    """Everything that is missing, in the order of the page.

    Args:
        delivered: whether the asked or default delivery serves the address, or none is needed.
        terms_demanded: whether the shop wants its terms accepted.
    """
    found = [*_of_lines(lines), *_of_address(to)]
    if lines and not delivered and not any(each.field in ("postal_code", "country") for each in found):
        told = "This delivery does not serve the address: choose another."
        found.append(Missing("delivery_unavailable", "delivery_method", told))
    if wishes.note is not None and len(wishes.note) > MAX_NOTE:
        found.append(Missing("note_too_long", "note", f"Write at most {MAX_NOTE} characters."))
    if wishes.invoice is not None:
        found += of_invoice(wishes.invoice, to.country)
    if terms_demanded and not wishes.terms_accepted:
        found.append(Missing("terms_not_accepted", "terms_accepted", "Accept the terms of sale to go on."))
    return found


def gate(found: Sequence[Missing]) -> None:
    """Let a cart become an order only when nothing is missing.

    Raises:
        CartEmpty, NotForSale, NoPrice, OutOfStock: only lines stand in the way; it tells of the first.
        OrderIncomplete: something else does too, which its details list.
    """
    refusals = [each.refusal for each in found if each.refusal is not None]
    if refusals and len(refusals) == len(found):
        raise refusals[0]
    if found:
        raise OrderIncomplete([(each.code, each.field, each.message) for each in found])


def is_email(typed: str) -> bool:
    """Whether something has the form of an e-mail address; only the mail itself tells whether it is one."""
    bare = typed.strip()
    return len(bare) <= _LONGEST_EMAIL and _EMAIL.fullmatch(bare) is not None


def _of_lines(lines: Sequence[Wanted]) -> Iterator[Missing]:
    if not lines:
        refusal: ShopError = CartEmpty()
        yield Missing("cart_empty", "lines", refusal.message, refusal)
    for line in lines:
        if not line.for_sale:
            refusal = NotForSale(line.sku)
            yield Missing("not_for_sale", line.sku, refusal.message, refusal)
        elif line.unpriced_in is not None:
            refusal = NoPrice(line.sku, line.unpriced_in)
            yield Missing("no_price", line.sku, refusal.message, refusal)
        elif line.available < line.quantity:
            refusal = OutOfStock(line.sku, line.quantity, line.available)
            yield Missing("out_of_stock", line.sku, refusal.message, refusal)


def _of_address(to: Address) -> Iterator[Missing]:
    if not is_email(to.email):
        told = "Enter an e-mail address like name@example.com."
        yield Missing("email_missing", "email", told)
    for field, most, message in _ADDRESS:
        if not 0 < len(getattr(to, field).strip()) <= most:
            yield Missing(f"{field}_missing", field, message)
    if to.country not in COUNTRIES:
        yield Missing("country_missing", "country", "Choose a country.")
    if len(to.region) > _LONGEST:
        yield Missing("region_too_long", "region", f"Write at most {_LONGEST} characters.")


def of_invoice(invoice: Invoicee, country: str) -> Iterator[Missing]:
    """What is missing of who an invoice is made out to.

    Args:
        country: the order's, for a company that names none.
    """
    if not 0 < len(invoice.name.strip()) <= _LONGEST:
        yield Missing("invoice_name_missing", "invoice_name", "Enter the name on the invoice.")
    if len(invoice.company or "") > _LONGEST:
        told = f"Write at most {_LONGEST} characters."
        yield Missing("invoice_company_too_long", "invoice_company", told)
    yield from _of_billing_address(invoice)
    country = invoice.country or country
    if invoice.tax_number and not invoice.company:
        yield Missing("company_missing", "invoice_company", "Enter the company of this tax number.")
    if invoice.tax_number and not is_plausible(invoice.tax_number, country):
        told = "Enter the number as it is registered, with its country's letters."
        yield Missing("tax_number_wrong", "invoice_tax_number", told)


def _of_billing_address(invoice: Invoicee) -> Iterator[Missing]:
    """An address of its own is whole: half of it would be filled with half of where the goods go."""
    if not invoice.has_address:
        return
    for field, most, message in _ADDRESS[1:]:
        if not 0 < len((getattr(invoice, field) or "").strip()) <= most:
            yield Missing(f"invoice_{field}_missing", f"invoice_{field}", message)
    if invoice.country not in COUNTRIES:
        yield Missing("invoice_country_missing", "invoice_country", "Choose a country.")
