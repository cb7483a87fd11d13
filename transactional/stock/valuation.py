"""What goods in the house are worth: each unit what its SKU costs now, on shelves and between warehouses.

Whoever moves units in or out posts them at that cost while it holds their levels, or opened them and holds
the SKU; whoever changes a cost holds both, so no unit is posted at one cost and revalued from another.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from transactional.catalog.models import skus
from transactional.ledger import events as ledger
from transactional.stock import levels
from transactional.stock.models import UNDER_WAY, transfer_lines, transfers
from transactional.unit_of_work import Reading, Row, UnitOfWork

_CHUNK = 10_000  # SQLite takes 32,766 parameters in one statement
_in_transit = (
    select(transfer_lines.c.sku_id, func.sum(UNDER_WAY).label("units"))
    .join(transfers, transfers.c.id == transfer_lines.c.transfer_id)
    .where(
        transfers.c.status == "in_transit", transfer_lines.c.sku_id.in_(bindparam("sku_ids", expanding=True))
    )
    .group_by(transfer_lines.c.sku_id)
)
_costs = select(skus.c.id, skus.c.cost, skus.c.currency).where(
    skus.c.id.in_(bindparam("sku_ids", expanding=True))
)


class Priced(NamedTuple):
    """Units of a SKU at what a supplier asks for each, in minor units without tax."""

    sku_id: str
    units: int
    unit_cost: int


def change_skus(uow: UnitOfWork, changes: Iterable[tuple[Row, Mapping[str, object]]]) -> None:
    """Change columns of locked SKUs; what there is of those whose cost changes is revalued.

    The only way to change a cost.
    """
    costs: list[tuple[Row, int]] = []
    alike: dict[tuple[str, ...], dict[str, Row]] = {}
    for sku, values in changes:
        alike.setdefault(tuple(values), {})[sku["id"]] = dict(values)
        cost = values.get("cost", sku["cost"])
        if isinstance(cost, int) and cost != sku["cost"]:
            costs.append((sku, cost))
    for rows in alike.values():
        uow.update_many(skus, rows)
    costs.sort(key=lambda each: str(each[0]["id"]))
    for start in range(0, len(costs), _CHUNK):
        chunk = costs[start : start + _CHUNK]
        units = _held(uow, [sku["id"] for sku, _ in chunk])
        for sku, cost in chunk:
            ledger.goods_revalued(uow, sku, cost, units[sku["id"]])


def _held(uow: UnitOfWork, sku_ids: list[str]) -> Counter[str]:
    """Units in the house by SKU id; locks their levels."""
    found: Counter[str] = Counter()
    for level in levels.lock(uow, sku_ids):
        found[level["sku_id"]] += level["on_hand"]
    for row in uow.rows(_in_transit, sku_ids=sku_ids):
        found[row["sku_id"]] += int(row["units"])
    return found


def beyond_cost(db: Reading, priced: Iterable[Priced]) -> dict[str, int]:
    """What units are asked for beyond what their SKUs cost now, by currency: signed minor units."""
    lines = list(priced)
    costs = {row["id"]: row for row in db.rows(_costs, sku_ids=sorted({line.sku_id for line in lines}))}
    found: Counter[str] = Counter()
    for sku_id, units, unit_cost in lines:
        found[costs[sku_id]["currency"]] += units * (unit_cost - costs[sku_id]["cost"])
    return dict(found)
