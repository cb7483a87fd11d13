"""What happens to an order after the sale: cancelling it, and units that come back."""

from collections.abc import Iterable, Mapping

from transactional.errors import IllegalTransition, NotFound
from transactional.ledger import events as ledger
from transactional.orders import changes, credits, progress, rules, service, shipping, transitions
from transactional.orders import lines as order_rows
from transactional.orders.credits import CreditNote
from transactional.orders.rules import Credit
from transactional.payments import reversal
from transactional.promotions import budgets
from transactional.stock import promises, warehousing
from transactional.stock import service as stock
from transactional.unit_of_work import Row, UnitOfWork

OWN_TO_CANCEL = ("pending_payment", "paid", "gathering")  # the staff has not begun with them


def cancel(uow: UnitOfWork, order_id: str, reason: str) -> CreditNote | None:
    """Call an order off: its stock is free again, and what was paid is credited and goes back.

    Of one that is partly shipped, what is still to be sent.

    Returns:
        The credit note; None when nothing was paid.

    Raises:
        NotFound: there is no such order.
        IllegalTransition: it is shipped, or over already.
    """
    order = service.lock(uow, order_id)
    closed = changes.close_open(uow, order)
    if order["status"] == "partly_shipped":
        return _cancel_rest(uow, order, closed, reason)
    cancelled = transitions.apply(uow, order, "cancel", reason, cancelled_at=uow.now)
    lines = service.find(uow, order_id).lines
    note, given = None, list[Credit]()
    if order["status"] != "pending_payment":
        left = [line for line in progress.of_order(uow, order, lines).values() if line.open]
        given = rules.cancellation_credits(left, *progress.delivery_left(uow, order, lines))
        note = credits.write(uow, order, "cancellation", lines, given, reason)
    promises.release(uow, [each["number"] for each in (order, *closed)])
    budgets.give_back(uow, [cancelled])
    changes.give_back(uow, order, closed)
    if note is None:
        reversal.reverse(uow, order, f"cancel:{order['number']}")
    else:
        credits.post(uow, order, note, given, order["points"])
    return note


def _cancel_rest(uow: UnitOfWork, order: Row, closed: list[Row], reason: str) -> CreditNote:
    """What is still to be sent of a partly shipped order will not be; its change is `closed`."""
    lines = service.find(uow, order["id"]).lines
    sold = progress.of_order(uow, order, lines)
    given = [rules.partial_credit(line, line.open) for line in sold.values() if line.open]
    left = shipping.close(uow, order, sold, reason)
    note = credits.write(uow, order, "cancellation", lines, given, reason)
    promises.release(uow, [each["number"] for each in (order, *closed)])
    _uncount_returned(uow, left)
    changes.give_back(uow, order, closed)
    credits.post(uow, order, note, given, credits.points_of(uow, order, lines, sold, given))
    return note


def cancel_own(uow: UnitOfWork, order_id: str) -> None:
    """A buyer calls the own order off, before the staff has begun with it.

    Raises:
        NotFound: there is no such order.
        IllegalTransition: it is looked at, was sent in part, or is over.
    """
    status = service.lock(uow, order_id)["status"]
    if status not in OWN_TO_CANCEL:
        raise IllegalTransition(status, "be cancelled by its buyer")
    cancel(uow, order_id, "cancelled by its buyer")


def cancel_lines(uow: UnitOfWork, order_id: str, quantities: Mapping[str, int], reason: str) -> CreditNote:
    """Take units off a paid order that are not sent yet: their stock is free, their money goes back.

    The delivery charge is kept, unless nothing was or will be sent: then the order is cancelled.

    Args:
        quantities: units by order line id, none below one.

    Raises:
        NotFound: there is no such order, or a line is not in it.
        IllegalTransition: it is not paid, or all of it was shipped.
        TooManyCancelled: fewer units are still to be sent.
        ChangeOpen: the order is being changed.
    """
    order = service.lock(uow, order_id)
    rules.after(order["status"], "cancel part")
    changes.refuse_open(uow, order)
    lines = service.find(uow, order_id).lines
    sold = progress.of_order(uow, order, lines)
    chosen = _chosen(lines, quantities)
    given = [rules.partial_credit(sold[line["id"]], quantities[line["id"]]) for line in chosen]
    if all(quantities.get(line.id, 0) == line.quantity - line.cancelled for line in sold.values()):
        whole = cancel(uow, order_id, reason)
        if whole is None:
            raise RuntimeError(f"order {order['number']} was paid and its cancellation credits nothing")
        return whole
    if all(quantities.get(line.id, 0) == line.open for line in sold.values()):
        left = shipping.close(uow, order, sold, reason)
    else:
        left = transitions.apply(uow, order, "cancel part", reason)
    note = credits.write(uow, order, "cancellation", lines, given, reason)
    units = order_rows.units_by_sku(chosen, quantities)
    promises.release_part(uow, stock.lock(uow, units), units, order["number"])
    _uncount_returned(uow, left)
    credits.post(uow, order, note, given, credits.points_of(uow, order, lines, sold, given))
    return note


def return_lines(
    uow: UnitOfWork,
    order_id: str,
    quantities: Mapping[str, int],
    reason: str,
    *,
    warehouse: str | None = None,
    is_damaged: bool = False,
) -> CreditNote:
    """Units came back: credit them, send the money back and put them on the shelf.

    Args:
        quantities: units by order line id.
        warehouse: code of where they are; None is the first that is open.
        is_damaged: whether they are counted out again, as nobody can buy them.

    Raises:
        NotFound: there is no such order or warehouse, or a line is not in the order.
        IllegalTransition: it has not been shipped.
        TooManyReturned: fewer units are still with the customer.
        ChangeOpen: the order is being changed.
    """
    order = service.lock(uow, order_id)
    rules.after(order["status"], "return")
    changes.refuse_open(uow, order)
    lines = service.find(uow, order_id).lines
    sold = progress.of_order(uow, order, lines)
    chosen = _chosen(lines, quantities)
    given = [rules.return_credit(sold[line["id"]], quantities[line["id"]]) for line in chosen]
    coming = sum(quantities.values())
    is_all = coming == sum(line.returnable + line.open for line in sold.values())
    left = transitions.apply(uow, order, "return all" if is_all else "return", reason)
    note = credits.write(uow, order, "return", lines, given, reason)
    units = order_rows.units_by_sku(chosen, quantities)
    at = stock.main(uow) if warehouse is None else warehousing.find(uow, warehouse)["id"]
    take_back = stock.take_back_damaged if is_damaged else stock.take_back
    take_back(uow, units, note.number, at)
    _uncount_returned(uow, left)
    credits.post(uow, order, note, given, credits.points_of(uow, order, lines, sold, given))
    ledger.goods_returned(uow, order, note.number, chosen, quantities, is_damaged=is_damaged)
    return note


def _uncount_returned(uow: UnitOfWork, order: Row) -> None:
    """A buyer who keeps nothing of an order has its promotions and codes to use again."""
    if order["status"] == "returned":
        budgets.give_back(uow, [order])


def _chosen(lines: Iterable[Row], quantities: Mapping[str, int]) -> list[Row]:
    """The lines that are named, in the order they are named."""
    by_id = {line["id"]: line for line in lines}
    for line_id in quantities:
        if line_id not in by_id:
            raise NotFound("order line", line_id)
    return [by_id[line_id] for line_id in quantities]
