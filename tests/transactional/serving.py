"""Shop and sandbox as real processes that a test can kill."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from processes import STOREHOUSE, eventually, free_ports

from settings import Settings


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
                [STOREHOUSE, "serve", service], env=self._environment, stdout=log, stderr=log
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
