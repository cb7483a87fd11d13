"""What tests of real processes share: the command, ports nobody listens on, and waiting for what they do."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

STOREHOUSE = Path(sys.executable).parent / "storehouse"


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on just now; all held at once, so that they differ."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def eventually(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The first true value of `condition`; fails with `what` when there is none in time.

    A server that does not answer yet is waited for.
    """
    waiting = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.1),
        retry=retry_if_result(lambda value: not value) | retry_if_exception_type(httpx.TransportError),
        retry_error_callback=lambda _: None,
    )
    value = waiting(condition)
    assert value, f"not within {seconds} s: {what}"
    return value
