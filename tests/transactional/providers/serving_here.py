"""Serves an application on a real socket for as long as a block runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from processes import eventually


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Its address. Connections are not kept, because each test's call runs in an event loop of its own."""
    config = uvicorn.Config(app, port=0, log_level="critical", headers=[("connection", "close")])
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started, "the provider's server has started", 20)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
