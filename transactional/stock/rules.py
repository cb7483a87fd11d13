"""Which warehouse an order leaves from: pure choices, so that they can be tried without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

Policy = Literal["priority", "nearest"]


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
