"""Which postings an event of the shop makes.

A posting moves an amount from its source to its destination: the source is debited, the destination credited,
so every entry sums to zero whatever it holds. A reversal is the postings swapped, in reverse order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transactional.ledger.chart import (
    BANK,
    CHARGEBACKS,
    COST_OF_GOODS,
    DISCOUNTS,
    GIVEN_AWAY,
    GOODWILL,
    INVENTORY,
    LOYALTY,
    PAYABLE,
    PAYMENT_FEES,
    PRICE_VARIANCE,
    REFUNDED_OUTSIDE,
    REFUNDS,
    RETURNS,
    REVALUED,
    SALES,
    SHIPPING,
    SHRINKAGE,
    TAX,
    TENDERED,
    UNRELEASED,
    held,
    is_guarded,
)


@dataclass(frozen=True)
class Posting:
    """`amount` minor units, above zero, from one account to another."""

    source: str
    destination: str
    amount: int
    currency: str


@dataclass(frozen=True)
class Entry:
    """One event's postings. `reference` names the event, `document` the paper it is written on."""

    reference: str
    document: str
    reason: str
    postings: Sequence[Posting]


def reversal(postings: Sequence[Posting]) -> list[Posting]:
    """What undoes `postings`: each swapped, the last first."""
    return [Posting(p.destination, p.source, p.amount, p.currency) for p in reversed(postings)]


def guarded_changes(postings: Sequence[Posting]) -> dict[tuple[str, str], int]:
    """By how much each guarded account changes, by code and currency, in the order of the codes."""
    changes: dict[tuple[str, str], int] = {}
    for posting in postings:
        for code, amount in ((posting.source, -posting.amount), (posting.destination, posting.amount)):
            if is_guarded(code):
                key = (code, posting.currency)
                changes[key] = changes.get(key, 0) + amount
    return {key: changes[key] for key in sorted(changes) if changes[key]}


def _moved(currency: str, *moves: tuple[str, str, int]) -> list[Posting]:
    """Postings of the amounts that are not zero; a negative one flows back.

    The tax of one returned unit can be -1: units are sliced with and without tax, each rounded by itself.
    """
    return [
        Posting(source, destination, amount, currency)
        if amount > 0
        else Posting(destination, source, -amount, currency)
        for source, destination, amount in moves
        if amount
    ]


Amounts = Sequence[tuple[str, int]]  # what accounts give or get, in this order


def _shared(currency: str, sources: Amounts, destinations: Amounts) -> list[Posting]:
    """Postings from sources to destinations of the same sum, each filled from what the first have left."""
    made: list[Posting] = []
    left = [amount for _, amount in sources]
    for destination, wanted in destinations:
        open_ = wanted
        for number, (source, _) in enumerate(sources):
            amount = min(left[number], open_)
            made += _moved(currency, (source, destination, amount))
            left[number], open_ = left[number] - amount, open_ - amount
    return made


@dataclass(frozen=True)
class Cards:
    """Gift cards in an order: what each is worth by account, and what was taken off their price."""

    worth: Amounts = ()
    discount: int = 0

    @property
    def paid(self) -> int:
        """What the buyer paid for them."""
        return sum(amount for _, amount in self.worth) - self.discount


NO_CARDS = Cards()


def order_paid(
    tenders: Amounts,
    currency: str,
    *,
    gross: int,
    discount: int,
    shipping: int,
    tax: int,
    cards: Cards = NO_CARDS,
) -> list[Posting]:
    """An order becomes a sale: goods at list price, with what was taken off them beside it.

    What was paid for gift cards is no sale: it is owed to them.

    Args:
        tenders: accounts that hold what the buyer paid, together gross - discount + shipping + tax.
        gross, discount, shipping: without tax.
    """
    sold = [(SALES, gross - discount - cards.paid), (SHIPPING, shipping), (TAX, tax), *cards.worth]
    made = _shared(currency, [*tenders, (DISCOUNTS, cards.discount)], sold)
    return made + _moved(currency, (DISCOUNTS, SALES, discount - cards.discount))


def tendered(currency: str, taken: Amounts) -> list[Posting]:
    """Holders' money is taken for an order that is not paid yet."""
    return _moved(currency, *((account, TENDERED, amount) for account, amount in taken))


def given_back(currency: str, source: str, back: Amounts) -> list[Posting]:
    """Holders get back what an order had of theirs.

    Args:
        source: TENDERED of an order that was not paid, REFUNDS of one that was, CHARGEBACKS of one whose
            payment the buyer's bank took back.
    """
    return _moved(currency, *((source, account, amount) for account, amount in back))


def points_earned(currency: str, account: str, amount: int) -> list[Posting]:
    """A customer gets points for an order, at what they are worth; a negative amount takes them back."""
    return _moved(currency, (LOYALTY, account, amount))


