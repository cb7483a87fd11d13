"""What became of an order: units that were cancelled, were sent, and came back; its delivery charge."""

from sqlalchemy import bindparam, func, select

from transactional.orders.models import credit_note_lines, credit_notes, shipment_lines, shipments
from transactional.orders.rules import SoldLine
from transactional.unit_of_work import Reading, Row

_sent = (
    select(shipment_lines.c.order_line_id, func.sum(shipment_lines.c.quantity).label("quantity"))
    .join(shipments, shipments.c.id == shipment_lines.c.shipment_id)
    .where(shipments.c.order_id == bindparam("order_id"))
    .group_by(shipment_lines.c.order_line_id)
)
_GONE = ("shipped", "delivered", "completed", "returned")
_credited = (
    select(
        credit_note_lines.c.order_line_id,
        credit_notes.c.kind,
        func.sum(credit_note_lines.c.quantity).label("quantity"),
    )
    .join(credit_notes, credit_notes.c.id == credit_note_lines.c.credit_note_id)
    .where(credit_notes.c.order_id == bindparam("order_id"))
    .group_by(credit_note_lines.c.order_line_id, credit_notes.c.kind)
)

_delivery_credited = (
    select(
        func.coalesce(func.sum(credit_note_lines.c.shipping), 0).label("shipping"),
        func.coalesce(func.sum(credit_note_lines.c.tax), 0).label("tax"),
    )
    .join(credit_notes, credit_notes.c.id == credit_note_lines.c.credit_note_id)
    .where(credit_notes.c.order_id == bindparam("order_id"), credit_note_lines.c.order_line_id.is_(None))
)


def of_order(db: Reading, order: Row, lines: list[Row]) -> dict[str, SoldLine]:
    """The lines of an order as the rules count them, by their ids in the order of `lines`."""
    credited = {
        (row["order_line_id"], row["kind"]): int(row["quantity"])
        for row in db.rows(_credited, order_id=order["id"])
    }
    sent = {row["order_line_id"]: int(row["quantity"]) for row in db.rows(_sent, order_id=order["id"])}
    # Orders that were sent before there were shipments went out whole.
    is_whole = not sent and order["status"] in _GONE
    found: dict[str, SoldLine] = {}
    for line in lines:
        cancelled = credited.get((line["id"], "cancellation"), 0)
        found[line["id"]] = SoldLine(
            line["id"],
            line["quantity"],
            line["gross"] - line["discount"],
            line["tax"],
            cancelled,
            line["quantity"] - cancelled if is_whole else sent.get(line["id"], 0),
            credited.get((line["id"], "return"), 0),
        )
    return found


def delivery_left(db: Reading, order: Row, lines: list[Row]) -> tuple[int, int]:
    """What of an order's delivery was not credited, without tax, and the tax on it.

    Only a change credits delivery by itself; whatever else does ends the order.
    """
    charged_tax = order["tax"] - sum(line["tax"] for line in lines)
    given = db.row(_delivery_credited, order_id=order["id"]) or {"shipping": 0, "tax": 0}
    return order["shipping"] - int(given["shipping"]), charged_tax - int(given["tax"])
