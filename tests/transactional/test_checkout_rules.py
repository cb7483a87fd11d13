from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from transactional.checkout.rules import Item, amounts, goods, line_amounts
from transactional.checkout.tax import TaxRate, TaxZone, Treatment, treatment

prices = st.tuples(st.integers(0, 10**6), st.integers(0, 10**5)).map(
    lambda pair: (pair[0] + pair[1], pair[0])
)
classes = st.sampled_from(("standard", "reduced", "zero"))


@st.composite
def items(draw: st.DrawFn) -> Item:
    list_price, price = draw(prices)
    quantity = draw(st.integers(1, 99))
    off = draw(st.integers(0, price * quantity))
    return Item(quantity, list_price, price, off, draw(classes))


treatments = st.builds(
    Treatment,
    zone=st.just("zone"),
    prices_include_tax=st.booleans(),
    rates=st.fixed_dictionaries(
        {"standard": st.integers(0, 5_000)}, optional={"reduced": st.integers(0, 2_000), "zero": st.just(0)}
    ),
)
deliveries = st.integers(0, 10_000).flatmap(lambda full: st.tuples(st.just(full), st.integers(0, full)))
HOME = Treatment("home", True, {"standard": 2_000, "zero": 0})


@given(st.lists(items(), max_size=20), treatments, deliveries)
def test_total_is_gross_less_discount_plus_shipping_and_tax(
    basket: list[Item], taxed: Treatment, delivery: tuple[int, int]
) -> None:
    priced = amounts(basket, taxed, *delivery)
    assert priced.total == priced.gross - priced.discount + priced.shipping + priced.tax
    assert priced.tax == sum(line.tax for line in priced.lines) + priced.shipping_tax
    asked = goods(basket) - sum(item.promotions for item in basket) + delivery[0] - delivery[1]
    if taxed.prices_include_tax:
        assert priced.total == asked
    else:
        assert priced.total - priced.tax == asked


@given(items(), treatments)
def test_a_line_costs_what_it_costs_before_promotions_less_what_they_take_off(
    item: Item, taxed: Treatment
) -> None:
    line = line_amounts(item, taxed)
    assert 0 <= line.promotions <= line.discount
    assert line.tax >= 0
    assert line.full >= line.total
    if taxed.prices_include_tax:
        assert line.full - line.total == item.promotions
    else:
        assert line.promotions == item.promotions


@given(items(), treatments)
def test_tax_is_its_rate_of_the_line_to_half_a_minor_unit(item: Item, taxed: Treatment) -> None:
    line = line_amounts(item, taxed)
    rate = taxed.rate(item.tax_class)
    # Inclusive prices round the net part, whose error the rate makes larger by at most itself.
    assert abs(line.tax * 10_000 - line.net * rate) <= 5_000 + rate // 2


def test_a_line_on_offer() -> None:
    line = line_amounts(Item(quantity=3, list_price=1_200, unit_price=999), HOME)
    assert (line.gross, line.discount, line.net, line.tax) == (3_000, 502, 2_498, 499)


def test_delivery_contains_tax_too() -> None:
    priced = amounts([Item(1, 1_200, 1_200)], HOME, 395)
    assert (priced.shipping, priced.tax, priced.total) == (329, 200 + 66, 1_595)


def test_tax_comes_on_top_where_prices_do_not_contain_it() -> None:
    priced = amounts([Item(1, 1_200, 1_000)], Treatment("us", False, {"standard": 825}), 395)
    assert (priced.gross, priced.discount, priced.shipping) == (1_200, 200, 395)
    assert (priced.tax, priced.total) == (83 + 33, 1_395 + 116)


def test_a_class_without_a_rate_is_taxed_as_standard() -> None:
    assert [HOME.rate(each) for each in ("standard", "reduced", "zero")] == [2_000, 2_000, 0]


class TestTreatment:
    zones = (
        TaxZone(
            "home",
            "Home",
            frozenset({"GB"}),
            True,
            (TaxRate("standard", 2_000, date(2011, 1, 4)), TaxRate("standard", 1_750, date(2000, 1, 1))),
        ),
        TaxZone("rest", "Rest", frozenset(), False, (TaxRate("standard", 0, date(2000, 1, 1)),)),
    )

    def test_it_is_that_of_the_country_on_the_day(self) -> None:
        assert treatment(self.zones, "GB", date(2010, 12, 31)).rate("standard") == 1_750
        assert treatment(self.zones, "GB", date(2011, 1, 4)).rate("standard") == 2_000

    def test_what_no_zone_names_is_the_rest(self) -> None:
        found = treatment(self.zones, "NO", date(2026, 1, 1))
        assert (found.zone, found.prices_include_tax, found.rate("standard")) == ("rest", False, 0)

    def test_without_a_zone_there_is_no_tax(self) -> None:
        assert treatment(self.zones[:1], "NO", date(2026, 1, 1)).rates == {}
