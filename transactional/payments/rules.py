"""What a tender holds, how tenders share an amount, and what points are worth: pure arithmetic.

Amounts are minor units. A tender's amounts are never stored: they follow from its events. The drawing is all
that can happen to one that a provider takes:

pending ── authorise ──▶ authorised ── capture ──▶ captured
pending ── capture ──▶ captured
pending, authorised ── void ──▶ voided
pending ── fail ──▶ failed
failed, voided ── capture ──▶ captured
captured ── refund ──▶ as before
captured ── chargeback ──▶ as before
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from transactional.money import slice_of

EventType = Literal["authorise", "capture", "refund", "void", "chargeback"]
EventOutcome = Literal["requested", "succeeded", "failed", "unknown"]
_MAY_COME_BACK = ("refund", "chargeback")
Status = Literal["pending", "authorised", "captured", "failed", "voided"]
Step = Literal["authorise", "capture", "void", "fail", "refund", "chargeback"]
_UNPAID: tuple[Status, ...] = ("pending", "failed", "voided")
# A provider may take money after it said that it would not: what it says last is true.
TRANSITIONS: dict[tuple[Status, Step], Status] = {
    ("pending", "authorise"): "authorised",
    **{(status, "capture"): "captured" for status in (*_UNPAID, "authorised")},
    ("pending", "void"): "voided",
    ("authorised", "void"): "voided",
    ("pending", "fail"): "failed",
    ("captured", "refund"): "captured",
    ("captured", "chargeback"): "captured",
}
UNIT = 100  # minor units in what points are counted by


@dataclass(frozen=True)
class TenderEvent:
    """One thing that happened to a tender; `reference` names the action that its outcomes belong to."""

    type: EventType
    outcome: EventOutcome
    reference: str
    amount: int


@dataclass(frozen=True)
class Holding:
    """What happened to a tender's money; `refunding` is asked for and not known to have gone."""

    captured: int = 0
    refunding: int = 0
    refunded: int = 0
    charged_back: int = 0

    @property
    def left(self) -> int:
        """What can still be given back."""
        return max(0, self.captured - self.refunding - self.refunded - self.charged_back)


def holding(events: Iterable[TenderEvent]) -> Holding:
    """What a tender holds after its events, in whatever order they are given.

    A payment that succeeded did so whatever was told besides: `failed` before it was another try's answer.
    What goes back may fail after it had succeeded: a refund that did not arrive, a dispute that was won.
    """
    actions: dict[tuple[str, str], dict[str, int]] = {}
    for event in events:
        actions.setdefault((event.type, event.reference), {})[event.outcome] = event.amount
    done: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    for (kind, _), told in actions.items():
        if "failed" in told and kind in _MAY_COME_BACK:
            continue
        if "succeeded" in told:
            done[kind] += told["succeeded"]  # what was taken may differ from what was asked
        elif "failed" not in told:
            waiting[kind] += max(told.values())
    return Holding(done["capture"], waiting["refund"], done["refund"], done["chargeback"])


def share(amount: int, available: Sequence[int]) -> list[int]:
    """What each of several gives to `amount`, the first as much as it has, then the next."""
    parts: list[int] = []
    for each in available:
        parts.append(min(each, amount))
        amount -= parts[-1]
    return parts


@dataclass(frozen=True)
class Purse:
    """An account somebody wants to pay from, with what is there; `limit` is the most to take, None is all."""

    account: str
    balance: int
    limit: int | None = None


def spend(amount: int, purses: Sequence[Purse]) -> list[int]:
    """What each purse pays of `amount`, in their order; one account named twice is not spent twice."""
    parts: list[int] = []
    spent: dict[str, int] = {}
    for purse in purses:
        there = purse.balance - spent.get(purse.account, 0)
        parts.append(min(amount, there if purse.limit is None else min(there, purse.limit)))
        spent[purse.account] = spent.get(purse.account, 0) + parts[-1]
        amount -= parts[-1]
    return parts


def points_earned(goods: int, points_per_unit: int, point_value: int) -> int:
    """What the points are worth that goods of this price with tax earn.

    Args:
        points_per_unit: points for every whole unit (100 minor units) of the currency.
        point_value: minor units that a point is worth.
    """
    return goods // UNIT * points_per_unit * point_value


def points_taken_back(points: int, goods: int, before: int, now: int) -> int:
    """The share of an order's points that goes with goods given back, rounded so that all take all.

    Args:
        points: what the order's points are worth.
        goods: what its goods cost with tax.
        before: what of them was credited earlier; `now`: what is credited now.
    """
    return slice_of(points, goods, before, now) if goods else points
