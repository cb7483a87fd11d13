"""Delivers the sandbox's webhooks until each is acknowledged, also after a restart."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime

import httpx

from transactional.database import Clock
from transactional.payments import signatures
from transactional.payments.sandbox.store import Store, Webhook

log = logging.getLogger(__name__)
_IDLE_SECONDS = 60.0


class Courier:
    """Sends what is due, then sleeps until the next is due or `wake` is set."""

    def __init__(self, store: Store, secret: bytes, clock: Clock):
        self._store = store
        self._secret = secret
        self._clock = clock
        self.wake = asyncio.Event()

    async def run(self) -> None:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            while True:
                self.wake.clear()
                webhooks = self._store.due_webhooks()
                await asyncio.gather(*(self._deliver(http, webhook) for webhook in webhooks))
                await self._rest(self._store.next_due())

    async def _deliver(self, http: httpx.AsyncClient, webhook: Webhook) -> None:
        body = webhook.body.encode()
        headers = {
            "content-type": "application/json",
            signatures.HEADER: signatures.sign(self._secret, body, self._clock()),
        }
        try:
            answer = await http.post(webhook.url, content=body, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError as problem:
            log.warning("webhook %s is not acknowledged and sent again: %s", webhook.id, problem)
            self._store.postpone(webhook)
        else:
            self._store.delivered(webhook)

    async def _rest(self, until: datetime | None) -> None:
        seconds = _IDLE_SECONDS if until is None else (until - self._clock()).total_seconds()
        with suppress(TimeoutError):  # when nothing woke us, something is due
            await asyncio.wait_for(self.wake.wait(), max(0.0, min(seconds, _IDLE_SECONDS)))
