"""A whole Storehouse of a test's own: a home, free ports, and every process `storehouse up` starts."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from orchestration.serving import open_published
from settings import Settings
from tests.processes import STOREHOUSE, eventually, free_ports

PORTS = ("shop", "collector", "sandbox", "dagster", "dashboards")


class House:
    def __init__(self, home: Path) -> None:
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.settings = Settings(home=home, **{f"{name}_port": port for name, port in ports.items()})
        self.environment = os.environ | {
            "STOREHOUSE_HOME": str(home),
            **{f"STOREHOUSE_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        }
        self.up: subprocess.Popen[str] | None = None

    def run(self, *arguments: str, timeout: float = 300) -> str:
        """Run `storehouse` with these arguments; returns what it printed."""
        done = subprocess.run(
            [STOREHOUSE, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"storehouse {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the published warehouse."""
        with open_published(self.settings) as published:
            found = published.execute(sql)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def start(self) -> str:
        """`storehouse up`; returns what it printed once everything answers."""
        self.up = subprocess.Popen(
            [STOREHOUSE, "up"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        printed = ""
        assert self.up.stdout is not None
        for line in self.up.stdout:
            printed += line
            if "Dagster" in line and self.settings.dagster_url in line:
                return printed
        raise AssertionError(f"storehouse up ended with {self.up.wait()}:\n{printed}")

    def stop(self) -> None:
        """Ctrl-C; everything must be gone afterwards."""
        if self.up is None:
            return
        self.up.send_signal(signal.SIGINT)
        assert self.up.wait(60) == 0
        assert not self.processes(), "processes were left behind"
        self.up = None

    def processes(self) -> list[psutil.Process]:
        """Everything this house runs, the supervisor included."""
        return [p for p in psutil.process_iter() if _home_of(p) == str(self.settings.home)]

    def process(self, *arguments: str) -> psutil.Process | None:
        """The supervised process that was started with these arguments."""
        wanted = ["storehouse", *arguments]
        for candidate in self.processes():
            try:
                words = candidate.cmdline()
            except psutil.Error:
                continue
            if [Path(words[1]).name, *words[2:]] == wanted if len(words) > 1 else False:
                return candidate
        return None

    def kill(self, *arguments: str) -> None:
        """`kill -9` of one supervised process."""
        victim = eventually(lambda: self.process(*arguments), f"{arguments} runs")
        victim.kill()


def _home_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("STOREHOUSE_SUPERVISED_HOME")
    except psutil.Error:
        return None


@contextmanager
def running_house(home: Path, days: int) -> Iterator[House]:
    """A house with `days` of history that is up; stopped at the end whatever happens."""
    house = House(home)
    house.run("simulate", "--days", str(days), "--visits", "60")
    house.run("worker", "--once")
    try:
        house.start()
        yield house
        house.stop()
    finally:
        for process in house.processes():
            process.kill()
