"""A PostgreSQL server for one test run: private, in a folder of its own, reached by a socket."""

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

# The server refuses to run as root, so root starts it as the user its package made.
_USER = "postgres" if os.geteuid() == 0 else None


class PostgresServer:
    """Starts in about a second.

    Args:
        durable: whether a commit is on disk and tables are looked after, as where speed is measured.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="storehouse-pg-"))
        if _USER:
            shutil.chown(self.folder, _USER, _USER)
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            "autovacuum": "on" if durable else "off",
            "autovacuum_naptime": "5s",  # a benchmark's minute is a day elsewhere
            "max_connections": "200",
            "shared_buffers": "32MB",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._log = (self.folder / "log").open("wb")
        self._server = subprocess.Popen(
            [_binary("postgres"), "-D", data, *options],
            stdout=self._log,
            stderr=self._log,
            cwd=self.folder,
            user=_USER,
            group=_USER,
        )
        self._execute("select 1")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, template: str = "template1") -> str:
        """Make a database; returns its URL."""
        name = f"test_{uuid.uuid4().hex}"
        self._execute(f'create database "{name}" template "{template}"')
        return self.url(name)

    def settle(self, url: str) -> None:
        """Do for a database what a server does by itself after a while: count what its tables hold."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("vacuum analyze")

    def stop(self) -> None:
        # At once: nothing in it is worth a checkpoint.
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(10)
        self._log.close()
        shutil.rmtree(self.folder)

    @retry(
        retry=retry_if_exception_type(psycopg.OperationalError),
        stop=stop_after_delay(30),
        wait=wait_fixed(0.05),
        reraise=True,
    )
    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [_binary(program), *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            user=_USER,
            group=_USER,
        )


def _binary(program: str) -> str:
    """Distributions keep the server's programs off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}")) or [shutil.which(program)]
    if found[-1] is None:
        raise FileNotFoundError(f"{program}: run tests/install_system_packages")
    return str(found[-1])
