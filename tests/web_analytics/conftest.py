"""A collector of its own in a real process, and a browser."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from processes import free_ports
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

START = "from settings import Settings; from web_analytics.collector import run; run(Settings())"


@dataclass
class RunningCollector:
    """A collector process that tests start, kill and start again on the same home."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    file_size_limit: int | None = None  # bytes a file may have, as a disk that fills up
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: "subprocess.Popen[bytes] | None" = None
    client: httpx.Client = field(default_factory=httpx.Client)
    seen: dict[str, int] = field(default_factory=dict)  # lines that earlier tests made

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def spool(self) -> Path:
        return self.home / "spool" / "collector"

    def start(self) -> "RunningCollector":
        settings = {"STOREHOUSE_HOME": str(self.home), "STOREHOUSE_COLLECTOR_PORT": str(self.port)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", self._limit() + START], env=os.environ | settings | self.environment
        )
        self._wait()
        return self

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def post(self, content: Any, **options: Any) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.client.post(f"{self.url}/collect", content=body, **options)

    def lines(self, suffix: str = "") -> list[dict[str, Any]]:
        """What this test put into the spool, sealed or not; fails on a line that is not whole."""
        return self._all_lines(suffix)[self.seen.get(suffix, 0) :]

    def forget(self) -> None:
        """Begin another test with what looks like an empty spool."""
        self.seen = {suffix: len(self._all_lines(suffix)) for suffix in ("", ".quarantine")}

    def _all_lines(self, suffix: str) -> list[dict[str, Any]]:
        found = []
        for path in sorted(self.spool.glob("*")):
            name = path.name.removesuffix(".open").removesuffix(".ndjson")
            if path.name.startswith(".") or name != name[:12] + suffix:
                continue
            text = path.read_text()
            assert not text or text.endswith("\n"), f"{path.name} has a torn tail"
            found += [json.loads(line) for line in text.split("\n")[:-1]]
        return found

    def _limit(self) -> str:
        """What the process runs first to make every write beyond the limit fail."""
        if self.file_size_limit is None:
            return ""
        size = self.file_size_limit
        return f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); "

    def _end(self, number: int) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)

    @retry(
        stop=stop_after_delay(20),
        wait=wait_fixed(0.02),
        retry=retry_if_exception_type(httpx.TransportError),
        reraise=True,
    )
    def _wait(self) -> None:
        assert self.process
        assert self.process.poll() is None, "the collector ended at its start"
        httpx.get(f"{self.url}/healthz")


@pytest.fixture
def start_collector(tmp_path: Path) -> Iterator[Callable[..., RunningCollector]]:
    """Start collectors with settings of the test's choice; they are stopped after it."""
    started: list[RunningCollector] = []

    def start(file_size_limit: int | None = None, **settings: Any) -> RunningCollector:
        environment = {f"STOREHOUSE_{name.upper()}": str(value) for name, value in settings.items()}
        started.append(RunningCollector(tmp_path / "var", environment, file_size_limit))
        return started[-1].start()

    yield start
    for collector in started:
        collector.kill()


@pytest.fixture(scope="session")
def shared_collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    collector = RunningCollector(tmp_path_factory.mktemp("shared") / "var").start()
    yield collector
    collector.kill()


@pytest.fixture
def collector(shared_collector: RunningCollector) -> RunningCollector:
    """A collector with the default settings, which no test may stop."""
    shared_collector.forget()
    return shared_collector


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    """Make a valid event with some fields of the test's choice."""

    def make(**fields: Any) -> dict[str, Any]:
        return {
            "event_id": str(uuid.uuid4()),
            "event_name": "page_view",
            "occurred_at": 1_763_806_800_123,
            "visitor_id": "visitor-1",
            "page_url": "http://shop.example/",
            **fields,
        }

    return make
