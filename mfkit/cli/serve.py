"""``mfkit app``."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import secrets
import socket
import subprocess
import time
import webbrowser
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import example, existing
from mfkit.cli.printing import say
from mfkit.errors import MfkitError
from mfkit.processes.folder import TemporaryFolder
from mfkit.processes.server import serving

_PORT = 8866
_PAGE = Path(__file__).parent / "page"
"""Where Voilà finds mfkit's template of the page."""
_PATIENCE = 120.0
"""Seconds that Voilà may take to start."""
_FOLDER = "MFKIT_APP_FOLDER"
_DRAWN = 60
"""Seconds that a page waits for its panels to be drawn before it shows them."""
# Files are written where the command was given: the notebook's folder goes with the server. No file there
# passes for a module. And Voilà's page misses what a panel says between its first look and its last: there
# is nothing then.
_SOURCE = f"""\
import os, sys

import mfkit
from mfkit.widgets.turns import at_rest

os.chdir(os.environ["{_FOLDER}"])
sys.path[:] = filter(None, sys.path)
explorer = mfkit.open_library().explore()
at_rest({_DRAWN})
explorer
"""
_NOTEBOOK = {
    "nbformat": 4, "nbformat_minor": 5, "metadata": {},
    "cells": [{
        "cell_type": "code", "id": "explore", "metadata": {}, "execution_count": None, "outputs": [],
        "source": _SOURCE,
    }],
}


@app.command(
    name="app", epilog=example("mfkit app library.db --read-only"),
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def serve(
    context: typer.Context,
    library: Annotated[
        str, typer.Argument(envvar="MFKIT_LIBRARY", help="A file, or a SQLAlchemy URL.")
    ] = "library.db",
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Offer nothing that changes the library.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="8866 if not given, or another one that is free.")
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="In dark colours.")] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Serve the explorer as a page, on this machine alone; further options go to Voilà.

    Who has the address with its token gets a session of their own. Whoever has it can run code as you:
    --read-only keeps visitors from changing the library by mistake, not by intent.
    """
    from mfkit.opening import LIBRARY, READ_ONLY

    if importlib.util.find_spec("voila") is None:
        raise MfkitError("The app needs one more package: pip install 'mfkit[app]'")
    with existing(library, read_only=read_only) as lib:
        file, name = lib.database.file, lib.database.name
    port = _free_port(port)
    token = secrets.token_urlsafe(24)
    with TemporaryFolder("app") as temporary:
        folder = temporary.path
        notebook = folder / "mfkit.ipynb"
        notebook.write_text(json.dumps(_NOTEBOOK))
        options = [
            str(notebook), "--no-browser", "--Voila.ip=127.0.0.1",
            f"--port={port}", "--Voila.port_retries=0", "--Voila.auto_token=True",
            f"--theme={'dark' if dark else 'light'}", "--template=mfkit",
            f"--Voila.connection_dir_root={folder}",
            # Kernels of pages that were closed without a word end after ten minutes.
            "--MappingKernelManager.cull_interval=60", "--MappingKernelManager.cull_idle_timeout=600",
            *context.args,
        ]
        variables = {
            # The token as a variable: other users of this machine can read a command line.
            LIBRARY: library if file is None else str(file.resolve()), "JUPYTER_TOKEN": token,
            READ_ONLY: "1" if read_only else "", _FOLDER: os.getcwd(),
            "JUPYTER_PATH": os.pathsep.join(filter(None, [str(_PAGE), os.environ.get("JUPYTER_PATH")])),
        }
        try:
            with serving(folder, "voila", *options, variables=variables) as server:
                _wait(server, port, token)
                address = f"http://127.0.0.1:{port}/?token={token}"
                say(f"The explorer of {name}{', to read' if read_only else ''}: {address}")
                say("Press Ctrl-C to stop.")
                if browser:
                    webbrowser.open(address)
                raise typer.Exit(server.wait())
        except KeyboardInterrupt:
            say("Stopped.")


def _free_port(wanted: int | None) -> int:
    """Return a port that can be listened on.

    Raises:
        MfkitError: The one that was asked for is taken.
    """
    for port in (wanted,) if wanted else (_PORT, 0):
        with socket.socket() as one:
            if os.name != "nt":  # as the server does: the port of one that has just ended is free
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(one.getsockname()[1])
    raise MfkitError(f"Port {wanted} is taken; name another with --port.")


def _wait(server: subprocess.Popen[bytes], port: int, token: str) -> None:
    """Wait until the server answers, and not another one that was faster to take the port.

    Raises:
        MfkitError: It ends, or does not come up.
    """
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", f"/login?token={token}")
            if connection.getresponse().status == HTTPStatus.FOUND:  # to where one who knows the token goes
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise MfkitError("Voilà did not start; what it wrote above says why.")
