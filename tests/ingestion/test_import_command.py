"""`storehouse import` and `storehouse load` as a person types them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from settings import Settings

Write = Callable[[str, str | bytes], Path]
STOREHOUSE = Path(sys.executable).with_name("storehouse")


def storehouse(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"STOREHOUSE_HOME": str(settings.home), "COLUMNS": "200"}
    return subprocess.run(
        [STOREHOUSE, *arguments], env=environment, capture_output=True, text=True, timeout=60
    )


def test_an_import_ends_with_its_reconciliation(settings: Settings, write: Write) -> None:
    path = write(
        "a.log", '::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"\nnot a line\n'
    )
    done = storehouse(settings, "import", "access-log", str(path), "--shop", "blog")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "  1 bot hits"
    assert done.stdout.splitlines()[-1] == "read 2 = loaded 1 + rejected 1 + skipped 0"


def test_a_mistake_is_one_line_and_no_traceback(settings: Settings, write: Write) -> None:
    path = write("a.csv", "a,b\n1,2\n")
    arguments = ("import", "orders", str(path), "--mapping", "online_retail", "--shop")
    for shop, message in (("uci", "column InvoiceNo or Invoice"), ("Not A Shop", "--shop Not A Shop")):
        done = storehouse(settings, *arguments, shop)
        assert done.returncode == 1
        assert done.stdout == ""
        (line,) = done.stderr.strip().splitlines()
        assert line.startswith("storehouse: ")
        assert message in line


def test_loading_once_says_what_was_loaded(settings: Settings) -> None:
    done = storehouse(settings, "load", "--once")
    assert (done.returncode, done.stdout) == (0, "0 events, 0 quarantined, 0 changes -> 0 lake files\n")
