"""Which warehouse an order leaves from."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from transactional.stock.rules import Allocation, Place, Shelf, Shortage, allocate, distance

skus = st.sampled_from(["a", "b", "c"])
warehouses = st.sampled_from(["north", "south", "east"])


def shelf(sku: str, warehouse: str, available: int) -> Shelf:
    return Shelf(f"{sku}@{warehouse}", sku, warehouse, available)


def chosen(wanted: dict[str, int], *shelves: Shelf) -> dict[str, int]:
    allocations = allocate(wanted, shelves)
    assert not isinstance(allocations, Shortage)
    return {part.shelf.level_id: part.quantity for part in allocations}


def test_the_first_warehouse_that_has_everything_sends_it_all() -> None:
    shelves = [shelf("a", "north", 5), shelf("b", "north", 0), shelf("a", "south", 5), shelf("b", "south", 5)]
    assert chosen({"a": 1, "b": 1}, *shelves) == {"a@south": 1, "b@south": 1}
    assert chosen({"a": 1}, *shelves) == {"a@north": 1}


def test_an_order_is_split_by_lines_before_a_line_is_split() -> None:
    shelves = [shelf("a", "north", 2), shelf("b", "north", 1), shelf("a", "south", 9), shelf("b", "east", 9)]
    assert chosen({"a": 3, "b": 2}, *shelves) == {"a@south": 3, "b@east": 2}


def test_a_line_is_split_when_no_warehouse_has_all_of_it() -> None:
    assert chosen({"a": 5}, shelf("a", "north", 2), shelf("a", "south", 4)) == {"a@south": 4, "a@north": 1}


def test_what_all_warehouses_together_do_not_have_is_a_shortage() -> None:
    shelves = [shelf("a", "north", 2), shelf("a", "south", 2)]
    assert allocate({"a": 5}, shelves) == Shortage("a", 5, 4)
    assert allocate({"b": 1}, shelves) == Shortage("b", 1, 0)


@given(
    st.dictionaries(skus, st.integers(1, 9), min_size=1),
    st.dictionaries(st.tuples(skus, warehouses), st.integers(0, 9)),
)
def test_every_unit_is_allocated_once_and_from_where_it_is(
    wanted: dict[str, int], there: dict[tuple[str, str], int]
) -> None:
    shelves = [shelf(sku, warehouse, units) for (sku, warehouse), units in there.items()]
    allocations = allocate(wanted, shelves)
    total: Counter[str] = Counter()
    for (sku, _), units in there.items():
        total[sku] += units
    if isinstance(allocations, Shortage):
        assert any(total[sku] < units for sku, units in wanted.items())
        return
    sent: Counter[str] = Counter()
    for part in allocations:
        assert 0 < part.quantity <= part.shelf.available
        sent[part.shelf.sku_id] += part.quantity
    assert dict(sent) == wanted
    assert len({part.shelf for part in allocations}) == len(allocations)
    _no_line_is_split_that_one_warehouse_has(wanted, there, allocations)


def _no_line_is_split_that_one_warehouse_has(
    wanted: dict[str, int], there: dict[tuple[str, str], int], allocations: list[Allocation]
) -> None:
    parts = Counter(part.shelf.sku_id for part in allocations)
    for sku, count in parts.items():
        if count > 1:
            assert max(units for (of, _), units in there.items() if of == sku) < wanted[sku]


def test_the_nearest_warehouse_is_in_the_country_and_shares_the_start_of_the_postal_code() -> None:
    london = Place("GB", "SW1Y 4JH")
    places = {
        "Paris": Place("FR", "75001"),
        "Leeds": Place("GB", "LS9 8AG"),
        "Slough": Place("GB", "SL1 1DT"),
        "Wandsworth": Place("GB", "sw18 1aa"),
    }
    assert sorted(places, key=lambda name: distance(places[name], london)) == [
        "Wandsworth",
        "Slough",
        "Leeds",
        "Paris",
    ]
    assert distance(london, london) < distance(places["Wandsworth"], london)
