"""The one way back: what an order's tenders hold is given back, the last tender first, once for each key.

Cancelling, returning, expiring and chargebacks all end here. Callers hold the lock of the order, and have
changed stock and promotion counters before.
"""

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, case, func, or_, select

from transactional.ledger import events as ledger
from transactional.ledger import refund_events
from transactional.ledger import service as accounts
from transactional.ledger.chart import LOYALTY, POINTS, REFUNDED_OUTSIDE, REFUNDS, TENDERED, UNRELEASED, held
from transactional.ledger.models import journal_entries, postings
from transactional.payments import card_reversal, events, gift_cards, rules, service
from transactional.payments.models import payments, refunds
from transactional.unit_of_work import Reading, Row, UnitOfWork

_captured = (
    select(payments)
    .where(payments.c.order_id == bindparam("order_id"), payments.c.status == "captured")
    .order_by(payments.c.position.desc(), payments.c.id.desc())
)
_of_key = (
    select(refunds)
    .join(payments, payments.c.id == refunds.c.payment_id)
    .where(payments.c.order_id == bindparam("order_id"), refunds.c.reversal == bindparam("reversal"))
)
_for_chargeback = (
    select(refunds.c.id)
    .join(payments, payments.c.id == refunds.c.payment_id)
    .where(payments.c.order_id == bindparam("order_id"), refunds.c.reversal.startswith("chargeback:"))
    .limit(1)
)
_internal_of = select(payments.c.order_id, payments.c.account).where(
    payments.c.order_id.in_(bindparam("order_ids", expanding=True)),
    payments.c.kind == "internal",
    payments.c.status == "captured",
)
# Less what a dispute that was won gave the buyer again.
_taken_back = (
    select(
        func.coalesce(
            func.sum(case((postings.c.destination == LOYALTY, postings.c.amount), else_=-postings.c.amount)),
            0,
        )
    )
    .join(journal_entries, journal_entries.c.id == postings.c.entry_id)
    .where(
        journal_entries.c.document == bindparam("number"),
        or_(
            and_(
                postings.c.source.in_((bindparam("account"), UNRELEASED)), postings.c.destination == LOYALTY
            ),
            and_(
                postings.c.source == LOYALTY,
                postings.c.destination.in_((bindparam("account"), UNRELEASED)),
                journal_entries.c.reference.like("won:%"),
            ),
        ),
    )
)


# What was refunded at providers by hand, less what credit notes found gone with it.
_ahead = (
    select(
        func.coalesce(
            func.sum(
                case((postings.c.source == REFUNDED_OUTSIDE, postings.c.amount), else_=-postings.c.amount)
            ),
            0,
        )
    )
    .join(journal_entries, journal_entries.c.id == postings.c.entry_id)
    .where(
        journal_entries.c.document == bindparam("number"),
        postings.c.currency == bindparam("currency"),
        or_(postings.c.source == REFUNDED_OUTSIDE, postings.c.destination == REFUNDED_OUTSIDE),
    )
)


def reverse(
    uow: UnitOfWork,
    order: Row,
    key: str,
    amount: int | None = None,
    *,
    points: int = 0,
    credit_note_id: str | None = None,
    source: str | None = None,
) -> list[Row]:
    """Give back what an order's tenders hold, never more; the same key again changes nothing.

    Args:
        key: names what gives it back, for example the credit note.
        amount: minor units to give back; None gives all.
        points: what the points are worth that are taken back from the buyer; those that were spent are not.
        source: the ledger account it comes from, when it is not what the order's own state says.

    Returns:
        The refunds of this key.

    Raises:
        RuntimeError: more is to go back than was paid; the transaction must not be committed.
    """
    tenders = uow.rows(_captured, order_id=order["id"])
    known = uow.rows(_of_key, order_id=order["id"], reversal=key) if tenders else []
    if known or not tenders:
        return known
    holdings = events.holdings(uow, order["id"])
    left = [holdings[tender["id"]].left for tender in tenders]
    wanted = sum(left) if amount is None else amount
    shares = rules.share(wanted, left)
    short = wanted - sum(shares)
    ahead = min(short, _refunded_ahead(uow, order)) if short else 0
    short -= ahead
    if short and not (any(each.charged_back for each in holdings.values()) or _was_lost(uow, order)):
        raise RuntimeError(f"order {order['number']} cannot give back {wanted}: {short} of it is not there")
    parts = [(tender, part) for tender, part in zip(tenders, shares, strict=True) if part]
    made = service.give_back(uow, parts, key, credit_note_id)
    back = [(tender["account"], part) for tender, part in parts if tender["kind"] == "internal"]
    if back or points or short or ahead:
        source = source or (REFUNDS if order["paid_at"] else TENDERED)
        account = ledger.points_account(uow, order) if points else ""
        points = _still_there(uow, order, account, points, back)
        refund_events.given_back(
            uow, order, key, source, back, points=points, points_from=account, short=short, ahead=ahead
        )
        card_reversal.received(uow, order, key, back)
    return made


def points_left(db: Reading, order: Row) -> int:
    """What the points of a paid order are worth that were not taken back."""
    account = held(POINTS, order["customer_id"])
    taken = int(db.value(_taken_back, account=account, number=order["number"]))
    return int(order["points"]) - taken


def _was_lost(db: Reading, order: Row) -> bool:
    """Whether a chargeback gave tenders back that may have been spent before it was won."""
    return db.value(_for_chargeback, order_id=order["id"]) is not None


def _refunded_ahead(db: Reading, order: Row) -> int:
    """Minor units that were refunded at providers by hand and that no credit note has found gone yet."""
    return int(db.value(_ahead, number=order["number"], currency=order["currency"]))


def _still_there(
    uow: UnitOfWork, order: Row, account: str, points: int, back: Sequence[tuple[str, int]]
) -> int:
    """How much of `points` can be taken: no more than the order earned, and than the buyer then has.

    Args:
        account: where they are; empty when none are to be taken.
    """
    there = accounts.hold(uow, [*(code for code, _ in back), *([account] if points else [])])
    if not points or not order["paid_at"]:
        return 0
    possible = min(points, points_left(uow, order))
    if account == UNRELEASED:
        return possible
    returned = sum(part for code, part in back if code == account)
    return min(possible, there.get(account, 0) + returned)


def hold(uow: UnitOfWork, order: Row, others: Sequence[str] = ()) -> None:
    """Lock all guarded accounts that an order may post to, and others, in the order of their codes: those of
    its internal tenders, of the buyer's points, and of the gift cards that were bought with it.

    Whoever posts to them in more than one entry calls it before the first.
    """
    own = [row["account"] for row in uow.rows(_internal_of, order_ids=[order["id"]])]
    points = [held(POINTS, order["customer_id"])] if order["customer_id"] else []
    cards = [gift_cards.account(card["id"]) for card in gift_cards.of_order(uow, order)]
    accounts.hold(uow, [*own, *points, *cards, *others])


def expiry_key(order: Row) -> str:
    """The key of what an order gives back when it expires."""
    return f"expiry:{order['number']}"


def expire(uow: UnitOfWork, expired: Sequence[Row]) -> None:
    """Give back what the internal tenders of orders that were not paid in time hold."""
    found = uow.rows(_internal_of, order_ids=[order["id"] for order in expired]) if expired else []
    # All at once, as their accounts are locked in the order of the codes, not of the orders.
    accounts.hold(uow, [row["account"] for row in found])
    concerned = {row["order_id"] for row in found}
    for order in expired:
        if order["id"] in concerned:
            reverse(uow, order, expiry_key(order))
