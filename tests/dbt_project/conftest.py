"""The project parsed once for all tests of this folder."""

import pytest

from orchestration.transform import Transform
from settings import Settings


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Transform:
    return Transform(Settings(home=tmp_path_factory.mktemp("parsed") / "var"))


@pytest.fixture
def transform(parsed: Transform, settings: Settings) -> Transform:
    """The parsed project on this test's own warehouse."""
    return Transform(settings, parsed.manifest)
