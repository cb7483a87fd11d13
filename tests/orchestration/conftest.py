"""One published Storehouse that tests only read."""

from pathlib import Path

import pytest
from lakes import Lake, copied, credit_note, event, order_line

from orchestration.batch import Batches
from orchestration.transform import Transform
from settings import Settings


@pytest.fixture(scope="session")
def published(parsed: Transform, opened: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A Storehouse with one order, its return and one visit, published once."""
    settings = copied(opened, tmp_path_factory.mktemp("published"))
    lake = Lake(settings)
    lake.order("A1", 0)
    lake.write("order_lines", order_line("A1", position=1, seq=2, name="Mug, navy"))
    header, line = credit_note("C1", "A1", 2000)
    lake.write("credit_notes", header)
    lake.write("credit_note_lines", line)
    lake.events(event(1, 0), event(2, 5, "purchase", transaction_id="A1"))
    batch = Batches(settings, Transform(settings, parsed.manifest)).run()
    assert batch is not None
    assert batch.failed == []
    return settings
