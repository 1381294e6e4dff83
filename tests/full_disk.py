"""Child processes that cannot write large files, as if the disk were full."""

from __future__ import annotations

import os
import subprocess
import sys

_PRELUDE = """
import resource, signal, sys

def fill_disk(size):
    "Let every write beyond a size of a file fail."
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
"""


def run_with_full_disk(code: str, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run Python code in which ``fill_disk(size)`` makes all further writes beyond a size fail.

    Neither the child nor its children write bytecode. Python ignores a failed write of a .pyc file and leaves
    it truncated, so that later imports of the checkout fail.

    Args:
        code: The code.
        arguments: Values of ``sys.argv``, from 1.
        timeout: Seconds.
    """
    return subprocess.run(
        [sys.executable, "-B", "-c", _PRELUDE + code, *arguments],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
