"""A shop with goods on its shelves and a clock that the test moves."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import Databases
from shopping import Shelves, fill_shelves

from settings import Settings
from transactional.shop import Shop, open_shop


class MovableClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def new_shop(databases: Databases, tmp_path: Path, clock: MovableClock) -> Iterator[Callable[[], Shop]]:
    """Opens shops that have nothing to sell yet, each on a database of its own."""
    opened: list[Shop] = []

    def open_one() -> Shop:
        shop = open_shop(Settings(home=tmp_path / "var", database_url=databases.take()), clock)
        opened.append(shop)
        return shop

    yield open_one
    for shop in opened:
        shop.database.engine.dispose()
        databases.give_back(shop.settings.database_url)


@pytest.fixture
def shop(new_shop: Callable[[], Shop]) -> Shop:
    return new_shop()


@pytest.fixture
def shelves(shop: Shop) -> Shelves:
    """Three products of two SKUs, ten units each."""
    return fill_shelves(shop)
