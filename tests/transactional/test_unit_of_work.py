import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from shopping import rows_of

from transactional.catalog import creation
from transactional.catalog.models import brands
from transactional.change_log import START, iso_moment, read_changes
from transactional.checkout import service as checkout
from transactional.checkout.models import carts
from transactional.shop import Shop
from transactional.unit_of_work import uuid7


class PowerCutError(Exception):
    pass


def test_what_a_failed_request_did_is_gone_with_its_log(shop: Shop) -> None:
    before = read_changes(shop.database.engine, START, 100)
    with pytest.raises(PowerCutError), shop.database.transaction("test") as uow:
        creation.create_brand(uow, "acme", "Acme")
        raise PowerCutError
    assert rows_of(shop, brands) == []
    assert read_changes(shop.database.engine, START, 100) == before


def test_a_change_is_logged_with_its_row_before_and_after(shop: Shop) -> None:
    with shop.database.transaction("shopper", "request-1") as uow:
        cart_id = checkout.create(uow, shop.terms, "visitor-1")
    with shop.database.transaction("staff", "request-2") as uow:
        cart = checkout.lock_open(uow, cart_id)
        uow.update(carts, cart, visitor_id=None)
    created, updated = read_changes(shop.database.engine, START, 100)[-2:]
    assert (created.op, created.before, created.actor, created.request_id) == (
        "c",
        None,
        "shopper",
        "request-1",
    )
    assert created.row_id == updated.row_id == cart_id
    assert (updated.op, updated.actor, updated.request_id) == ("u", "staff", "request-2")
    assert updated.before == created.after
    assert json.loads(updated.before or "")["visitor_id"] == "visitor-1"
    assert json.loads(updated.after or "") == {
        "id": cart_id,
        "currency": "GBP",
        "status": "open",
        "visitor_id": None,
        "created_at": "2026-11-22T10:00:00.000000Z",
        "updated_at": "2026-11-22T10:00:00.000000Z",
        "coupons": None,
        "channel": "web",
        "customer_id": None,
    }
    assert updated.ts == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert created.tx_id < updated.tx_id


def test_ids_rise_also_within_a_millisecond_and_tell_their_time() -> None:
    at = datetime(2026, 11, 22, 10, 0, 0, 123_456, tzinfo=UTC)
    ids = [uuid7(at) for _ in range(10_000)]
    assert ids == sorted(set(ids))
    assert {UUID(each).version for each in ids} == {7}
    assert {UUID(each).int >> 80 for each in ids} == {int(at.timestamp() * 1_000)}


def test_moments_are_logged_in_utc_with_microseconds() -> None:
    assert iso_moment(datetime(2026, 1, 2, 3, 4, 5, 6, UTC)) == "2026-01-02T03:04:05.000006Z"
    assert iso_moment(datetime.fromisoformat("2026-07-01T01:00:00+01:00")) == "2026-07-01T00:00:00.000000Z"


def test_a_row_that_was_not_locked_cannot_be_changed(shop: Shop) -> None:
    with shop.database.transaction("test") as uow:
        cart_id = checkout.create(uow, shop.terms)
    with shop.database.transaction("test") as uow:
        row = uow.rows(carts.select())[0]
        assert row["id"] == cart_id
        with pytest.raises(RuntimeError, match="without a lock"):
            uow.update(carts, row, status="ordered")
        with pytest.raises(RuntimeError, match="without a lock"):
            uow.delete(carts, row)


def test_rows_are_locked_by_another_column_once(shop: Shop) -> None:
    with shop.database.transaction("test") as uow:
        for slug in ("beta", "acme"):
            creation.create_brand(uow, slug, slug.title())
    with shop.database.transaction("test") as uow:
        found = uow.lock_by(brands.c.slug, ["beta", "nobody", "acme"])
        assert [(slug, row["name"]) for slug, row in found.items()] == [("beta", "Beta"), ("acme", "Acme")]
        uow.update(brands, found["beta"], name="Better")
        creation.create_brand(uow, "nobody", "Nobody")
        again = uow.lock_by(brands.c.slug, ["nobody", "beta"])
        assert [row["name"] for row in again.values()] == ["Nobody", "Better"]


def test_rows_locked_in_a_trial_are_asked_for_again(shop: Shop) -> None:
    with shop.database.transaction("test") as uow:
        with uow.trial():
            creation.create_brand(uow, "acme", "Acme")
            assert uow.lock_by(brands.c.slug, ["acme"])
        assert uow.lock_by(brands.c.slug, ["acme"]) == {}


def test_an_unknown_column_is_refused(shop: Shop) -> None:
    with shop.database.transaction("test") as uow, pytest.raises(KeyError, match="colour"):
        uow.insert(brands, {"id": uow.new_id(), "slug": "a", "name": "A", "colour": "red"})


def test_history_is_replayed_at_its_own_time(shop: Shop) -> None:
    long_ago = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
    with shop.database.transaction("simulator") as uow:
        uow.at(long_ago)
        cart_id = checkout.create(uow, shop.terms)
    (cart,) = rows_of(shop, carts)
    assert cart["created_at"] == long_ago
    assert read_changes(shop.database.engine, START, 100)[-1].ts == long_ago
    assert int(cart_id.replace("-", "")[:12], 16) == int(long_ago.timestamp() * 1000)
