"""What becomes of gift cards when money goes back: what was spent with them, or their own price."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import and_, bindparam, case, func, or_, select

from transactional.ledger import refund_events
from transactional.ledger import service as accounts
from transactional.ledger.chart import CHARGEBACKS
from transactional.ledger.models import journal_entries, postings
from transactional.payments import gift_cards
from transactional.payments.models import gift_cards as table
from transactional.unit_of_work import Reading, Row, UnitOfWork

# What chargebacks took of a card, less what it got again when one was won.
_taken = (
    select(
        func.coalesce(
            func.sum(
                case((postings.c.source == bindparam("card"), postings.c.amount), else_=-postings.c.amount)
            ),
            0,
        )
    )
    .join(journal_entries, journal_entries.c.id == postings.c.entry_id)
    .where(
        or_(
            and_(
                postings.c.source == bindparam("card"),
                postings.c.destination == CHARGEBACKS,
                journal_entries.c.reference.like("gift_cards:%"),
            ),
            and_(
                postings.c.source == CHARGEBACKS,
                postings.c.destination == bindparam("card"),
                journal_entries.c.reference.like("won:%"),
            ),
        )
    )
)
REFUND_GRACE = timedelta(days=30)


def take_what_is_left(uow: UnitOfWork, order: Row, cards: Sequence[Row], key: str) -> None:
    """Empty an order's cards whose price the buyer's bank took back; what was spent of them is lost.

    Args:
        key: names the chargeback.
    """
    there = [card for card in cards if card["status"] in gift_cards.USABLE]
    left = accounts.hold(uow, [gift_cards.account(card["id"]) for card in there])
    for card in gift_cards.lock(uow, there):
        before = {"charged_back_by": key, "status_before": card["status"]}
        uow.update(table, card, status="charged_back", **before)
    refund_events.cards_taken_back(uow, order, key, sorted(left.items()))


def give_again(uow: UnitOfWork, cards: Sequence[Row], key: str) -> list[tuple[str, int]]:
    """Make cards what they were that the chargeback `key` emptied; what was taken of each, by account.

    That is what was on it then, and what came back to it since.
    """
    again = [card for card in cards if card["status"] == "charged_back" and card["charged_back_by"] == key]
    for card in gift_cards.lock(uow, again):
        uow.update(table, card, status=card["status_before"], charged_back_by=None, status_before=None)
    mine = sorted(gift_cards.account(card["id"]) for card in again)
    return [(code, amount) for code in mine if (amount := _lost(uow, code))]


def _lost(db: Reading, code: str) -> int:
    """Minor units that chargebacks have of a card, by its account."""
    return int(db.value(_taken, card=code))


def received(uow: UnitOfWork, order: Row, key: str, given: Iterable[tuple[str, int]]) -> None:
    """Minor units of an order came back to these accounts, which are held.

    A card whose time is over gets more of it, else they would be lost to a buyer who spent them in time. From
    one that a chargeback has emptied they are taken too, as its price is lost.

    Args:
        key: names what gave them back.
    """
    back: Counter[str] = Counter()
    for code, amount in given:
        if code.startswith(gift_cards.ACCOUNTS):
            back[code.removeprefix(gift_cards.ACCOUNTS)] += amount
    for card in gift_cards.lock(uow, [{"id": card_id} for card_id in back]):
        if card["charged_back_by"] is not None:
            taken = [(gift_cards.account(card["id"]), back[card["id"]])]
            refund_events.cards_taken_back(uow, order, f"{key}:{card['number']}", taken)
        elif gift_cards.is_over(card, uow.now):
            uow.update(table, card, expires_at=uow.now + REFUND_GRACE)
