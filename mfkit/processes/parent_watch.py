"""The parent of a process, as the process sees it: what it asks for, and that it is still there.

The parent holds the other end of standard input open for as long as it lives. The system closes it with the
parent, however that ends, on every operating system; then the process has nobody to work for.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Thread, Timer

_PATIENCE = 15.0
"""Seconds that a server may take to stop its kernels."""


def requests() -> Iterator[bytes]:
    """Yield the lines that the parent writes; the process ends at once when the parent has ended."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(lines.put, lambda: os._exit(0)), daemon=True).start()
    while True:
        yield lines.get()


def stop_with_parent(clean_up: Callable[[], None]) -> None:
    """Have this process stop as after SIGTERM when its parent has ended.

    Args:
        clean_up: What to do before the process is ended by force, when it does not stop.
    """

    def force() -> None:
        clean_up()
        os._exit(1)

    def stop() -> None:
        timer = Timer(_PATIENCE, force)
        timer.daemon = True
        timer.start()
        if sys.platform == "win32":  # there, os.kill would end the process without a word to it
            signal.raise_signal(signal.SIGTERM)
        else:
            os.kill(os.getpid(), signal.SIGTERM)
        timer.join()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Thread(target=_listen, args=(lambda _: None, stop), daemon=True).start()


def _listen(take: Callable[[bytes], None], end: Callable[[], None]) -> None:
    """Take the lines of standard input, and do something when no more can come."""
    rest = b""
    try:
        # Not sys.stdin: its lock, held by this thread, would be in the way of the interpreter's end.
        while part := os.read(0, 1 << 16):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                take(line)
    finally:  # also when memory ran out: nothing would be heard any more
        end()
