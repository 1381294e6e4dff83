"""Servers that mfkit starts: they and their kernels end with it, and their temporary folder goes with them.

As a module (``mfkit.processes.child_server FOLDER MODULE ...``) it is the server's process.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mfkit.processes.child_process import python_child
from mfkit.processes.parent_watch import stop_with_parent

_PATIENCE = 20.0
"""Seconds that a server may take to stop; it ends itself before that."""


@contextlib.contextmanager
def serving(
    folder: Path, module: str, *arguments: str, inherited: bool = True, variables: Mapping[str, str] = {}
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a temporary folder of its own, and stop it at the end.

    The server's current folder is that one: Jupyter's programs look for configuration and templates, which
    are code, in theirs.

    Args:
        folder: The temporary folder. The server removes it when it ends, also if this process is killed.
        module: The server's module.
        arguments: Its arguments.
        inherited: Whether its kernels get safe paths too, see :func:`python_child`.
        variables: Environment variables for it and its kernels.
    """
    command, environment = python_child(
        "mfkit.processes.child_server",
        str(folder),
        module,
        *arguments,
        inherited=inherited,
        variables=variables,
    )
    # Ctrl-C and the end of the terminal reach this process alone, which then stops the server.
    apart: dict[str, Any]
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        apart = {"start_new_session": True}
    server = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.PIPE, **apart)
    assert server.stdin is not None
    try:
        yield server
    finally:
        server.stdin.close()
        try:
            server.wait(_PATIENCE)
        except BaseException:
            server.kill()
            server.wait()
            raise


def main() -> None:
    """Run a server until it ends or its parent does."""
    folder, module = sys.argv[1:3]
    del sys.argv[1:3]

    def clean_up() -> None:
        os.chdir(tempfile.gettempdir())  # Windows removes no folder that is a process's current one
        shutil.rmtree(folder, ignore_errors=True)

    stop_with_parent(clean_up)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        clean_up()


if __name__ == "__main__":
    main()
