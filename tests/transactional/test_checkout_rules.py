from hypothesis import given
from hypothesis import strategies as st

from transactional.checkout.rules import Item, amounts, line_amounts, shipping_charge

prices = st.tuples(st.integers(0, 10**6), st.integers(0, 10**5)).map(
    lambda pair: (pair[0] + pair[1], pair[0])
)
items = st.builds(lambda quantity, price: Item(quantity, *price), st.integers(1, 99), prices)
RATE = 2_000


@given(st.lists(items, max_size=20))
def test_total_is_gross_less_discount_plus_shipping_and_tax(basket: list[Item]) -> None:
    priced = amounts(basket, RATE)
    assert priced.total == priced.gross - priced.discount + priced.shipping + priced.tax
    goods = sum(item.unit_price * item.quantity for item in basket)
    assert priced.total == goods + shipping_charge(goods)


@given(items)
def test_a_line_costs_its_unit_price_times_its_quantity(item: Item) -> None:
    line = line_amounts(item, RATE)
    assert line.total == item.unit_price * item.quantity
    assert line.discount >= 0
    assert line.tax >= 0


def test_a_line_on_offer() -> None:
    line = line_amounts(Item(quantity=3, list_price=1_200, unit_price=999), RATE)
    assert (line.gross, line.discount, line.net, line.tax) == (3_000, 502, 2_498, 499)


def test_delivery_is_flat_and_free_from_fifty() -> None:
    assert shipping_charge(4_999) == 395
    assert shipping_charge(5_000) == 0
    assert shipping_charge(0) == 0


def test_delivery_contains_tax_too() -> None:
    priced = amounts([Item(1, 1_200, 1_200)], RATE)
    assert (priced.shipping, priced.tax, priced.total) == (329, 200 + 66, 1_595)
