"""Group commit: whatever waits while the disk is busy is written together, with one fdatasync for all."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from web_analytics.spool import Spool

# The Live page waits for it, and sealing often is cheap: the loader merges whatever it finds sealed.
SEAL_SECONDS = 0.25
MAX_WAITING_BYTES = 64_000_000
FULLNESS_CHECK_SECONDS = 0.25


class SpoolFullError(Exception):
    """The spool takes no more for now: the disk is full or the loader is too far behind."""


class GroupCommit:
    """Writes to a spool from one worker thread, so the event loop goes on taking requests meanwhile."""

    def __init__(self, spool: Spool, max_bytes: int) -> None:
        """`max_bytes`: how much may wait in the spool before it counts as full."""
        self._spool = spool
        self._max_bytes = max_bytes
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._waiting: list[tuple[bytes, bytes, asyncio.Future[None]]] = []
        self._waiting_bytes = 0
        self._job: asyncio.Future[None] | None = None  # the group being written
        self._sealing: asyncio.TimerHandle | None = None
        self._checked_at = 0.0
        self.spool_bytes = spool.bytes_waiting()

    def commit(self, events: bytes, quarantine: bytes) -> asyncio.Future[None]:
        """Done once both are on disk; raises SpoolFullError, now or then, when they will not be."""
        size = len(events) + len(quarantine)
        if self._waiting_bytes + size > MAX_WAITING_BYTES or self.is_full:
            raise SpoolFullError
        done = self._loop.create_future()
        self._waiting.append((events, quarantine, done))
        self._waiting_bytes += size
        if self._job is None:
            self._write_group()
        return done

    async def close(self) -> None:
        """Finish what is being written, seal and let go of the spool."""
        for _, _, done in self._waiting:  # a server closes when all requests are answered, or given up
            done.cancel()
        self._waiting = []
        if self._job:
            await asyncio.wait([self._job])
        if self._sealing:
            self._sealing.cancel()
        await self._loop.run_in_executor(self._thread, self._spool.close)
        self._thread.shutdown()

    @property
    def is_full(self) -> bool:
        """Whether the loader is so far behind that nothing more is taken."""
        if not self._is_over():
            return False
        now = self._loop.time()
        # The loader empties the spool behind our back: count anew, but not for every refused request.
        if now - self._checked_at >= FULLNESS_CHECK_SECONDS:
            self._checked_at = now
            self.spool_bytes = self._spool.bytes_waiting()
        return self._is_over()

    def _is_over(self) -> bool:
        return self.spool_bytes + self._waiting_bytes >= self._max_bytes

    def _write_group(self) -> None:
        group, self._waiting = self._waiting, []
        written, self._waiting_bytes = self._waiting_bytes, 0
        self.spool_bytes += written
        self._job = self._loop.run_in_executor(self._thread, self._append, group)
        self._job.add_done_callback(self._answer(group))

    def _append(self, group: list[tuple[bytes, bytes, asyncio.Future[None]]]) -> None:
        self._spool.append(b"".join([one[0] for one in group]), b"".join([one[1] for one in group]))
        self._spool.seal(older_than=SEAL_SECONDS)

    def _answer(
        self, group: list[tuple[bytes, bytes, asyncio.Future[None]]]
    ) -> Callable[[asyncio.Future[None]], None]:
        def answer(job: asyncio.Future[None]) -> None:
            problem = job.exception()
            for _, _, done in group:
                if done.done():  # its request was cancelled
                    continue
                if problem is None:
                    done.set_result(None)
                else:
                    done.set_exception(SpoolFullError() if isinstance(problem, OSError) else problem)
            if self._sealing is None:
                self._seal_later()
            self._job = None
            if self._waiting:
                self._write_group()

        return answer

    def _seal_later(self) -> None:
        self._sealing = self._loop.call_later(SEAL_SECONDS, self._seal)

    def _seal(self) -> None:
        job = self._loop.run_in_executor(self._thread, self._seal_and_count)
        job.add_done_callback(self._sealed)

    def _seal_and_count(self) -> tuple[bool, int]:
        return self._spool.seal(), self._spool.bytes_waiting()

    def _sealed(self, job: asyncio.Future[tuple[bool, int]]) -> None:
        self._sealing = None
        nothing_open, self.spool_bytes = job.result()
        if not nothing_open:  # a full disk, or lines that came meanwhile
            self._seal_later()
