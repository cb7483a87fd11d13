"""What the ledger shows of a period: the trial balance, and one account's statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal, select, union_all

from transactional.errors import NotFound
from transactional.ledger import chart
from transactional.ledger.models import journal_entries, postings
from transactional.unit_of_work import Reading, Row

_p = postings.c
_during = and_(_p.occurred_at >= bindparam("since"), _p.occurred_at < bindparam("until"))


@dataclass(frozen=True)
class Period:
    """From a moment, included, to another, excluded."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class AccountTotals:
    """What was posted from (debits) and to (credits) an account in a period, in minor units."""

    account: str
    currency: str
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        return chart.balance_of(self.account, self.debits, self.credits)


@dataclass(frozen=True)
class Statement:
    """An account's totals in a period by currency, and one page of its postings, the newest first."""

    totals: list[AccountTotals]
    lines: list[Row]


def _together(code: ColumnElement[str]) -> ColumnElement[str]:
    """The account as the trial balance names it: all holders' guarded accounts, which are many, as one."""
    return case(
        *((code.startswith(f"{account}:", autoescape=True), literal(account)) for account in chart.GUARDED),
        else_=code,
    )


_HALVES = ("debits_upper", "debits_lower", "credits_upper", "credits_lower")
# SQLite adds up to 64 bits and then fails: the upper and the lower digits of amounts are added by themselves.
_HALF = 10**9


def halves(side: str, amount: ColumnElement[int]) -> list[ColumnElement[int]]:
    """The sum of an amount in two columns, which `whole` puts together."""
    return [
        func.sum(amount // _HALF).label(f"{side}_upper"),
        func.sum(amount % _HALF).label(f"{side}_lower"),
    ]


def _totals(*only: str) -> Select[Any]:
    """Debits and credits by account and currency; with `only`, of the account bound to that name."""
    sides = [
        select(
            (code if only else _together(code)).label("account"),
            _p.currency,
            *halves("debits", _p.amount if code is _p.source else literal(0)),
            *halves("credits", _p.amount if code is _p.destination else literal(0)),
        )
        .where(_during, *(code == bindparam(name) for name in only))
        .group_by(code, _p.currency)
        for code in (_p.source, _p.destination)
    ]
    found = union_all(*sides).subquery()
    return (
        select(
            found.c.account,
            found.c.currency,
            *(func.sum(found.c[name]).label(name) for name in _HALVES),
        )
        .group_by(found.c.account, found.c.currency)
        .order_by(found.c.account, found.c.currency)
    )


def _newest_of(code: ColumnElement[str]) -> Select[Any]:
    """The newest postings on one side of an account, as many as any page up to the asked one can need."""
    newest = (
        select(postings)
        .where(_during, code == bindparam("account"))
        .order_by(_p.occurred_at.desc(), _p.id.desc())
        .limit(bindparam("enough"))
        .subquery()
    )
    return select(newest)


_trial_balance = _totals()
_account_totals = _totals("account")
_both_sides = union_all(_newest_of(_p.source), _newest_of(_p.destination)).subquery()
_lines = (
    select(_both_sides, journal_entries.c.reference, journal_entries.c.document, journal_entries.c.reason)
    .join(journal_entries, journal_entries.c.id == _both_sides.c.entry_id)
    .order_by(_both_sides.c.occurred_at.desc(), _both_sides.c.id.desc())
    .limit(bindparam("size"))
    .offset(bindparam("skip"))
)


def trial_balance(db: Reading, period: Period) -> list[AccountTotals]:
    """Every account that moved in a period; per currency the debits are equal to the credits."""
    return [_account_of(row) for row in db.rows(_trial_balance, **vars(period))]


def statement(db: Reading, account: str, period: Period, *, page: int = 1, page_size: int = 50) -> Statement:
    """What was posted to and from an account in a period.

    Raises:
        NotFound: the chart has no such account.
    """
    if not chart.is_known(account):
        raise NotFound("account", account)
    of_account = {"account": account, **vars(period)}
    skip = (page - 1) * page_size
    lines = db.rows(_lines, **of_account, enough=skip + page_size, size=page_size, skip=skip)
    return Statement([_account_of(row) for row in db.rows(_account_totals, **of_account)], lines)


def whole(row: Row, side: str) -> int:
    """The sum that `halves` left in two columns."""
    # Sums of 64-bit numbers are decimals on PostgreSQL.
    return int(row[f"{side}_upper"]) * _HALF + int(row[f"{side}_lower"])


def _account_of(row: Row) -> AccountTotals:
    return AccountTotals(row["account"], row["currency"], whole(row, "debits"), whole(row, "credits"))
