"""A real Dask cluster for the tests: a scheduler and workers from the command line, on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distributed import Client

_PATIENCE = 60
_ROOT = Path(__file__).parents[1]


class Cluster:
    """A running cluster.

    Attributes:
        address: The scheduler's address.
        workers: The workers' processes.
        kill: Kills the scheduler.
    """

    def __init__(
        self, address: str, scheduler: subprocess.Popen[bytes], place: Path, programs: ExitStack
    ) -> None:
        """Take what is needed to talk to the scheduler and to start workers."""
        self.kill = scheduler.kill
        self.address, self.workers = address, list[subprocess.Popen[bytes]]()
        self._place, self._programs = place, programs

    def start(self, number: int, *, threads: int = 1, environment: Mapping[str, str] | None = None) -> None:
        """Start workers and wait until the scheduler knows them."""
        for _ in range(number):
            self.workers.append(
                _run(
                    self._programs,
                    self._place,
                    environment or {},
                    "worker",
                    self.address,
                    "--no-nanny",
                    "--nthreads",
                    str(threads),
                    "--host",
                    "127.0.0.1",
                    "--no-dashboard",
                    "--local-directory",
                    str(self._place),
                    "--memory-limit",
                    "0",
                )
            )
        alive = sum(worker.poll() is None for worker in self.workers)
        with self.client() as client:
            client.wait_for_workers(alive, timeout=_PATIENCE)

    def stop(self) -> None:
        """End all workers, and wait until the scheduler knows."""
        while self.workers:
            worker = self.workers.pop()
            worker.kill()
            worker.wait()
        with self.client() as client:
            while client.nthreads():
                time.sleep(0.02)

    def client(self) -> Client:
        """Connect to the scheduler."""
        return Client(self.address, set_as_default=False, timeout=_PATIENCE)


@contextmanager
def cluster(environment: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """Start a scheduler without workers, and stop it and its workers at the end.

    Args:
        environment: What the scheduler's environment has besides.
    """
    with ExitStack() as programs:
        place = Path(
            programs.enter_context(
                tempfile.TemporaryDirectory(prefix="mfkit-dask-", ignore_cleanup_errors=True)
            )
        )
        known = place / "scheduler.json"
        scheduler = _run(
            programs,
            place,
            environment or {},
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(known),
        )
        address = ""
        until = time.monotonic() + _PATIENCE
        while not address:
            assert scheduler.poll() is None and time.monotonic() < until, (place / "output").read_text()
            time.sleep(0.02)
            if known.exists() and (said := known.read_text()):
                address = json.loads(said)["address"]
        yield Cluster(address, scheduler, place, programs)


def _run(
    programs: ExitStack, place: Path, environment: Mapping[str, str], *command: str
) -> subprocess.Popen[bytes]:
    output = programs.enter_context((place / "output").open("ab"))
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    program = subprocess.Popen(
        [sys.executable, "-m", "dask", *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**os.environ, "PYTHONPATH": path, **environment},
    )

    def end() -> None:
        program.kill()
        program.wait()

    programs.callback(end)
    return program
