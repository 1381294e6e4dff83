"""``mfkit lab``."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import webbrowser
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import Library, example, existing_path, path
from mfkit.cli.output import say
from mfkit.errors import MfkitError
from mfkit.processes.child_server import serving
from mfkit.processes.temporary_folder import TemporaryFolder
from mfkit.resources import resource_folder

_OFFLINE = (
    # News, a newer JupyterLab, and extensions would each be asked for over the network.
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog=example("mfkit lab --port 8890"),
)
def lab(
    context: typer.Context,
    library: Library = "library.db",
    notebooks: Annotated[
        Path | None,
        typer.Option(parser=path, help="Where the notebooks are kept; beside the library if not given."),
    ] = None,
) -> None:
    """Open JupyterLab on the notebooks; further options go to JupyterLab.

    The notebooks are copied beside the library on first use, so that they can be edited; a copy that
    is there is never overwritten. They may import modules that lie beside them; nothing else in the current
    folder is run. JupyterLab itself runs in another folder: give paths in its options in full.
    """
    from mfkit.default_library import LIBRARY

    with existing_path(library) as lib:
        file = lib.database.file
    folder = (notebooks or (file.parent if file is not None else Path()) / "notebooks").resolve()
    copy_notebooks(folder)
    # JupyterLab refuses an option that is given twice.
    given = {one.partition("=")[0] for one in context.args}
    options = [one for one in _OFFLINE if one.partition("=")[0] not in given]
    with TemporaryFolder("lab") as temporary:
        try:
            with serving(
                temporary.path,
                "jupyterlab",
                str(folder / "explore.ipynb"),
                *options,
                *context.args,
                inherited=False,
                variables={LIBRARY: library if file is None else str(file.resolve())},
            ) as server:
                raise typer.Exit(server.wait())
        except KeyboardInterrupt:
            print("Stopped.")


def copy_notebooks(folder: Path) -> None:
    """Copy the shipped notebooks into a folder, without touching those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(resource_folder("notebooks").glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)


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
from mfkit.widgets.render_queue import at_rest

os.chdir(os.environ["{_FOLDER}"])
sys.path[:] = filter(None, sys.path)
explorer = mfkit.open_library().explore()
at_rest({_DRAWN})
explorer
"""
_NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {
            "cell_type": "code",
            "id": "explore",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": _SOURCE,
        }
    ],
}


@app.command(
    name="app",
    epilog=example("mfkit app library.db --read-only"),
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
    from mfkit.default_library import LIBRARY, READ_ONLY

    if importlib.util.find_spec("voila") is None:
        raise MfkitError("The app needs one more package: pip install 'mfkit[app]'")
    with existing_path(library, read_only=read_only) as lib:
        file, name = lib.database.file, lib.database.name
    port = _free_port(port)
    token = secrets.token_urlsafe(24)
    with TemporaryFolder("app") as temporary:
        folder = temporary.path
        notebook = folder / "mfkit.ipynb"
        notebook.write_text(json.dumps(_NOTEBOOK))
        options = [
            str(notebook),
            "--no-browser",
            "--Voila.ip=127.0.0.1",
            f"--port={port}",
            "--Voila.port_retries=0",
            "--Voila.auto_token=True",
            f"--theme={'dark' if dark else 'light'}",
            "--template=mfkit",
            f"--Voila.connection_dir_root={folder}",
            # Kernels of pages that were closed without a word end after ten minutes.
            "--MappingKernelManager.cull_interval=60",
            "--MappingKernelManager.cull_idle_timeout=600",
            *context.args,
        ]
        variables = {
            # The token as a variable: other users of this machine can read a command line.
            LIBRARY: library if file is None else str(file.resolve()),
            "JUPYTER_TOKEN": token,
            READ_ONLY: "1" if read_only else "",
            _FOLDER: os.getcwd(),
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
