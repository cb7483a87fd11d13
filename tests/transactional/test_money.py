from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from transactional.money import allocate, divide_half_up, slice_of, without_tax

amounts = st.integers(0, 10**12)


@given(amounts, st.integers(1, 10**6))
def test_division_rounds_half_up(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert divide_half_up(numerator, denominator) == (exact + Fraction(1, 2)).__floor__()


@given(amounts, st.integers(0, 10_000))
def test_tax_is_what_the_net_part_leaves(amount: int, rate: int) -> None:
    net = without_tax(amount, rate)
    assert abs(Fraction(amount * 10_000, 10_000 + rate) - net) <= Fraction(1, 2)


def test_twenty_percent_of_a_price_with_tax() -> None:
    assert without_tax(1_200, 2_000) == 1_000
    assert without_tax(999, 2_000) == 833


@given(amounts, st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_allocated_parts_add_up_and_are_within_a_minor_unit_of_their_share(
    amount: int, weights: list[int]
) -> None:
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        share = Fraction(amount * weight, whole) if whole else Fraction(amount, len(weights))
        assert abs(part - share) <= 1
        assert part >= 0


@given(amounts, st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_units_given_back_in_any_portions_carry_the_whole_amount(amount: int, portions: list[int]) -> None:
    quantity, taken, given_back = sum(portions), 0, 0
    for portion in portions:
        given_back += slice_of(amount, quantity, taken, portion)
        taken += portion
    assert given_back == amount
