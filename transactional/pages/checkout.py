"""The checkout page: one form, which keeps what was typed and needs no JavaScript."""

from collections.abc import Sequence
from functools import partial

import uuid_utils
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from transactional import idempotency
from transactional.api import request_id, shop_of
from transactional.checkout.errors import OrderIncomplete, PriceChanged
from transactional.checkout.models import carts
from transactional.checkout.requirements import Invoicee, Missing, Wishes
from transactional.checkout.review import Review, explained, review
from transactional.checkout.tenders import gift_card
from transactional.errors import ShopError
from transactional.idempotency import Answer
from transactional.members.service import Buyer
from transactional.orders import service as orders
from transactional.pages.basket import (
    amounts_view,
    lines_view,
    promotions_view,
    type_coupon,
    value_of_basket,
)
from transactional.pages.ordering import choice_of, send_to_pay
from transactional.pages.rendering import SEE_OTHER, cart_id, countries, page, see_other, see_problem
from transactional.payments import methods
from transactional.payments.errors import GiftCardNotValid, TenderEmpty, TenderInOtherCurrency
from transactional.payments.tenders import Wanted
from transactional.promotions.errors import PromotionUsedUp
from transactional.shop import Shop
from transactional.stock.errors import OutOfStock
from transactional.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

# Every field with the most that is kept of it: more than is allowed, so that too much is told and not cut.
_ADDRESS = ("email", "name", "address", "city", "postal_code", "country")
_BILLING = ("invoice_address", "invoice_city", "invoice_postal_code", "invoice_country")
_INVOICE = ("invoice_name", "invoice_company", "invoice_tax_number", *_BILLING)
_FIELDS = dict.fromkeys(
    (*_ADDRESS, *_INVOICE, "delivery_method", "invoice", "terms_accepted", "attempt"), 400
)
_FIELDS |= {"note": 1_000, "expected_total": 20, "pay_with": 80, "gift_card": 80}
_NO_DELIVERY = "Choose how it should come: this delivery does not serve the address."
_NEW_PRICES = (
    "Prices have changed since this page was made, or you chose another delivery."
    " The new total is shown below: pay if you agree."
)
Form = dict[str, str]


def _read(sent: FormData) -> Form:
    return {name: str(sent.get(name, ""))[:most].strip() for name, most in _FIELDS.items()}


def _buyer(form: Form) -> Buyer:
    return Buyer(**{name: form[name] for name in _ADDRESS})


def _wishes(form: Form) -> Wishes:
    invoice = None
    if form["invoice"]:
        name = form["invoice_name"] or form["name"]
        given = {field.removeprefix("invoice_"): form[field] or None for field in _INVOICE[1:]}
        invoice = Invoicee(name, **given)
    return Wishes(
        form["delivery_method"] or None, form["note"] or None, bool(form["terms_accepted"]), invoice
    )


def _tenders(shop: Shop, form: Form) -> list[Wanted]:
    """What the shopper pays with before the provider is asked for the rest."""
    return [gift_card(form["gift_card"], shop.keys)] if form["gift_card"] else []


def _of_fields(missing: Sequence[Missing]) -> dict[str, str]:
    """What is missing, by the name of the field that mends it."""
    return {("gift_card" if each.field == "tenders" else each.field): each.message for each in missing}


def _by_gift_card(seen: Review) -> int:
    """What a usable gift card that was typed pays of the total."""
    return min(sum(each.left for each in seen.tenders), seen.basket.amounts.total)


def _review(request: Request, shop: Shop, form: Form) -> Review | None:
    """The browser's cart as its order would be; None when there is none, or it is ordered."""
    known = cart_id(request, shop)
    with shop.database.read() as db:
        cart = db.get(carts, known) if known else None
        if cart is None or cart["status"] != "open":
            return None
        return review(db, shop.terms, cart, _buyer(form), _wishes(form), _tenders(shop, form))


@router.get("/checkout", response_model=None)
async def checkout_form(request: Request) -> HTMLResponse | RedirectResponse:
    form = dict.fromkeys(_FIELDS, "") | {"country": shop_of(request).terms.country}
    return _page(request, form, {}, "", 200)


