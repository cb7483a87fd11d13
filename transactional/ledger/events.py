"""What happens in the shop, posted: one call in the transaction of the change it records.

What goes back to buyers, or is taken back from the shop, stands in `refund_events`.
Callers hold the lock of the order, and have changed the stock levels before.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select

from transactional.catalog.models import skus
from transactional.ledger import rules, service
from transactional.ledger.chart import PAYABLE, POINTS, RECEIVABLE, REFUNDS, TENDERED, UNRELEASED, held
from transactional.ledger.rules import NO_CARDS, Cards, Entry
from transactional.unit_of_work import Reading, Row, UnitOfWork

NOTHING: Mapping[str, int] = {}
_cost_of = select(skus.c.id, skus.c.cost, skus.c.currency).where(
    skus.c.id.in_(bindparam("sku_ids", expanding=True))
)


def tendered(uow: UnitOfWork, order: Row, tenders: Sequence[Row]) -> None:
    """An order was placed with these internal tenders: their holders have paid."""
    made = rules.tendered(order["currency"], [(tender["account"], tender["amount"]) for tender in tenders])
    service.post_new(uow, Entry(f"tendered:{tenders[0]['id']}", order["number"], "tendered", made))


def order_paid(
    uow: UnitOfWork,
    order: Row,
    internal: int,
    payment: Row | None,
    cards: Cards = NO_CARDS,
    *,
    is_released: bool = True,
) -> None:
    """All of an order's money is there: the order is a sale, and its points are the buyer's.

    Args:
        internal: minor units that its internal tenders hold.
        payment: what a provider took; None when there was nothing left to take.
        cards: the gift cards in it.
        is_released: whether the buyer gets the points now, or when the staff has looked at the order.
    """
    amounts = {name: order[name] for name in ("gross", "discount", "shipping", "tax")}
    tenders = [(TENDERED, internal)] if internal else []
    if payment is not None:
        tenders.append((held(RECEIVABLE, payment["provider"]), payment["amount"]))
    made = rules.order_paid(tenders, order["currency"], **amounts, cards=cards)
    if order["points"]:
        holder = held(POINTS, order["customer_id"]) if is_released else UNRELEASED
        made += rules.points_earned(order["currency"], holder, order["points"])
    service.post_new(uow, Entry(f"order:{order['number']}:paid", order["number"], "order paid", made))


def is_withheld(db: Reading, order: Row) -> bool:
    """Whether the gift cards and points of a paid order wait for the staff to look at it."""
    paid = service.postings_of(db, f"order:{order['number']}:paid")
    is_kept = any(posting.destination == UNRELEASED for posting in paid)
    return is_kept and not service.is_posted(db, f"released:{order['number']}")


def points_account(db: Reading, order: Row) -> str:
    """Where the points of a paid order are."""
    return UNRELEASED if is_withheld(db, order) else held(POINTS, order["customer_id"])


def released(uow: UnitOfWork, order: Row, cards: Cards, points: int) -> None:
    """The staff looked at an order: its cards, and points at what they are worth, are the buyer's."""
    holders = [*cards.worth, (held(POINTS, order["customer_id"]), points)]
    made = rules.released(order["currency"], holders)
    service.post(uow, Entry(f"released:{order['number']}", order["number"], "released", made))


def order_changed(uow: UnitOfWork, order: Row, change: Row, internal: int, payment: Row | None) -> None:
    """What a change adds to an order is sold: paid by what it takes off, and by tenders of its own.

    Args:
        internal: minor units that its internal tenders hold.
        payment: what a provider took for it; None when there was nothing left to take.
    """
    sources = [(REFUNDS, change["kept"]), (TENDERED, internal)]
    if payment is not None:
        sources.append((held(RECEIVABLE, payment["provider"]), payment["amount"]))
    amounts = {name: change[name] for name in ("gross", "discount", "shipping", "tax")}
    made = rules.order_paid(sources, change["currency"], **amounts)
    if change["points"]:
        made += rules.points_earned(change["currency"], points_account(uow, order), change["points"])
    service.post(uow, Entry(f"order_change:{change['number']}", change["number"], "order changed", made))


def given(uow: UnitOfWork, account: str, currency: str, amount: int, reference: str, reason: str) -> None:
    """The shop gave a holder minor units: a gift card nobody bought, or a customer's balance."""
    made = rules.given(currency, account, amount)
    service.post(uow, Entry(f"given:{reference}", reference, reason[:200], made))


def paid_out(uow: UnitOfWork, payout: Row) -> None:
    """A provider sent money to the bank, less its fees."""
    provider, document = payout["provider"], payout["external_id"]
    made = rules.paid_out(
        held(RECEIVABLE, provider), payout["currency"], net=payout["net"], fee=payout["fee"]
    )
    service.post(uow, Entry(f"payout:{provider}:{document}", document, "payout", made))


