"""Transfers between warehouses: sent at once, arriving in parts, and the rest given up as lost.

Until it arrives a unit is under way: in no warehouse and not for sale, and still the shop's.
"""

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select

from transactional.catalog.models import skus
from transactional.database import Id
from transactional.errors import IllegalTransition, NotFound
from transactional.ledger import events as ledger
from transactional.orders.rules import document_number
from transactional.row_statements import for_update
from transactional.stock import service
from transactional.stock.errors import TooManyArrived
from transactional.stock.models import transfer_lines, transfers, warehouses
from transactional.stock.rules import Units
from transactional.stock.warehousing import LAST_ID, find
from transactional.unit_of_work import Reading, Row, UnitOfWork

_transfer = select(transfers).where(transfers.c.number == bindparam("number"))
_lines = (
    select(transfer_lines, skus.c.code.label("sku"))
    .join(skus, skus.c.id == transfer_lines.c.sku_id)
    .where(transfer_lines.c.transfer_id.in_(bindparam("transfer_ids", expanding=True)))
    .order_by(skus.c.code)
)
_lines_locked = for_update(_lines, transfer_lines)
_from, _to = warehouses.alias("sender"), warehouses.alias("receiver")
_shown = (
    select(transfers, _from.c.code.label("from_warehouse"), _to.c.code.label("to_warehouse"))
    .join(_from, _from.c.id == transfers.c.from_warehouse_id)
    .join(_to, _to.c.id == transfers.c.to_warehouse_id)
)
_listed = (
    _shown.where(
        transfers.c.id < bindparam("before", type_=Id),
        or_(
            bindparam("status", type_=transfers.c.status.type).is_(None),
            transfers.c.status == bindparam("status"),
        ),
        or_(
            bindparam("warehouse", type_=_from.c.code.type).is_(None),
            _from.c.code == bindparam("warehouse"),
            _to.c.code == bindparam("warehouse"),
        ),
    )
    .order_by(transfers.c.id.desc())
    .limit(bindparam("limit"))
)
_by_number = _shown.where(transfers.c.number == bindparam("number"))


@dataclass(frozen=True)
class Transfer:
    """A transfer with the codes of its warehouses, and its lines."""

    transfer: Row
    lines: list[Row]


def send(uow: UnitOfWork, from_code: str, to_code: str, units: Units) -> str:
    """Units leave one warehouse for another and are under way; returns the transfer's number.

    Raises:
        NotFound: no warehouse has one of the codes.
        IllegalTransition: both are the same.
        OutOfStock: more would go than is there and not promised.
    """
    here, there = find(uow, from_code), find(uow, to_code)
    if here["id"] == there["id"]:
        raise IllegalTransition(from_code, "transfer to itself")
    transfer_id = uow.new_id()
    number = document_number(transfer_id, uow.now.date(), "TR")
    uow.insert(
        transfers,
        {
            "id": transfer_id,
            "number": number,
            "from_warehouse_id": here["id"],
            "to_warehouse_id": there["id"],
            "status": "in_transit",
            "sent_at": uow.now,
        },
    )
    rows = [
        {
            "id": uow.new_id(),
            "transfer_id": transfer_id,
            "sku_id": each,
            "sent": count,
            "received": 0,
            "lost": 0,
        }
        for each, count in units.items()
    ]
    uow.insert_many(transfer_lines, rows)
    gone = {each: -count for each, count in units.items()}
    service.change(uow, "transfer_out", gone, number, here["id"])
    return number


def arrive(uow: UnitOfWork, number: str, arrived: Units | None = None) -> None:
    """Units of a transfer have arrived; it is received when nothing of it is under way any more.

    Args:
        arrived: units by SKU id; all that is under way when None.

    Raises:
        NotFound: no transfer has this number, or it does not carry a SKU.
        IllegalTransition: nothing of it is under way.
        TooManyArrived: more than is under way.
    """
    transfer, lines = _lock(uow, number, "arrive")
    counted = {each: _under_way(line) for each, line in lines.items()} if arrived is None else arrived
    for each, count in counted.items():
        if each not in lines:
            raise NotFound("transfer line", each)
        if count > _under_way(lines[each]):
            raise TooManyArrived(lines[each]["sku"], _under_way(lines[each]), count)
    received = {
        lines[each]["id"]: {"received": lines[each]["received"] + count}
        for each, count in counted.items()
        if count
    }
    uow.update_many(transfer_lines, received)
    if sum(counted.values()) == sum(map(_under_way, lines.values())):
        uow.update(transfers, transfer, status="received", received_at=uow.now)
    service.change(uow, "transfer_in", counted, number, transfer["to_warehouse_id"])


def close(uow: UnitOfWork, number: str, reason: str) -> None:
    """What is still under way of a transfer is lost.

    Raises:
        NotFound: no transfer has this number.
        IllegalTransition: nothing of it is under way.
    """
    transfer, lines = _lock(uow, number, "be closed")
    service.lock(uow, lines)
    lost = {each: _under_way(line) for each, line in lines.items()}
    uow.update_many(transfer_lines, {line["id"]: {"lost": lost[each]} for each, line in lines.items()})
    uow.update(transfers, transfer, status="received", received_at=uow.now, reason=reason)
    ledger.goods_adjusted(uow, {each: -count for each, count in lost.items()}, number, reason)


def _lock(uow: UnitOfWork, number: str, event: str) -> tuple[Row, dict[str, Row]]:
    """A transfer of which something is under way, and its lines by SKU id."""
    found = uow.row(_transfer, number=number)
    transfer = uow.lock(transfers, found["id"]) if found else None
    if transfer is None:
        raise NotFound("transfer", number)
    if transfer["status"] != "in_transit":
        raise IllegalTransition(transfer["status"], event)
    lines = uow.lock_rows(transfer_lines, _lines_locked, transfer_ids=[transfer["id"]])
    return transfer, {line["sku_id"]: line for line in lines}


def _under_way(line: Row) -> int:
    return int(line["sent"] - line["received"] - line["lost"])


def transfer(db: Reading, number: str) -> Transfer:
    """A transfer with its lines.

    Raises:
        NotFound: no transfer has this number.
    """
    row = db.row(_by_number, number=number)
    if row is None:
        raise NotFound("transfer", number)
    return Transfer(row, db.rows(_lines, transfer_ids=[row["id"]]))


def listed(
    db: Reading, *, status: str | None, warehouse: str | None, before: str | None, limit: int
) -> list[Transfer]:
    """Transfers with their lines, the latest first.

    Args:
        warehouse: code of the one they leave or come to.
        before: id of a transfer; those sent before it are listed.
    """
    rows = db.rows(_listed, status=status, warehouse=warehouse, before=before or LAST_ID, limit=limit)
    lines: dict[str, list[Row]] = {row["id"]: [] for row in rows}
    for line in db.rows(_lines, transfer_ids=list(lines)):
        lines[line["transfer_id"]].append(line)
    return [Transfer(row, lines[row["id"]]) for row in rows]
