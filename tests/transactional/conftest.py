"""A shop with goods on its shelves and a clock that the test moves."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import Databases
from fastapi.testclient import TestClient
from shopping import Shelves, asking, fill_shelves

from settings import Settings
from transactional.app import create_app
from transactional.payments.sandbox.app import create_app as create_sandbox
from transactional.payments.sandbox.client import SandboxProvider
from transactional.security import sandbox_secret
from transactional.shop import Shop, open_shop


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sequences", type=int, default=25, help="How many histories test_everything drives per database."
    )


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
    """Opens shops that have nothing to sell yet, one after the other: the next closes the last."""
    opened: list[Shop] = []

    def close() -> None:
        while opened:
            shop = opened.pop()
            shop.database.engine.dispose()
            databases.give_back(shop.settings.database_url)

    def open_one() -> Shop:
        close()
        opened.append(open_shop(Settings(home=tmp_path / "var", database_url=databases.take()), clock))
        return opened[0]

    yield open_one
    close()


@pytest.fixture
def shop(new_shop: Callable[[], Shop]) -> Shop:
    return new_shop()


@pytest.fixture
def shelves(shop: Shop) -> Shelves:
    """Three products of two SKUs, ten units each."""
    return fill_shelves(shop)


@pytest.fixture
def sandbox(shop: Shop, clock: MovableClock) -> TestClient:
    return TestClient(create_sandbox(shop.settings, clock), follow_redirects=False)


@pytest.fixture
def open_for_business(shop: Shop, shelves: Shelves, sandbox: TestClient) -> Shop:
    """The shop with its sandbox connected and goods on its shelves."""
    provider = SandboxProvider(shop.settings.sandbox_url, sandbox_secret(shop.settings), asking(sandbox.app))
    return replace(shop, providers={"sandbox": provider})


@pytest.fixture
def client(open_for_business: Shop) -> Iterator[TestClient]:
    app = create_app(open_for_business.settings, open_for_business)
    yield TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def staff(open_for_business: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}
