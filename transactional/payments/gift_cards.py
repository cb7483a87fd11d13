"""Gift cards: issuing them and finding one to pay with. What is left on one is its ledger account's balance.

A card's code is its number with a MAC of the shop's keys (`Keys.gift_card_code`), so it need not be stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, bindparam, cast, false, func, literal, select

from transactional.errors import NotFound
from transactional.ledger import events as ledger
from transactional.ledger import service as accounts
from transactional.ledger.chart import CHARGEBACKS, GIFT_CARD, UNRELEASED, held
from transactional.ledger.models import ledger_accounts
from transactional.ledger.rules import Cards
from transactional.orders.models import credit_note_lines, order_lines
from transactional.payments.errors import GiftCardNotValid, GiftCardSpent, TenderInOtherCurrency
from transactional.payments.models import gift_cards
from transactional.security import as_written, gift_card_number
from transactional.unit_of_work import Reading, Row, UnitOfWork

_lines = (
    select(order_lines)
    .where(order_lines.c.order_id == bindparam("order_id"), order_lines.c.is_gift_card)
    .order_by(order_lines.c.position)
)
_of_order = (
    select(gift_cards)
    .join(order_lines, order_lines.c.id == gift_cards.c.order_line_id)
    .where(order_lines.c.order_id == bindparam("order_id"))
    .order_by(order_lines.c.position, gift_cards.c.number)
)
_credited = (
    select(credit_note_lines.c.order_line_id, func.sum(credit_note_lines.c.quantity).label("units"))
    .join(order_lines, order_lines.c.id == credit_note_lines.c.order_line_id)
    .where(order_lines.c.order_id == bindparam("order_id"))
    .group_by(credit_note_lines.c.order_line_id)
)
ACCOUNTS = held(GIFT_CARD, "")  # the cards' ids come after it
_with_balance = (
    select(gift_cards, func.coalesce(ledger_accounts.c.balance, 0).label("balance"))
    .outerjoin(
        ledger_accounts,
        ledger_accounts.c.code == literal(ACCOUNTS) + cast(gift_cards.c.id, String),
    )
    .order_by(gift_cards.c.id.desc())
)
_by_number = _with_balance.where(gift_cards.c.number == bindparam("number"))

USABLE = ("active", "blocked")


@dataclass(frozen=True)
class Search:
    """Which cards are looked for; None and empty do not matter.

    Args:
        number: all of it, or its last letters, as somebody typed them.
        is_expired: whether a card's time is over.
        before: only cards that were made before the one of this id.
    """

    number: str | None = None
    statuses: tuple[str, ...] = ()
    is_expired: bool | None = None
    before: str | None = None


def listed(db: Reading, search: Search, limit: int) -> list[Row]:
    """At most `limit` cards that fit, the newest first, each with its `balance`."""
    return db.rows(_with_balance.where(*_conditions(db, search)).limit(limit))


def _conditions(db: Reading, search: Search) -> list[ColumnElement[bool]]:
    columns = gift_cards.c
    wanted: list[ColumnElement[bool]] = []
    if search.number:
        wanted.append(columns.number.endswith(as_written(search.number), autoescape=True))
    if search.statuses:
        wanted.append(columns.status.in_(search.statuses))
    if search.is_expired is not None:
        is_over = func.coalesce(columns.expires_at <= db.now, false())
        wanted.append(is_over if search.is_expired else ~is_over)
    if search.before:
        wanted.append(columns.id < search.before)
    return wanted


def account(card_id: str) -> str:
    """The ledger account of a card."""
    return held(GIFT_CARD, card_id)


def _card(
    uow: UnitOfWork,
    amount: int,
    currency: str,
    expires_at: datetime | None = None,
    order_line_id: str | None = None,
) -> Row:
    card_id = uow.new_id()
    return {
        "id": card_id,
        "number": gift_card_number(card_id),
        "initial": amount,
        "currency": currency,
        "status": "active",
        "order_line_id": order_line_id,
        "issued_at": uow.now,
        "expires_at": expires_at,
    }


def sell(uow: UnitOfWork, order: Row) -> Cards:
    """Issue the cards that a paid order has, each worth its list price; the caller's posting fills them."""
    lines = uow.rows(_lines, order_id=order["id"])
    credited = {row["order_line_id"]: row["units"] for row in uow.rows(_credited, order_id=order["id"])}
    rows = [
        _card(uow, line["gross"] // line["quantity"], order["currency"], order_line_id=line["id"])
        for line in lines
        for _ in range(line["quantity"] - credited.get(line["id"], 0))
    ]
    cards = uow.insert_many(gift_cards, rows)
    return _worth(cards, sum(line["discount"] for line in lines))


def keep(uow: UnitOfWork, order: Row, paid: Mapping[str, tuple[int, int]] | None = None) -> Cards:
    """What the cards of an order are worth that are not issued yet.

    Args:
        paid: units given back and minor units credited for them, by order line id; None means all of it.
    """
    lines = {line["id"]: line for line in uow.rows(_lines, order_id=order["id"])}
    if paid is None:
        gross = sum(line["gross"] for line in lines.values())
        return Cards([(UNRELEASED, gross)], sum(line["discount"] for line in lines.values()))
    mine = {line_id: given for line_id, given in paid.items() if line_id in lines}
    worth = sum(lines[each]["gross"] // lines[each]["quantity"] * mine[each][0] for each in mine)
    return Cards([(UNRELEASED, worth)], worth - sum(amount for _, amount in mine.values()))


def _worth(cards: Iterable[Row], discount: int) -> Cards:
    return Cards([(account(card["id"]), card["initial"]) for card in cards], discount)


def of_order(db: Reading, order: Row) -> list[Row]:
    """The cards that were issued for an order, in their order."""
    return db.rows(_of_order, order_id=order["id"]) if order["gift_cards"] else []


def take_back(uow: UnitOfWork, cards: Sequence[Row], paid: Mapping[str, tuple[int, int]]) -> Cards:
    """Disable cards whose price is credited, as many of each line as are given back.

    Args:
        cards: those of the order, their accounts held.
        paid: units given back and minor units credited for them, by order line id.

    Raises:
        GiftCardSpent: fewer are there that nobody has used.
    """
    there = accounts.hold(uow, [account(card["id"]) for card in cards])
    chosen: list[Row] = []
    for line_id, (units, _) in paid.items():
        mine = [card for card in cards if card["order_line_id"] == line_id and card["status"] != "disabled"]
        unused = [card for card in mine if _is_unused(card, there)]
        if mine and len(unused) < units:
            raise GiftCardSpent(units, len(unused))
        chosen += unused[:units]
    for card in lock(uow, chosen):
        uow.update(gift_cards, card, status="disabled")
    lines = {card["order_line_id"] for card in chosen}
    credited = sum(amount for line_id, (_, amount) in paid.items() if line_id in lines)
    worth = [(CHARGEBACKS if _is_lost(card) else account(card["id"]), card["initial"]) for card in chosen]
    return Cards(worth, sum(card["initial"] for card in chosen) - credited)


def _is_unused(card: Row, there: Mapping[str, int]) -> bool:
    """Whether a card can be taken back; one that a chargeback emptied was taken already."""
    return _is_lost(card) or there[account(card["id"])] == card["initial"]


def _is_lost(card: Row) -> bool:
    return bool(card["status"] == "charged_back")


def lock(uow: UnitOfWork, cards: Iterable[Row]) -> list[Row]:
    """The cards, locked in the order of their ids."""
    found = (uow.lock(gift_cards, card_id) for card_id in sorted(str(card["id"]) for card in cards))
    return [card for card in found if card is not None]


def is_over(card: Row, now: datetime) -> bool:
    return card["expires_at"] is not None and card["expires_at"] <= now


def issue(
    uow: UnitOfWork, amount: int, currency: str, reason: str, expires_at: datetime | None = None
) -> Row:
    """Give a card away; what is on it is the shop's expense.

    Args:
        amount: minor units.
        reason: stands in the ledger.

    Raises:
        GiftCardNotValid: it would be over already.
    """
    if expires_at is not None and expires_at <= uow.now:
        raise GiftCardNotValid
    card = uow.insert(gift_cards, _card(uow, amount, currency, expires_at))
    ledger.given(uow, account(card["id"]), currency, amount, card["id"], reason)
    return card


def block(uow: UnitOfWork, card_id: str, *, is_blocked: bool) -> Row:
    """Let nobody pay with a card, or again; what is on it stays. Repeating changes nothing.

    Raises:
        NotFound: there is no such card.
        GiftCardNotValid: it was taken back.
    """
    card = uow.lock(gift_cards, card_id)
    if card is None:
        raise NotFound("gift card", card_id)
    if card["status"] not in USABLE:
        raise GiftCardNotValid
    return uow.update(gift_cards, card, status="blocked" if is_blocked else "active")


def find(db: Reading, card_id: str) -> Row:
    """A gift card.

    Raises:
        NotFound: there is no such card.
    """
    card = db.get(gift_cards, card_id)
    if card is None:
        raise NotFound("gift card", card_id)
    return card


def spendable(db: Reading, number: str, currency: str) -> Row:
    """A card that an order in `currency` can be paid with, with its `balance`.

    Raises:
        GiftCardNotValid: it is unknown, disabled, or over.
        TenderInOtherCurrency: it is of another currency.
    """
    card = db.row(_by_number, number=number)
    if card is None or card["status"] != "active":
        raise GiftCardNotValid
    if is_over(card, db.now):
        raise GiftCardNotValid
    if card["currency"] != currency:
        raise TenderInOtherCurrency("gift_card", card["currency"], currency)
    return card
