"""What the shop does by itself: expire orders and their changes, settle payments, send refunds, issue
invoices, close groups, complete orders, serve those that waited, forget."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from transactional import idempotency
from transactional.catalog import schedule
from transactional.invoices import service as invoices
from transactional.invoices.service import Seller
from transactional.orders import changes, expiry, group_entry, review
from transactional.payments import cashier, refunding
from transactional.shop import Shop
from transactional.stock import backorders
from transactional.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)
_EXPIRY_BATCH = 100
_INVOICES_BATCH = 20
_COMPLETION_BATCH = 20
_GROUPS_BATCH = 20
_CHANGES_BATCH = 20
_SUPPLY_BATCH = 20
_PRODUCTS_BATCH = 20
_LONGEST_NAP = 20.0
_HOUR = 3_600.0


async def _singly(shop: Shop, actor: str, due: Sequence[str], do: Callable[[UnitOfWork, str], object]) -> int:
    """Do something to each of these ids, in transactions of their own; returns to how many it was done.

    One at which it fails keeps it from no other.
    """
    done = 0
    for row_id in due:
        try:
            with shop.database.transaction(actor) as uow:
                done += do(uow, row_id) is not False
        except Exception:
            log.exception("%s fails at %s, which is tried again", actor, row_id)
        await asyncio.sleep(0)  # let requests in between
    return done


async def _each(
    shop: Shop, actor: str, due: Sequence[str], do: Callable[[UnitOfWork, str], object], batch: int
) -> float:
    """Do something `_singly`; returns the seconds to the next look.

    Args:
        batch: how many were looked for; there may be more when as many were found.
    """
    done = await _singly(shop, actor, due, do)
    return 0.0 if done and len(due) >= batch else _LONGEST_NAP


async def expire(shop: Shop) -> float:
    """Expire what is overdue; returns the seconds until there can be more."""
    with shop.database.read() as db:
        due = expiry.next_expiry(db)
    now = shop.database.clock()
    if due is None or due > now:
        return _LONGEST_NAP if due is None else min(_LONGEST_NAP, (due - now).total_seconds())
    try:
        with shop.database.transaction("system:expiry") as uow:
            expired = expiry.expire_unpaid(uow, _EXPIRY_BATCH)
    except Exception:
        # One that cannot expire must not keep the stock of all others.
        log.exception("orders do not expire together and are tried one by one")
        with shop.database.read() as db:
            overdue = expiry.overdue(db, _EXPIRY_BATCH)
        expired = await _singly(shop, "system:expiry", overdue, expiry.expire)
    # None expired although some are due: another process holds them.
    return 0.0 if expired else 1.0


async def settle(shop: Shop) -> float:
    await cashier.reconcile(shop)
    return shop.settings.payment_repair_seconds


async def refund(shop: Shop) -> float:
    await refunding.send_refunds(shop)
    return shop.settings.payment_repair_seconds


async def issue_invoices(shop: Shop) -> float:
    """Issue the documents that wait; one transaction each, as they hold the lock on the numbers."""
    with shop.database.read() as db:
        due = invoices.due(db, _INVOICES_BATCH)

    def issue(uow: UnitOfWork, order_id: str) -> None:
        invoices.issue(uow, shop.terms, Seller.of(shop.settings), order_id)

    return await _each(shop, "system:invoices", due, issue, _INVOICES_BATCH)


async def close_groups(shop: Shop) -> float:
    """Fail groups that did not fill up, and call their members off; one transaction each, for their locks."""
    with shop.database.read() as db:
        over = group_entry.is_over(db)
    if over:
        with shop.database.transaction("system:groups") as uow:
            group_entry.fail_overdue(uow, _GROUPS_BATCH)
    with shop.database.read() as db:
        due = group_entry.left_behind(db, _GROUPS_BATCH)
    return await _each(shop, "system:groups", due, group_entry.call_off, _GROUPS_BATCH)


async def expire_changes(shop: Shop) -> float:
    """Give up changes of orders that were not paid in time; one transaction each, for their locks."""
    with shop.database.read() as db:
        due = changes.overdue(db, _CHANGES_BATCH)
    return await _each(shop, "system:expiry", due, changes.expire, _CHANGES_BATCH)


async def complete(shop: Shop) -> float:
    """Complete what arrived long ago, a little at a time: nobody waits for it."""
    with shop.database.transaction("system:completion") as uow:
        before = uow.now - timedelta(days=shop.settings.completed_after_days)
        done = review.complete_delivered(uow, before, _COMPLETION_BATCH)
    return 1.0 if done else _HOUR


async def supply(shop: Shop) -> float:
    """Give what is there to the orders that wait for it, when a pre-order's day has come."""
    with shop.database.read() as db:
        due = backorders.due(db, _SUPPLY_BATCH)
    if due:
        with shop.database.transaction("system:supply") as uow:
            backorders.serve_due(uow, due)
    return 0.0 if len(due) >= _SUPPLY_BATCH else _LONGEST_NAP


async def change_assortment(shop: Shop) -> float:
    """Take products live, and retire them, at the moments that were planned; one transaction each."""
    with shop.database.read() as db:
        due = schedule.due(db, _PRODUCTS_BATCH)
    return await _each(shop, "system:schedule", due, schedule.follow, _PRODUCTS_BATCH)


async def forget(shop: Shop) -> float:
    keep = timedelta(hours=shop.settings.idempotency_hours)
    with shop.database.transaction("system:forget") as uow:
        idempotency.forget(uow, uow.now - keep)
    return _HOUR


@asynccontextmanager
async def running(shop: Shop, refunds_waiting: asyncio.Event) -> AsyncIterator[None]:
    """Run all of it while the block runs; cancelled between two steps at the end.

    Args:
        refunds_waiting: set by whoever asks for a refund, so that it is sent at once.
    """
    jobs: list[tuple[Callable[[Shop], Awaitable[float]], asyncio.Event]] = [
        (expire, asyncio.Event()),
        (settle, asyncio.Event()),
        (refund, refunds_waiting),
        (issue_invoices, asyncio.Event()),
        (close_groups, asyncio.Event()),
        (expire_changes, asyncio.Event()),
        (complete, asyncio.Event()),
        (supply, asyncio.Event()),
        (change_assortment, asyncio.Event()),
        (forget, asyncio.Event()),
    ]
    tasks = [asyncio.create_task(_repeat(shop, job, wake)) for job, wake in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(shop: Shop, job: Callable[[Shop], Awaitable[float]], wake: asyncio.Event) -> None:
    """Do `job` again after the seconds it returns, or when `wake` is set."""
    while True:
        wake.clear()
        try:
            pause = await job(shop)
        except Exception:
            # The database is away, for example: that must end neither the shop nor this job.
            log.exception("%s failed and is tried again", job.__name__)
            pause = _LONGEST_NAP
        try:
            await asyncio.wait_for(wake.wait(), max(pause, 0.01))
        except TimeoutError:
            continue
