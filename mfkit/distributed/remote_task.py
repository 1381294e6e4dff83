"""Task that an executor runs on its machines during a scan: inspect files in a worker process.

Requests and results are lines of JSON, as for the worker processes of a local scan. The worker process is
reused for the next task, because starting a process takes longer than most tasks.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time

from mfkit.core.event_loop import run_sync
from mfkit.errors import MfkitError
from mfkit.scan.extract.registry import EXTRACTOR_VERSION
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.workers.worker_main import decode_request, encode_reply
from mfkit.scan.workers.worker_supervisor import Job, WorkerSupervisor
from mfkit.version import __version__

Answer = tuple[float, str, bytes]
"""Result of a task: duration in seconds, machine name, and reply lines.

The machine name is empty unless the machine cannot see any of the files. There is one line of
:func:`~mfkit.scan.workers.worker_main.encode_reply` for each file, in order."""

CALL = "__import__('importlib').import_module('mfkit.distributed.remote_task').read_files(*arguments)"
"""Python expression that a worker evaluates to run :func:`read_files`.

If a function of mfkit were pickled instead, a Dask worker without mfkit would exit without an error message.
With an expression, the worker reports the error, and the scheduler does not need mfkit."""

VERSION = f"{__version__}, extractors {EXTRACTOR_VERSION}"
"""Version text that must be equal on this machine and on all machines of the executor."""
_IDLE_SECONDS = 15.0
"""Seconds that a worker process waits for the next task before it exits."""

_idle: dict[tuple[int, int, float], dict[WorkerSupervisor[Job], asyncio.Task[None]]] = {}
"""Idle worker supervisors by process id, memory limit and time limit, each with a task that ends it later.

Only code on mfkit's event loop may use it."""


def read_files(version: str, ticket: str, memory_limit: int, time_limit: float, requests: bytes) -> Answer:
    """Inspect files in a worker process on this machine. An executor calls this function remotely.

    Args:
        version: :data:`VERSION` of the scanning machine.
        ticket: Unique text. Without it, Dask would run equal calls only once.
        memory_limit: Memory limit of the worker process in bytes; 0 for no limit.
        time_limit: Maximum number of seconds for one file without progress.
        requests: One line of :func:`~mfkit.scan.workers.worker_main.encode_request` for each file.

    Returns:
        The results, see :data:`Answer`.

    Raises:
        MfkitError: This machine has another version of mfkit, its installation is broken, or no worker
            process can be started.
    """
    if version != VERSION:
        raise MfkitError(
            f"{socket.gethostname()} has mfkit {VERSION}, and the scan runs with mfkit {version}. "
            "Install the same version on all machines."
        )
    started = time.monotonic()
    jobs = [Job(*decode_request(line)) for line in requests.splitlines()]
    run_sync(_inspect(jobs, memory_limit, time_limit))
    found = [job.result for job in jobs]
    any_visible = any(
        one.stage != "read" or is_url(one.path) or os.path.lexists(to_disk_path(one.path)) for one in found
    )
    blind_machine = "" if any_visible else socket.gethostname()
    return time.monotonic() - started, blind_machine, b"".join(map(encode_reply, found))


async def _inspect(jobs: list[Job], memory_limit: int, time_limit: float) -> None:
    # The key contains the process id, because a forked process inherits this dictionary. It must not use the
    # worker processes of its parent, whose replies it would take.
    idle = _idle.setdefault((os.getpid(), memory_limit, time_limit), {})
    if idle:
        supervisor, ending = idle.popitem()
        ending.cancel()
    else:
        supervisor = WorkerSupervisor[Job](memory_limit, time_limit)
    queue: asyncio.Queue[Job | None] = asyncio.Queue()
    for job in (*jobs, None):
        queue.put_nowait(job)
    try:
        await supervisor.serve(queue, asyncio.Queue())
    except BaseException:
        await supervisor.end()
        raise
    idle[supervisor] = asyncio.create_task(_end_when_idle(supervisor, idle))


async def _end_when_idle(
    supervisor: WorkerSupervisor[Job], idle: dict[WorkerSupervisor[Job], asyncio.Task[None]]
) -> None:
    await asyncio.sleep(_IDLE_SECONDS)
    del idle[supervisor]
    await supervisor.end()
