"""The ledger as it goes over the wire."""

from collections import Counter
from collections.abc import Iterable

from transactional.ledger import chart
from transactional.ledger.schemas import (
    AccountTotalsView,
    CurrencyTotals,
    EntryView,
    KindTotals,
    PostedTax,
    PostingView,
    RateTotalsView,
    StatementLine,
)
from transactional.ledger.service import EntryWithPostings
from transactional.ledger.statements import AccountTotals
from transactional.ledger.tax import RateTotals, TaxOfPeriod
from transactional.unit_of_work import Row

_SHOWN_OF_ENTRY = EntryView.model_fields.keys() - {"postings"}
_SHOWN_OF_LINE = StatementLine.model_fields.keys()


def totals_view(totals: AccountTotals) -> AccountTotalsView:
    return AccountTotalsView(balance=totals.balance, **vars(totals))


def currency_totals(accounts: Iterable[AccountTotals]) -> list[CurrencyTotals]:
    found: dict[str, CurrencyTotals] = {}
    for each in accounts:
        sums = found.setdefault(each.currency, CurrencyTotals(currency=each.currency, debits=0, credits=0))
        sums.debits += each.debits
        sums.credits += each.credits
    return [found[currency] for currency in sorted(found)]


def kind_totals(accounts: Iterable[AccountTotals]) -> list[KindTotals]:
    found: dict[tuple[str, str], KindTotals] = {}
    for each in accounts:
        kind = chart.kind_of(each.account)
        sums = found.setdefault(
            (each.currency, kind), KindTotals(kind=kind, currency=each.currency, balance=0)
        )
        sums.balance += each.balance
    return [found[key] for key in sorted(found)]


def rate_view(totals: RateTotals) -> RateTotalsView:
    return RateTotalsView(tax=totals.tax, **vars(totals))


def posted_tax(found: TaxOfPeriod) -> list[PostedTax]:
    """Both sides of the proof by currency."""
    told = Counter[str]()
    for each in found.rates:
        told[each.currency] += each.tax
    return [
        PostedTax(currency=currency, posted=found.posted.get(currency, 0), by_rates=told[currency])
        for currency in sorted(found.posted.keys() | told.keys())
    ]


def entry_view(found: EntryWithPostings) -> EntryView:
    shown = {name: found.entry[name] for name in _SHOWN_OF_ENTRY}
    return EntryView(postings=[PostingView(**vars(posting)) for posting in found.postings], **shown)


def line_view(line: Row) -> StatementLine:
    return StatementLine(**{name: line[name] for name in _SHOWN_OF_LINE})
