"""The catalogue in bulk, on SQLite: 10,000 SKUs, each with its own price and stock; their stock; a file."""

import tempfile
import time
from pathlib import Path

from settings import Settings
from tests.benchmarks.table import Row
from transactional.catalog import bulk, creation, editing, garbage, generation
from transactional.catalog.bulk import Rules, Selection
from transactional.catalog.csv_reading import MAX_ROWS
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.exchange import import_products
from transactional.catalog.generation import Batch, Override
from transactional.catalog.repricing import Rule
from transactional.shop import Shop, open_shop

SIDE = 100
MOST_SECONDS = 30.0
MOST_TO_WAIT = 2.0  # meanwhile nobody else is answered


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        shop = open_shop(Settings(home=Path(name) / "var"))
        with shop.database.transaction("bench") as uow:
            category = creation.create_category(uow, "pipes", "Pipes")
            product_id = editing.add_product(
                uow, ProductDraft("pipe", "Pipe", category, [], status="draft"), "GBP"
            )
        values = {"bore": [f"{n} mm" for n in range(SIDE)], "length": [f"{n} cm" for n in range(SIDE)]}
        batch = Batch(values, "{product}-{bore}-{length}")
        overrides = [
            Override({"bore": bore, "length": length}, {"price": 900 - at}, on_hand=at + 1)
            for bore in values["bore"]
            for at, length in enumerate(values["length"])
        ]
        like = SkuDraft("", 900, 1_000, 300)
        started = time.perf_counter()
        with garbage.paused(), shop.database.transaction("bench") as uow:
            created = generation.create(uow, product_id, batch, like, "GBP", overrides)
        creating = time.perf_counter() - started
        restocking = _restocked(shop)
        importing = _imported(shop)
        shop.database.engine.dispose()
    return [
        _row(f"{len(created):,} SKUs from option values, each different", creating, MOST_SECONDS),
        _row(f"stock of {len(created):,} SKUs changed in bulk", restocking, MOST_TO_WAIT),
        _row(f"{MAX_ROWS:,} lines imported", importing, MOST_SECONDS),
    ]


def _row(name: str, seconds: float, limit: float) -> Row:
    return Row(name, seconds, "s", limit=limit, lower_is_better=True)


def _restocked(shop: Shop) -> float:
    wanted = Rules(on_hand=Rule("add", 5))
    with shop.database.read() as db:
        shown = bulk.digest(Selection(), wanted, bulk.preview(db, Selection(), wanted))
    started = time.perf_counter()
    with garbage.paused(), shop.database.transaction("bench") as uow:
        bulk.apply(uow, Selection(), wanted, shown)
    return time.perf_counter() - started


def _imported(shop: Shop) -> float:
    lines = [f"tube-{at},Tube {at},Pipes,T-{at},9.00,10.00,3.00,5" for at in range(MAX_ROWS)]
    data = "\n".join(["product,name,category,sku,price,list_price,cost,on_hand", *lines]).encode()
    started = time.perf_counter()
    with garbage.paused(), shop.database.transaction("bench") as uow:
        import_products(uow, data, "storehouse", "GBP")
    return time.perf_counter() - started
