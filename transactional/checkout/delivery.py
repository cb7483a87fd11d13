"""Which deliveries an address can have, and what they cost. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

RateKind = Literal["flat", "weight", "free_over"]


@dataclass(frozen=True)
class Zone:
    """Where a rate holds; without countries it is all that no other zone names.

    Args:
        postal_prefixes: starts of postal codes without spaces; empty for the whole of the countries.
    """

    code: str
    countries: frozenset[str]
    postal_prefixes: tuple[str, ...]


@dataclass(frozen=True)
class Rate:
    """What a method costs in a zone, for parcels of `weight_from` to below `weight_to` grams.

    Args:
        zone: its code.
        price: minor units, with tax where prices contain it.
        free_from: goods before promotions, minor units, from which it costs nothing.
    """

    zone: str
    currency: str
    kind: RateKind
    price: int
    weight_from: int = 0
    weight_to: int | None = None
    free_from: int | None = None

    def fits(self, weight: int) -> bool:
        return self.weight_from <= weight and (self.weight_to is None or weight < self.weight_to)

    def charge(self, goods: int) -> int:
        return 0 if self._is_free(goods) else self.price

    def _is_free(self, goods: int) -> bool:
        return self.free_from is not None and goods >= self.free_from

    @property
    def step(self) -> str:
        """Which rate of its method this is, in words."""
        until = "" if self.weight_to is None else f" to {self.weight_to}"
        weight = f", from {self.weight_from}{until} g" if self.weight_from or until else ""
        free = "" if self.free_from is None else f", free from {self.free_from}"
        return f"{self.zone}{weight}{free}"

    def basis(self, parcel: "Parcel") -> int | None:
        """The number of a parcel that decided the price: goods, or else grams; None when none did."""
        if self._is_free(parcel.goods):
            return parcel.goods
        if self.weight_from or self.weight_to is not None:
            return parcel.weight
        return None if self.free_from is None else parcel.goods


@dataclass(frozen=True)
class Method:
    """A way to deliver, with its promise in days after the order."""

    code: str
    name: str
    days_min: int
    days_max: int
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class Parcel:
    """What is to be delivered: goods in minor units before promotions, grams, and the currency."""

    goods: int
    weight: int
    currency: str


@dataclass(frozen=True)
class Offer:
    """A delivery that can be had, its price, and the rate that gave it."""

    code: str
    name: str
    days_min: int
    days_max: int
    price: int
    rate: Rate


def zone_of(zones: Sequence[Zone], country: str, postal_code: str) -> Zone | None:
    """The one zone of an address: the longest start of its postal code, then its country, then all others."""
    code = postal_code.replace(" ", "").upper()
    found: tuple[int, Zone] | None = None
    for zone in zones:
        closeness = _closeness(zone, country, code)
        if closeness is not None and (found is None or closeness > found[0]):
            found = (closeness, zone)
    return found[1] if found else None


def _closeness(zone: Zone, country: str, code: str) -> int | None:
    if not zone.countries:
        return 0
    if country not in zone.countries:
        return None
    if not zone.postal_prefixes:
        return 1
    return max((1 + len(start) for start in zone.postal_prefixes if code.startswith(start)), default=None)


def offers(
    zones: Sequence[Zone], methods: Sequence[Method], country: str, postal_code: str, parcel: Parcel
) -> list[Offer]:
    """What can be had, in the order of `methods`; of several rates of a method that fit, the cheapest."""
    zone = zone_of(zones, country, postal_code)
    found: list[Offer] = []
    for method in methods if zone else ():
        fitting = [
            (rate.charge(parcel.goods), at, rate)
            for at, rate in enumerate(method.rates)
            if zone
            and rate.zone == zone.code
            and rate.currency == parcel.currency
            and rate.fits(parcel.weight)
        ]
        if fitting:
            price, _, rate = min(fitting, key=lambda each: each[:2])
            found.append(Offer(method.code, method.name, method.days_min, method.days_max, price, rate))
    return found


def choose(found: Sequence[Offer], method: str | None) -> Offer | None:
    """The offer of a method, or the first when none is asked for; None when it cannot be had."""
    return next((offer for offer in found if method in (None, offer.code)), None)
