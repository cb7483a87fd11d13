"""Turns templates into pages: money and dates in the shop's words, and what every page carries."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from babel import Locale
from babel.dates import format_datetime, get_timezone
from babel.numbers import format_currency, get_currency_precision
from fastapi import Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from iso import COUNTRIES
from settings import theme
from transactional.catalog.rules import tree
from transactional.catalog.service import list_categories
from transactional.checkout import sale_terms
from transactional.checkout import service as checkout
from transactional.errors import ShopError
from transactional.shop import Shop
from transactional.unit_of_work import Reading

HERE = Path(__file__).parent
CART_COOKIE = "sh_cart"
VISITOR_COOKIE = "sh_vid"
SEE_OTHER = 303
_LONGEST_PROBLEM = 200
Problem = Annotated[str, Query(max_length=_LONGEST_PROBLEM)]


@cache
def _templates(currency: str, locale: str, time_zone: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    precision = get_currency_precision(currency)

    def money(minor: int) -> str:
        return str(format_currency(Decimal(minor).scaleb(-precision), currency, locale=locale))

    def moment(at: datetime) -> str:
        return str(format_datetime(at, "d MMM y, HH:mm", tzinfo=get_timezone(time_zone), locale=locale))

    def day(at: datetime) -> str:
        return str(format_datetime(at, "d MMM y", tzinfo=get_timezone(time_zone), locale=locale))

    environment.filters.update(money=money, moment=moment, day=day)
    return environment


def page(
    request: Request,
    shop: Shop,
    db: Reading,
    template: str,
    status: int = 200,
    currency: str | None = None,
    **context: Any,
) -> HTMLResponse:
    """Render a template with what every page shows: departments, basket count, tracker.

    Args:
        currency: of all its amounts; the shop's own when none is named.
    """
    terms, settings = shop.terms, shop.settings
    currency = currency or terms.currency
    path = context.get("secret_path") or request.url.path
    sale = sale_terms.current(db)
    at_home = sale.tax_zone_of(terms.country)
    body = (
        _templates(currency, terms.locale, terms.time_zone)
        .get_template(template)
        .render(
            language=terms.locale.replace("_", "-"),
            shop_name=terms.name,
            collector_url=settings.collector_url,
            pixel_query=urlencode({"url": f"{settings.shop_url}{path}"}),
            departments=tree(list_categories(db)),
            department=None,
            delivery=sale.at_home(terms, currency),
            prices_include_tax=at_home is None or at_home.prices_include_tax,
            cart_count=cart_count(request, shop, db),
            **context,
        )
    )
    return HTMLResponse(body, status)


def money_text(shop: Shop, currency: str) -> Callable[[int], str]:
    """How pages write an amount of minor units."""
    terms = shop.terms
    text: Callable[[int], str] = _templates(currency, terms.locale, terms.time_zone).filters["money"]
    return text


def cart_id(request: Request, shop: Shop) -> str | None:
    """The cart that the browser's cookie names; None without one, or when it is not ours."""
    token = request.cookies.get(CART_COOKIE)
    try:
        return shop.keys.row_id("cart", token) if token else None
    except ShopError:
        return None


def cart_count(request: Request, shop: Shop, db: Reading) -> int:
    known = cart_id(request, shop)
    return checkout.units_in(db, known) if known else 0


def countries(locale: str) -> dict[str, str]:
    """Countries by ISO code in the shop's language, sorted by name."""
    names = Locale.parse(locale).territories
    return dict(sorted(((code, names.get(code, code)) for code in COUNTRIES), key=lambda pair: pair[1]))


def theme_css() -> str:
    """The theme's colours as custom properties."""
    values = theme().colours.model_dump(exclude={"categories"})
    lines = [f"--{name.replace('_', '-')}: {value};" for name, value in values.items()]
    return ":root { " + " ".join([*lines, f"--family: {theme().type.family};"]) + " }\n"


def see_other(address: str) -> RedirectResponse:
    """After a form: show the page at `address`, so that a reload posts nothing again."""
    return RedirectResponse(address, SEE_OTHER)


def see_problem(address: str, message: str) -> RedirectResponse:
    """After a form that did not work: show the page at `address`, which tells why in its `problem`."""
    return see_other(f"{address}?{urlencode({'problem': message[:_LONGEST_PROBLEM]})}")