@router.post("/checkout/coupon", response_model=None)
@router.post("/checkout/delivery", response_model=None)
async def refresh(request: Request) -> HTMLResponse | RedirectResponse:
    """Price the basket for what was chosen, with a code that was typed, and keep what else was typed."""
    sent = await request.form()
    return _page(request, _read(sent), {}, await type_coupon(request, str(sent.get("coupon", ""))[:40]), 200)


def _page(
    request: Request, form: Form, errors: dict[str, str], problem: str, status: int
) -> HTMLResponse | RedirectResponse:
    shop = shop_of(request)
    seen = _review(request, shop, form)
    if seen is None or not seen.basket.lines:
        return see_other("/cart")
    basket = seen.basket
    chosen = basket.delivery.code if basket.delivery else ""
    if basket.parcel and not chosen:
        errors = {"delivery_method": _NO_DELIVERY, **errors}
    told = _of_fields(seen.missing)
    if "gift_card" in told:
        errors = {"gift_card": told["gift_card"], **errors}
    with shop.database.read() as db:
        by_gift_card = _by_gift_card(seen)
        return page(
            request,
            shop,
            db,
            "checkout.html",
            status,
            currency=basket.cart["currency"],
            form=form | {"delivery_method": chosen},
            errors=errors,
            problem=problem,
            attempt=form["attempt"] or str(uuid_utils.uuid7()),
            countries=countries(shop.terms.locale),
            expiry_minutes=shop.settings.order_expiry_minutes,
            terms_demanded=shop.terms.must_be_accepted,
            parcel=basket.parcel,
            offers=basket.offers,
            ways=methods.offered(shop.providers, basket.cart["currency"]),
            lines=lines_view(basket, db.now),
            amounts=amounts_view(basket),
            by_gift_card=by_gift_card,
            due=basket.amounts.total - by_gift_card,
            rows=explained(basket),
            promotions=promotions_view(basket, shop),
            paying={"event_name": "add_payment_info", **value_of_basket(basket)},
            events=[{"event_name": "begin_checkout", **value_of_basket(basket)}] if status == 200 else [],
        )


@router.post("/checkout", response_model=None)
async def place(request: Request) -> HTMLResponse | RedirectResponse:
    """Place the order once, however often the button is pressed, and send the shopper to pay."""
    shop = shop_of(request)
    form = _read(await request.form())
    known = cart_id(request, shop)
    if known is None or len(form["attempt"]) != 36:
        return see_other("/cart")
    seen = _review(request, shop, form)
    # It is None when the button is pressed again; lines alone are told of by the basket.
    if seen is not None and any(each.refusal is None for each in seen.missing):
        return _page(request, form, _of_fields(seen.missing), "", 422)
    try:
        order_id = await _place_once(request, shop, form, known)
    except (OutOfStock, PriceChanged, PromotionUsedUp, OrderIncomplete) as refused:
        told = _NEW_PRICES if isinstance(refused, PriceChanged) else refused.message
        return _page(request, form | {"attempt": ""}, {}, told, refused.status)
    except (GiftCardNotValid, TenderEmpty, TenderInOtherCurrency) as refused:
        return _page(request, form | {"attempt": ""}, {"gift_card": refused.message}, "", refused.status)
    except ShopError as refused:
        return see_problem("/cart", refused.message)
    return await send_to_pay(request, shop, order_id)


async def _place_once(request: Request, shop: Shop, form: Form, known: str) -> str:
    """The order of this attempt's id, made now or before."""
    key = f"page:{form['attempt']}"
    print_of = idempotency.fingerprint("POST", "/checkout", known.encode())
    total = int(form["expected_total"]) if form["expected_total"].isdecimal() else None

    def place(uow: UnitOfWork) -> Answer:
        placed = orders.place(
            uow,
            shop.terms,
            known,
            _buyer(form),
            wishes=_wishes(form),
            expected_total=total,
            tenders=_tenders(shop, form),
            way=partial(choice_of, shop, form["pay_with"]),
        )
        return Answer(SEE_OTHER, placed.order_id)

    answer = await idempotency.once(shop.database, "shopper", request_id(request), key, print_of, place)
    return answer.body
