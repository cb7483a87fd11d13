"""Fixtures every room's tests share."""

from pathlib import Path

import pytest

from settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a Storehouse of its own in a fresh folder."""
    return Settings(home=tmp_path / "var")
