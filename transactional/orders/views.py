"""Orders as they go over the wire."""

from transactional.orders.after_sales import CreditNote
from transactional.orders.schemas import CreditNoteView, OrderLineView, OrderPromotionView, OrderView
from transactional.orders.service import OrderWithLines
from transactional.security import Keys

_SHOWN = OrderView.model_fields.keys() - {"token", "lines", "delivery_discounts", "gift_cards"}
_SHOWN_OF_LINE = OrderLineView.model_fields.keys() - {"net", "discounts"}


def order_view(found: OrderWithLines, keys: Keys) -> OrderView:
    lines = [
        OrderLineView(
            net=line["gross"] - line["discount"],
            discounts=_given(found, line["id"]),
            **{name: line[name] for name in _SHOWN_OF_LINE},
        )
        for line in found.lines
    ]
    shown = {name: found.order[name] for name in _SHOWN}
    return OrderView(
        token=keys.token("order", found.order["id"]),
        lines=lines,
        delivery_discounts=_given(found, None),
        **shown,
    )


def _given(found: OrderWithLines, line_id: str | None) -> list[OrderPromotionView]:
    """What promotions took off a line, or off delivery."""
    return [
        OrderPromotionView(
            promotion=row["promotion_id"], code=row["code"], reason=row["reason"], amount=row["amount"]
        )
        for row in found.promotions
        if row["order_line_id"] == line_id
    ]


def credit_note_view(note: CreditNote) -> CreditNoteView:
    return CreditNoteView(**vars(note))
