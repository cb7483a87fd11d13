"""The tenders of an order: internal ones are taken in its own transaction, a provider takes the rest.

Callers hold the lock of the order, and have changed stock and promotion counters before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, select

from transactional.ledger import events as ledger
from transactional.ledger import service as accounts
from transactional.ledger.chart import BALANCE, POINTS, held
from transactional.ledger.rules import NO_CARDS
from transactional.payments import gift_cards, reversal, rules, service
from transactional.payments.errors import TenderEmpty, TenderInOtherCurrency
from transactional.payments.methods import Way
from transactional.payments.models import payments, refunds
from transactional.payments.rules import Purse
from transactional.unit_of_work import Reading, Row, UnitOfWork

Method = Literal["gift_card", "balance", "points"]

_given_up = (
    select(payments, refunds.c.amount.label("given_back"))
    .join(refunds, refunds.c.payment_id == payments.c.id)
    .where(
        payments.c.order_id == bindparam("order_id"),
        payments.c.kind == "internal",
        refunds.c.reversal == bindparam("reversal"),
    )
    .order_by(payments.c.position)
)


@dataclass(frozen=True)
class Wanted:
    """A tender the buyer asks for.

    Args:
        holder: the number of a gift card, or a customer's id.
        amount: the most to take, in minor units; None takes what is there.
    """

    method: Method
    holder: str
    amount: int | None = None


@dataclass(frozen=True)
class Named:
    """A wanted tender and the account it is taken from.

    Args:
        left: minor units that were there when it was looked at.
    """

    wanted: Wanted
    account: str
    left: int


@dataclass(frozen=True)
class Bill:
    """What is to be paid.

    Args:
        amount: minor units.
        change_id: the change of the order that adds it; None for the order as it is placed.
        after: the last position that the order's tenders have.
    """

    amount: int
    change_id: str | None = None
    after: int = 0


def bill_of_change(db: Reading, order: Row, change: Row) -> Bill:
    """What a change of an order that was paid adds to pay."""
    paid = service.of_order(db, order["id"])
    return Bill(change["due"], change["id"], max((row["position"] for row in paid), default=0))


def open_all(
    uow: UnitOfWork,
    order: Row,
    named: Sequence[Named],
    way: Way,
    bill: Bill | None = None,
) -> list[Row]:
    """Take an order's internal tenders, and open the external one for what they leave; the last comes last.

    An order that costs nothing has none.

    Args:
        way: how what internal tenders leave will probably be paid.
        bill: what they pay; None is the order.

    Raises:
        TenderEmpty: a tender has nothing to give.
        PaymentMethodUnknown: nobody takes what is left.
    """
    bill = bill or Bill(order["total"])
    internal = _take(uow, order, named, bill) if named else []
    rest = bill.amount - sum(row["amount"] for row in internal)
    rows = list(internal)
    if rest:
        place = bill.after + len(internal) + 1
        currency = order["currency"]
        by = way(currency)
        rows.append(
            service.external(
                uow,
                order["id"],
                by.provider,
                rest,
                currency,
                by.method,
                place,
                bill.change_id,
                by.installments,
            )
        )
    opened = service.open_tenders(uow, rows)
    if internal:
        ledger.tendered(uow, order, internal)
    return opened


def _take(uow: UnitOfWork, order: Row, named: Sequence[Named], bill: Bill) -> list[Row]:
    there = accounts.hold(uow, [*(each.account for each in named), *_points_of(order)])
    purses = [Purse(each.account, there.get(each.account, 0), each.wanted.amount) for each in named]
    methods = [each.wanted.method for each in named]
    for method, purse in zip(methods, purses, strict=True):
        if purse.balance == 0:
            raise TenderEmpty(method)
    parts = [
        (method, purse.account, amount)
        for method, purse, amount in zip(methods, purses, rules.spend(bill.amount, purses), strict=True)
        if amount
    ]
    return [
        _internal(uow, order, method, account, amount, position) | {"change_id": bill.change_id}
        for position, (method, account, amount) in enumerate(parts, bill.after + 1)
    ]


def named(db: Reading, wanted: Wanted, currency: str) -> Named:
    """A tender of an order in `currency`, with the account it is taken from.

    Raises:
        GiftCardNotValid: there is no such card, or it cannot be spent.
        TenderInOtherCurrency: it is kept in another currency.
    """
    match wanted.method:
        case "gift_card":
            card = gift_cards.spendable(db, wanted.holder, currency)
            return Named(wanted, gift_cards.account(card["id"]), card["balance"])
        case "balance" | "points" as method:
            code = held(BALANCE if method == "balance" else POINTS, wanted.holder)
            account = accounts.guarded(db, code) or {"currency": currency, "balance": 0}
            if account["currency"] != currency:
                raise TenderInOtherCurrency(method, account["currency"], currency)
            return Named(wanted, code, account["balance"])


def _points_of(order: Row) -> Iterable[str]:
    """The account that an order's points go to: it is locked with those that it takes from."""
    return [held(POINTS, order["customer_id"])] if order["points"] else []


