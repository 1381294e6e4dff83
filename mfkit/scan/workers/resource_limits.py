"""The bounds that an isolated process sets itself before it opens a file."""

from __future__ import annotations

import signal


def arm_watchdog(time_limit: float) -> None:
    """Have the system end this process if it says nothing more for a while.

    The parent ends a silent worker itself; this is for when the parent was killed, and a worker that
    hangs would go on for ever.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 2 * time_limit + 10 if time_limit else 0)


def limit_memory(limit: int) -> None:
    """Bound what this process may allocate, where the system can (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    # Data, not address space: libraries map far more than they use.
    for kind in ("RLIMIT_DATA", "RLIMIT_CORE"):
        bound = limit if kind == "RLIMIT_DATA" else 0
        try:
            resource.setrlimit(getattr(resource, kind), (bound, bound))
        except (AttributeError, ValueError, OSError):  # the system has no such limit, or a lower one
            continue
