from collections.abc import Iterator

import pytest

from tests.e2e.house import House, running_house


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=2, help="How often each process is killed in tests/e2e.")


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One running Storehouse for all end-to-end tests, as it takes long to start; it ends with them."""
    with running_house(tmp_path_factory.mktemp("house") / "var", days=2) as running:
        yield running
