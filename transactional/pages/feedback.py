"""Reviews and questions on the product's page: what was said, and the forms to say more."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from transactional.api import request_id, shop_of
from transactional.catalog import feedback
from transactional.catalog.errors import AlreadyReviewed, NotBought
from transactional.catalog.feedback_schemas import QuestionIn, ReviewIn
from transactional.pages.browsing import product_page
from transactional.pages.rendering import see_other

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_WRONG = {
    "author": "Enter a name of up to 80 characters.",
    "rating": "Choose one to five stars.",
    "title": "Keep the title under 200 characters.",
    "comment": "Keep the review under 4,000 characters.",
    "order": "This is no order of ours.",
    "question": "Ask in 1 to 1,000 characters.",
}


async def _form(request: Request, *names: str) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, "")) for name in names}


def _again(request: Request, slug: str, form: dict[str, str], wrong: ValidationError) -> HTMLResponse:
    errors = {str(each["loc"][0]): _WRONG[str(each["loc"][0])] for each in wrong.errors()}
    return product_page(request, slug, form=form, errors=errors, status=422, order=form.get("order", ""))


@router.post("/p/{slug}/reviews", response_model=None)
async def write_review(request: Request, slug: str) -> HTMLResponse | RedirectResponse:
    form = await _form(request, "author", "rating", "title", "comment", "order")
    shop = shop_of(request)
    try:
        given: dict[str, Any] = ReviewIn.model_validate(form).model_dump(exclude={"order"})
    except ValidationError as wrong:
        return _again(request, slug, form | {"said": "review"}, wrong)
    order_id = shop.keys.row_id("order", form["order"]) if form["order"] else None
    try:
        async with shop.database.request("shopper", request_id(request)) as uow:
            feedback.review(uow, slug, **given, order_id=order_id)
    except (NotBought, AlreadyReviewed) as refused:
        return product_page(
            request,
            slug,
            problem=refused.message,
            form=form | {"said": "review"},
            order=form["order"],
            status=refused.status,
        )
    return see_other(f"/p/{slug}?thanks=review#reviews")


@router.post("/p/{slug}/questions", response_model=None)
async def ask(request: Request, slug: str) -> HTMLResponse | RedirectResponse:
    form = await _form(request, "author", "question")
    try:
        given = QuestionIn.model_validate(form).model_dump()
    except ValidationError as wrong:
        return _again(request, slug, form | {"said": "question"}, wrong)
    async with shop_of(request).database.request("shopper", request_id(request)) as uow:
        feedback.ask(uow, slug, **given)
    return see_other(f"/p/{slug}?thanks=question#questions")
