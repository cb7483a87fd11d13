"""A shop that has opened, published: what every test here would else build first, for seconds."""

import shutil
from pathlib import Path

import pytest
from lakes import Lake, shop

from orchestration.batch import Batches
from orchestration.serving import read_status
from orchestration.transform import Transform
from settings import Settings


@pytest.fixture(scope="session")
def opened(parsed: Transform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of `demo`, a shop in London that has neither goods nor orders yet."""
    home = tmp_path_factory.mktemp("opened") / "var"
    settings = Settings(home=home)
    Lake(settings).write("shops", shop())
    Batches(settings, Transform(settings, parsed.manifest)).run()
    assert read_status(settings).state == "ok"
    return home


@pytest.fixture
def settings(opened: Path, tmp_path: Path) -> Settings:
    """Settings of a Storehouse of its own, in which that shop has opened."""
    return Settings(home=shutil.copytree(opened, tmp_path / "var"))


@pytest.fixture
def batches(settings: Settings, transform: Transform) -> Batches:
    return Batches(settings, transform)
