"""Load for a local HTTP server: keep-alive connections that each send the next request when answered."""

import asyncio
import time
from dataclasses import dataclass
from typing import cast

import uvloop


@dataclass
class Load:
    requests: int = 0
    errors: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, load: Load) -> None:
        self._request = request
        self._load = load
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's own class
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        # Answers are small: one arrives in one or two pieces, the first of which begins with the status.
        if data.startswith(b"HTTP/1.1 "):
            self._load.requests += 1
            if not data.startswith(b"HTTP/1.1 2"):
                self._load.errors += 1
            assert self._transport
            self._transport.write(self._request)


def post(port: int, path: str, body: bytes, seconds: float, connections: int = 64) -> Load:
    """Post `body` for so many seconds; returns how many answers came and how many were no 2xx."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/plain\r\n"
        f"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36\r\n"
        f"Origin: http://127.0.0.1:8000\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body

    async def drive() -> Load:
        load = Load()
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        made = [
            await loop.create_connection(lambda: _Connection(request, load), "127.0.0.1", port)
            for _ in range(connections)
        ]
        await asyncio.sleep(seconds)
        load.seconds = time.perf_counter() - started
        for transport, _ in made:
            transport.abort()
        return load

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(drive())
