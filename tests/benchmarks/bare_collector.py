"""The collector's baseline: bare ASGI that group-commits given bytes for each request and checks nothing.

Run as `python bare_collector.py PORT FILE LINE`.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]
ANSWER = b'{"accepted":1,"quarantined":0}'
HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"30")]}


class Bare:
    def __init__(self, path: str, line: bytes) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._line = line
        self._thread = ThreadPoolExecutor(1)
        self._waiting: list[asyncio.Future[None]] = []
        self._busy = False

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        await receive()
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        if not self._busy:
            self._write()
        await done
        await send(HEAD)
        await send({"type": "http.response.body", "body": ANSWER})

    def _write(self) -> None:
        group, self._waiting, self._busy = self._waiting, [], True
        job = asyncio.get_running_loop().run_in_executor(self._thread, self._append, len(group))

        def answer(_: asyncio.Future[None]) -> None:
            for done in group:
                if not done.done():
                    done.set_result(None)
            self._busy = False
            if self._waiting:
                self._write()

        job.add_done_callback(answer)

    def _append(self, count: int) -> None:
        os.write(self._file, self._line * count)
        os.fdatasync(self._file)


if __name__ == "__main__":
    uvicorn.run(
        Bare(sys.argv[2], sys.argv[3].encode() + b"\n"),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
    )
