import pandas as pd

from dashboards import charts

DAYS = pd.date_range("2026-05-01", periods=4, freq="D")


def test_the_previous_period_lies_dashed_over_the_same_days() -> None:
    figure = charts.compared_by_day(pd.Series([1, 2, 3, 4], DAYS), pd.Series([4, 3, 2, 1]), "GBP")
    before, now = figure.data
    assert list(before.x) == list(now.x)
    assert before.line.dash == "dash"
    assert before.line.color == charts.COLOURS.muted
    assert list(now.y) == [1, 2, 3, 4]


def test_days_still_arriving_are_drawn_apart() -> None:
    figure = charts.compared_by_day(
        pd.Series([1, 2, 3, 4], DAYS), pd.Series(dtype=float), "GBP", incomplete_from=DAYS[-1]
    )
    complete, tail = figure.data
    assert list(complete.y) == [1, 2, 3]
    assert list(tail.y) == [3, 4]
    assert tail.line.dash == "dot"


def test_bars_start_at_zero_and_run_from_the_largest_down() -> None:
    figure = charts.ranked_bars(["email", "direct"], [5, 3], ["5", "3"], "orders")
    assert figure.layout.xaxis.range[0] == 0
    assert figure.layout.yaxis.autorange == "reversed"


def test_a_channel_has_the_same_colour_whatever_its_rank() -> None:
    one = charts.ranked_bars(["email", "direct"], [5, 3], ["5", "3"], "orders").data[0].marker.color
    other = charts.ranked_bars(["direct", "email"], [5, 3], ["5", "3"], "orders").data[0].marker.color
    assert one == tuple(reversed(other))
