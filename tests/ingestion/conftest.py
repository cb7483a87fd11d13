"""A spool to load from and small files to import."""

from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from spooling import SpoolWriter

from settings import Settings

# How long one example takes says nothing on a busy machine.
hypothesis.settings.register_profile("storehouse", deadline=None)
hypothesis.settings.load_profile("storehouse")

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def spool(settings: Settings) -> SpoolWriter:
    return SpoolWriter(settings)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file beside the home folder."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data to run on, which stand beside the repository where the project is built."""
    path = REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"there are no real data at {path}")
    return path
