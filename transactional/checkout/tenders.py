"""The tenders a shopper asks for, before anything is taken of them."""

from collections.abc import Sequence

from transactional.checkout.requirements import Missing
from transactional.payments.errors import GiftCardNotValid, TenderEmpty, TenderInOtherCurrency
from transactional.payments.schemas import TenderIn
from transactional.payments.tenders import Named, Wanted, named
from transactional.security import Keys
from transactional.unit_of_work import Reading

_NO_CARD = ""


def wanted(asked: Sequence[TenderIn], keys: Keys) -> list[Wanted]:
    """The tenders a request asks for; a gift card whose code is not ours is no card's.

    Raises:
        NotFound: we did not make the token of a wallet.
    """
    return [
        gift_card(each.code, keys, each.amount) if each.method == "gift_card" else each.wanted(keys)
        for each in asked
    ]


def gift_card(code: str, keys: Keys, amount: int | None = None) -> Wanted:
    """The gift card of a code as it was typed; see `wanted`."""
    return Wanted("gift_card", keys.gift_card_number(code) or _NO_CARD, amount)


def usable(db: Reading, tenders: Sequence[Wanted], currency: str) -> tuple[list[Named], list[Missing]]:
    """The tenders that can be used; what is wrong with the rest: unknown, over, empty, other currency."""
    found: list[Named] = []
    wrong: list[Missing] = []
    for each in tenders:
        try:
            tender = named(db, each, currency)
            if tender.left == 0:
                raise TenderEmpty(each.method)
            found.append(tender)
        except (GiftCardNotValid, TenderEmpty, TenderInOtherCurrency) as refusal:
            wrong.append(Missing(refusal.code, "tenders", refusal.message, refusal))
    return found, wrong
