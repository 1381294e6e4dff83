"""A Dask cluster by the address of its scheduler: the only import of Dask."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from mfkit.errors import MfkitError

_PATIENCE = 10
"""Seconds that a scheduler may take to answer."""
_MACHINES = 60
"""Seconds that the first of its workers may take to be there: clusters start them when a client comes."""


@contextmanager
def connected_executor(
    scheduler: str, timeout: float = _PATIENCE, for_workers: float = _MACHINES
) -> Iterator[Executor]:
    """Connect to a cluster, and give its executor.

    Args:
        scheduler: Its address, such as ``tcp://10.0.0.5:8786``.
        timeout: Seconds that the scheduler may take to answer.
        for_workers: Seconds that the first worker may take to be there.

    Raises:
        MfkitError: Dask is not installed, no scheduler answers, or it has no workers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MfkitError("A scan on a Dask cluster needs more packages: pip install 'mfkit[dask]'") from error
    try:
        client = Client(scheduler, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TypeError, AssertionError) as error:
        raise MfkitError(
            f"No Dask scheduler answers at {scheduler} ({error}); it says its address, such as "
            "tcp://10.0.0.5:8786, when it starts: dask scheduler"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=for_workers)
        except TimeoutError as error:
            raise MfkitError(
                f"The Dask scheduler at {scheduler} has no workers; start one on each machine that sees the "
                f"storage: dask worker {scheduler}"
            ) from error
        yield client.get_executor()
