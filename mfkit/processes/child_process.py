"""Commands and environments of mfkit's child processes, which end when their parent process ends.

``python -m`` searches the current folder before the standard library, so a downloaded file named ``json.py``
would run. Python's safe path option (``-P``, ``PYTHONSAFEPATH``) excludes that folder.

The parent keeps the write end of the child's standard input open while it runs. The operating system closes
this pipe when the parent ends for any reason, and then the child ends too.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from queue import SimpleQueue
from threading import Thread, Timer
from typing import NamedTuple

# pathlib is not used, because worker processes import this module too, and importing pathlib takes several
# milliseconds.
_BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child_bootstrap.py")
_PATIENCE = 15.0
"""Seconds to wait for a server to stop its kernels before the process is ended by force."""


class Child(NamedTuple):
    """Command and environment of a child process.

    Attributes:
        command: The program and its arguments.
        environment: All environment variables.
    """

    command: list[str]
    environment: dict[str, str]


def python_child(
    module: str, *arguments: str, inherited: bool = True, variables: Mapping[str, str] = {}
) -> Child:
    """Return a command that runs a module without importing anything from the current folder.

    Args:
        module: The module's name, as after ``python -m``.
        arguments: The module's arguments.
        inherited: True to exclude the current folder also in Python processes that the child starts.
        variables: Environment variables in addition to those of this process.
    """
    environment = {**(safe_environment() if inherited else os.environ), **variables}
    return Child([sys.executable, "-P", _BOOTSTRAP, module, *arguments], environment)


def safe_environment() -> dict[str, str]:
    """Return this process's environment variables, with ``PYTHONSAFEPATH`` set."""
    return {**os.environ, "PYTHONSAFEPATH": "1"}


def requests() -> Iterator[bytes]:
    """Yield the lines that the parent process sends. Exit at once when the parent process has ended."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(lines.put, lambda: os._exit(0)), daemon=True).start()
    while True:
        yield lines.get()


def stop_with_parent(clean_up: Callable[[], None]) -> None:
    """Send SIGTERM to this process when its parent process has ended.

    Args:
        clean_up: Called if the process does not stop in time, before it is ended by force.
    """

    def force() -> None:
        clean_up()
        os._exit(1)

    def stop() -> None:
        timer = Timer(_PATIENCE, force)
        timer.daemon = True
        timer.start()
        if sys.platform == "win32":
            # On Windows, os.kill() would end the process without cleaning up, so the signal is raised
            # instead.
            signal.raise_signal(signal.SIGTERM)
        else:
            os.kill(os.getpid(), signal.SIGTERM)
        timer.join()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Thread(target=_listen, args=(lambda _: None, stop), daemon=True).start()


def _listen(take: Callable[[bytes], None], end: Callable[[], None]) -> None:
    """Pass each line of standard input to ``take``, and call ``end`` when standard input is closed."""
    rest = b""
    try:
        # sys.stdin is not used: this thread would hold its lock while Python shuts down, and Python would
        # abort with a fatal error.
        while part := os.read(0, 1 << 16):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                take(line)
    finally:
        # end() is also called if reading fails, even with a MemoryError: no requests can arrive then.
        end()
