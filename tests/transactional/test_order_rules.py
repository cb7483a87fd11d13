from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.errors import IllegalTransition
from transactional.orders.errors import TooManyReturned
from transactional.orders.models import ORDER_STATUSES
from transactional.orders.rules import (
    TRANSITIONS,
    SoldLine,
    after,
    cancellation_credits,
    document_number,
    return_credit,
)

lines = st.builds(
    SoldLine, st.just("line"), st.integers(1, 99), st.just(0), st.integers(0, 10**6), st.integers(0, 10**5)
)


def test_the_table_knows_only_the_states_of_orders() -> None:
    known = {status for status, _ in TRANSITIONS} | set(TRANSITIONS.values())
    assert known == set(ORDER_STATUSES)


def test_what_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(IllegalTransition) as refused:
        after("cancelled", "ship")
    assert refused.value.details == {"status": "cancelled", "event": "ship"}


def test_a_cancelled_order_can_never_be_paid() -> None:
    assert ("cancelled", "pay") not in TRANSITIONS


@given(lines, st.data())
def test_returning_every_unit_credits_exactly_what_the_line_cost(line: SoldLine, data: st.DataObject) -> None:
    credited, returned = 0, 0
    while returned < line.quantity:
        portion = data.draw(st.integers(1, line.quantity - returned))
        state = SoldLine(line.id, line.quantity, returned, line.net, line.tax)
        credited += return_credit(state, portion).total
        returned += portion
    assert credited == line.net + line.tax


def test_one_unit_of_several_gives_back_what_one_unit_cost() -> None:
    two_of_ten_pounds = SoldLine("line", quantity=2, returned=0, net=1_667, tax=333)
    first = return_credit(two_of_ten_pounds, 1)
    assert (first.amount, first.tax, first.total) == (834, 166, 1_000)
    second = return_credit(SoldLine("line", quantity=2, returned=1, net=1_667, tax=333), 1)
    assert (second.amount, second.tax, second.total) == (833, 167, 1_000)


def test_more_than_was_bought_cannot_come_back() -> None:
    with pytest.raises(TooManyReturned):
        return_credit(SoldLine("line", quantity=3, returned=2, net=300, tax=60), 2)


@given(st.lists(lines, min_size=1, max_size=10), st.integers(0, 1_000), st.integers(0, 300))
def test_cancelling_credits_the_whole_order(sold: list[SoldLine], shipping: int, shipping_tax: int) -> None:
    tax = sum(line.tax for line in sold) + shipping_tax
    credits = cancellation_credits(sold, shipping, tax)
    assert sum(credit.total for credit in credits) == sum(line.net for line in sold) + shipping + tax
    assert sum(credit.shipping for credit in credits) == shipping


def test_document_numbers_are_readable_and_repeatable() -> None:
    number = document_number("018bcfe5-6800-7971-b525-c263226f92a7", date(2026, 11, 22))
    assert number == document_number("018bcfe5-6800-7971-b525-c263226f92a7", date(2026, 11, 22))
    assert number.startswith("261122-")
    assert len(number) == 15
    assert document_number("x", date(2026, 11, 22), "CN").startswith("CN261122-")
