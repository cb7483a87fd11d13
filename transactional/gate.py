"""The gate every request passes: a bounded body, a rate per client, a request id and security headers."""

import re
import time
from typing import TYPE_CHECKING

import uuid_utils

from transactional.errors import NotAuthorised, PayloadTooLarge, RateLimited
from transactional.problems import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
_STAFF = "/api/v1/staff/"
_IMPORTS = (f"{_STAFF}catalogue/imports/", f"{_STAFF}payouts")
_BATCH = "/matrix/skus"  # ten thousand SKUs may each have a price of their own
# Each has a bucket of its own: shoppers behind the same address cannot empty it, nor it theirs.
_APART = ("/healthz", "/api/v1/webhooks/", "/static/")


class RateLimiter:
    """A token bucket per client address.

    Args:
        rate: requests per second that refill a bucket; 0 means no limit.
        burst: what a full bucket holds.
    """

    _MOST_CLIENTS = 10_000

    def __init__(self, rate: float, burst: int):
        self._rate = rate
        self._burst = float(burst)
        self._buckets: dict[str, tuple[float, float]] = {}

    def admit(self, client: str, now: float) -> bool:
        if self._rate == 0:
            return True
        left, since = self._buckets.get(client, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        if len(self._buckets) >= self._MOST_CLIENTS and client not in self._buckets:
            self._forget_full(now)
        self._buckets[client] = (max(left - 1, 0.0) if left >= 1 else left, now)
        return left >= 1

    def _forget_full(self, now: float) -> None:
        refill = self._burst / self._rate
        self._buckets = {c: bucket for c, bucket in self._buckets.items() if now - bucket[1] < refill}
        if len(self._buckets) >= self._MOST_CLIENTS:
            self._buckets.clear()


class Gate:
    """Plain ASGI middleware: a request that is refused here costs almost nothing."""

    def __init__(
        self,
        app: "ASGIApp",
        max_body_bytes: int,
        max_import_bytes: int,
        limiter: RateLimiter,
        headers: dict[str, str],
        authorise_staff: "Callable[[str], None]",
    ):
        self._app = app
        self._authorise_staff = authorise_staff
        self._max_body_bytes = max_body_bytes
        self._max_import_bytes = max_import_bytes
        self._limiter = limiter
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else str(uuid_utils.uuid7())
        scope["request_id"] = request_id
        added = [*self._headers, (b"x-request-id", request_id.encode())]

        async def send_with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in added if h[0] not in present)]
            await send(message)

        client = (scope.get("client") or ("",))[0]
        part = next((each for each in _APART if scope["path"].startswith(each)), "")
        if not self._limiter.admit(part + client, time.monotonic()):
            await refusal(scope["path"], RateLimited(1))(scope, receive, send_with_headers)
            return
        try:
            body = await self._bounded(headers, receive, self._limit(scope["path"], headers))
        except (NotAuthorised, PayloadTooLarge) as problem:
            await refusal(scope["path"], problem)(scope, receive, send_with_headers)
            return
        await self._app(scope, body, send_with_headers)

    def _limit(self, path: str, headers: dict[bytes, bytes]) -> int:
        """How many bytes a body may have.

        Raises:
            NotAuthorised: it may be large and is not the staff's; parsing it would take seconds.
        """
        if path.startswith(_IMPORTS) or (path.startswith(_STAFF) and path.endswith(_BATCH)):
            self._authorise_staff(headers.get(b"authorization", b"").decode("latin-1"))
            return self._max_import_bytes
        return self._max_body_bytes

    async def _bounded(self, headers: dict[bytes, bytes], receive: "Receive", most: int) -> "Receive":
        """How to receive the body.

        FastAPI can bound it too, but answers in plain text, and every refusal here is a `Problem` or a page.

        Raises:
            PayloadTooLarge: it has more than `most` bytes.
        """
        length = headers.get(b"content-length")
        if length is not None:
            if not (length.isdigit() and int(length) <= most):
                raise PayloadTooLarge(most)
            return receive
        if b"transfer-encoding" not in headers:
            return receive
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > most:
                raise PayloadTooLarge(most)
            if not message.get("more_body", False):
                break
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> "Message":
            return whole.pop() if whole else await receive()

        return replay
