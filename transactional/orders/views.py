"""Orders as they go over the wire."""

from transactional.checkout.explanation import Delivered, Part, Sold, explain, given_of
from transactional.checkout.schemas import PartView
from transactional.orders.credits import CreditNote
from transactional.orders.schemas import CreditNoteView, OrderLineView, OrderPromotionView, OrderView
from transactional.orders.service import OrderWithLines
from transactional.security import Keys

_SHOWN = OrderView.model_fields.keys() - {
    "token",
    "lines",
    "delivery_discounts",
    "gift_cards",
    "paid_by",
    "explanation",
}
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
        explanation=[PartView(**vars(part)) for part in explained(found)],
        **shown,
    )


def sold_lines(found: OrderWithLines) -> list[Sold]:
    """The lines as an explanation or a document counts them."""
    return [
        Sold(line["quantity"], line["gross"], line["discount"], line["tax"], line["tax_rate_bp"] or 0)
        for line in found.lines
    ]


def delivered(found: OrderWithLines) -> Delivered:
    """The order's delivery after promotions."""
    order = found.order
    tax = order["tax"] - sum(line["tax"] for line in found.lines)
    label, code = order["delivery_name"] or "Delivery", order["delivery_method"] or ""
    return Delivered(code, label, order["shipping"], tax, order["delivery_tax_rate_bp"] or 0)


def explained(found: OrderWithLines) -> list[Part]:
    """The rows that add up to the order's total."""
    nets: dict[str | None, int] = {None: found.order["shipping"]}
    nets |= {line["id"]: line["gross"] - line["discount"] for line in found.lines}
    return explain(sold_lines(found), given_of(found.promotions, nets), delivered(found))


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
