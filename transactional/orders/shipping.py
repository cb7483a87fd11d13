"""Orders leave the house in shipments, each from one warehouse, and arrive."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import bindparam, select

from transactional.errors import NotFound
from transactional.ledger import events as ledger
from transactional.orders import changes, progress, rules, service, transitions
from transactional.orders.errors import (
    NothingToShip,
    OrderHeld,
    ShipmentDelivered,
    TooManyShipped,
    UnitsWaiting,
)
from transactional.orders.lines import units_by_sku
from transactional.orders.models import order_lines, shipment_lines, shipments
from transactional.orders.rules import SoldLine
from transactional.row_statements import for_update
from transactional.stock import backorders, promises
from transactional.stock import service as stock
from transactional.stock.service import Parcel
from transactional.unit_of_work import Reading, Row, UnitOfWork

_of_order = for_update(
    select(shipments).where(shipments.c.order_id == bindparam("order_id")).order_by(shipments.c.id), shipments
)
_lines_of = (
    select(shipment_lines)
    .join(shipments, shipments.c.id == shipment_lines.c.shipment_id)
    .join(order_lines, order_lines.c.id == shipment_lines.c.order_line_id)
    .where(shipments.c.order_id == bindparam("order_id"))
    .order_by(order_lines.c.position)
)
_shown = (
    select(shipments).where(shipments.c.order_id == bindparam("order_id")).order_by(shipments.c.shipped_at)
)


def ship(
    uow: UnitOfWork,
    order_id: str,
    quantities: Mapping[str, int] | None = None,
    *,
    warehouse_id: str | None = None,
    carrier: str | None = None,
    tracking: str | None = None,
) -> list[Row]:
    """Units of an order leave the house: one shipment for each warehouse that holds some of them.

    Args:
        quantities: units by order line id; None is all that is left.
        warehouse_id: only what this one holds for the order.
        tracking: the carrier's number.

    Raises:
        NotFound: there is no such order, or a line is not in it.
        IllegalTransition: it is not paid, in review, or gone already.
        OrderHeld: some of it is sent, and the staff has to decide about the rest.
        TooManyShipped: fewer units of a line are to be sent from there.
        NothingToShip: none are.
        UnitsWaiting: all that is left is to go, and some of it has not come yet.
        ChangeOpen: the order is being changed.
    """
    order = service.lock(uow, order_id)
    rules.after(order["status"], "ship")
    if order["status"] == "partly_shipped" and (reason := transitions.held_because(uow, order_id)):
        raise OrderHeld(order["number"], reason)
    changes.refuse_open(uow, order)
    lines = service.find(uow, order_id).lines
    sold = progress.of_order(uow, order, lines)
    held: Counter[str] = Counter()
    for (sku_id, _), count in promises.held_by(uow, order["number"], warehouse_id).items():
        held[sku_id] += count
    leaving = _chosen(lines, sold, held, quantities or None)
    is_whole = not quantities and warehouse_id is None
    if is_whole and any(line.open > leaving.get(line.id, 0) for line in sold.values()):
        _check_nothing_waits(uow, order["number"])
    if not leaving:
        raise NothingToShip(order["number"])
    if all(leaving.get(line.id, 0) == line.open for line in sold.values()):
        transitions.apply(uow, order, "ship", shipped_at=uow.now)
    else:
        transitions.apply(uow, order, "ship part")
    sent = [line for line in lines if line["id"] in leaving]
    parcels = stock.pack(uow, order["number"], warehouse_id, units_by_sku(sent, leaving))
    return [
        _send(uow, order, sent, parcel, _packed(sent, leaving, parcel.units), carrier, tracking)
        for parcel in parcels
    ]


def _chosen(
    lines: list[Row], sold: Mapping[str, SoldLine], held: Mapping[str, int], wanted: Mapping[str, int] | None
) -> dict[str, int]:
    """Units that leave, by order line id: those that are wanted, or all that are there.

    Args:
        held: units that are there for the order, by SKU id; lines of one SKU share them.
    """
    left = dict(held)
    leaving: dict[str, int] = {}
    for line in lines:
        there = min(sold[line["id"]].open, left.get(line["sku_id"], 0))
        count = there if wanted is None else wanted.get(line["id"], 0)
        if count > there:
            raise TooManyShipped(line["id"], there, count)
        if count:
            leaving[line["id"]] = count
            left[line["sku_id"]] -= count
    for line_id in wanted or ():
        if line_id not in sold:
            raise NotFound("order line", line_id)
    return leaving


def _packed(lines: list[Row], left: dict[str, int], units: Mapping[str, int]) -> dict[str, int]:
    """The units of one parcel by order line id; takes them off `left`, which all parcels are packed from."""
    packed: dict[str, int] = {}
    there = dict(units)
    for line in lines:
        count = min(left[line["id"]], there.get(line["sku_id"], 0))
        if count:
            packed[line["id"]] = count
            left[line["id"]] -= count
            there[line["sku_id"]] -= count
    return packed


def _check_nothing_waits(uow: UnitOfWork, number: str) -> None:
    waiting = backorders.waiting_of(uow, [number])
    if waiting:
        raise UnitsWaiting(number, sum(row["waiting"] for row in waiting))


def _send(
    uow: UnitOfWork,
    order: Row,
    lines: list[Row],
    parcel: Parcel,
    units: Mapping[str, int],
    carrier: str | None,
    tracking: str | None,
) -> Row:
    """Write a shipment of a parcel, and post what it cost; `units` are its units by order line id."""
    shipment_id = uow.new_id()
    shipment = uow.insert(
        shipments,
        {
            "id": shipment_id,
            "number": rules.document_number(shipment_id, uow.now.date(), "S"),
            "order_id": order["id"],
            "warehouse_id": parcel.warehouse_id,
            "carrier": carrier,
            "tracking": tracking,
            "status": "shipped",
            "shipped_at": uow.now,
        },
    )
    rows = [
        {"id": uow.new_id(), "shipment_id": shipment_id, "order_line_id": line_id, "quantity": quantity}
        for line_id, quantity in units.items()
    ]
    uow.insert_many(shipment_lines, rows)
    stock.ship(uow, order["number"], shipment["number"], parcel)
    sent = [line for line in lines if line["id"] in units]
    ledger.order_shipped(uow, order, shipment["number"], sent, units)
    return shipment


def deliver(uow: UnitOfWork, order_id: str) -> None:
    """All of an order has arrived.

    Raises:
        NotFound: there is no such order.
        IllegalTransition: it is not on its way, or not all of it.
    """
    order = service.lock(uow, order_id)
    on_their_way = [row for row in uow.lock_rows(shipments, _of_order, order_id=order_id) if _is_away(row)]
    uow.update_many(
        shipments, {row["id"]: {"status": "delivered", "delivered_at": uow.now} for row in on_their_way}
    )
    transitions.apply(uow, order, "deliver", delivered_at=uow.now)


def deliver_shipment(uow: UnitOfWork, order_id: str, number: str) -> None:
    """One shipment has arrived; the order has, when nothing else of it is to come.

    Raises:
        NotFound: there is no such order, or it has no such shipment.
        ShipmentDelivered: it had arrived before.
    """
    order = service.lock(uow, order_id)
    mine = uow.lock_rows(shipments, _of_order, order_id=order_id)
    arrived = next((row for row in mine if row["number"] == number), None)
    if arrived is None:
        raise NotFound("shipment", number)
    if not _is_away(arrived):
        raise ShipmentDelivered(number)
    uow.update(shipments, arrived, status="delivered", delivered_at=uow.now)
    if order["status"] == "shipped" and not any(_is_away(row) for row in mine if row is not arrived):
        transitions.apply(uow, order, "deliver", delivered_at=uow.now)


def close(uow: UnitOfWork, order: Row, sold: Mapping[str, SoldLine], reason: str) -> Row:
    """The rest of a partly shipped order will not be sent: it is where its shipments are; returns it.

    Args:
        sold: what became of its units, before the rest was cancelled.
    """
    mine = uow.lock_rows(shipments, _of_order, order_id=order["id"])
    sent_at = max(row["shipped_at"] for row in mine)
    order = transitions.apply(uow, order, "cancel rest", reason, shipped_at=sent_at)
    if not any(_is_away(row) for row in mine):
        arrived_at = max(row["delivered_at"] for row in mine)
        order = transitions.apply(uow, order, "deliver", delivered_at=arrived_at)
    if not any(line.returnable for line in sold.values()):
        order = transitions.apply(uow, order, "return all", reason)
    return order


def of_order(db: Reading, order_id: str) -> list[tuple[Row, list[Row]]]:
    """An order's shipments with their lines, the oldest first."""
    lines = db.rows(_lines_of, order_id=order_id)
    return [
        (row, [line for line in lines if line["shipment_id"] == row["id"]])
        for row in db.rows(_shown, order_id=order_id)
    ]


def _is_away(shipment: Row) -> bool:
    return bool(shipment["status"] == "shipped")
