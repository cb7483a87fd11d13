from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.errors import IllegalTransition
from transactional.orders.errors import TooManyCancelled, TooManyReturned
from transactional.orders.models import ORDER_STATUSES
from transactional.orders.rules import (
    TRANSITIONS,
    SoldLine,
    after,
    cancellation_credits,
    document_number,
    partial_credit,
    return_credit,
)

lines = st.builds(SoldLine, st.just("line"), st.integers(1, 99), st.integers(0, 10**6), st.integers(0, 10**5))


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
def test_every_unit_cancelled_or_returned_credits_exactly_what_the_line_cost(
    line: SoldLine, data: st.DataObject
) -> None:
    credited = 0
    while line.credited < line.quantity:
        if line.open and data.draw(st.booleans()):
            portion = data.draw(st.integers(1, line.open))
            credited += partial_credit(line, portion).total
            line = replace(line, cancelled=line.cancelled + portion)
        elif line.open and (line.returnable == 0 or data.draw(st.booleans())):
            line = replace(line, shipped=line.shipped + data.draw(st.integers(1, line.open)))
        else:
            portion = data.draw(st.integers(1, line.returnable))
            credited += return_credit(line, portion).total
            line = replace(line, returned=line.returned + portion)
    assert credited == line.net + line.tax


def test_one_unit_of_several_gives_back_what_one_unit_cost() -> None:
    two_of_ten_pounds = SoldLine("line", quantity=2, net=1_667, tax=333, shipped=2)
    first = return_credit(two_of_ten_pounds, 1)
    assert (first.amount, first.tax, first.total) == (834, 166, 1_000)
    second = return_credit(replace(two_of_ten_pounds, returned=1), 1)
    assert (second.amount, second.tax, second.total) == (833, 167, 1_000)


def test_more_than_was_sent_cannot_come_back() -> None:
    with pytest.raises(TooManyReturned):
        return_credit(SoldLine("line", quantity=5, net=300, tax=60, shipped=3, returned=2), 2)


def test_what_was_sent_or_cancelled_cannot_be_cancelled() -> None:
    with pytest.raises(TooManyCancelled):
        partial_credit(SoldLine("line", quantity=5, net=300, tax=60, shipped=3, cancelled=1), 2)


@given(st.lists(lines, min_size=1, max_size=10), st.integers(0, 1_000), st.integers(0, 300))
def test_cancelling_credits_the_whole_order(sold: list[SoldLine], shipping: int, shipping_tax: int) -> None:
    credits = cancellation_credits(sold, shipping, shipping_tax)
    goods = sum(line.net + line.tax for line in sold)
    assert sum(credit.total for credit in credits) == goods + shipping + shipping_tax
    assert sum(credit.shipping for credit in credits) == shipping


def test_document_numbers_are_readable_and_repeatable() -> None:
    number = document_number("018bcfe5-6800-7971-b525-c263226f92a7", date(2026, 11, 22))
    assert number == document_number("018bcfe5-6800-7971-b525-c263226f92a7", date(2026, 11, 22))
    assert number.startswith("261122-")
    assert len(number) == 15
    assert document_number("x", date(2026, 11, 22), "CN").startswith("CN261122-")
