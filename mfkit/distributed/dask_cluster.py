"""Connection to a Dask cluster by the address of its scheduler. No other module imports Dask."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from mfkit.errors import MfkitError

_SCHEDULER_TIMEOUT = 10
"""Seconds to wait for the scheduler's answer."""
_WORKERS_TIMEOUT = 60
"""Seconds to wait for the first worker; some clusters start workers when a client connects."""


@contextmanager
def connected_executor(
    scheduler: str, timeout: float = _SCHEDULER_TIMEOUT, workers_timeout: float = _WORKERS_TIMEOUT
) -> Iterator[Executor]:
    """Connect to a cluster and yield its executor.

    Args:
        scheduler: Address of the scheduler, such as ``tcp://10.0.0.5:8786``.
        timeout: Seconds to wait for the scheduler's answer.
        workers_timeout: Seconds to wait for the first worker.

    Raises:
        MfkitError: Dask is not installed, the scheduler does not answer, or it has no workers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MfkitError("A scan on a Dask cluster needs more packages: pip install 'mfkit[dask]'") from error
    try:
        client = Client(scheduler, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TypeError, AssertionError) as error:
        raise MfkitError(
            f"No Dask scheduler answers at {scheduler} ({error}). Use the address that `dask scheduler` "
            "prints when it starts, such as tcp://10.0.0.5:8786."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=workers_timeout)
        except TimeoutError as error:
            raise MfkitError(
                f"The Dask scheduler at {scheduler} has no workers. Start one on each machine that can read "
                f"the storage: dask worker {scheduler}"
            ) from error
        yield client.get_executor()