def order_shipped(
    uow: UnitOfWork, order: Row, number: str, lines: Iterable[Row], quantities: Mapping[str, int]
) -> None:
    """Goods of an order left the house with shipment `number`, at what they cost when they were sold.

    Args:
        lines: the order lines they belong to.
        quantities: units by order line id.
    """
    is_sale = order["purpose"] == "sale"
    made = [
        posting
        for currency, cost, worth in _costs_and_worths(uow, lines, quantities)
        for posting in rules.goods_shipped(currency, cost, worth, is_sale=is_sale)
    ]
    service.post(uow, Entry(f"shipment:{number}", order["number"], "shipment", made))


def goods_returned(
    uow: UnitOfWork,
    order: Row,
    number: str,
    lines: Iterable[Row],
    quantities: Mapping[str, int],
    *,
    is_damaged: bool,
) -> None:
    """Units of an order came back with credit note `number`, at what they cost when they were sold.

    Args:
        lines: the order lines they belong to.
        quantities: units by order line id.
    """
    is_sale = order["purpose"] == "sale"
    made = [
        posting
        for currency, cost, worth in _costs_and_worths(uow, lines, quantities)
        for posting in rules.goods_returned(currency, cost, worth, is_sale=is_sale, is_damaged=is_damaged)
    ]
    service.post(uow, Entry(f"goods_returned:{number}", number, "goods returned", made))


def goods_received(
    uow: UnitOfWork,
    units: Mapping[str, int],
    document: str,
    *,
    supplier: str | None = None,
    extra: Mapping[str, int] = NOTHING,
) -> None:
    """Units by SKU id arrived with delivery `document`, at what their SKUs cost now.

    Args:
        supplier: to whom they are owed.
        extra: signed minor units that the supplier asks for them beyond that cost, by currency.
    """
    payable = PAYABLE if supplier is None else held(PAYABLE, supplier)
    made = [
        posting
        for currency, cost in _costs(uow, units).items()
        for posting in rules.goods_received(currency, cost, cost + extra.get(currency, 0), payable)
    ]
    # A delivery may arrive in several parts under one document, so the document does not name the event.
    service.post(uow, Entry(f"goods_received:{uow.new_id()}", document, "goods received", made))


def goods_adjusted(uow: UnitOfWork, units: Mapping[str, int], document: str, reason: str) -> None:
    """Signed units by SKU id were found or lost, at what their SKUs cost now."""
    costs = _costs(uow, units)
    made = [posting for currency in costs for posting in rules.goods_adjusted(currency, costs[currency])]
    service.post(uow, Entry(f"goods_adjusted:{uow.new_id()}", document, reason[:200], made))


def goods_revalued(uow: UnitOfWork, sku: Row, cost: int, units: int) -> None:
    """All `units` of a SKU in the house cost something else from now on; `sku` is the row before."""
    made = rules.goods_revalued(sku["currency"], (cost - sku["cost"]) * units)
    reason = f"{units} units at {cost}, not {sku['cost']}"
    service.post(uow, Entry(f"goods_revalued:{uow.new_id()}", sku["code"], reason, made))


def _costs_and_worths(
    uow: UnitOfWork, lines: Iterable[Row], quantities: Mapping[str, int]
) -> list[tuple[str, int, int]]:
    """Currencies, and what units of order lines cost in each when they were sold, and cost now.

    They are those of the SKUs: what goods cost the shop does not depend on what they were sold in.
    """
    units: Counter[str] = Counter()
    sold_at: Counter[str] = Counter()
    for line in lines:
        units[line["sku_id"]] += quantities[line["id"]]
        sold_at[line["sku_id"]] += quantities[line["id"]] * line["cost"]
    found: dict[str, tuple[int, int]] = {}
    for sku in uow.rows(_cost_of, sku_ids=sorted(units)):
        cost, worth = found.get(sku["currency"], (0, 0))
        found[sku["currency"]] = cost + sold_at[sku["id"]], worth + units[sku["id"]] * sku["cost"]
    return [(currency, *found[currency]) for currency in sorted(found)]


def _costs(uow: UnitOfWork, units: Mapping[str, int]) -> dict[str, int]:
    """What units by SKU id cost now, by currency in the order of the codes."""
    # The caller holds the levels, and whoever changes a cost holds them too: see `stock.valuation`.
    costs: dict[str, int] = {}
    for sku in uow.rows(_cost_of, sku_ids=sorted(units)):
        costs[sku["currency"]] = costs.get(sku["currency"], 0) + units[sku["id"]] * sku["cost"]
    return {currency: costs[currency] for currency in sorted(costs)}
