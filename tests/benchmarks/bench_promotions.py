"""Pricing a large basket under many activities, with codes and without; judging an activity beside many."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tests.benchmarks.table import Row
from transactional.promotions.cuts import Unit
from transactional.promotions.evaluation import evaluate
from transactional.promotions.guard import find_dangers
from transactional.promotions.rules import Activity, Basket, Conditions, Context, Line
from transactional.promotions.templates import Amount, Class, Percent

STACKING: frozenset[Class] = frozenset({"product", "order", "shipping"})
ROUNDS = 5
CODES_COST = 12.0  # times a basket without codes: all 32 sets of five are tried
GROUPS_COST = 20.0  # times the guard's work beside one group


def _median(do: Callable[[], object]) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        do()
        taken.append((time.perf_counter() - started) * 1_000)
    return statistics.median(taken)


def _line(number: int) -> Line:
    sku = f"SKU-{number}"
    return Line(sku, sku, sku, 2, 1_000 + number, 1_000 + number, 300)


def _priced() -> Row:
    basket = Basket(tuple(_line(number) for number in range(50)))
    live = [
        Activity(
            f"live-{number}",
            "Live",
            Percent(off_bp=500 + number),
            Conditions(skus=tuple(f"SKU-{each}" for each in range(number % 20, 50, 20))),
            group=f"group-{number // 2}",
            stacks_with=STACKING,
        )
        for number in range(120)
    ]
    codes = [
        Activity(f"code-{number}", "Code", Percent(off_bp=1_000 + number, of="order"), needs_code=True)
        for number in range(5)
    ]
    moment = datetime(2026, 11, 26, 12, tzinfo=UTC)
    without = Context(moment)
    given = Context(moment, coupons={each.id: each.id for each in codes})
    return Row(
        "50 lines, 120 activities, 5 codes priced, beside no code",
        _median(lambda: evaluate(basket, given, [*live, *codes])),
        "ms",
        baseline=_median(lambda: evaluate(basket, without, [*live, *codes])),
        limit=CODES_COST,
        lower_is_better=True,
    )


def _judged() -> Row:
    live = [
        Activity(
            f"{group}-{number}",
            "Live",
            Amount(off=number) if number % 2 else Percent(off_bp=10 + number),
            group=f"group-{group}",
            stacks_with=STACKING,
        )
        for group in range(7)
        for number in range(1, 5)
    ]
    shelf = [Unit(_line(number), 2_000) for number in range(200)]
    return Row(
        "an activity judged beside 7 groups of 4 on 200 SKUs, beside one group",
        _median(lambda: find_dangers(live[0], live[1:], shelf)),
        "ms",
        baseline=_median(lambda: find_dangers(live[0], live[1:4], shelf)),
        limit=GROUPS_COST,
        lower_is_better=True,
    )


def run() -> list[Row]:
    return [_priced(), _judged()]
