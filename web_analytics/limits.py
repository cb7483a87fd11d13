"""A request limit per client that costs one dictionary access and bounded memory."""

WINDOW_SECONDS = 10.0
MAX_CLIENTS = 100_000


class RateLimit:
    """Counts each client's requests in windows of ten seconds."""

    def __init__(self, requests_per_second: float) -> None:
        self._allowed = max(1, round(requests_per_second * WINDOW_SECONDS))
        self._ends_at = 0.0
        self._counts: dict[str, int] = {}

    def admits(self, client: str, now: float) -> bool:
        """Count a request at `now` (seconds of any monotonic clock); False when it is one too many."""
        if now >= self._ends_at or len(self._counts) >= MAX_CLIENTS:
            self._counts.clear()
            self._ends_at = now + WINDOW_SECONDS
        count = self._counts.get(client, 0) + 1
        self._counts[client] = count
        return count <= self._allowed
