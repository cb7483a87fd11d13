"""Reviews and questions: anybody may write, the staff decides what is shown and answers."""

from dataclasses import dataclass

from sqlalchemy import Table, bindparam, func, select

from transactional.catalog.errors import AlreadyReviewed, NotBought
from transactional.catalog.models import products, questions, reviews, skus
from transactional.errors import NotFound
from transactional.orders.models import order_lines, orders
from transactional.unit_of_work import Reading, Row, UnitOfWork

_live = select(products.c.id).where(products.c.slug == bindparam("slug"), products.c.status == "live")
_rating = select(func.count(), func.coalesce(func.sum(reviews.c.rating), 0).label("stars")).where(
    reviews.c.product_id == bindparam("product_id"), reviews.c.status == "published"
)
_bought = (
    select(order_lines.c.id)
    .join(skus, skus.c.id == order_lines.c.sku_id)
    .where(order_lines.c.order_id == bindparam("order_id"), skus.c.product_id == bindparam("product_id"))
    .limit(1)
)
_of_order = (
    select(reviews.c.id)
    .where(reviews.c.order_id == bindparam("order_id"), reviews.c.product_id == bindparam("product_id"))
    .limit(1)
)
_to_review = (
    select(order_lines.c.id, products.c.slug)
    .join(skus, skus.c.id == order_lines.c.sku_id)
    .join(products, products.c.id == skus.c.product_id)
    .where(
        order_lines.c.order_id == bindparam("order_id"),
        products.c.status == "live",
        ~select(reviews.c.id)
        .where(reviews.c.order_id == order_lines.c.order_id, reviews.c.product_id == products.c.id)
        .exists(),
    )
)
_published = {
    table: select(table)
    .where(table.c.product_id == bindparam("product_id"), table.c.status == "published")
    .order_by(table.c.id.desc())
    .limit(bindparam("size"))
    .offset(bindparam("skip"))
    for table in (reviews, questions)
}
_count_published = {
    table: select(func.count())
    .select_from(table)
    .where(table.c.product_id == bindparam("product_id"), table.c.status == "published")
    for table in (reviews, questions)
}
_to_moderate = {
    table: select(table)
    .where(table.c.status == bindparam("status"))
    .order_by(table.c.id)
    .limit(bindparam("size"))
    .offset(bindparam("skip"))
    for table in (reviews, questions)
}
_waiting = {
    table: select(func.count()).select_from(table).where(table.c.status == bindparam("status"))
    for table in (reviews, questions)
}


@dataclass(frozen=True)
class Rating:
    """What all published reviews of a product say together; the average is 0 when there are none."""

    count: int
    average: float


def live_product(db: Reading, slug: str) -> str:
    """The id of a live product.

    Raises:
        NotFound: there is none of this slug, or it is not live.
    """
    product_id: str | None = db.value(_live, slug=slug)
    if product_id is None:
        raise NotFound("product", slug)
    return product_id


def rating(db: Reading, product_id: str) -> Rating:
    """Count and average of the published reviews, the average to one decimal."""
    row = db.row(_rating, product_id=product_id) or {"count": 0, "stars": 0}
    count, stars = list(row.values())
    return Rating(count, round(int(stars) / count, 1) if count else 0.0)


def count_published(db: Reading, table: Table, product_id: str) -> int:
    """How many reviews or questions of a product are published."""
    return int(db.value(_count_published[table], product_id=product_id))


def published(db: Reading, table: Table, product_id: str, page: int, page_size: int) -> list[Row]:
    """Published reviews or questions of a product, the newest first."""
    return db.rows(_published[table], product_id=product_id, size=page_size, skip=(page - 1) * page_size)


@dataclass(frozen=True)
class Queue:
    """One page of reviews or questions of a status, and how many there are."""

    rows: list[Row]
    total: int


def to_moderate(db: Reading, table: Table, status: str, page: int, page_size: int) -> Queue:
    """Reviews or questions of a status, the oldest first."""
    found = db.rows(_to_moderate[table], status=status, size=page_size, skip=(page - 1) * page_size)
    return Queue(found, db.value(_waiting[table], status=status))


def to_review(db: Reading, order: Row) -> dict[str, str]:
    """Slugs, by order line, of the products that an order bought, are live and were not reviewed with it."""
    if not _is_bought(order):
        return {}
    return {row["id"]: row["slug"] for row in db.rows(_to_review, order_id=order["id"])}


def _is_bought(order: Row) -> bool:
    return order["paid_at"] is not None and order["status"] != "cancelled"


def review(
    uow: UnitOfWork,
    slug: str,
    *,
    author: str,
    rating: int,
    title: str | None = None,
    comment: str | None = None,
    order_id: str | None = None,
) -> Row:
    """Write a review of a live product; it is shown once the staff publishes it.

    Args:
        rating: 1 to 5.
        order_id: the order with which the author bought the product.

    Raises:
        NotFound: there is no such live product.
        NotBought: the order was not paid, or does not have the product.
        AlreadyReviewed: it was reviewed with this order before.
    """
    product_id = live_product(uow, slug)
    if order_id is not None:
        order = uow.lock(orders, order_id)  # of two reviews at once the second finds the first
        wanted = {"order_id": order_id, "product_id": product_id}
        if order is None or not _is_bought(order) or uow.value(_bought, **wanted) is None:
            raise NotBought(slug)
        if uow.value(_of_order, **wanted) is not None:
            raise AlreadyReviewed(slug)
    row = {
        "id": uow.new_id(),
        "order_id": order_id,
        "product_id": product_id,
        "rating": rating,
        "title": title or None,
        "comment": comment or None,
        "created_at": uow.now,
        "author": author,
        "status": "pending",
    }
    return uow.insert(reviews, row)


def ask(uow: UnitOfWork, slug: str, *, author: str, question: str) -> Row:
    """Ask about a live product; the question is shown once the staff publishes it.

    Raises:
        NotFound: there is no such live product.
    """
    row = {
        "id": uow.new_id(),
        "product_id": live_product(uow, slug),
        "question": question,
        "created_at": uow.now,
        "author": author,
        "status": "pending",
    }
    return uow.insert(questions, row)


def moderate(uow: UnitOfWork, table: Table, row_id: str, status: str, answer: str | None) -> Row:
    """Publish or reject a review or question, and answer it; either can be done again differently.

    Args:
        answer: None leaves the answer as it is.

    Raises:
        NotFound: there is no such review or question.
    """
    row = uow.lock(table, row_id)
    if row is None:
        raise NotFound(table.name.removesuffix("s"), row_id)
    changes: dict[str, object] = {} if row["status"] == status else {"status": status}
    if answer is not None and answer != row["answer"]:
        changes |= {"answer": answer, "answered_at": uow.now}
    return uow.update(table, row, **changes) if changes else row
