"""What `storehouse up` starts: each process, and how supervisord keeps it alive."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from jinja2 import Environment
from tenacity import RetryCallState, Retrying, retry_if_result, wait_fixed

from settings import Settings, UserError

FREE_DISK_BYTES = 500_000_000
START_SECONDS = 90

# Environment variable that marks the supervisor and all it starts with the home they serve.
SUPERVISED = "STOREHOUSE_SUPERVISED_HOME"

# startsecs=0 would call a process that dies at once "running"; startretries is high because a crashed
# process must come back however often it dies.
SUPERVISORD = Environment(autoescape=False, trim_blocks=True).from_string(  # noqa: S701 - an ini file, not HTML
    """[supervisord]
nodaemon=true
silent=true
logfile={{ logs }}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={{ pidfile }}
{% for process in processes %}
[program:{{ process.name }}]
command={{ process.command }}
autorestart=true
startsecs=2
startretries=1000
stopsignal=TERM
stopwaitsecs=20
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={{ logs }}/{{ process.name }}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=1
{% endfor %}
"""
)


@dataclass(frozen=True)
class Process:
    """One supervised program; `health` is the URL that answers when it is up, `port` what it listens on."""

    name: str
    arguments: tuple[str, ...]
    port: int | None = None
    health: str | None = None

    @property
    def command(self) -> str:
        return " ".join([f'"{Path(sys.executable).parent / "storehouse"}"', *self.arguments])


def processes(settings: Settings) -> list[Process]:
    """What `storehouse up` runs."""

    def server(name: str, arguments: tuple[str, ...], port: int, path: str) -> Process:
        return Process(name, arguments, port, f"http://{settings.host}:{port}{path}")

    return [
        server("sandbox", ("serve", "sandbox"), settings.sandbox_port, "/healthz"),
        server("shop", ("serve", "shop"), settings.shop_port, "/healthz"),
        server("collector", ("serve", "collector"), settings.collector_port, "/healthz"),
        Process("loader", ("load",)),
        Process("worker", ("worker",)),
        server("dagster", ("dagster",), settings.dagster_port, "/server_info"),
        server("dashboards", ("dashboards",), settings.dashboards_port, "/_stcore/health"),
    ]


def check_home(settings: Settings) -> None:
    """Raise `UserError` with one clear line when the home folder or its disk would stop Storehouse."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        (settings.home / ".writable").touch()
        (settings.home / ".writable").unlink()
    except OSError as problem:
        raise UserError(
            f"the home folder {settings.home} cannot be written ({problem.strerror}): "
            "set STOREHOUSE_HOME to one that can"
        ) from None
    free = shutil.disk_usage(settings.home).free
    if free < FREE_DISK_BYTES:
        raise UserError(
            f"the disk of {settings.home} has {free // 1_000_000} MB free and Storehouse needs "
            f"{FREE_DISK_BYTES // 1_000_000} MB: free some room or set STOREHOUSE_HOME to another disk"
        )


def check_ports(settings: Settings) -> None:
    """Raise `UserError` with one clear line when another program has a port that Storehouse needs."""
    for process in processes(settings):
        if process.port is not None and _is_taken(settings.host, process.port):
            raise UserError(
                f"port {process.port} is taken, and the {process.name} needs it: stop what uses it or set "
                f"STOREHOUSE_{process.name.upper()}_PORT to a free one"
            )


def _is_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the home folder for this `storehouse up`; the kernel lets go of it however the process ends."""
    with (settings.home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"Storehouse is already up on {settings.home}: stop it with Ctrl-C where it runs"
            ) from None
        stop_leftovers(settings)
        yield


def stop_leftovers(settings: Settings) -> None:
    """Stop what an ended `storehouse up` on this home left running, as when it was killed itself."""
    left = [process for process in psutil.process_iter(["pid"]) if _belongs_to(process, settings)]
    # The supervisor first, or it would start again what is stopped.
    for process in sorted(left, key=lambda process: "supervisord" not in process.name()):
        process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=30)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn)


def _belongs_to(process: psutil.Process, settings: Settings) -> bool:
    try:
        supervised = process.environ().get(SUPERVISED) == str(settings.home)
        return supervised and process.pid != os.getpid()
    except psutil.Error:
        return False


def start(settings: Settings) -> "subprocess.Popen[bytes]":
    """Start supervisord with every process; it restarts whatever dies."""
    logs = settings.home / "logs"
    logs.mkdir(exist_ok=True)
    configuration = settings.home / "supervisord.conf"
    configuration.write_text(
        SUPERVISORD.render(
            logs=str(logs).replace("%", "%%"),
            pidfile=settings.home / "supervisord.pid",
            processes=processes(settings),
        )
    )
    environment = os.environ | {
        "STOREHOUSE_HOME": str(settings.home),
        "PYTHONUNBUFFERED": "1",
        SUPERVISED: str(settings.home),
    }
    # A session of its own: Ctrl-C reaches `storehouse up` alone, which then stops the others in order.
    return subprocess.Popen(
        [Path(sys.executable).parent / "supervisord", "-c", configuration],
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )


def wait_until_healthy(settings: Settings, supervisor: "subprocess.Popen[bytes]") -> None:
    """Return when every server answers; raise `UserError` naming the one that does not and its log."""
    for process in processes(settings):
        if process.health is not None and not _comes_up(process.health, supervisor):
            log = settings.home / "logs" / f"{process.name}.log"
            raise UserError(f"the {process.name} did not start within {START_SECONDS} s: {log} says why")


def _comes_up(url: str, supervisor: "subprocess.Popen[bytes]") -> bool:
    def given_up(state: RetryCallState) -> bool:
        return supervisor.poll() is not None or (state.seconds_since_start or 0) > START_SECONDS

    waiting = Retrying(
        stop=given_up,
        wait=wait_fixed(0.2),
        retry=retry_if_result(lambda answered: not answered),
        retry_error_callback=lambda state: False,
    )
    return bool(waiting(answers, url))


def answers(url: str) -> bool:
    """Whether a server answers there without an error of its own."""
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.HTTPError:
        return False