def _internal(uow: UnitOfWork, order: Row, method: str, account: str, amount: int, position: int) -> Row:
    return {
        "id": uow.new_id(),
        "order_id": order["id"],
        "provider": "internal",
        "method": method,
        "installments": 1,
        "amount": amount,
        "currency": order["currency"],
        "status": "captured",
        "created_at": uow.now,
        "captured_at": uow.now,
        "kind": "internal",
        "position": position,
        "account": account,
    }


def settle(uow: UnitOfWork, order: Row, payment: Row | None) -> None:
    """All of an order's money is there: post the sale, and issue the gift cards that were bought.

    What an order that goes into review gives its buyer is kept back: see `release`.

    Args:
        payment: the external tender that a provider took; None when internal ones paid all.
    """
    # The provider was asked for what internal tenders left.
    internal = order["total"] - (payment["amount"] if payment else 0)
    is_released, cards = not order["needs_review"], NO_CARDS
    if order["gift_cards"]:
        cards = gift_cards.sell(uow, order) if is_released else gift_cards.keep(uow, order)
    ledger.order_paid(uow, order, internal, payment, cards, is_released=is_released)


def release(uow: UnitOfWork, order: Row) -> None:
    """The staff approved a locked order: its buyer gets the gift cards and points that were kept back."""
    is_concerned = order["points"] or order["gift_cards"]
    if is_concerned and ledger.is_withheld(uow, order):
        cards = gift_cards.sell(uow, order) if order["gift_cards"] else NO_CARDS
        ledger.released(uow, order, cards, reversal.points_left(uow, order))


def take_given_back(uow: UnitOfWork, order: Row, key: str, amount: int) -> list[Row]:
    """Take again what the reversal `key` gave back to holders, no more than they have; returns the tenders.

    The caller posts it.

    Args:
        amount: the most to take, in minor units.
    """
    lost = uow.rows(_given_up, order_id=order["id"], reversal=key) if amount else []
    there = accounts.hold(uow, [row["account"] for row in lost])
    purses = [Purse(row["account"], there.get(row["account"], 0), row["given_back"]) for row in lost]
    again = [
        _internal(uow, order, row["method"], row["account"], part, row["position"])
        for row, part in zip(lost, rules.spend(amount, purses), strict=True)
        if part
    ]
    return service.open_tenders(uow, again)


def take_again(uow: UnitOfWork, order: Row) -> bool:
    """Take what an expired order gave back to its holders; whether all of it was still there."""
    lost = uow.rows(_given_up, order_id=order["id"], reversal=reversal.expiry_key(order))
    if not lost:
        return True
    there = accounts.hold(uow, [*(row["account"] for row in lost), *_points_of(order)])
    purses = [Purse(row["account"], there.get(row["account"], 0), row["amount"]) for row in lost]
    if rules.spend(order["total"], purses) != [row["amount"] for row in lost]:
        return False
    again = [
        _internal(uow, order, row["method"], row["account"], row["amount"], row["position"]) for row in lost
    ]
    service.open_tenders(uow, again)
    ledger.tendered(uow, order, again)
    return True
