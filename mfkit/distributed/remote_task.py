"""What an executor's machines do for a scan: read some files in an isolated process, and say what they found.

Lines of JSON go there and come back, as to and from that process. The process is kept for the next task:
to start it takes longer than most tasks.
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
"""Seconds at work; the machine's name if it has none of the files, else an empty text; and, in order, a line
of :func:`~mfkit.scan.workers.worker_main.encode_reply` for each file."""

CALL = "__import__('importlib').import_module('mfkit.distributed.remote_task').read_files(*arguments)"
"""For ``eval``, which every Python has. To unpickle a function of mfkit ends a Dask worker that has no mfkit,
without a word of why; this way it says so, and the scheduler need not have it at all."""

VERSION = f"{__version__}, extractors {EXTRACTOR_VERSION}"
"""What home and machines must have in common."""
_IDLE = 15.0
"""Seconds that a process waits for the next task."""

_idle: dict[tuple[int, int, float], dict[WorkerSupervisor, asyncio.Task[None]]] = {}
"""By process and bounds, the readers that wait, each with what will end it: touched on mfkit's loop alone."""


def read_files(version: str, ticket: str, memory_limit: int, time_limit: float, requests: bytes) -> Answer:
    """Read some files.

    Args:
        version: The :data:`VERSION` at home.
        ticket: A word that no other call has: Dask takes equal calls for one.
        memory_limit: Bytes that the isolated process may allocate; 0 for no limit.
        time_limit: Seconds that it may be silent over one file.
        requests: A line of :func:`~mfkit.scan.workers.worker_main.encode_request` a file.

    Returns:
        What was found.

    Raises:
        MfkitError: This machine has another mfkit, its installation is broken, or no process can be
            started.
    """
    if version != VERSION:
        raise MfkitError(
            f"{socket.gethostname()} has mfkit {VERSION}, and the scan is of mfkit {version}; "
            "install the same version on all machines."
        )
    started = time.monotonic()
    jobs = [Job(*decode_request(line)) for line in requests.splitlines()]
    run_sync(_read(jobs, memory_limit, time_limit))
    found = [job.result for job in jobs]
    any_there = any(
        one.stage != "read" or is_url(one.path) or os.path.lexists(to_disk_path(one.path)) for one in found
    )
    stranger = "" if any_there else socket.gethostname()
    return time.monotonic() - started, stranger, b"".join(map(encode_reply, found))


async def _read(jobs: list[Job], memory_limit: int, time_limit: float) -> None:
    # By process too: a fork inherits its parent's readers, and must not touch them.
    idle = _idle.setdefault((os.getpid(), memory_limit, time_limit), {})
    if idle:
        reader, ending = idle.popitem()
        ending.cancel()
    else:
        reader = WorkerSupervisor(memory_limit, time_limit)
    wanted: asyncio.Queue[Job | None] = asyncio.Queue()
    for job in (*jobs, None):
        wanted.put_nowait(job)
    try:
        await reader.serve(wanted, asyncio.Queue())
    except BaseException:
        await reader.end()
        raise
    idle[reader] = asyncio.create_task(_retire(reader, idle))


async def _retire(reader: WorkerSupervisor, idle: dict[WorkerSupervisor, asyncio.Task[None]]) -> None:
    await asyncio.sleep(_IDLE)
    del idle[reader]
    await reader.end()
