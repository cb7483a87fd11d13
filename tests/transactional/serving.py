"""Shop and sandbox as real processes that a test can kill."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from settings import Settings

_STOREHOUSE = Path(sys.executable).parent / "storehouse"


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on; all held at once, so that they differ."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def eventually(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The first true value of `condition`."""
    waiting = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.05),
        retry=retry_if_result(lambda value: not value) | retry_if_exception_type(httpx.TransportError),
        retry_error_callback=lambda _: None,
    )
    value = waiting(condition)
    assert value, f"not within {seconds} s: {what}"
    return value


class Street:
    """A shop and a sandbox on free ports."""

    def __init__(self, home: Path, database_url: str, **more: Any):
        shop_port, sandbox_port = free_ports(2)
        self.settings = Settings(
            home=home,
            database_url=database_url,
            shop_port=shop_port,
            sandbox_port=sandbox_port,
            payment_repair_seconds=1,
            sandbox_late_seconds=1.5,
            requests_per_second=0,
            **more,
        )
        given = self.settings.model_dump(mode="json", exclude_defaults=True)
        self._environment = os.environ | {f"STOREHOUSE_{name.upper()}": str(given[name]) for name in given}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *services: str) -> None:
        for service in services:
            log = (self.settings.home.parent / f"{service}.log").open("ab")
            self._processes[service] = subprocess.Popen(
                [_STOREHOUSE, "serve", service], env=self._environment, stdout=log, stderr=log
            )
            log.close()
        for service in services:
            url = getattr(self.settings, f"{service}_url")
            eventually(lambda url=url: httpx.get(f"{url}/healthz").is_success, f"{service} answers")

    def kill(self, service: str) -> None:
        """kill -9"""
        process = self._processes.pop(service)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(20)

    def pay(self, redirect_url: str, webhook: str = "now", action: str = "pay") -> httpx.Response:
        """Press a button on the sandbox's page; returns its redirect."""
        path = urlsplit(redirect_url).path
        form = {"action": action, "webhook": webhook}
        return httpx.post(f"{self.settings.sandbox_url}{path}", data=form)
