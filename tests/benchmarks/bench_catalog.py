"""The catalogue in bulk: 10,000 SKUs from option values in one transaction, on SQLite."""

import tempfile
import time
from pathlib import Path

from settings import Settings
from tests.benchmarks.table import Row
from transactional.catalog import editing, generation, service
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.generation import Batch
from transactional.shop import open_shop

SIDE = 100
MOST_SECONDS = 30.0


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        shop = open_shop(Settings(home=Path(name) / "var"))
        with shop.database.transaction("bench") as uow:
            category = service.create_category(uow, "pipes", "Pipes")
            product_id = editing.add_product(
                uow, ProductDraft("pipe", "Pipe", category, [], status="draft"), "GBP"
            )
        values = {"bore": [f"{n} mm" for n in range(SIDE)], "length": [f"{n} cm" for n in range(SIDE)]}
        batch = Batch(values, "{product}-{bore}-{length}")
        started = time.perf_counter()
        with shop.database.transaction("bench") as uow:
            created = generation.create(uow, product_id, batch, SkuDraft("", 900, 1_000, 300), "GBP")
        seconds = time.perf_counter() - started
        shop.database.engine.dispose()
    name = f"{len(created):,} SKUs from option values"
    return [Row(name, seconds, "s", limit=MOST_SECONDS, lower_is_better=True)]
