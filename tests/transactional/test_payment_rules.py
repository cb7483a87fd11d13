"""What tenders hold after their events, and how they share an amount."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.payments import rules
from transactional.payments.rules import Holding, Purse, TenderEvent

README = Path(__file__).parents[2] / "transactional" / "README.md"
STATUSES = get_args(rules.Status)
money = st.integers(0, 10**9)
histories = st.lists(
    st.builds(
        TenderEvent,
        st.sampled_from(["authorise", "capture", "refund", "void", "chargeback"]),
        st.sampled_from(["requested", "succeeded", "failed", "unknown"]),
        st.sampled_from(["a", "b", "c"]),
        money,
    ),
    max_size=12,
    unique_by=lambda event: (event.type, event.outcome, event.reference),
)


def captured(amount: int) -> TenderEvent:
    return TenderEvent("capture", "succeeded", "payment", amount)


def test_what_was_asked_and_not_answered_is_on_its_way() -> None:
    asked = [captured(500), TenderEvent("refund", "requested", "r", 200)]
    assert rules.holding(asked) == Holding(captured=500, refunding=200)
    unknown = [*asked, TenderEvent("refund", "unknown", "r", 200)]
    assert rules.holding(unknown).left == 300


def test_a_refund_that_failed_can_be_given_again() -> None:
    events = [captured(500), TenderEvent("refund", "requested", "r", 200)]
    assert rules.holding([*events, TenderEvent("refund", "failed", "r", 200)]).left == 500


def test_what_was_taken_counts_and_not_what_was_asked() -> None:
    events = [TenderEvent("capture", "requested", "payment", 500), captured(1)]
    assert rules.holding(events) == Holding(captured=1)


def test_what_the_bank_took_and_what_went_back_before_is_never_less_than_nothing() -> None:
    events = [
        captured(500),
        TenderEvent("refund", "succeeded", "r", 300),
        TenderEvent("chargeback", "succeeded", "d", 500),
    ]
    assert rules.holding(events) == Holding(captured=500, refunded=300, charged_back=500)
    assert rules.holding(events).left == 0


@given(histories)
def test_the_order_in_which_events_are_read_does_not_matter(history: list[TenderEvent]) -> None:
    shuffled = sorted(history, key=repr)
    found = rules.holding(history)
    assert found == rules.holding(shuffled) == rules.holding(history[::-1])
    assert 0 <= found.left <= found.captured


@given(money, st.lists(money, max_size=6))
def test_tenders_give_what_is_asked_and_no_more_than_they_have(amount: int, available: list[int]) -> None:
    parts = rules.share(amount, available)
    assert sum(parts) == min(amount, sum(available))
    assert all(0 <= part <= there for part, there in zip(parts, available, strict=True))


@given(
    money,
    st.dictionaries(st.sampled_from("abc"), money, min_size=1),
    st.lists(st.tuples(st.sampled_from("abc"), st.none() | money), max_size=6),
)
def test_purses_pay_no_more_than_the_amount_and_no_more_than_is_in_them(
    amount: int, balances: dict[str, int], asked: list[tuple[str, int | None]]
) -> None:
    purses = [Purse(account, balances.get(account, 0), limit) for account, limit in asked]
    parts = rules.spend(amount, purses)
    assert sum(parts) <= amount
    for account in "abc":
        spent = sum(part for part, purse in zip(parts, purses, strict=True) if purse.account == account)
        assert 0 <= spent <= balances.get(account, 0)
    assert all(purse.limit is None or part <= purse.limit for part, purse in zip(parts, purses, strict=True))


def test_points_are_earned_by_whole_units() -> None:
    assert rules.points_earned(2_399, points_per_unit=2, point_value=3) == 23 * 2 * 3
    assert rules.points_earned(99, points_per_unit=2, point_value=3) == 0


@given(st.integers(0, 10_000), st.lists(st.integers(0, 10_000), min_size=1, max_size=6))
def test_points_of_goods_that_all_come_back_all_go(points: int, credits: list[int]) -> None:
    goods, before, taken = sum(credits), 0, 0
    for credit in credits:
        if goods:
            taken += rules.points_taken_back(points, goods, before, credit)
        before += credit
    assert taken == (points if goods else 0)


@pytest.mark.parametrize("text", [rules.__doc__, README.read_text()], ids=["rules", "README"])
def test_the_drawing_of_a_tender_is_the_table(text: str) -> None:
    drawn: dict[tuple[str, str], str] = {}
    for line in text.splitlines():
        parts = [each for step in line.split(" ── ") for each in step.split(" ──▶ ")]
        if len(parts) < 3 or not set(parts[0].split(", ")) <= set(STATUSES):
            continue
        for before, step, after in zip(parts[::2], parts[1::2], parts[2::2], strict=False):
            for status in before.split(", "):
                drawn[status, step] = after if after in STATUSES else status
    assert drawn == rules.TRANSITIONS


def test_a_dispute_that_only_asks_took_nothing() -> None:
    asked = [captured(500), TenderEvent("chargeback", "requested", "d", 500)]
    assert rules.holding(asked) == Holding(captured=500)


def test_what_went_back_and_failed_is_there_again() -> None:
    for kind in ("refund", "chargeback"):
        gone = [captured(500), TenderEvent(kind, "succeeded", "x", 500)]  # type: ignore[arg-type]
        assert rules.holding(gone).left == 0
        assert rules.holding([*gone, TenderEvent(kind, "failed", "x", 500)]).left == 500  # type: ignore[arg-type]
