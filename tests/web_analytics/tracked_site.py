"""A tiny site for the tracker's tests: pages, the script, and a collector whose answers the test decides."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from settings import Settings
from web_analytics import tracker

PAGE = """<!doctype html><html lang="en"><head><title>{title}</title>
<script src="{script}" data-collector="{collector}" defer></script></head><body>{body}</body></html>"""


@dataclass
class Site:
    """Serves `pages` (path -> body); records what is posted to /collect and answers `status`."""

    settings: Settings
    pages: dict[str, str] = field(default_factory=dict)
    status: int = 200
    posts: list[list[dict[str, Any]]] = field(default_factory=list)
    collector: str = ""  # another collector than this site

    def start(self) -> "Site":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def accepted(self) -> dict[str, dict[str, Any]]:
        """event_id -> event of what was answered with 200."""
        return {event["event_id"]: event for batch in self.posts for event in batch}

    def names(self) -> list[str]:
        """The accepted events' names in the order in which they occurred."""
        return [e["event_name"] for e in sorted(self.accepted.values(), key=lambda e: e["occurred_at"])]


def _handler(site: Site) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path == "/tracker.js":
                self._send(200, tracker.script(site.settings).plain, "text/javascript")
            elif path in site.pages:
                page = PAGE.format(
                    title=f"Title of {path}",
                    script=f"{site.url}/tracker.js",
                    collector=site.collector,
                    body=site.pages[path],
                )
                self._send(200, page.encode(), "text/html")
            else:
                self._send(404, b"", "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert len(body) <= 65_536
            if site.status == 200:
                site.posts.append(json.loads(body))
            self._send(site.status, b"{}", "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    return Handler
