"""Detection of the end of the parent process, and reading of the parent's requests.

The parent keeps the other end of standard input open while it runs. Every operating system closes the pipe
when the parent ends, for whatever reason. Then the child process ends too.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Thread, Timer

_PATIENCE = 15.0
"""Seconds to wait for a server to stop its kernels."""


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
