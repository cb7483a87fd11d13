"""A change of an order takes effect, once its price difference is settled."""

from collections import Counter
from collections.abc import Mapping, Sequence

from transactional.ledger import events as ledger
from transactional.orders import changes, credits, progress, rules, service, transitions
from transactional.orders.change_models import order_changes
from transactional.orders.models import order_lines, orders
from transactional.orders.rules import SALE, Credit, SoldLine
from transactional.payments import reversal
from transactional.payments import service as payments
from transactional.stock import promises
from transactional.stock import service as stock
from transactional.unit_of_work import Row, UnitOfWork

_COPIED = (
    *("sku_id", "sku", "name", "quantity", "list_price", "unit_price", "cost", "gross", "discount", "tax"),
    *("tax_rate_bp",),
)
ADDRESS = ("ship_name", "ship_address", "ship_city", "ship_region", "ship_postal_code", "ship_country")
_DELIVERY = ("delivery_method", "delivery_name", "delivery_tax_rate_bp", "prices_include_tax", "promised_at")


def accept(uow: UnitOfWork, order: Row, payment: Row) -> bool:
    """Let the change that a captured payment is for take effect; False when it was given up meanwhile."""
    change = uow.lock(order_changes, payment["change_id"])
    if change is None or change["status"] != "open":
        return False
    take_effect(uow, order, change, payment=payment)
    return True


def take_effect(
    uow: UnitOfWork,
    order: Row,
    change: Row,
    *,
    levels: list[Row] | None = None,
    payment: Row | None = None,
) -> None:
    """Do to a locked order what its locked change says; the caller has seen that the difference is settled.

    Args:
        levels: of all SKUs that it changes, when the caller has locked them.
        payment: the external tender that paid for it; None when internal ones did, or nothing was due.
    """
    lines = service.find(uow, order["id"]).lines
    sold = progress.of_order(uow, order, lines)
    additions = changes.additions_of(uow, [change["id"]])
    removals = {row["order_line_id"]: row["quantity"] for row in changes.removals_of(uow, [change["id"]])}
    given = credits_of(change, sold, removals)
    if sum(each.total for each in given) != change["credited"]:
        raise RuntimeError(f"change {change['number']} credits something else than it said")
    after = transitions.apply(uow, order, "change", change["reason"], **_header(order, change))
    uow.insert_many(order_lines, _lines(uow, after, change, additions, len(lines)))
    note = credits.write(uow, order, "cancellation", lines, given, change["reason"]) if given else None
    net = net_units(lines, additions, removals)
    _move_stock(uow, after, change, net, stock.lock(uow, net) if levels is None else levels)
    if change["points"]:
        reversal.hold(uow, order)
    if note is not None:
        points = credits.points_of(uow, order, lines, sold, given)
        credits.post(uow, order, note, given, points, change["kept"])
    if order["purpose"] == SALE:
        internal = payments.held_internally(uow, order["id"], change["id"])
        ledger.order_changed(uow, order, change, internal, payment)
    uow.update(
        order_changes,
        change,
        status="applied",
        closed_at=uow.now,
        credit_note_id=None if note is None else note.id,
    )


def credits_of(change: Row, sold: Mapping[str, SoldLine], removals: Mapping[str, int]) -> list[Credit]:
    """What a change takes off: units of lines, and the delivery charge when it makes another."""
    given = [rules.partial_credit(sold[line_id], count) for line_id, count in removals.items()]
    shipping, tax = change["delivery_credit"], change["delivery_credit_tax"]
    return [*given, Credit(None, 0, 0, shipping, tax, tax)] if shipping or tax else given


def _header(order: Row, change: Row) -> Row:
    """The columns of the order that change with it."""
    names = ("gross", "discount", "shipping", "tax", "points")
    amounts = {name: order[name] + change[name] for name in names}
    amounts["total"] = order["total"] + change["added"]
    told = {name: change[name] for name in _DELIVERY if change[name] is not None}
    if change["ship_country"] is not None:  # the whole address, as its region may go away
        told |= {name: change[name] for name in ADDRESS}
    return {**amounts, **told}


def _lines(uow: UnitOfWork, order: Row, change: Row, additions: Sequence[Row], before: int) -> list[Row]:
    return [
        {
            "id": uow.new_id(),
            "order_id": order["id"],
            "position": before + row["position"],
            "shipping": 0,
            "is_gift_card": False,
            "change_id": change["id"],
            **{name: row[name] for name in _COPIED},
        }
        for row in additions
    ]


def _move_stock(uow: UnitOfWork, order: Row, change: Row, net: Mapping[str, int], levels: list[Row]) -> None:
    """The order gets what the change kept for it, and gives up what it holds no longer."""
    levels, waiting = promises.hand_over(uow, levels, change["number"], order["number"])
    less = {sku_id: -count for sku_id, count in net.items() if count < 0}
    if less:
        promises.release_part(uow, levels, less, order["number"])
    later = [row["expected_at"] for row in waiting if row["waiting"]]
    if later and (order["promised_at"] is None or max(later) > order["promised_at"]):
        uow.update(orders, order, promised_at=max(later))


def net_units(lines: Sequence[Row], additions: Sequence[Row], removals: Mapping[str, int]) -> dict[str, int]:
    """By how many units of each SKU an order holds more, or less, after a change."""
    net: Counter[str] = Counter()
    for row in additions:
        net[row["sku_id"]] += row["quantity"]
    for line in lines:
        net[line["sku_id"]] -= removals.get(line["id"], 0)
    return {sku_id: count for sku_id, count in net.items() if count}
