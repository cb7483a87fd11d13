"""Which warehouse an order leaves from, and what may be sold beyond what is there: pure choices, so that they
can be tried without a database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

MOST_ON_SHELF = 1_000_000_000  # units of a SKU in a warehouse; a column holds twice as many

SupplyPolicy = Literal["backorder", "preorder"]
Units = Mapping[str, int]  # by SKU id


@dataclass(frozen=True)
class Place:
    """A warehouse, or where an order goes."""

    country: str
    postal_code: str


@dataclass(frozen=True)
class Shelf:
    """What one warehouse has of one SKU."""

    level_id: str
    sku_id: str
    warehouse_id: str
    available: int


@dataclass(frozen=True)
class Allocation:
    """Units of one SKU promised from one shelf."""

    shelf: Shelf
    quantity: int


@dataclass(frozen=True)
class Shortage:
    """Fewer units are available in all warehouses together than wanted."""

    sku_id: str
    wanted: int
    available: int


@dataclass(frozen=True)
class Supply:
    """How a SKU may be sold beyond what is there.

    Args:
        most: units that orders may wait for together; `owed`: those they do wait for.
        days: a back-order is promised so many days after it was placed.
        available_from: a pre-order is sent from then on; before it nothing leaves the shelf.
    """

    policy: SupplyPolicy
    most: int
    owed: int
    days: int | None = None
    available_from: datetime | None = None

    def is_early(self, now: datetime) -> bool:
        """Whether it is a pre-order whose day has not come."""
        return self.available_from is not None and now < self.available_from

    def beyond(self, now: datetime) -> int:
        """Units that can still be sold beyond what is there."""
        return max(0, self.most - self.owed) if self.policy == "backorder" or self.is_early(now) else 0

    def orderable(self, available: int, now: datetime) -> int:
        """Units that can be ordered when `available` are there and not promised."""
        return (0 if self.is_early(now) else available) + self.beyond(now)

    def expected_at(self, now: datetime) -> datetime:
        """When units that are ordered now and are not there will be."""
        return self.available_from or now + timedelta(days=self.days or 0)


@dataclass(frozen=True)
class Waiting:
    """An order that waits for units of a SKU."""

    id: str
    document: str
    sku_id: str
    quantity: int


def part(
    wanted: Units, shelves: Sequence[Shelf], supplies: Mapping[str, Supply], now: datetime
) -> tuple[dict[str, int], dict[str, int]] | Shortage:
    """Part an order's units in those that are there and those it will wait for.

    Args:
        supplies: of the SKUs that may be sold beyond what is there.

    Returns:
        Both by SKU id, or the first SKU of which more are wanted than may be ordered.
    """
    there, beyond = dict(wanted), dict[str, int]()
    for sku_id in sorted(supplies.keys() & wanted.keys()):
        supply, count = supplies[sku_id], wanted[sku_id]
        available = sum(shelf.available for shelf in shelves if shelf.sku_id == sku_id)
        if count > supply.orderable(available, now):
            return Shortage(sku_id, count, supply.orderable(available, now))
        there[sku_id] = 0 if supply.is_early(now) else min(count, available)
        beyond[sku_id] = count - there[sku_id]
    return _some(there), _some(beyond)


def _some(units: Units) -> dict[str, int]:
    return {sku_id: count for sku_id, count in units.items() if count}


def share_out(waiting: Sequence[Waiting], shelves: Sequence[Shelf]) -> list[tuple[Waiting, Allocation]]:
    """Give what is free to the orders that wait, in their order; one may get a part of what it waits for."""
    free = {shelf: shelf.available for shelf in shelves}
    given: list[tuple[Waiting, Allocation]] = []
    for each in waiting:
        missing = each.quantity
        for shelf in shelves:
            if shelf.sku_id == each.sku_id and (count := min(missing, free[shelf])):
                given.append((each, Allocation(shelf, count)))
                free[shelf] -= count
                missing -= count
    return given


def distance(warehouse: Place, destination: Place) -> tuple[bool, int]:
    """Sorts the nearest first: the same country, then the longest common start of the postal codes.

    Without a map of postal codes this is what an address tells.
    """
    if warehouse.country != destination.country:
        return (True, 0)
    here, there = (place.postal_code.replace(" ", "").upper() for place in (warehouse, destination))
    common = next((at for at, pair in enumerate(zip(here, there, strict=False)) if pair[0] != pair[1]), None)
    return (False, -(min(len(here), len(there)) if common is None else common))


def allocate(wanted: Mapping[str, int], shelves: Sequence[Shelf]) -> list[Allocation] | Shortage:
    """Choose shelves for an order, in as few parcels as it takes.

    The first warehouse that has everything gets the whole order. Otherwise the one that can send most of what
    is still missing is taken, then the next; a line is split only when no warehouse has all of it.

    Args:
        wanted: units by SKU id.
        shelves: of active warehouses, the preferred warehouse first.

    Returns:
        The allocations by SKU and warehouse id, or the first SKU of which there is not enough.
    """
    for sku_id in sorted(wanted):
        total = sum(shelf.available for shelf in shelves if shelf.sku_id == sku_id)
        if total < wanted[sku_id]:
            return Shortage(sku_id, wanted[sku_id], total)
    by_warehouse: dict[str, dict[str, Shelf]] = {}
    for shelf in shelves:
        by_warehouse.setdefault(shelf.warehouse_id, {})[shelf.sku_id] = shelf
    missing = dict(wanted)
    chosen: list[Allocation] = []
    while missing:
        parcels = [_parcel(missing, there) for there in by_warehouse.values()]
        parcel = max(map(partial(_whole, missing), parcels), key=_units) or max(parcels, key=_units)
        chosen += parcel
        for part in parcel:
            missing[part.shelf.sku_id] -= part.quantity
            del by_warehouse[part.shelf.warehouse_id][part.shelf.sku_id]
        missing = {sku_id: units for sku_id, units in missing.items() if units}
    return sorted(chosen, key=lambda part: (part.shelf.sku_id, part.shelf.warehouse_id))


def _parcel(missing: Mapping[str, int], there: Mapping[str, Shelf]) -> list[Allocation]:
    """All that one warehouse can send of what is missing."""
    return [
        Allocation(there[sku_id], min(units, there[sku_id].available))
        for sku_id, units in missing.items()
        if sku_id in there and there[sku_id].available > 0
    ]


def _whole(missing: Mapping[str, int], parcel: Sequence[Allocation]) -> list[Allocation]:
    """The lines of a parcel that are not split."""
    return [part for part in parcel if part.quantity == missing[part.shelf.sku_id]]


def _units(parcel: Sequence[Allocation]) -> tuple[int, int]:
    return len(parcel), sum(part.quantity for part in parcel)


def part_of(held: Mapping[tuple[str, str], int], units: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Which shelves give up some of the units that an order holds: those with the fewest, to save a parcel.

    Args:
        held: units by SKU and warehouse id; `units`, by SKU id, are to be given up.

    Raises:
        RuntimeError: the order holds fewer.
    """
    given: dict[tuple[str, str], int] = {}
    missing = dict(units)
    for shelf, count in sorted(held.items(), key=lambda each: (each[1], each[0])):
        if part := min(count, missing.get(shelf[0], 0)):
            given[shelf] = part
            missing[shelf[0]] -= part
    if any(missing.values()):
        raise RuntimeError(f"an order holds fewer units than it is to give up: {missing}")
    return given
