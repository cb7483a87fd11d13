"""The journal: entries found by day, document or account; those that the staff writes and undoes by hand."""

from collections.abc import Sequence

from sqlalchemy import bindparam, or_, select

from transactional.ledger import chart, rules, service
from transactional.ledger.errors import EntryReversed, NotByHand
from transactional.ledger.models import journal_entries, postings
from transactional.ledger.rules import Entry, Posting
from transactional.ledger.service import EntryWithPostings
from transactional.ledger.statements import Period
from transactional.unit_of_work import Reading, Row, UnitOfWork

BY_HAND = "manual:"  # begins the reference of what the staff wrote
_entries = journal_entries.c
_document = bindparam("document", type_=_entries.document.type)
_account = bindparam("account", type_=postings.c.source.type)
_concerned = (
    select(postings.c.id)
    .where(
        postings.c.entry_id == _entries.id,
        or_(postings.c.source == _account, postings.c.destination == _account),
    )
    .exists()
)
_listed = (
    select(journal_entries)
    .where(
        _entries.occurred_at >= bindparam("since"),
        _entries.occurred_at < bindparam("until"),
        or_(_document.is_(None), _entries.document == _document),
        or_(_account.is_(None), _concerned),
    )
    .order_by(_entries.occurred_at.desc(), _entries.id.desc())
    .limit(bindparam("size"))
    .offset(bindparam("skip"))
)
_postings_of = (
    select(postings)
    .where(postings.c.entry_id.in_(bindparam("entry_ids", expanding=True)))
    .order_by(postings.c.entry_id, postings.c.position)
)


def entries(
    db: Reading, period: Period, *, document: str | None, account: str | None, page: int, page_size: int
) -> list[EntryWithPostings]:
    """Entries of a period with their postings, the newest first.

    Args:
        document: only those written on this paper.
        account: only those that move something from or to this account.
    """
    skip = (page - 1) * page_size
    wanted = {"document": document, "account": account, "size": page_size, "skip": skip}
    found = db.rows(_listed, **vars(period), **wanted)
    made: dict[str, list[Posting]] = {row["id"]: [] for row in found}
    for row in db.rows(_postings_of, entry_ids=list(made)):
        made[row["entry_id"]].append(_posting(row))
    return [EntryWithPostings(row, made[row["id"]]) for row in found]


def _posting(row: Row) -> Posting:
    return Posting(row["source"], row["destination"], row["amount"], row["currency"])


def write(uow: UnitOfWork, document: str, reason: str, made: Sequence[Posting]) -> EntryWithPostings:
    """Post what the staff says.

    Raises:
        NotByHand: an account is kept by the shop itself, or the chart does not have it.
        AmountTooLarge: see `service.post`.
    """
    for posting in made:
        for code in (posting.source, posting.destination):
            if not chart.is_by_hand(code):
                raise NotByHand(code)
    reference = f"{BY_HAND}{uow.new_id()}"
    service.post(uow, Entry(reference, document, reason, made))
    return service.find(uow, reference)


def pay_supplier(
    uow: UnitOfWork, supplier: str, amount: int, currency: str, document: str, reason: str
) -> EntryWithPostings:
    """The bank has paid minor units to a supplier; what was paid too much stays the shop's."""
    return write(uow, document, reason, rules.supplier_paid(currency, supplier, amount))


def reverse(uow: UnitOfWork, reference: str, reason: str) -> EntryWithPostings:
    """Undo what the staff wrote; returns the reversal.

    Raises:
        NotFound: there is no such entry.
        NotByHand: an event of the shop posted it.
        EntryReversed: it was undone before.
    """
    service.find(uow, reference)
    if not reference.startswith(BY_HAND):
        raise NotByHand(reference)
    if not service.reverse(uow, reference, reason):
        raise EntryReversed(reference)
    return service.find(uow, f"reversal:{reference}")
