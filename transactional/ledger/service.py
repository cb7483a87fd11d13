"""The ledger: posting an entry once, reversing it, and what the accounts hold. Nothing is ever updated.

Balances of the shop's own accounts are sums of postings: a row with revenue's running balance would make all
orders wait for each other. Only what the shop owes one holder is a row, locked before it changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from transactional.errors import AmountTooLarge, NotFound
from transactional.ledger import chart, rules
from transactional.ledger.errors import InsufficientFunds, WrongCurrency
from transactional.ledger.models import journal_entries, ledger_accounts, postings
from transactional.ledger.rules import Entry, Posting
from transactional.money import MOST_HELD, MOST_OF_DOCUMENT
from transactional.unit_of_work import Reading, Row, UnitOfWork

_accounts = ledger_accounts.c
_account = select(ledger_accounts).where(_accounts.code == bindparam("code"))
_entry = select(journal_entries).where(journal_entries.c.reference == bindparam("reference"))
_postings = select(postings).where(postings.c.entry_id == bindparam("entry_id")).order_by(postings.c.position)


@dataclass(frozen=True)
class EntryWithPostings:
    entry: Row
    postings: list[Posting]


def post(uow: UnitOfWork, entry: Entry) -> bool:
    """Write an entry and its postings once. One without postings is not written.

    Returns:
        Whether it was written now; False when its reference was posted before, also by a transaction that ran
        at the same time, which this one waits for.

    Raises:
        InsufficientFunds: an account that may not go below zero would; the transaction must not be committed.
        WrongCurrency: such an account is kept in another currency.
        AmountTooLarge: a posting, or what such an account holds, is beyond what `money` allows.
    """
    return bool(entry.postings) and _write(uow, entry, reverses_id=None)


def post_new(uow: UnitOfWork, entry: Entry) -> None:
    """`post` an entry that nobody can have posted.

    Its reference holds an id that this transaction made, or names a step that the row it locked takes once.
    """
    if not entry.postings:
        return
    row = _entry_row(uow, entry, reverses_id=None)
    uow.insert(journal_entries, row)
    _write_postings(uow, row, entry.postings)


def reverse(uow: UnitOfWork, reference: str, reason: str) -> bool:
    """Undo an entry by one with its postings swapped; an entry can be reversed once.

    Returns:
        Whether it was reversed now; False when it had been before.

    Raises:
        NotFound: there is no such entry.
        InsufficientFunds: what it gave a holder has been spent.
    """
    found = find(uow, reference)
    entry = Entry(f"reversal:{reference}", found.entry["document"], reason, rules.reversal(found.postings))
    return _write(uow, entry, reverses_id=found.entry["id"])


def _write(uow: UnitOfWork, entry: Entry, reverses_id: str | None) -> bool:
    row = _entry_row(uow, entry, reverses_id)
    if not uow.insert_unless_there(journal_entries, row, "reference"):
        return False
    _write_postings(uow, row, entry.postings)
    return True


def _entry_row(uow: UnitOfWork, entry: Entry, reverses_id: str | None) -> Row:
    _refuse_too_large("The entry", max(posting.amount for posting in entry.postings), MOST_OF_DOCUMENT)
    return {
        "id": uow.new_id(),
        "reference": entry.reference,
        "document": entry.document,
        "reason": entry.reason,
        "reverses_id": reverses_id,
        "occurred_at": uow.now,
    }


def _write_postings(uow: UnitOfWork, entry: Row, made: Sequence[Posting]) -> None:
    _change_guarded(uow, rules.guarded_changes(made))
    uow.insert_many(postings, [_posting_row(uow, entry["id"], *each) for each in enumerate(made, 1)])


def _posting_row(uow: UnitOfWork, entry_id: str, position: int, posting: Posting) -> Row:
    for code in (posting.source, posting.destination):
        if not chart.is_known(code):
            raise KeyError(f"the chart of accounts has no {code}")
    row = {"id": uow.new_id(), "entry_id": entry_id, "position": position, "occurred_at": uow.now}
    return row | vars(posting)


def _change_guarded(uow: UnitOfWork, changes: Mapping[tuple[str, str], int]) -> None:
    there = uow.lock_by(_accounts.code, [code for code, _ in changes])
    for (code, currency), amount in changes.items():
        account = there.get(code) or _opened(uow, code, currency)
        if account["currency"] != currency:
            raise WrongCurrency(code, account["currency"], currency)
        if account["balance"] + amount < 0:
            raise InsufficientFunds(code, -amount, account["balance"])
        _refuse_too_large(code, account["balance"] + amount, MOST_HELD)
        uow.update(ledger_accounts, account, balance=account["balance"] + amount)


def _opened(uow: UnitOfWork, code: str, currency: str) -> Row:
    """An account that was not there; another transaction may open it meanwhile."""
    new = {"id": uow.new_id(), "code": code, "currency": currency, "balance": 0, "opened_at": uow.now}
    uow.insert_unless_there(ledger_accounts, new, "code")
    return uow.lock_by(_accounts.code, [code])[code]


def _refuse_too_large(what: str, amount: int, most: int) -> None:
    if amount > most:
        raise AmountTooLarge(what, amount, most)


def hold(uow: UnitOfWork, codes: Iterable[str]) -> dict[str, int]:
    """Lock guarded accounts in the order of their codes; what is left on those that were opened, by code.

    Whoever posts to guarded accounts in more than one entry, or asks what is there before, calls it first.
    """
    return {code: row["balance"] for code, row in uow.lock_by(_accounts.code, set(codes)).items()}


def find(db: Reading, reference: str) -> EntryWithPostings:
    """An entry with its postings.

    Raises:
        NotFound: there is no such entry.
    """
    entry = db.row(_entry, reference=reference)
    if entry is None:
        raise NotFound("journal entry", reference)
    rows = db.rows(_postings, entry_id=entry["id"])
    return EntryWithPostings(
        entry, [Posting(row["source"], row["destination"], row["amount"], row["currency"]) for row in rows]
    )


def is_posted(db: Reading, reference: str) -> bool:
    """Whether there is an entry of this reference."""
    return db.row(_entry, reference=reference) is not None


def postings_of(db: Reading, reference: str) -> list[Posting]:
    """The postings of an entry; none when there is no such entry."""
    entry = db.row(_entry, reference=reference)
    return [] if entry is None else find(db, reference).postings


def guarded(db: Reading, code: str) -> Row | None:
    """A guarded account, with its `currency` and `balance`; None when it was never opened."""
    return db.row(_account, code=code)


def balance(db: Reading, code: str) -> int:
    """What is left on a guarded account, in minor units; 0 when it was never opened."""
    account = guarded(db, code)
    return 0 if account is None else int(account["balance"])
