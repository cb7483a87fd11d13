"""Reviews and questions over HTTP: shoppers write and read, the staff moderates."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from transactional.api import API, IdempotencyKey, once, problems, respond, shop_of
from transactional.catalog import feedback
from transactional.catalog.feedback_schemas import (
    Moderated,
    ModerationIn,
    QuestionIn,
    QuestionQueue,
    Questions,
    QuestionView,
    ReviewIn,
    ReviewQueue,
    Reviews,
    ReviewView,
)
from transactional.catalog.models import questions, reviews
from transactional.catalog.staff_routes import changed, staff_catalogue
from transactional.unit_of_work import Row, UnitOfWork

router = APIRouter(prefix=API, tags=["catalogue"])
Page = Annotated[int, Query(ge=1, le=10_000)]
Size = Annotated[int, Query(ge=1, le=100)]


def review_view(row: Row) -> ReviewView:
    return ReviewView(**{**row, "bought_here": row["order_id"] is not None})


def question_view(row: Row) -> QuestionView:
    return QuestionView(**row)


@router.get("/products/{slug}/reviews", response_model=Reviews, responses=problems(404))
async def list_reviews(request: Request, slug: str, page: Page = 1, page_size: Size = 20) -> Response:
    """The published reviews of a product, the newest first."""
    with shop_of(request).database.read() as db:
        product_id = feedback.live_product(db, slug)
        found = feedback.published(db, reviews, product_id, page, page_size)
        return respond(
            Reviews(
                **vars(feedback.rating(db, product_id)),
                items=[review_view(row) for row in found],
            )
        )


@router.post(
    "/products/{slug}/reviews", status_code=201, response_model=ReviewView, responses=problems(400, 404, 409)
)
async def write_review(request: Request, key: IdempotencyKey, slug: str, body: ReviewIn) -> Response:
    """Review a product; the review is shown once it is approved."""
    given = body.model_dump(exclude={"order"})
    order_id = None if body.order is None else shop_of(request).keys.row_id("order", body.order)

    def work(uow: UnitOfWork) -> ReviewView:
        return review_view(feedback.review(uow, slug, **given, order_id=order_id))

    return await once(request, key, "shopper", work)


@router.get("/products/{slug}/questions", response_model=Questions, responses=problems(404))
async def list_questions(request: Request, slug: str, page: Page = 1, page_size: Size = 20) -> Response:
    """The published questions about a product, the newest first."""
    with shop_of(request).database.read() as db:
        found = feedback.published(db, questions, feedback.live_product(db, slug), page, page_size)
        return respond(Questions(items=[question_view(row) for row in found]))


@router.post(
    "/products/{slug}/questions",
    status_code=201,
    response_model=QuestionView,
    responses=problems(400, 404, 409),
)
async def ask_question(request: Request, key: IdempotencyKey, slug: str, body: QuestionIn) -> Response:
    """Ask about a product; the question is shown once it is approved."""

    def work(uow: UnitOfWork) -> QuestionView:
        return question_view(feedback.ask(uow, slug, **body.model_dump()))

    return await once(request, key, "shopper", work)


staff_feedback = staff_catalogue()
_CHANGES = problems(401, 404)


@staff_feedback.get("/reviews", response_model=ReviewQueue, responses=problems(401))
async def reviews_to_moderate(
    request: Request, status: Moderated = "pending", page: Page = 1, page_size: Size = 50
) -> Response:
    """Reviews that wait for a decision, or those of another status; the oldest first."""
    with shop_of(request).database.read() as db:
        found = feedback.to_moderate(db, reviews, status, page, page_size)
    items = [review_view(row) for row in found.rows]
    return respond(ReviewQueue(items=items, page=page, page_size=page_size, total=found.total))


@staff_feedback.get("/questions", response_model=QuestionQueue, responses=problems(401))
async def questions_to_moderate(
    request: Request, status: Moderated = "pending", page: Page = 1, page_size: Size = 50
) -> Response:
    """Questions that wait for a decision, or those of another status; the oldest first."""
    with shop_of(request).database.read() as db:
        found = feedback.to_moderate(db, questions, status, page, page_size)
    items = [question_view(row) for row in found.rows]
    return respond(QuestionQueue(items=items, page=page, page_size=page_size, total=found.total))


@staff_feedback.put("/reviews/{review_id}/moderation", response_model=ReviewView, responses=_CHANGES)
async def moderate_review(request: Request, review_id: UUID, body: ModerationIn) -> Response:
    """Publish or reject a review, and answer it."""

    def work(uow: UnitOfWork) -> ReviewView:
        return review_view(feedback.moderate(uow, reviews, str(review_id), body.status, body.answer))

    return await changed(request, work)


@staff_feedback.put("/questions/{question_id}/moderation", response_model=QuestionView, responses=_CHANGES)
async def moderate_question(request: Request, question_id: UUID, body: ModerationIn) -> Response:
    """Publish or reject a question, and answer it."""

    def work(uow: UnitOfWork) -> QuestionView:
        return question_view(feedback.moderate(uow, questions, str(question_id), body.status, body.answer))

    return await changed(request, work)
