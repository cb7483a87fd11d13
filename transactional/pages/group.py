"""The page of a group purchase: how many are in, and the form to join. It needs no JavaScript."""

from functools import partial
from urllib.parse import quote

import uuid_utils
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from transactional import idempotency
from transactional.api import request_id, shop_of
from transactional.checkout.errors import OrderIncomplete
from transactional.checkout.requirements import Wishes
from transactional.errors import NotFound, ShopError
from transactional.idempotency import Answer
from transactional.members.service import Buyer
from transactional.orders import group_entry, groups
from transactional.pages.ordering import choice_of, send_to_pay
from transactional.pages.rendering import SEE_OTHER, countries, page, see_other
from transactional.payments import methods
from transactional.shop import Shop
from transactional.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_BUYER = ("email", "name", "address", "city", "postal_code", "country")
# Every field with the most that is kept of it.
_FIELDS = dict.fromkeys(_BUYER, 400) | {"quantity": 2, "terms_accepted": 3, "attempt": 36, "pay_with": 80}
Form = dict[str, str]


@router.get("/groups/{code}")
async def group_page(request: Request, code: str) -> HTMLResponse:
    form = dict.fromkeys(_FIELDS, "") | {"country": shop_of(request).terms.country}
    return _page(request, code, form, {}, "", 200)


@router.post("/groups/{code}", response_model=None)
async def join(request: Request, code: str) -> HTMLResponse | RedirectResponse:
    """Join once, however often the button is pressed, and go where it is paid."""
    shop, sent = shop_of(request), await request.form()
    form = {name: str(sent.get(name, ""))[:most].strip() for name, most in _FIELDS.items()}
    if len(form["attempt"]) != 36:
        return see_other(f"/groups/{quote(code)}")
    try:
        order_id = await _join_once(request, shop, code, form)
    except NotFound:
        raise
    except OrderIncomplete as refused:
        errors = {each["field"]: each["message"] for each in refused.details["missing"]}
        problem = errors.get("delivery_method", "")
        return _page(request, code, form, errors, problem, 422)
    except ShopError as refused:
        return _page(request, code, form | {"attempt": ""}, {}, refused.message, refused.status)
    return await send_to_pay(request, shop, order_id)


async def _join_once(request: Request, shop: Shop, code: str, form: Form) -> str:
    """The order of this attempt's id, made now or before."""
    print_of = idempotency.fingerprint("POST", f"/groups/{code}", form["email"].encode())

    def place(uow: UnitOfWork) -> Answer:
        placed = group_entry.join(
            uow,
            shop.terms,
            code,
            Buyer(**{name: form[name] for name in _BUYER}),
            int(form["quantity"]) if form["quantity"].isdecimal() and int(form["quantity"]) else 1,
            wishes=Wishes(terms_accepted=bool(form["terms_accepted"])),
            way=partial(choice_of, shop, form["pay_with"]),
        )
        return Answer(SEE_OTHER, placed.order_id)

    key = f"page:{form['attempt']}"
    answer = await idempotency.once(shop.database, "shopper", request_id(request), key, print_of, place)
    return answer.body


def _page(
    request: Request, code: str, form: Form, errors: dict[str, str], problem: str, status: int
) -> HTMLResponse:
    shop = shop_of(request)
    with shop.database.read() as db:
        group = groups.find(db, code)
        return page(
            request,
            shop,
            db,
            "group.html",
            status,
            group=group.row,
            variant=" / ".join(group.row["options"].values()),
            buyers=group.buyers,
            missing_buyers=group.missing,
            is_open=groups.is_open(db, group.row),
            form=form,
            errors=errors,
            problem=problem,
            attempt=form["attempt"] or str(uuid_utils.uuid7()),
            countries=countries(shop.terms.locale),
            ways=methods.offered(shop.providers, shop.terms.currency),
            terms_demanded=shop.terms.must_be_accepted,
        )
