"""Collector requests/s and CPU per event, beside a bare ASGI app that group-commits the same bytes."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from tenacity import retry, stop_after_delay, wait_fixed

from tests.benchmarks.http_load import post
from tests.benchmarks.table import Row

ROUNDS = 5
SECONDS = 2.0
EVENT = (
    b'{"event_id":"018f3a3e-7a4f-7c3c-8d2b-0123456789ab","event_name":"view_item","occurred_at":1763806800123,'
    b'"visitor_id":"5f0c8f6e-52f4-4a0e-9d2a-0f6c6a1b2c3d","page_url":"http://127.0.0.1:8000/p/oak-table",'
    b'"page_title":"Oak table","referrer":"http://127.0.0.1:8000/c/tables","language":"en-GB",'
    b'"viewport_width":1280,"value":24900,"currency":"GBP","items":[{"item_id":"OAK-1",'
    b'"item_name":"Oak table","item_brand":"Fell","item_category":"Tables","price":24900,"quantity":1}]}'
)
BATCH = b"[" + b",".join([EVENT] * 20) + b"]"


@contextmanager
def _server(arguments: list[str], environment: dict[str, str], port: int) -> Iterator[psutil.Process]:
    process = subprocess.Popen([sys.executable, *arguments], env=os.environ | environment)
    try:
        _wait(port)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


@retry(stop=stop_after_delay(30), wait=wait_fixed(0.05), reraise=True)
def _wait(port: int) -> None:
    socket.create_connection(("127.0.0.1", port)).close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _collector(home: Path) -> Iterator[tuple[psutil.Process, int]]:
    port = _free_port()
    environment = {
        "STOREHOUSE_HOME": str(home),
        "STOREHOUSE_COLLECTOR_PORT": str(port),
        "STOREHOUSE_COLLECTOR_REQUESTS_PER_SECOND": "1000000000",
        "STOREHOUSE_COLLECTOR_MAX_SPOOL_BYTES": "1000000000000",
    }
    start = "from settings import Settings; from web_analytics.collector import run; run(Settings())"
    with _server(["-c", start], environment, port) as process:
        yield process, port


def _measure(process: psutil.Process, port: int, body: bytes) -> tuple[float, float]:
    """Requests/s and CPU microseconds of the server for one request."""
    before = process.cpu_times()
    load = post(port, "/collect", body, SECONDS)
    after = process.cpu_times()
    if load.errors or not load.requests:
        raise RuntimeError(f"{load.errors} of {load.requests} requests failed")
    cpu = after.user + after.system - before.user - before.system
    return load.per_second, cpu / load.requests * 1e6


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("STOREHOUSE_BENCH_DIR")) as folder:
        home = Path(folder) / "var"
        bare = str(Path(__file__).with_name("bare_collector.py"))
        with _collector(home) as (collector, port):
            httpx.post(f"http://127.0.0.1:{port}/collect", content=EVENT).raise_for_status()
            written = next(p for p in (home / "spool" / "collector").iterdir() if p.stat().st_size)
            line = written.read_text().splitlines()[0]
            bare_port = _free_port()
            arguments = [bare, str(bare_port), str(Path(folder) / "bare.ndjson"), line]
            with _server(arguments, {}, bare_port) as baseline:
                # Alternating, so that a noisy neighbour meets both.
                rounds = [
                    (_measure(collector, port, EVENT), _measure(baseline, bare_port, EVENT))
                    for _ in range(ROUNDS)
                ]
                batches = [_measure(collector, port, BATCH) for _ in range(ROUNDS)]
    # The best round of each: what else runs on the machine only ever makes a round slower.
    (rate, cpu), (bare_rate, bare_cpu) = (_best(measured) for measured in zip(*rounds, strict=True))
    batch_rate, batch_cpu = _best(batches)
    return [
        Row("collector, one event a request", rate, "requests/s", bare_rate, 0.7),
        Row("collector CPU, one event a request", cpu, "us/event", bare_cpu),
        Row("collector, 20 events a request", batch_rate * 20, "events/s"),
        Row("collector CPU, 20 events a request", batch_cpu / 20, "us/event"),
    ]


def _best(measured: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The highest rate and the lowest CPU time."""
    rates, cpu_times = zip(*measured, strict=True)
    return max(rates), min(cpu_times)


if __name__ == "__main__":
    for row in run():
        print(row, row.ratio)
