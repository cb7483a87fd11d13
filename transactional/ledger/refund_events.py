"""What goes back to buyers, posted as the other events are: credit notes, refunds, and disputes lost and won.

Callers hold the lock of the order.
"""

from collections.abc import Sequence

from transactional.ledger import rules, service
from transactional.ledger.chart import CHARGEBACKS, RECEIVABLE, held
from transactional.ledger.events import points_account
from transactional.ledger.rules import NO_CARDS, Cards, Entry, Posting
from transactional.unit_of_work import Row, UnitOfWork


def given_back(
    uow: UnitOfWork,
    order: Row,
    key: str,
    source: str,
    back: Sequence[tuple[str, int]],
    *,
    points: int,
    points_from: str,
    short: int,
    ahead: int,
) -> None:
    """An order's reversal `key` gave holders back what it had of theirs.

    Args:
        source: the account it comes from, see `rules.given_back`.
        back: minor units by holder's account.
        points: what the points are worth that are taken back, from the account `points_from`.
        short: minor units of a credit note that the buyer's bank had taken before.
        ahead: minor units of it that were refunded at a provider before.
    """
    currency = order["currency"]
    made = rules.given_back(currency, source, back) + rules.not_owed(currency, short, ahead)
    if points:
        made += rules.points_earned(currency, points_from, -points)
    service.post(uow, Entry(f"given_back:{key}", order["number"], "given back", made))


def charged_back(uow: UnitOfWork, order: Row, payment: Row, reference: str, amount: int) -> None:
    """The buyer's bank took minor units of a payment back."""
    made = rules.charged_back(held(RECEIVABLE, payment["provider"]), payment["currency"], amount)
    service.post(uow, Entry(f"chargeback:{payment['id']}:{reference}", order["number"], "chargeback", made))


def cards_taken_back(uow: UnitOfWork, order: Row, key: str, left: Sequence[tuple[str, int]]) -> None:
    """What was left on the gift cards of an order, by account, is the shop's: the bank took their price.

    Args:
        key: names the chargeback.
    """
    made = [Posting(account, CHARGEBACKS, amount, order["currency"]) for account, amount in left if amount]
    service.post(uow, Entry(f"gift_cards:{key}", order["number"], "chargeback", made))


def regained(
    uow: UnitOfWork,
    order: Row,
    key: str,
    *,
    taken: Sequence[tuple[str, int]],
    cards: Sequence[tuple[str, int]],
    points: int,
    owed: int,
) -> None:
    """The dispute of chargeback `key` was won: the order has again what it had lost with it.

    Args:
        taken: minor units that holders pay again, by account; `cards`: that its gift cards get again.
        points: what the points are worth that the buyer gets again.
        owed: minor units that were credited while the bank had them, and go back now.
    """
    currency = order["currency"]
    made = rules.regained(currency, taken=taken, cards=cards, owed=owed)
    if points:
        made += rules.points_earned(currency, points_account(uow, order), points)
    service.post(uow, Entry(f"won:{key}", order["number"], "dispute won", made))


def payment_not_accepted(uow: UnitOfWork, order: Row, payment: Row) -> None:
    """The provider took money that the order cannot have; it is on its way back."""
    tender = held(RECEIVABLE, payment["provider"])
    made = rules.not_accepted(tender, payment["currency"], payment["amount"])
    entry = Entry(f"payment:{payment['id']}:not_accepted", order["number"], "payment not accepted", made)
    service.post(uow, entry)


def credited(
    uow: UnitOfWork,
    kind: str,
    number: str,
    currency: str,
    *,
    goods: int,
    shipping: int,
    tax: int,
    cards: Cards = NO_CARDS,
) -> None:
    """Credit note `number` was written: what it gives back is owed to the buyer.

    Args:
        kind: the credit note's: return, cancellation or adjustment.
        goods, shipping: minor units without tax.
        cards: the gift cards that are taken back with it.
    """
    made = rules.credited(currency, goods=goods, shipping=shipping, tax=tax, cards=cards)
    service.post(uow, Entry(f"credit_note:{number}", number, kind, made))


def refunded(uow: UnitOfWork, refund: Row, account: str) -> None:
    """What a refund owed has been given: by the provider whose `account` this is, or to its holder."""
    made = rules.refunded(account, refund["currency"], refund["amount"])
    service.post(uow, Entry(f"refund:{refund['id']}", refund["id"], "refund", made))


def refund_came_back(uow: UnitOfWork, refund: Row) -> None:
    """The money of a refund that was sent did not arrive: the provider has it again."""
    service.reverse(uow, f"refund:{refund['id']}", "refund failed")


def refunded_outside(uow: UnitOfWork, order: Row, refund: Row) -> None:
    """A refund was made at a provider by hand: that made it owed."""
    made = rules.refunded_outside(refund["currency"], refund["amount"])
    service.post(uow, Entry(f"outside:{refund['id']}", order["number"], "refunded outside", made))
