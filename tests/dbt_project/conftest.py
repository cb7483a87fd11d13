"""Every test here begins in a shop that has opened."""

import pytest

from orchestration.batch import Batches
from orchestration.transform import Transform
from settings import Settings


@pytest.fixture
def settings(after_opening: Settings) -> Settings:
    return after_opening


@pytest.fixture
def batches(settings: Settings, transform: Transform) -> Batches:
    return Batches(settings, transform)
