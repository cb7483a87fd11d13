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
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from transactional.database import Money, UtcDateTime
from transactional.payments.models import payments, refunds
from transactional.payments.payouts.models import payout_lines, payouts
from transactional.unit_of_work import Reading, Row

Outcome = Literal["matched", "differing", "extra", "missing", "awaited"]
# Days between a movement and the moment that is looked at: below how many days a bucket ends.
_AGES = {"0-1": 2, "2-7": 8, "8-30": 31}
_OLDER = ">30"
_provider: BindParameter[str] = bindparam("provider")
_until = bindparam("until", type_=UtcDateTime())


def _our_side() -> Subquery:
    """Captures, and refunds as negative amounts, by the provider's ids."""
    captures = select(
        literal("payment").label("kind"),
        payments.c.id,
        payments.c.external_id.label("reference"),
        payments.c.amount,
        payments.c.currency,
        payments.c.captured_at.label("at"),
    ).where(
        payments.c.provider == _provider, payments.c.status == "captured", payments.c.captured_at < _until
    )
    given_back = (
        select(
            literal("refund"),
            refunds.c.id,
            refunds.c.external_id,
            -refunds.c.amount,
            refunds.c.currency,
            refunds.c.refunded_at,
        )
        .join(payments, payments.c.id == refunds.c.payment_id)
        .where(
            payments.c.provider == _provider,
            refunds.c.status == "succeeded",
            refunds.c.refunded_at < _until,
        )
    )
    return union_all(captures, given_back).subquery("ours")


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


def _items() -> Subquery:
    """Every line of both sides once, with its class."""
    ours, theirs = _our_side(), _their_side()
    the_same = and_(ours.c.kind == theirs.c.kind, ours.c.reference == theirs.c.reference, theirs.c.turn == 1)
    equal = and_(ours.c.amount == theirs.c.gross, ours.c.currency == theirs.c.currency)
    told = select(
        case(
            (theirs.c.kind == "fee", "matched"),
            (ours.c.id.is_(None), "extra"),
            (equal, "matched"),
            else_="differing",
        ).label("outcome"),
        theirs.c.kind,
        theirs.c.reference,
        theirs.c.external_id.label("line"),
        ours.c.id.label("document_id"),
        ours.c.amount.label("our_amount"),
        ours.c.currency.label("our_currency"),
        theirs.c.gross.label("their_amount"),
        theirs.c.currency.label("their_currency"),
        func.coalesce(ours.c.at, theirs.c.occurred_at, type_=UtcDateTime()).label("at"),
    ).select_from(theirs.outerjoin(ours, the_same))
    untold = (
        select(
            case((ours.c.at < bindparam("overdue", type_=UtcDateTime()), "missing"), else_="awaited"),
            ours.c.kind,
            ours.c.reference,
            null(),
            ours.c.id,
            ours.c.amount,
            ours.c.currency,
            cast(null(), Money),
            null(),
            ours.c.at,
        )
        .select_from(ours.outerjoin(theirs, the_same))
        .where(theirs.c.id.is_(None))
    )
    return union_all(told, untold).subquery("items")


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
