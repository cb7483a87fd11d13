import threading
from itertools import pairwise
from pathlib import Path

from databases import Databases
from sqlalchemy import select

from settings import Settings
from transactional.catalog import creation
from transactional.catalog.models import brands
from transactional.change_log import START, Change, Position, read_changes
from transactional.database import connect
from transactional.shop import Shop, open_shop


def brand(shop: Shop, *slugs: str) -> None:
    with shop.database.transaction("test") as uow:
        for slug in slugs:
            creation.create_brand(uow, slug, slug)


def read_all(shop: Shop, after: Position, limit: int) -> list[list[Change]]:
    batches = []
    while batch := read_changes(shop.database.engine, after, limit):
        batches.append(batch)
        after = batch[-1].position
    return batches


def test_a_reader_goes_on_where_it_was(shop: Shop) -> None:
    here = read_changes(shop.database.engine, START, 100)[-1].position
    brand(shop, "a")
    brand(shop, "b")
    first = read_changes(shop.database.engine, here, 1)
    second = read_changes(shop.database.engine, first[-1].position, 1)
    assert [change.table_name for change in first + second] == ["brands", "brands"]
    assert read_changes(shop.database.engine, second[-1].position, 1) == []


def test_a_transaction_is_never_split(shop: Shop) -> None:
    here = read_changes(shop.database.engine, START, 100)[-1].position
    brand(shop, "a", "b", "c", "d", "e")
    brand(shop, "f", "g")
    for limit in range(1, 9):
        batches = read_all(shop, here, limit)
        ends = [{change.tx_id for change in batch} for batch in batches]
        assert sum(len(batch) for batch in batches) == 7
        assert all(not one & other for one, other in pairwise(ends))


def test_an_older_transaction_that_commits_later_is_not_skipped(
    settings: Settings, postgresql_databases: Databases
) -> None:
    """Only PostgreSQL: transactions of SQLite, which has one writer, do not overlap."""
    url = postgresql_databases.take()
    shop = open_shop(settings.model_copy(update={"database_url": url}))
    here = read_changes(shop.database.engine, START, 100)[-1].position
    with shop.database.transaction("older") as older:
        creation.create_brand(older, "older", "Older")
        older.write_change_log()
        older.rows(select(brands))  # it has its number and its seq, but has not committed
        brand(shop, "newer")
        while_open = read_changes(shop.database.engine, here, 100)
    after = read_changes(shop.database.engine, here, 100)
    assert while_open == [], "a reader that had gone past the newer one would have skipped the older"
    assert [change.actor for change in after] == ["older", "test"]
    shop.database.engine.dispose()
    postgresql_databases.give_back(url)


def test_concurrent_writers_are_all_read_exactly_once(shop: Shop) -> None:
    def write(worker: int) -> None:
        for number in range(20):
            brand(shop, f"{worker}-{number}", f"{worker}-{number}-again")

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for writer in writers:
        writer.start()
    seen: list[Change] = []
    position = START
    while any(writer.is_alive() for writer in writers):
        batch = read_changes(shop.database.engine, position, 7)
        seen += batch
        position = batch[-1].position if batch else position
    for writer in writers:
        writer.join()
    seen += [change for batch in read_all(shop, position, 7) for change in batch]
    slugs = [change.row_id for change in seen if change.table_name == "brands"]
    assert len(slugs) == len(set(slugs)) == 160


def test_before_the_shop_has_ever_started_there_is_nothing_to_read(tmp_path: Path) -> None:
    nowhere = tmp_path / "not-yet" / "shop.db"
    assert read_changes(connect(f"sqlite:///{nowhere}"), START, 10) == []
    assert not nowhere.exists()


def test_a_restarted_shop_goes_on_counting(shop: Shop) -> None:
    before = read_changes(shop.database.engine, START, 100)[-1].position
    settings = Settings(home=shop.settings.home, database_url=shop.settings.database_url, shop_name="Renamed")
    again = open_shop(settings)
    (change,) = read_changes(again.database.engine, before, 100)
    assert (change.table_name, change.op, change.actor) == ("shops", "u", "system:start")
    again.database.engine.dispose()
