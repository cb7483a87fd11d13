"""How the staff changes an order in flight for its buyer."""

from collections.abc import Sequence

from transactional.checkout.errors import PriceChanged
from transactional.orders import change_effect, change_plan, changes, rules, service
from transactional.orders.change_models import order_change_additions, order_change_removals, order_changes
from transactional.orders.change_plan import Wish
from transactional.payments import reversal, tenders
from transactional.payments.methods import Way
from transactional.payments.tenders import Wanted
from transactional.staff.service import Terms
from transactional.stock import backorders, promises
from transactional.stock import service as stock
from transactional.stock.rules import Place
from transactional.unit_of_work import Row, UnitOfWork


def propose(
    uow: UnitOfWork,
    terms: Terms,
    order_id: str,
    wish: Wish,
    *,
    way: Way,
    wanted: Sequence[Wanted] = (),
    expected_due: int | None = None,
) -> Row:
    """Change an order: at once when nothing is to be paid for it, else when the difference is.

    What it adds is kept for it until then; what it takes off stays with the order until then.

    Args:
        way: how the difference will probably be paid in the order's currency; paying may choose another way.
        wanted: what pays before a provider is asked for the rest.
        expected_due: minor units that the buyer was told.

    Returns:
        The change; its status says whether it took effect.

    Raises:
        NotFound: there is no such order.
        ChangeOpen: it is being changed already.
        PriceChanged: the difference is not what the buyer was told.
        OutOfStock: fewer units are available than are added.
        GiftCardNotValid, TenderEmpty, TenderInOtherCurrency: a tender cannot be used.
        What `change_plan.plan` does.
    """
    order = service.lock(uow, order_id)
    changes.refuse_open(uow, order)
    made = change_plan.plan(uow, terms, order, wish)
    if expected_due not in (None, made.difference.due):
        raise PriceChanged(expected_due or 0, made.difference.due)
    change = _write(uow, terms, made)
    levels = _reserve(uow, terms, order, change, made.net_units)
    if change["due"]:
        bill = tenders.bill_of_change(uow, order, change)
        named = [tenders.named(uow, each, order["currency"]) for each in wanted]
        if named:  # with what taking effect posts to, as accounts are locked at once
            reversal.hold(uow, order, [each.account for each in named])
        opened = tenders.open_all(uow, order, named, way, bill)
        if opened[-1]["kind"] == "external":
            return change
    change_effect.take_effect(uow, order, change, levels=levels)
    return changes.find(uow, change["id"])


def _write(uow: UnitOfWork, terms: Terms, made: change_plan.Plan) -> Row:
    change_id = uow.new_id()
    change = uow.insert(
        order_changes,
        {
            "id": change_id,
            "number": rules.document_number(change_id, uow.now.date(), "CH"),
            "status": "open",
            "created_at": uow.now,
            "expires_at": uow.now + terms.order_expiry,
            **made.change,
        },
    )
    uow.insert_many(
        order_change_additions,
        [{"id": uow.new_id(), "change_id": change_id, **row} for row in made.additions],
    )
    uow.insert_many(
        order_change_removals,
        [
            {"id": uow.new_id(), "change_id": change_id, "order_line_id": line_id, "quantity": quantity}
            for line_id, quantity in made.removals.items()
        ],
    )
    return change


def _reserve(uow: UnitOfWork, terms: Terms, order: Row, change: Row, net_units: dict[str, int]) -> list[Row]:
    """Keep what is added under the change's own number; returns the levels of all that it changes, locked."""
    more = {sku_id: count for sku_id, count in net_units.items() if count > 0}
    supplies = backorders.current(uow, more) if more else {}
    levels = stock.lock(uow, net_units, supplies)
    if more:
        moved = order if change["ship_country"] is None else change
        to = Place(moved["ship_country"], moved["ship_postal_code"])
        levels, _ = promises.reserve(uow, levels, more, change["number"], to=to, supplies=supplies)
    return levels
