"""Promotions as the staff keeps them: drafts, switching on and off, and codes."""

import secrets
from collections.abc import Iterator

from sqlalchemy import bindparam, func, select

from transactional.catalog.models import products, skus
from transactional.errors import NotFound
from transactional.promotions import live, pricing, rules
from transactional.promotions.errors import CodesNotTaken, CodeTaken, PromotionNotDraft, SellsBelow
from transactional.promotions.guard import find_danger
from transactional.promotions.live import Live
from transactional.promotions.models import promotion_budgets, promotion_codes, promotions
from transactional.promotions.rules import Activity, Event, Line
from transactional.promotions.schemas import CodesIn, PromotionIn
from transactional.promotions.templates import class_of
from transactional.staff.service import Terms
from transactional.unit_of_work import Reading, Row, UnitOfWork

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that is misread
_CODE_LENGTH = 12
_page = select(promotions).order_by(promotions.c.id.desc()).limit(bindparam("size")).offset(bindparam("skip"))
_known = select(promotions.c.id).where(promotions.c.id.in_(bindparam("ids", expanding=True)))
_budget_of = select(promotion_budgets).where(promotion_budgets.c.promotion_id == bindparam("promotion_id"))
_codes_of = select(func.count()).where(promotion_codes.c.promotion_id == bindparam("promotion_id"))
_taken = select(promotion_codes.c.code).where(promotion_codes.c.code.in_(bindparam("codes", expanding=True)))
_on_sale = (
    select(
        skus.c.code.label("sku"),
        skus.c.price,
        skus.c.list_price,
        skus.c.cost,
        products.c.slug.label("product"),
        products.c.category_id,
        products.c.brand_id,
    )
    .join(products, products.c.id == skus.c.product_id)
    .where(products.c.status == "live", skus.c.retired_at.is_(None))
    .order_by(skus.c.code)
)


def create(uow: UnitOfWork, draft: PromotionIn) -> str:
    """Keep a draft; returns its id.

    Raises:
        NotFound: a promotion it is not to be combined with is unknown.
    """
    _check_references(uow, draft)
    row = {"id": uow.new_id(), "status": "draft", "created_at": uow.now, **_columns(uow, draft)}
    return str(uow.insert(promotions, row)["id"])


def edit(uow: UnitOfWork, promotion_id: str, draft: PromotionIn) -> None:
    """Put another definition in the place of a draft's.

    Raises:
        NotFound: there is no such promotion, or one it is not to be combined with.
        PromotionNotDraft: it has been on.
    """
    row = lock(uow, promotion_id)
    if row["status"] != "draft":
        raise PromotionNotDraft(row["status"])
    _check_references(uow, draft)
    uow.update(promotions, row, **_columns(uow, draft))


def _columns(uow: UnitOfWork, draft: PromotionIn) -> Row:
    return {
        "name": draft.name,
        "kind": draft.template.kind,
        "class": class_of(draft.template),
        "needs_code": draft.needs_code,
        "definition": draft.model_dump(mode="json"),
        "updated_at": uow.now,
    }


def _check_references(uow: UnitOfWork, draft: PromotionIn) -> None:
    wanted = {str(each) for each in draft.not_with}
    known = {row["id"] for row in uow.rows(_known, ids=sorted(wanted))} if wanted else set()
    for missing in sorted(wanted - known):
        raise NotFound("promotion", missing)


def lock(uow: UnitOfWork, promotion_id: str) -> Row:
    """Lock a promotion.

    Raises:
        NotFound: there is no such promotion.
    """
    row = uow.lock(promotions, promotion_id)
    if row is None:
        raise NotFound("promotion", promotion_id)
    return row


def change(uow: UnitOfWork, terms: Terms, promotion_id: str, event: Event) -> None:
    """Activate, pause or end a promotion; carts see it from the commit on.

    Raises:
        NotFound: there is no such promotion.
        PromotionTransition: it is not in a status for that.
        SellsBelow: alone or with others that are on it can sell a SKU below cost; it stays as it was.
    """
    live.lock(uow)  # first, so that two activities that are a danger only together are not activated at once
    row = lock(uow, promotion_id)
    status = rules.after(row["status"], event)
    if event == "activate":
        activity = live.activity_of(row)
        _guard(uow, terms, activity)
        if row["status"] == "draft":
            _open_budget(uow, activity)
    uow.update(promotions, row, status=status, updated_at=uow.now)
    live.changed(uow)


def _guard(uow: UnitOfWork, terms: Terms, activity: Activity) -> None:
    others = live.read(uow).activities
    danger = find_danger(activity, others, _skus(uow, live.of((activity, *others))), terms.tax_rate_bp)
    if danger is not None:
        raise SellsBelow(danger.sku, danger.price, danger.floor, list(danger.combination))


def _skus(db: Reading, on: Live) -> Iterator[Line]:
    """One unit of each SKU on sale."""
    found = db.rows(_on_sale)
    names = pricing.lookup(db, on, found)
    return (pricing.line_of(row["sku"], row, names, quantity=1) for row in found)


def _open_budget(uow: UnitOfWork, activity: Activity) -> None:
    if not activity.is_limited:
        return
    limits = {"max_uses": activity.budget.uses, "max_money": activity.budget.money, "max_units": activity.cap}
    row = {"id": uow.new_id(), "promotion_id": activity.id, "uses": 0, "money": 0, "units": 0}
    uow.insert(promotion_budgets, {**row, **limits})


def make_codes(uow: UnitOfWork, promotion_id: str, wanted: CodesIn) -> list[str]:
    """Make codes that open a promotion; returns them.

    Raises:
        NotFound: there is no such promotion.
        CodesNotTaken: it applies without a code.
        CodeTaken: a named code stands for a promotion already.
    """
    row = lock(uow, promotion_id)
    if not row["needs_code"]:
        raise CodesNotTaken
    codes = set(wanted.named)
    for taken in sorted(each["code"] for each in uow.rows(_taken, codes=sorted(codes))) if codes else []:
        raise CodeTaken(taken)
    while len(codes) < len(set(wanted.named)) + wanted.count:
        codes.add("".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)))
    made = sorted(codes)
    uow.insert_many(
        promotion_codes,
        [
            {
                "id": uow.new_id(),
                "promotion_id": promotion_id,
                "code": code,
                "uses": 0,
                "max_uses": wanted.max_uses,
                "created_at": uow.now,
            }
            for code in made
        ],
    )
    return made


def find(db: Reading, promotion_id: str) -> Row:
    """A promotion.

    Raises:
        NotFound: there is no such promotion.
    """
    row = db.get(promotions, promotion_id)
    if row is None:
        raise NotFound("promotion", promotion_id)
    return row


def listed(db: Reading, page: int, page_size: int) -> list[Row]:
    """Promotions, the newest first."""
    return db.rows(_page, size=page_size, skip=(page - 1) * page_size)


def given(db: Reading, promotion_id: str) -> Row | None:
    """What a limited promotion has given; None without limits."""
    return db.row(_budget_of, promotion_id=promotion_id)


def codes_count(db: Reading, promotion_id: str) -> int:
    """How many codes a promotion has."""
    return int(db.value(_codes_of, promotion_id=promotion_id))
