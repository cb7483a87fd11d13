"""Tenders as they go over the wire."""

from transactional.payments import events, service
from transactional.payments.rules import Holding
from transactional.payments.schemas import GiftCardView, TendersView, TenderView
from transactional.unit_of_work import Reading, Row

_SHOWN_OF_CARD = GiftCardView.model_fields.keys() - {"balance", "code"}
_SHOWN_OF_TENDER = TenderView.model_fields.keys() - vars(Holding()).keys()


def gift_card_view(card: Row, balance: int, code: str | None = None) -> GiftCardView:
    shown = {name: card[name] for name in _SHOWN_OF_CARD}
    return GiftCardView(balance=balance, code=code, **shown)


def tenders_view(db: Reading, order_id: str) -> TendersView:
    """The tenders of an order in their order, with what their events come to."""
    holdings = events.holdings(db, order_id)
    return TendersView(
        items=[
            TenderView(
                **{name: row[name] for name in _SHOWN_OF_TENDER}, **vars(holdings.get(row["id"], Holding()))
            )
            for row in service.tenders_of(db, order_id)
        ]
    )
