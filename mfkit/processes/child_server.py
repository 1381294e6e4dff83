"""Server processes that stop with mfkit's process. Their kernels stop too, and their folder is removed.

The server process runs this module as ``mfkit.processes.child_server FOLDER MODULE ...``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mfkit.processes.child_process import python_child, stop_with_parent

_PATIENCE = 20.0
"""Seconds to wait for a server to stop before it is killed."""


@contextlib.contextmanager
def serving(
    folder: Path, module: str, *arguments: str, inherited: bool = True, variables: Mapping[str, str] = {}
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in its own temporary folder, and stop it at the end of the ``with`` block.

    The folder is the server's current folder, because Jupyter loads configuration and templates, which are
    code, from the current folder.

    Args:
        folder: The temporary folder. The server removes it at its end, even if this process is killed.
        module: The server's module.
        arguments: The module's arguments.
        inherited: True to exclude the current folder also in the server's kernels (see :func:`python_child`).
        variables: Environment variables for the server and its kernels.
    """
    command, environment = python_child(
        "mfkit.processes.child_server",
        str(folder),
        module,
        *arguments,
        inherited=inherited,
        variables=variables,
    )
    # The server gets its own process group or session, so Ctrl-C and a closed terminal do not end it. This
    # process receives these signals and then stops the server.
    options: dict[str, Any]
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        options = {"start_new_session": True}
    server = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.PIPE, **options)
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
    """Run a server until it stops or the parent process ends."""
    folder, module = sys.argv[1:3]
    del sys.argv[1:3]

    def clean_up() -> None:
        # This process leaves the folder first, because Windows cannot remove the current folder of a process.
        os.chdir(tempfile.gettempdir())
        shutil.rmtree(folder, ignore_errors=True)

    stop_with_parent(clean_up)
    _hide_noise()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        clean_up()


def _hide_noise() -> None:
    """Hide messages of Jupyter's servers that are no errors and about which a user can do nothing."""
    # Warnings are sent to a logger that ignores them, because Jupyter's servers warn of their own deprecated
    # interfaces even if a filter ignores such warnings.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)
    # This warning is hidden, because it only says that Tornado corrects Jupyter's default ping interval.
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    # The message about a signal is hidden, because mfkit sends the signal when the user stops the server.
    logging.getLogger("ServerApp").addFilter(lambda record: "received signal" not in str(record.msg))
    # This error is hidden, because it only means that the user has closed a page.
    logging.getLogger("asyncio").addFilter(
        lambda record: not record.exc_info or type(record.exc_info[1]).__name__ != "WebSocketClosedError"
    )


if __name__ == "__main__":
    main()
