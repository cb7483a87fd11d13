"""Orders as they go over the wire."""

from transactional.orders.after_sales import CreditNote
from transactional.orders.schemas import CreditNoteView, OrderLineView, OrderView
from transactional.orders.service import OrderWithLines
from transactional.security import Keys

_SHOWN = OrderView.model_fields.keys() - {"token", "lines"}
_SHOWN_OF_LINE = OrderLineView.model_fields.keys() - {"net"}


def order_view(found: OrderWithLines, keys: Keys) -> OrderView:
    lines = [
        OrderLineView(net=line["gross"] - line["discount"], **{name: line[name] for name in _SHOWN_OF_LINE})
        for line in found.lines
    ]
    shown = {name: found.order[name] for name in _SHOWN}
    return OrderView(token=keys.token("order", found.order["id"]), lines=lines, **shown)


def credit_note_view(note: CreditNote) -> CreditNoteView:
    return CreditNoteView(**vars(note))
