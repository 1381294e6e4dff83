"""Memory and time limits of the isolated processes that read untrusted files.

The parent enforces the time limit in `mfkit.scan.workers.worker_supervisor`.
"""

from __future__ import annotations

import signal

MEMORY_LIMIT = 1 << 30
"""Bytes that a worker process may allocate."""
TIME_LIMIT = 60.0
"""Seconds that a worker process may work on one file without sending a heartbeat."""


def arm_watchdog(time_limit: float) -> None:
    """Make the operating system kill this process if this function is not called again within a time limit.

    The parent kills a silent worker earlier. The watchdog is for a worker that hangs after its parent was
    killed.

    Args:
        time_limit: Time limit of the worker in seconds; 0 disarms the watchdog.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 2 * time_limit + 10 if time_limit else 0)


def limit_memory(limit: int) -> None:
    """Limit the bytes that this process may allocate, if the system supports it (Windows does not)."""
    try:
        import resource
    except ImportError:
        return
    # RLIMIT_DATA limits allocated memory. RLIMIT_AS would limit the address space, of which shared libraries
    # reserve far more than they use. RLIMIT_CORE is 0, so that a crash writes no core dump.
    for name, value in (("RLIMIT_DATA", limit), ("RLIMIT_CORE", 0)):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):
            # The system does not support this kind of limit, or has already set a lower limit, which is then
            # kept.
            continue
