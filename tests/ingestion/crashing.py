"""Runs a function in a child process that kills itself, with SIGKILL, at its n-th change to the disk."""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.truncate", "os.rmdir"}


def run_and_crash_at(moment: int | None, function: Callable[[], object]) -> bool:
    """Run `function` in a child; True when it ended by itself, False when its n-th change killed it.

    Python's audit events tell of every rename, removal and new folder before it happens, and of files opened
    for writing; `moment` None lets the child live.
    """
    child = os.fork()
    if child == 0:
        seen = count(1)

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            changes = event in CHANGES or (event == "open" and "w" in str(arguments[1]))
            if changes and next(seen) == moment:
                os.kill(os.getpid(), signal.SIGKILL)

        if moment is not None:
            sys.addaudithook(watch)
        code = 1
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return True
