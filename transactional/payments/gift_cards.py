"""Gift cards: issuing them and finding one to pay with. What is left on one is its ledger account's balance.

A card's code is its number with a MAC of the shop's keys (`Keys.gift_card_code`), so it need not be stored.
"""

from datetime import datetime

from sqlalchemy import bindparam, select

from transactional.errors import GiftCardNotValid, NotFound
from transactional.ledger import events as ledger
from transactional.ledger.rules import GIFT_CARD, held
from transactional.payments.models import gift_cards
from transactional.security import gift_card_number
from transactional.unit_of_work import Reading, Row, UnitOfWork

_by_number = select(gift_cards).where(gift_cards.c.number == bindparam("number"))


def account(card_id: str) -> str:
    """The ledger account of a card."""
    return held(GIFT_CARD, card_id)


def issue(
    uow: UnitOfWork, amount: int, currency: str, reason: str, expires_at: datetime | None = None
) -> Row:
    """Give a card away; what is on it is the shop's expense.

    Args:
        amount: minor units.
        reason: stands in the ledger.
    """
    card_id = uow.new_id()
    card = uow.insert(
        gift_cards,
        {
            "id": card_id,
            "number": gift_card_number(card_id),
            "initial": amount,
            "currency": currency,
            "status": "active",
            "issued_at": uow.now,
            "expires_at": expires_at,
        },
    )
    ledger.given(uow, account(card_id), currency, amount, card_id, reason)
    return card


def find(db: Reading, card_id: str) -> Row:
    """A gift card.

    Raises:
        NotFound: there is no such card.
    """
    card = db.get(gift_cards, card_id)
    if card is None:
        raise NotFound("gift card", card_id)
    return card


def spendable(db: Reading, number: str, currency: str) -> str:
    """The account of a card that an order in `currency` can be paid with.

    Raises:
        GiftCardNotValid: it is unknown, disabled, over, or of another currency.
    """
    card = db.row(_by_number, number=number)
    if card is None or card["status"] != "active" or card["currency"] != currency:
        raise GiftCardNotValid
    if card["expires_at"] is not None and card["expires_at"] <= db.now:
        raise GiftCardNotValid
    return account(card["id"])