def given(currency: str, account: str, amount: int) -> list[Posting]:
    """The shop gives a holder money for nothing."""
    return _moved(currency, (GOODWILL, account, amount))


def charged_back(tender: str, currency: str, amount: int) -> list[Posting]:
    """The buyer's bank took money back from the provider."""
    return _moved(currency, (CHARGEBACKS, tender, amount))


def released(currency: str, holders: Amounts) -> list[Posting]:
    """Gift cards and points that waited for the staff are their holders'."""
    return _moved(currency, *((UNRELEASED, account, amount) for account, amount in holders))


def regained(currency: str, *, taken: Amounts, cards: Amounts, owed: int) -> list[Posting]:
    """A dispute was won: what had been given back with the money is taken again, or is owed to the buyer."""
    return _moved(
        currency,
        *((account, CHARGEBACKS, amount) for account, amount in taken),
        *((CHARGEBACKS, account, amount) for account, amount in cards),
        (CHARGEBACKS, REFUNDS, owed),
    )


def not_owed(currency: str, taken: int, ahead: int) -> list[Posting]:
    """A credit note gave back what the buyer's bank had taken already, or what was refunded ahead of it."""
    return _moved(currency, (REFUNDS, CHARGEBACKS, taken), (REFUNDS, REFUNDED_OUTSIDE, ahead))


def refunded_outside(currency: str, amount: int) -> list[Posting]:
    """Somebody at a provider decided that the buyer is owed money."""
    return _moved(currency, (REFUNDED_OUTSIDE, REFUNDS, amount))


def not_accepted(tender: str, currency: str, amount: int) -> list[Posting]:
    """Money came for an order that cannot have it: it is owed to the buyer."""
    return _moved(currency, (tender, REFUNDS, amount))


def credited(currency: str, *, goods: int, shipping: int, tax: int, cards: Cards = NO_CARDS) -> list[Posting]:
    """A credit note: what was sold becomes owed to the buyer; goods and shipping without tax.

    Args:
        goods: with what was paid for the gift cards that are taken back.
    """
    made = _moved(
        currency, (RETURNS, REFUNDS, goods - cards.paid), (SHIPPING, REFUNDS, shipping), (TAX, REFUNDS, tax)
    )
    return made + _shared(currency, cards.worth, [(REFUNDS, cards.paid), (DISCOUNTS, cards.discount)])


def refunded(account: str, currency: str, amount: int) -> list[Posting]:
    """What was owed to the buyer has gone back the way it came, or is on the buyer's balance."""
    return _moved(currency, (REFUNDS, account, amount))


def paid_out(tender: str, currency: str, *, net: int, fee: int) -> list[Posting]:
    """A provider sent what it had taken to the bank, less its fee; a negative net was drawn from there."""
    return _moved(currency, (BANK, tender, net), (PAYMENT_FEES, tender, fee))


def goods_shipped(currency: str, cost: int, worth: int, *, is_sale: bool = True) -> list[Posting]:
    """Goods left the house for good, sold or given away.

    Args:
        cost: at what they cost when they were sold.
        worth: at what their SKUs cost now, as the inventory has them.
    """
    gone = COST_OF_GOODS if is_sale else GIVEN_AWAY
    return _moved(currency, (gone, INVENTORY, cost), (REVALUED, INVENTORY, worth - cost))


def goods_returned(
    currency: str, cost: int, worth: int, *, is_sale: bool = True, is_damaged: bool = False
) -> list[Posting]:
    """Goods are back at what they cost when they were sold or given away; those that are damaged are lost.

    Args:
        worth: at what their SKUs cost now.
    """
    gone = COST_OF_GOODS if is_sale else GIVEN_AWAY
    if is_damaged:
        return _moved(currency, (SHRINKAGE, gone, cost))
    return _moved(currency, (INVENTORY, gone, cost), (INVENTORY, REVALUED, worth - cost))


def supplier_paid(currency: str, supplier: str, amount: int) -> list[Posting]:
    """The bank has paid a supplier for goods."""
    return _moved(currency, (held(PAYABLE, supplier), BANK, amount))


def goods_received(currency: str, cost: int, paid: int, payable: str = PAYABLE) -> list[Posting]:
    """Goods arrived and are owed to the supplier.

    Args:
        cost: at what their SKUs cost.
        paid: what the supplier asks for them.
        payable: the supplier's account.
    """
    return _moved(currency, (INVENTORY, payable, cost), (PRICE_VARIANCE, payable, paid - cost))


def goods_adjusted(currency: str, cost: int) -> list[Posting]:
    """Goods of this cost were found, or when it is negative lost."""
    return _moved(currency, (INVENTORY, SHRINKAGE, cost))


def goods_revalued(currency: str, more: int) -> list[Posting]:
    """Goods in the house cost so much more now, or when it is negative less."""
    return _moved(currency, (INVENTORY, REVALUED, more))
