"""Every Python process that mfkit starts: its command and environment, and its end with its parent.

``python -m`` searches the current folder before the standard library, so a downloaded file named ``json.py``
would run. Python's safe path option (``-P``, ``PYTHONSAFEPATH``) excludes that folder.

The parent keeps the other end of the process's standard input open while it runs. Every operating system
closes the pipe when the parent ends, for whatever reason. Then the child process ends too.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, Timer
from typing import NamedTuple

_BOOTSTRAP = str(Path(__file__).with_name("child_bootstrap.py"))
_PATIENCE = 15.0
"""Seconds to wait for a server to stop its kernels."""


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
    """Return the command and environment that run a module of this mfkit, without code of the current folder.

    Args:
        module: The module's name, as after ``python -m``.
        arguments: The module's arguments.
        inherited: True if Python processes that the child starts also exclude the current folder.
        variables: Environment variables in addition to those of this process.
    """
    environment = {**(safe_environment() if inherited else os.environ), **variables}
    return Child([sys.executable, "-P", _BOOTSTRAP, module, *arguments], environment)


def safe_environment() -> dict[str, str]:
    """Return this process's environment variables, with ``PYTHONSAFEPATH`` set."""
    return {**os.environ, "PYTHONSAFEPATH": "1"}


def requests() -> Iterator[bytes]:
    """Yield the lines that the parent writes, and end this process at once when the parent has ended."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(lines.put, lambda: os._exit(0)), daemon=True).start()
    while True:
        yield lines.get()


def stop_with_parent(clean_up: Callable[[], None]) -> None:
    """Stop this process as SIGTERM would when its parent has ended.

    Args:
        clean_up: Called before the process is ended by force, if it does not stop.
    """

    def force() -> None:
        clean_up()
        os._exit(1)

    def stop() -> None:
        timer = Timer(_PATIENCE, force)
        timer.daemon = True
        timer.start()
        if sys.platform == "win32":  # os.kill would end the process without cleaning up
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
        # Not sys.stdin, because this thread would hold its lock while the interpreter shuts down.
        while part := os.read(0, 1 << 16):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                take(line)
    finally:  # also if memory ran out, because no further request could be read
        end()
