"""Promotions as the staff keeps them: drafts, switching on and off, and codes."""

import secrets
from collections.abc import Collection

from sqlalchemy import and_, bindparam, func, select

from transactional.errors import NotFound
from transactional.promotions import lifecycle, live, on_sale, references
from transactional.promotions.errors import (
    CodesNotTaken,
    CodeTaken,
    CouponUnknown,
    PromotionNotDraft,
    SellsBelow,
)
from transactional.promotions.guard import find_dangers
from transactional.promotions.lifecycle import Event
from transactional.promotions.models import promotion_budgets, promotion_codes, promotions
from transactional.promotions.rules import Activity
from transactional.promotions.schemas import MAX_CODES, CodesIn, PromotionIn
from transactional.promotions.templates import class_of
from transactional.row_statements import for_update
from transactional.staff.service import Terms
from transactional.unit_of_work import Reading, Row, UnitOfWork

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that is misread
_CODE_LENGTH = 12
_page = select(promotions).order_by(promotions.c.id.desc()).limit(bindparam("size")).offset(bindparam("skip"))
_budget_of = select(promotion_budgets).where(promotion_budgets.c.promotion_id == bindparam("promotion_id"))
_codes_of = select(func.count()).where(promotion_codes.c.promotion_id == bindparam("promotion_id"))
_code_page = (
    select(promotion_codes)
    .where(promotion_codes.c.promotion_id == bindparam("promotion_id"))
    .order_by(promotion_codes.c.code)
    .limit(bindparam("size"))
    .offset(bindparam("skip"))
)
_one_code = for_update(
    select(promotion_codes).where(
        promotion_codes.c.promotion_id == bindparam("promotion_id"),
        promotion_codes.c.code == bindparam("code"),
    ),
    promotion_codes,
)
_is_unused = and_(
    promotion_codes.c.promotion_id == bindparam("promotion_id"),
    promotion_codes.c.uses == 0,
    promotion_codes.c.revoked_at.is_(None),
)
_unused = for_update(
    select(promotion_codes).where(_is_unused).order_by(promotion_codes.c.code).limit(bindparam("size")),
    promotion_codes,
)
_unused_count = select(func.count()).select_from(promotion_codes).where(_is_unused)
_taken = select(promotion_codes.c.code).where(promotion_codes.c.code.in_(bindparam("codes", expanding=True)))


def create(uow: UnitOfWork, draft: PromotionIn) -> str:
    """Keep a draft; returns its id.

    Raises:
        PromotionReference, BeyondCalendar, EndsBeforeItStarts, NoHours: see `references.check`.
    """
    references.check(uow, draft)
    row = {"id": uow.new_id(), "status": "draft", "created_at": uow.now, **_columns(uow, draft)}
    return str(uow.insert(promotions, row)["id"])


def edit(uow: UnitOfWork, promotion_id: str, draft: PromotionIn) -> None:
    """Put another definition in the place of a draft's.

    Raises:
        NotFound: there is no such promotion.
        PromotionNotDraft: it has been on.
        PromotionReference, BeyondCalendar, EndsBeforeItStarts, NoHours: see `references.check`.
    """
    row = lock(uow, promotion_id)
    if row["status"] != "draft":
        raise PromotionNotDraft(row["status"])
    references.check(uow, draft)
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


def lock(uow: UnitOfWork, promotion_id: str) -> Row:
    """Lock a promotion.

    Raises:
        NotFound: there is no such promotion.
    """
    row = uow.lock(promotions, promotion_id)
    if row is None:
        raise NotFound("promotion", promotion_id)
    return row


def change(
    uow: UnitOfWork, terms: Terms, promotion_id: str, event: Event, below_cost_reason: str | None = None
) -> None:
    """Activate, pause or end a promotion; carts see it from the commit on.

    Args:
        below_cost_reason: why it may sell below cost; kept with the promotion, and nobody judges it.

    Raises:
        NotFound: there is no such promotion.
        PromotionTransition: it is not in a status for that.
        PromotionReference, BeyondCalendar, EndsBeforeItStarts, NoHours: see `references.check`; what it names
            may not be there any more.
        SellsBelow: alone or with others that are on it can sell a SKU below cost; it stays as it was.
    """
    live.lock(uow)  # first, so that two activities that are a danger only together are not activated at once
    row = lock(uow, promotion_id)
    status = lifecycle.after(row["status"], event)
    changes: Row = {"status": status, "updated_at": uow.now}
    if event == "activate":
        changes["below_cost_reason"] = below_cost_reason
        references.check(uow, live.definition_of(row))
        activity = live.activity_of(row)
        if below_cost_reason is None:
            _guard(uow, terms, activity)
        if row["status"] == "draft":
            _open_budget(uow, activity, terms.currency)
    uow.update(promotions, row, **changes)
    live.changed(uow)


def _guard(uow: UnitOfWork, terms: Terms, activity: Activity) -> None:
    others = [each for each in live.read(uow).activities if not each.is_over(uow.now)]
    dangers = find_dangers(activity, others, on_sale.units(uow, terms, activity, others))
    if dangers:
        raise SellsBelow(dangers)


def _open_budget(uow: UnitOfWork, activity: Activity, currency: str) -> None:
    if not activity.is_limited:
        return
    limits = {"max_uses": activity.budget.uses, "max_money": activity.budget.money, "max_units": activity.cap}
    row = {"id": uow.new_id(), "promotion_id": activity.id, "uses": 0, "money": 0, "units": 0}
    uow.insert(promotion_budgets, {**row, "currency": currency, **limits})


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
    for taken in sorted(known_codes(uow, codes)):
        raise CodeTaken(taken)
    while len(codes) < len(set(wanted.named)) + wanted.count:
        codes.add(wanted.prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)))
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
                "expires_at": wanted.expires_at,
            }
            for code in made
        ],
    )
    return made


def known_codes(db: Reading, codes: Collection[str]) -> set[str]:
    """Those of the codes that stand for a promotion, whatever its status."""
    found = db.rows(_taken, codes=sorted(codes)) if codes else []
    return {row["code"] for row in found}


def codes(db: Reading, promotion_id: str, page: int, page_size: int) -> list[Row]:
    """A promotion's codes with their uses, by code.

    Raises:
        NotFound: there is no such promotion.
    """
    find(db, promotion_id)
    return db.rows(_code_page, promotion_id=promotion_id, size=page_size, skip=(page - 1) * page_size)


def revoke_code(uow: UnitOfWork, promotion_id: str, code: str) -> Row:
    """Let a code open nothing any more; orders that have it keep what they got.

    Raises:
        CouponUnknown: the promotion has no such code.
    """
    found = uow.lock_rows(promotion_codes, _one_code, promotion_id=promotion_id, code=code)
    if not found:
        raise CouponUnknown(code)
    row = found[0]
    return row if row["revoked_at"] else uow.update(promotion_codes, row, revoked_at=uow.now)


def revoke_unused_codes(uow: UnitOfWork, promotion_id: str) -> tuple[int, int]:
    """Revoke the codes nobody has used, `MAX_CODES` at most; returns how many, and how many are left.

    Raises:
        NotFound: there is no such promotion.
    """
    find(uow, promotion_id)
    found = uow.lock_rows(promotion_codes, _unused, promotion_id=promotion_id, size=MAX_CODES)
    uow.update_many(promotion_codes, {row["id"]: {"revoked_at": uow.now} for row in found})
    return len(found), int(uow.value(_unused_count, promotion_id=promotion_id))


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
