from hypothesis import given
from hypothesis import strategies as st
from test_checkout_rules import deliveries, items, treatments

from transactional.checkout.explanation import Delivered, Given, Sold, explain, percent
from transactional.checkout.rules import Item, amounts
from transactional.checkout.tax import Treatment


@given(st.lists(items(), max_size=20), treatments, deliveries)
def test_the_rows_add_up_to_the_total(
    basket: list[Item], taxed: Treatment, delivery: tuple[int, int]
) -> None:
    priced = amounts(basket, taxed, *delivery)
    lines = [
        Sold(item.quantity, line.gross, line.discount, line.tax, line.tax_rate_bp)
        for item, line in zip(basket, priced.lines, strict=True)
    ]
    promotions = [
        Given(f"p{at % 3}", "Offer", line.promotions, False, line.net) for at, line in enumerate(priced.lines)
    ]
    promotions.append(Given("p1", "Offer", priced.shipping_promotions, True, priced.shipping))
    delivered = Delivered(
        "standard", "Standard", priced.shipping, priced.shipping_tax, priced.shipping_tax_rate_bp
    )
    rows = explain(lines, promotions, delivered)
    assert sum(row.amount for row in rows) == priced.total
    assert sum(row.amount for row in rows if row.kind == "tax") == priced.tax
    assert sum(row.basis or 0 for row in rows if row.kind == "tax") == priced.total - priced.tax


def test_every_rate_of_tax_has_a_row_with_what_it_is_on() -> None:
    lines = [Sold(1, 1_000, 100, 180, 2_000), Sold(2, 400, 0, 20, 500), Sold(1, 300, 0, 0, 0)]
    rows = explain(lines, [], Delivered("standard", "Standard", 329, 66, 2_000))
    taxes = [(row.label, row.basis, row.amount) for row in rows if row.kind == "tax"]
    assert taxes == [("Tax 20 %", 1_229, 246), ("Tax 5 %", 400, 20), ("Tax 0 %", 300, 0)]


def test_a_rate_is_written_as_short_as_it_can_be() -> None:
    assert [percent(rate) for rate in (2_000, 825, 0)] == ["20 %", "8.25 %", "0 %"]
