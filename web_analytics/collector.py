"""The collector: takes events from browsers and answers only when they are on disk.

A bare ASGI app, because a routed framework costs several times the CPU of an event.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec import json

from settings import Settings, UserError
from web_analytics import tracker
from web_analytics.events import MAX_BODY_BYTES, Arrival, event_lines, parse, quarantine_lines
from web_analytics.group_commit import GroupCommit, SpoolFullError
from web_analytics.limits import RateLimit
from web_analytics.pixel import PIXEL, page_view
from web_analytics.spool import Spool
from web_analytics.visitors import DailySalts

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON = (b"content-type", b"application/json")
RETRY_AFTER = (b"retry-after", b"5")
MAX_USER_AGENT = 1024
LOCAL = ("127.0.0.1", "::1")
_encoder = json.Encoder()


class ClientGoneError(Exception):
    """The browser hung up before its request was complete."""


class Collector:
    """The ASGI application; one process owns one folder of the spool."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shop_id = settings.shop_id
        self._cookieless = settings.tracker_cookieless
        self._salts = DailySalts(settings.secrets)
        self._limit = RateLimit(settings.collector_requests_per_second)
        self._script = tracker.script(settings)
        self._origins = _origins(settings.shop_url)
        self._commit: GroupCommit | None = None
        self.accepted = self.quarantined = self.refused = 0
        self._routes = {
            ("POST", "/collect"): self._collect,
            ("OPTIONS", "/collect"): self._preflight,
            ("GET", "/pixel.gif"): self._pixel,
            ("GET", "/tracker.js"): self._tracker,
            ("GET", "/healthz"): self._health,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        handler = self._routes.get((scope["method"], scope["path"]))
        if handler is None:
            known = any(path == scope["path"] for _, path in self._routes)
            await _send(send, 405 if known else 404, b"", [])
            return
        headers = dict(scope["headers"])
        try:
            await handler(scope, headers, receive, send)
        except (SpoolFullError, OSError):  # the disk, also where the day's salt cannot be kept
            self.refused += 1
            await _send(send, 503, b"", [RETRY_AFTER, *self._cors(headers)])
        except ClientGoneError:
            return

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        settings = self._settings
        try:
            spool = Spool(settings.spool / settings.collector_name)
        except (UserError, OSError) as problem:
            await send({"type": "lifespan.startup.failed", "message": str(problem)})
            return
        self._commit = GroupCommit(spool, settings.collector_max_spool_bytes)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._commit.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _collect(
        self, scope: Message, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        cors = self._cors(headers)
        address = _address(scope, headers)
        if not self._limit.admits(address, time.monotonic()):
            await _send(send, 429, b"", [RETRY_AFTER, *cors])
            return
        message = await receive()
        body: bytes | None = message.get("body")
        if body is None or len(body) > MAX_BODY_BYTES or message.get("more_body"):
            body = await _read_on(receive, message)
        if body is None:
            problem = _encoder.encode({"error": f"a request holds at most {MAX_BODY_BYTES} bytes"})
            await _send(send, 413, problem, [JSON, *cors])
            return
        accepted, quarantined, on_disk = self._write(headers, address, body, "tracker")
        await on_disk
        self.accepted += accepted
        self.quarantined += quarantined
        answer = _encoder.encode({"accepted": accepted, "quarantined": quarantined})
        await _send(send, 200 if accepted else 400, answer, [JSON, *cors])

    def _write(
        self, headers: dict[bytes, bytes], address: str, body: bytes, source: str
    ) -> tuple[int, int, Awaitable[None]]:
        """Hand a body to the disk: how many events are valid, how many not, and when they are on it."""
        if self._commit is None:
            raise SpoolFullError
        events, invalid = parse(body)
        user_agent = headers.get(b"user-agent", b"")[:MAX_USER_AGENT].decode("latin-1")
        arrival = Arrival(self._shop_id, datetime.now(UTC), user_agent or None, source)
        if self._cookieless or [event for event in events if event.visitor_id is None]:
            today = arrival.received_at.date()
            arrival.visitor_id = self._salts.visitor_id(today, arrival.shop_id, address, user_agent)
            arrival.overrule_visitor = self._cookieless
        refused = quarantine_lines(invalid, arrival) if invalid else b""
        return len(events), len(invalid), self._commit.commit(event_lines(events, arrival), refused)

    async def _pixel(self, scope: Message, headers: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        """A page view without JavaScript: the page is the `u` parameter or the referring page."""
        refused = headers.get(b"dnt") == b"1" or headers.get(b"sec-gpc") == b"1"
        if not (refused and self._settings.tracker_honours_privacy_signals):
            address = _address(scope, headers)
            if not self._limit.admits(address, time.monotonic()):
                await _send(send, 429, b"", [RETRY_AFTER])
                return
            parameters = parse_qs(scope["query_string"].decode("latin-1"))
            page = parameters.get("u", [headers.get(b"referer", b"").decode("latin-1")])[0]
            accepted, quarantined, on_disk = self._write(headers, address, page_view(page), "pixel")
            await on_disk
            self.accepted += accepted
            self.quarantined += quarantined
        await _send(send, 200, PIXEL, [(b"content-type", b"image/gif"), (b"cache-control", b"no-store")])

    async def _tracker(
        self, scope: Message, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        script = self._script
        shared = [
            (b"etag", script.etag.encode()),
            (b"cache-control", b"public, max-age=300"),
            (b"vary", b"accept-encoding"),
        ]
        if headers.get(b"if-none-match") == script.etag.encode():
            await _send(send, 304, b"", shared)
            return
        shared.append((b"content-type", b"text/javascript; charset=utf-8"))
        if b"gzip" in headers.get(b"accept-encoding", b""):
            await _send(send, 200, script.gzipped, [*shared, (b"content-encoding", b"gzip")])
        else:
            await _send(send, 200, script.plain, shared)

    async def _preflight(
        self, scope: Message, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        allowed = [
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", b"content-type"),
            (b"access-control-max-age", b"86400"),
        ]
        cors = self._cors(headers)
        await _send(send, 204, b"", cors + allowed if cors else [])

    async def _health(
        self, scope: Message, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        full = self._commit is None or self._commit.is_full
        state = {
            "status": "full" if full else "ok",
            "accepted": self.accepted,
            "quarantined": self.quarantined,
            "refused": self.refused,
            "spool_bytes": self._commit.spool_bytes if self._commit else 0,
        }
        await _send(send, 503 if full else 200, _encoder.encode(state), [JSON])

    def _cors(self, headers: dict[bytes, bytes]) -> list[Header]:
        origin = headers.get(b"origin")
        if origin is None or origin not in self._origins:
            return []
        return [(b"access-control-allow-origin", origin)]


def _address(scope: Message, headers: dict[bytes, bytes]) -> str:
    """The client's address; a proxy on this machine may speak for it."""
    client = scope.get("client")
    address: str = client[0] if client else ""
    if b"x-forwarded-for" in headers and address in LOCAL:
        return headers[b"x-forwarded-for"].decode("latin-1").rsplit(",", 1)[-1].strip()
    return address


def _origins(shop_url: str) -> set[bytes]:
    """The shop's origin; on this machine it has two names and a browser may use either."""
    parts = urlsplit(shop_url)
    hosts = {parts.netloc}
    if parts.hostname in ("127.0.0.1", "localhost"):
        port = f":{parts.port}" if parts.port else ""
        hosts = {f"127.0.0.1{port}", f"localhost{port}"}
    return {f"{parts.scheme}://{host}".encode() for host in hosts}


async def _read_on(receive: Receive, message: Message) -> bytes | None:
    """The body that begins with `message`; None when it is too large."""
    body = b""
    while message["type"] != "http.disconnect":
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return body
        message = await receive()
    raise ClientGoneError


async def _send(send: Send, status: int, body: bytes, headers: list[Header]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


def create_app(settings: Settings) -> Collector:
    """The collector as an ASGI application; its spool is opened when the server starts."""
    return Collector(settings)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; before it ends, waiting requests are answered and segments sealed.

    A spool that another collector holds or that cannot be written ends it at once, with a line that says so.
    """
    import uvicorn

    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.collector_port,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        limit_concurrency=4096,
        proxy_headers=False,  # the collector reads the one it needs; the middleware costs every request
        timeout_graceful_shutdown=10,
    )
