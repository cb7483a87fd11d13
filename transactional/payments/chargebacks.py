"""Disputes: a buyer's bank asks, takes money back from the provider, and may give it back when the shop wins.

requested  the bank asks, and no money moved
succeeded  the money is gone
failed     the dispute is over and the shop has the money, also what was gone
"""

from sqlalchemy import bindparam, func, select

from transactional.ledger import refund_events
from transactional.ledger import service as accounts
from transactional.ledger.chart import CHARGEBACKS, LOYALTY
from transactional.money import money_text
from transactional.orders import changes, review, transitions
from transactional.orders import rules as order_rules
from transactional.orders.models import credit_note_lines, credit_notes
from transactional.payments import card_reversal, events, gift_cards, reversal, rules, service, tenders
from transactional.payments.events import Told
from transactional.payments.models import refunds
from transactional.payments.provider import DisputeStage
from transactional.payments.settlement import Outcome, lock_both
from transactional.unit_of_work import Row, UnitOfWork

_not_accepted = select(refunds.c.id).where(
    refunds.c.payment_id == bindparam("payment_id"), refunds.c.reversal == bindparam("reversal")
)
_credited = (
    select(
        func.coalesce(
            func.sum(
                credit_note_lines.c.amount + credit_note_lines.c.shipping + credit_note_lines.c.tax,
            ),
            0,
        )
    )
    .join(credit_notes, credit_notes.c.id == credit_note_lines.c.credit_note_id)
    .where(credit_notes.c.order_id == bindparam("order_id"))
)


def record(
    uow: UnitOfWork, payment_id: str, reference: str, amount: int, stage: DisputeStage = "succeeded"
) -> Outcome:
    """Note how a dispute of a captured payment stands, however it is told. Repeating changes nothing.

    Money that is taken stops the order until the staff decides. When it was all that providers had taken,
    the order's internal tenders are given back too, and its points are taken back: nothing of it is paid.

    Args:
        reference: the provider's id of the dispute.
        amount: minor units that it is about.

    Raises:
        NotFound: the payment is not ours.
    """
    order, payment = lock_both(uow, payment_id)
    if (payment["status"], "chargeback") not in rules.TRANSITIONS:
        return "unchanged"
    if not events.note_once(uow, Told(payment, "chargeback", stage, amount, reference, reference)):
        return "unchanged"
    known = events.outcomes(uow, payment_id, "chargeback", reference)
    if stage == "succeeded" and "failed" not in known:
        _lose(uow, order, payment, reference, amount)
        return "charged_back"
    if stage == "failed" and "succeeded" in known:
        _regain(uow, order, payment, reference)
        return "reinstated"
    return "disputed" if stage == "requested" else "unchanged"


def _is_of_the_order(uow: UnitOfWork, order: Row, payment: Row) -> bool:
    """Whether the order has, or had, the payment's money; else it was on its way back."""
    key = f"not_accepted:{payment['id']}"
    return bool(order["paid_at"]) and not uow.value(_not_accepted, payment_id=payment["id"], reversal=key)


def _key(payment: Row, reference: str) -> str:
    return f"chargeback:{payment['id']}:{reference}"


def _reason(reference: str) -> str:
    return f"the buyer's bank took money back, dispute {reference}"


def _lose(uow: UnitOfWork, order: Row, payment: Row, reference: str, amount: int) -> None:
    refund_events.charged_back(uow, order, payment, reference, amount)
    if not _is_of_the_order(uow, order, payment):
        return
    if service.held_externally(uow, order["id"]) == 0:
        changes.give_up_open(uow, order)
        reversal.hold(uow, order)
        key = _key(payment, reference)
        card_reversal.take_what_is_left(uow, order, gift_cards.of_order(uow, order), key)
        reversal.reverse(uow, order, key, points=order["points"], source=CHARGEBACKS)
    if order["status"] == "gathering" or (order["status"], "hold") in order_rules.TRANSITIONS:
        review.stop(uow, order, f"{_reason(reference)}: {payment['currency']} {_text(payment, amount)}")


def _text(payment: Row, amount: int) -> str:
    return money_text(amount, payment["currency"])


def _regain(uow: UnitOfWork, order: Row, payment: Row, reference: str) -> None:
    """The money is back: what the order lost with it is taken again, as far as it is there and still owed."""
    key = _key(payment, reference)
    accounts.reverse(uow, key, "dispute won")
    if not _is_of_the_order(uow, order, payment):
        return
    cards = gift_cards.of_order(uow, order)
    reversal.hold(uow, order)
    wanted = order["total"] - int(uow.value(_credited, order_id=order["id"]))
    there = _there(uow, order)
    again = tenders.take_given_back(uow, order, key, max(wanted - there, 0))
    refund_events.regained(
        uow,
        order,
        key,
        taken=[(row["account"], row["amount"]) for row in again],
        cards=card_reversal.give_again(uow, cards, key),
        points=min(_points_taken(uow, key), order["points"] * wanted // order["total"]),
        owed=max(there - wanted, 0),
    )
    if there > wanted:  # credited while the money was gone
        reversal.reverse(uow, order, f"won:{key}", there - wanted)
    _go_on(uow, order, reference)


def _there(uow: UnitOfWork, order: Row) -> int:
    """Minor units that tenders hold for an order without its open change."""
    change = changes.open_of(uow, order["id"])
    of_change = service.held_internally(uow, order["id"], change["id"]) if change else 0
    return sum(holding.left for holding in events.holdings(uow, order["id"]).values()) - of_change


def _points_taken(uow: UnitOfWork, key: str) -> int:
    """What the points are worth that the chargeback took back."""
    given_back = accounts.postings_of(uow, f"given_back:{key}")
    return sum(posting.amount for posting in given_back if posting.destination == LOYALTY)


def _go_on(uow: UnitOfWork, order: Row, reference: str) -> None:
    """Let the rest of an order be sent that was held for this dispute alone."""
    if order["status"] != "partly_shipped":
        return
    held_because = transitions.held_because(uow, order["id"]) or ""
    lost = any(holding.charged_back for holding in events.holdings(uow, order["id"]).values())
    if held_because.startswith(_reason(reference)) and not lost:
        transitions.apply(uow, order, "approve", f"dispute {reference} was won")
