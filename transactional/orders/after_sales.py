"""What happens to an order after the sale: cancelling it, and units that come back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from transactional.errors import NotFound
from transactional.ledger import events as ledger
from transactional.ledger.rules import NO_CARDS
from transactional.money import slice_of
from transactional.orders import progress, rules, service, shipping, transitions
from transactional.orders.errors import ReasonMissing
from transactional.orders.models import credit_note_lines, credit_notes
from transactional.orders.rules import Credit, SoldLine
from transactional.payments import gift_cards, reversal
from transactional.payments.rules import points_taken_back
from transactional.promotions import budgets
from transactional.stock import service as stock
from transactional.unit_of_work import Row, UnitOfWork


@dataclass(frozen=True)
class CreditNote:
    """A credit note as written; `amount` is what goes back to the customer, with tax, in minor units."""

    id: str
    number: str
    kind: str
    currency: str
    amount: int


def cancel(uow: UnitOfWork, order_id: str, reason: str | None = None) -> CreditNote | None:
    """Call an order off: its stock is free again, and what was paid is credited and goes back.

    Of one that is partly shipped, what is still to be sent.

    Returns:
        The credit note; None when nothing was paid.

    Raises:
        NotFound: there is no such order.
        IllegalTransition: it is shipped, or over already.
        ReasonMissing: it is in review, and nobody says why it is refused.
    """
    order = service.lock(uow, order_id)
    if order["status"] == "in_review" and not reason:
        raise ReasonMissing
    if order["status"] == "partly_shipped":
        sold = progress.of_order(uow, order, service.find(uow, order_id).lines)
        rest = {line.id: line.open for line in sold.values() if line.open}
        return cancel_lines(uow, order_id, rest, reason)
    cancelled = transitions.apply(uow, order, "cancel", reason, cancelled_at=uow.now)
    lines = service.find(uow, order_id).lines
    note, credits = None, list[Credit]()
    if order["status"] != "pending_payment":
        left = {line.id: line for line in progress.of_order(uow, order, lines).values() if line.open}
        delivery_tax = order["tax"] - sum(line["tax"] for line in lines)
        credits = rules.cancellation_credits(list(left.values()), order["shipping"], delivery_tax)
        concerned = [line for line in lines if line["id"] in left]
        note = _credit(uow, order, "cancellation", concerned, credits, reason)
    stock.release(uow, [order["number"]])
    budgets.give_back(uow, [cancelled])
    if note is None:
        reversal.reverse(uow, order, f"cancel:{order['number']}")
    else:
        _post(uow, order, note, credits, order["points"])
    return note


def cancel_lines(
    uow: UnitOfWork, order_id: str, quantities: Mapping[str, int], reason: str | None = None
) -> CreditNote:
    """Take units off a paid order that are not sent yet: their stock is free, their money goes back.

    The delivery charge is kept, unless nothing was or will be sent: then the order is cancelled.

    Args:
        quantities: units by order line id, none below one.

    Raises:
        NotFound: there is no such order, or a line is not in it.
        IllegalTransition: it is not paid, or all of it was shipped.
        TooManyCancelled: fewer units are still to be sent.
    """
    order = service.lock(uow, order_id)
    rules.after(order["status"], "cancel part")
    lines = service.find(uow, order_id).lines
    sold = progress.of_order(uow, order, lines)
    chosen = _chosen(lines, quantities)
    credits = [rules.partial_credit(sold[line["id"]], quantities[line["id"]]) for line in chosen]
    if all(quantities.get(line.id, 0) == line.quantity - line.cancelled for line in sold.values()):
        whole = cancel(uow, order_id, reason)
        if whole is None:
            raise RuntimeError(f"order {order['number']} was paid and its cancellation credits nothing")
        return whole
    if all(quantities.get(line.id, 0) == line.open for line in sold.values()):
        shipping.close(uow, order, sold, reason)
    else:
        transitions.apply(uow, order, "cancel part", reason)
    note = _credit(uow, order, "cancellation", chosen, credits, reason)
    stock.release_part(uow, {line["sku_id"]: quantities[line["id"]] for line in chosen}, order["number"])
    _post(uow, order, note, credits, _points_of(order, lines, sold, credits))
    return note


def return_lines(
    uow: UnitOfWork, order_id: str, quantities: Mapping[str, int], reason: str | None = None
) -> CreditNote:
    """Units came back: credit them, send the money back and put them on the shelf.

    Args:
        quantities: units by order line id.

    Raises:
        NotFound: there is no such order, or a line is not in it.
        IllegalTransition: it has not been shipped.
        TooManyReturned: fewer units are still with the customer.
    """
    order = service.lock(uow, order_id)
    rules.after(order["status"], "return")
    lines = service.find(uow, order_id).lines
    sold = progress.of_order(uow, order, lines)
    chosen = _chosen(lines, quantities)
    credits = [rules.return_credit(sold[line["id"]], quantities[line["id"]]) for line in chosen]
    coming = sum(quantities.values())
    is_all = coming == sum(line.returnable + line.open for line in sold.values())
    transitions.apply(uow, order, "return all" if is_all else "return", reason)
    note = _credit(uow, order, "return", chosen, credits, reason)
    stock.take_back(uow, {line["sku_id"]: quantities[line["id"]] for line in chosen}, note.number)
    _post(uow, order, note, credits, _points_of(order, lines, sold, credits))
    ledger.goods_returned(uow, order, note.number, chosen, quantities)
    return note


def _chosen(lines: Iterable[Row], quantities: Mapping[str, int]) -> list[Row]:
    """The lines that are named, in the order they are named."""
    by_id = {line["id"]: line for line in lines}
    for line_id in quantities:
        if line_id not in by_id:
            raise NotFound("order line", line_id)
    return [by_id[line_id] for line_id in quantities]


def _credit(
    uow: UnitOfWork, order: Row, kind: str, lines: list[Row], credits: list[Credit], reason: str | None
) -> CreditNote:
    """Write the credit note."""
    note_id = uow.new_id()
    note = uow.insert(
        credit_notes,
        {
            "id": note_id,
            "number": rules.document_number(note_id, uow.now.date(), "CN"),
            "order_id": order["id"],
            "customer_id": order["customer_id"],
            "kind": kind,
            "reason": reason,
            "currency": order["currency"],
            "country": order["ship_country"],
            "issued_at": uow.now,
        },
    )
    rows = [
        {
            "id": uow.new_id(),
            "credit_note_id": note_id,
            "position": position,
            "order_line_id": line["id"],
            "sku": line["sku"],
            "name": line["name"],
            "quantity": credit.quantity,
            "amount": credit.amount,
            "shipping": credit.shipping,
            "tax": credit.tax,
        }
        for position, (line, credit) in enumerate(zip(lines, credits, strict=True), 1)
    ]
    uow.insert_many(credit_note_lines, rows)
    amount = sum(credit.total for credit in credits)
    return CreditNote(note_id, note["number"], kind, order["currency"], amount)


def _points_of(order: Row, lines: Iterable[Row], sold: Mapping[str, SoldLine], credits: list[Credit]) -> int:
    """What the points are worth that go with credited goods.

    Args:
        lines: all lines of the order; `sold` says what became of them before.
    """
    if not order["points"]:
        return 0
    earning = [sold[line["id"]] for line in lines if not line["is_gift_card"]]
    goods = sum(line.net + line.tax for line in earning)
    credited = sum(slice_of(line.net + line.tax, line.quantity, 0, line.credited) for line in earning)
    concerned = {line.id for line in earning}
    now = sum(credit.total for credit in credits if credit.line_id in concerned)
    return points_taken_back(order["points"], goods, credited, now)


def _post(uow: UnitOfWork, order: Row, note: CreditNote, credits: list[Credit], points: int) -> None:
    """Post the credit note, and give back what was paid, with points and bought gift cards taken back."""
    cards = gift_cards.of_order(uow, order)
    reversal.hold(uow, order, [gift_cards.account(card["id"]) for card in cards])
    given_back = {credit.line_id: (credit.quantity, credit.amount) for credit in credits}
    ledger.credited(
        uow,
        note.kind,
        note.number,
        note.currency,
        goods=sum(credit.amount for credit in credits),
        shipping=sum(credit.shipping for credit in credits),
        tax=sum(credit.tax for credit in credits),
        cards=gift_cards.take_back(uow, cards, given_back) if cards else NO_CARDS,
    )
    key = f"credit_note:{note.number}"
    reversal.reverse(uow, order, key, note.amount, points=points, credit_note_id=note.id)
