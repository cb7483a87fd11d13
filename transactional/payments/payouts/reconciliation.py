"""Compares what a provider paid out with what we took and gave back: each of both sides falls into one class.

matched    on both sides, with the same amount and currency; fees, which only providers charge, too
differing  on both sides, with another amount or currency
extra      in a provider's file only: unknown to us, or told twice
missing    ours only, and older than providers take to pay out
awaited    ours only, and younger

All of it is as it stood at a moment: what came later, captures and files, is not there yet.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Select,
    Subquery,
    Table,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from transactional.database import Money, UtcDateTime
from transactional.payments.models import payments, tender_events
from transactional.payments.payouts.models import payout_lines, payouts
from transactional.unit_of_work import Reading, Row

Outcome = Literal["matched", "differing", "extra", "missing", "awaited"]
# Days between a movement and the moment that is looked at: below how many days a bucket ends.
_AGES = {"0-1": 2, "2-7": 8, "8-30": 31}
_OLDER = ">30"
_provider: BindParameter[str] = bindparam("provider")
_until = bindparam("until", type_=UtcDateTime())


_of = payments.alias("of")
_before = tender_events.alias("before")
# Ours: joined table by table, so that both databases can look each line up in an index.
_captured = and_(
    payments.c.provider == _provider, payments.c.status == "captured", payments.c.captured_at < _until
)
# A refund moves money when it is made, a dispute when it is lost; and both again when they fail after that.
_KINDS = {
    "refund": ("refund", "succeeded"),
    "refund_failure": ("refund", "failed"),
    "dispute": ("chargeback", "succeeded"),
    "dispute_reversal": ("chargeback", "failed"),
}
_of_provider = exists().where(_of.c.id == tender_events.c.payment_id, _of.c.provider == _provider)
_had_gone = exists().where(
    _before.c.payment_id == tender_events.c.payment_id,
    _before.c.type == tender_events.c.type,
    _before.c.reference == tender_events.c.reference,
    _before.c.outcome == "succeeded",
)
_moved = and_(
    tender_events.c.type.in_(("refund", "chargeback")),
    tender_events.c.occurred_at < _until,
    tender_events.c.external_id.is_not(None),  # a balance got the others instead
    _of_provider,
    or_(tender_events.c.outcome == "succeeded", and_(tender_events.c.outcome == "failed", _had_gone)),
)
_signed = case(
    (tender_events.c.outcome == "succeeded", -tender_events.c.amount), else_=tender_events.c.amount
)


def _their_side() -> Subquery:
    """The lines of the files; of lines about the same movement only the first can be that movement."""
    lines = payout_lines.c
    turn = func.row_number().over(partition_by=(lines.kind, lines.reference), order_by=lines.id)
    return (
        select(payout_lines, turn.label("turn"))
        .join(payouts, payouts.c.id == lines.payout_id)
        .where(lines.provider == _provider, payouts.c.received_at < _until)
        .subquery("theirs")
    )


def _told() -> Select[Any]:
    """Their lines, each with what it is of ours."""
    theirs = _their_side()
    found = theirs.outerjoin(
        payments,
        and_(theirs.c.kind == "payment", theirs.c.turn == 1, payments.c.external_id == theirs.c.reference)
        & _captured,
    ).outerjoin(
        tender_events,
        and_(
            or_(
                *(
                    and_(
                        theirs.c.kind == kind,
                        tender_events.c.type == of,
                        tender_events.c.outcome == outcome,
                    )
                    for kind, (of, outcome) in _KINDS.items()
                )
            ),
            theirs.c.turn == 1,
            tender_events.c.external_id == theirs.c.reference,
        )
        & _moved,
    )
    our_id = func.coalesce(payments.c.id, tender_events.c.id)
    our_amount = func.coalesce(payments.c.amount, _signed)
    our_currency = func.coalesce(payments.c.currency, tender_events.c.currency)
    equal = and_(our_amount == theirs.c.gross, our_currency == theirs.c.currency)
    at = (payments.c.captured_at, tender_events.c.occurred_at, theirs.c.occurred_at)
    return select(
        case(
            (theirs.c.kind == "fee", "matched"),
            (our_id.is_(None), "extra"),
            (equal, "matched"),
            else_="differing",
        ).label("outcome"),
        theirs.c.kind,
        theirs.c.reference,
        theirs.c.external_id.label("line"),
        our_id.label("document_id"),
        our_amount.label("our_amount"),
        our_currency.label("our_currency"),
        theirs.c.gross.label("their_amount"),
        theirs.c.currency.label("their_currency"),
        func.coalesce(*at, type_=UtcDateTime()).label("at"),
    ).select_from(found)


_OURS = {payments: _captured, tender_events: _moved}


def _untold(kind: str, ours: Table, amount: ColumnElement[int], at: Column[datetime]) -> Select[Any]:
    """Rows of ours that no file names."""
    named = (
        exists()
        .where(
            payout_lines.c.provider == _provider,
            payout_lines.c.kind == kind,
            payout_lines.c.reference == ours.c.external_id,
            payouts.c.id == payout_lines.c.payout_id,
            payouts.c.received_at < _until,
        )
        .correlate(ours)
    )
    return select(
        case((at < bindparam("overdue", type_=UtcDateTime()), "missing"), else_="awaited"),
        literal(kind),
        ours.c.external_id,
        null(),
        ours.c.id,
        amount,
        ours.c.currency,
        cast(null(), Money),
        null(),
        at,
    ).where(_OURS[ours], ~named)


def _untold_event(kind: str, of: str, outcome: str) -> Select[Any]:
    """Money that went back, or came again, and that no file names."""
    untold = _untold(kind, tender_events, _signed, tender_events.c.occurred_at)
    return untold.where(tender_events.c.type == of, tender_events.c.outcome == outcome)


def _items() -> Subquery:
    """Every line of both sides once, with its class."""
    captures = _untold("payment", payments, payments.c.amount, payments.c.captured_at)
    moved = [_untold_event(kind, *told) for kind, told in _KINDS.items()]
    return union_all(_told(), captures, *moved).subquery("items")


def _age(at: ColumnElement[Any]) -> ColumnElement[str]:
    return case(
        *((at >= bindparam(f"days_{days}", type_=UtcDateTime()), name) for name, days in _AGES.items()),
        else_=_OLDER,
    )


def _totals() -> Select[Any]:
    items = _items()
    by = (items.c.outcome, _age(items.c.at).label("age"), items.c.our_currency, items.c.their_currency)
    grouped = select(*by, items.c.our_amount, items.c.their_amount).subquery()
    names = [grouped.c[name] for name in ("outcome", "age", "our_currency", "their_currency")]
    return (
        select(
            *names,
            func.count().label("lines"),
            func.sum(grouped.c.our_amount).label("our_amount"),
            func.sum(grouped.c.their_amount).label("their_amount"),
        )
        .group_by(*names)
        .order_by(*(func.coalesce(name, "") for name in names))
    )


def _page() -> Select[Any]:
    items = _items()
    return (
        select(items, _age(items.c.at).label("age"))
        .where(items.c.outcome.in_(bindparam("outcomes", expanding=True)))
        .order_by(items.c.at, items.c.kind, items.c.reference, items.c.line)
        .limit(bindparam("size"))
        .offset(bindparam("skip"))
    )


_TOTALS, _PAGE = _totals(), _page()


@dataclass(frozen=True)
class Reconciliation:
    """Totals by class, age and currencies, and one page of the lines of some classes, the oldest first."""

    totals: list[Row]
    items: list[Row]


def reconcile(
    db: Reading,
    provider: str,
    until: datetime,
    outcomes: tuple[Outcome, ...],
    *,
    after_days: int = 3,
    page: int = 1,
    page_size: int = 50,
) -> Reconciliation:
    """How a provider's files and our books agreed at a moment.

    Args:
        until: the moment, excluded.
        outcomes: classes whose lines are listed.
        after_days: days that the provider may take; what is older and in no file is missing.
    """
    moments = {f"days_{days}": until - timedelta(days=days) for days in _AGES.values()}
    overdue = until - timedelta(days=after_days)
    given = {"provider": provider, "until": until, "overdue": overdue, **moments}
    totals = [
        # Sums of 64-bit numbers are decimals on PostgreSQL.
        {**row, "our_amount": int(row["our_amount"] or 0), "their_amount": int(row["their_amount"] or 0)}
        for row in db.rows(_TOTALS, **given)
    ]
    skip = (page - 1) * page_size
    return Reconciliation(totals, db.rows(_PAGE, **given, outcomes=outcomes, size=page_size, skip=skip))
