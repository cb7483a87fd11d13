import pytest

from dashboards.parts import colour_of_change


@pytest.mark.parametrize(
    ("relative", "better", "colour"),
    [
        (0.1, "up", "green"),
        (-0.1, "up", "red"),
        (0.1, "down", "red"),
        (-0.1, "down", "green"),
        (-0.1, "neither", "gray"),
        (0.0, "up", "gray"),
        (None, "up", "gray"),
    ],
)
def test_a_change_for_the_worse_is_never_green(relative: float | None, better: str, colour: str) -> None:
    assert colour_of_change(relative, better) == colour  # type: ignore[arg-type]
