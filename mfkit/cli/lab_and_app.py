"""Commands that start a local server: lab (JupyterLab) and app (the explorer as a web page)."""

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
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path, PurePath
from typing import Annotated, Any

import typer

from mfkit.bundled_files import resource_folder
from mfkit.cli.options import Library, app, example, open_existing, path
from mfkit.cli.output import print_line
from mfkit.errors import MfkitError
from mfkit.processes.child_server import serving
from mfkit.processes.temporary_folder import TemporaryFolder

_QUIET = "--Application.log_level=ERROR"
"""Option of JupyterLab and Voilà that hides all messages of the server and its extensions but errors."""
_LOG_OPTIONS = (
    "--debug",
    "--log-level",
    "--Application.log_level",
    "--ServerApp.log_level",
    "--Voila.log_level",
)
"""Options with which the user asks for other messages."""
_OFFLINE = (
    # Without these options JupyterLab requests news, updates and extensions over the network.
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
        Path | None, typer.Option(parser=path, help="Folder of the notebooks; by default beside the library.")
    ] = None,
) -> None:
    """Open mfkit's notebooks in JupyterLab. Other options are passed to JupyterLab.

    The notebooks are copied beside the library on first use, and existing copies are never overwritten. They
    can import modules from their own folder; no other code in the current folder runs. JupyterLab runs in
    another folder, so use absolute paths in its options.
    """
    from mfkit.default_library import LIBRARY

    with open_existing(library) as lib:
        file, name = lib.database.file, lib.database.name
    folder = (notebooks or (file.parent if file is not None else Path()) / "notebooks").resolve()
    copy_notebooks(folder)
    # Default options that the user also gives are left out, because JupyterLab rejects an option that is
    # given twice.
    given = {one.partition("=")[0] for one in context.args}
    options = [
        *_kernel_options(),
        *_log_options(given),
        *(one for one in _OFFLINE if one.partition("=")[0] not in given),
    ]
    own_token = os.environ.get("JUPYTER_TOKEN")
    token = own_token or secrets.token_hex(24)
    with TemporaryFolder("lab") as temporary:
        try:
            with serving(
                temporary.path,
                "jupyterlab",
                str(folder / "explore.ipynb"),
                *options,
                *context.args,
                inherited=False,
                variables={
                    LIBRARY: library if file is None else str(file.resolve()),
                    # The token is given to JupyterLab, because JupyterLab prints several lines about a token
                    # that it creates itself.
                    "JUPYTER_TOKEN": token,
                },
            ) as server:
                if (found := _server_info(server, token)) is not None:
                    address = _lab_address(found, folder, None if own_token else token)
                    print_line(f"JupyterLab with {name} (Ctrl-C stops it): {address}", whole=True)
                raise typer.Exit(server.wait())
        except KeyboardInterrupt:
            print_line("Stopped.")


def _kernel_options() -> list[str]:
    """Return the option that encrypts connections to kernels. Without it, each kernel prints a warning."""
    import zmq

    return ["--KernelManager.transport_encryption=auto"] if zmq.has("curve") else []


def _log_options(given: set[str]) -> list[str]:
    """Return the option that hides the server's messages, unless the user has asked for them."""
    return [] if given.intersection(_LOG_OPTIONS) else [_QUIET]


def _server_info(server: subprocess.Popen[bytes], token: str) -> dict[str, Any] | None:
    """Wait until JupyterLab listens, and return its server information. Return None if JupyterLab ends first.

    Every Jupyter server writes its address to a file in the runtime folder:
    https://jupyter-server.readthedocs.io/en/latest/developers/architecture.html
    """
    from jupyter_core.paths import jupyter_runtime_dir

    folder = Path(jupyter_runtime_dir())
    while server.poll() is None:
        for file in folder.glob("jpserver-*.json"):
            try:
                found: dict[str, Any] = json.loads(file.read_text("utf-8"))
            except (OSError, ValueError):
                # The file is skipped: it is still being written, or another server has removed it.
                continue
            # The token is compared too, because server.pid can be the id of a launcher, as in virtual
            # environments on Windows.
            if found.get("pid") == server.pid or found.get("token") == token:
                return found
        time.sleep(0.1)
    return None


def _lab_address(found: Mapping[str, Any], folder: Path, token: str | None) -> str:
    """Return the address of JupyterLab's first page. It includes the token if mfkit created the token."""
    page = "/tree/explore.ipynb" if Path(found["root_dir"]) == folder else ""
    query = f"?token={token}" if token is not None and found["token"] == token else ""
    return f"{found['url']}lab{page}{query}"


def copy_notebooks(folder: Path) -> None:
    """Copy mfkit's notebooks into a folder without overwriting existing files."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(resource_folder("notebooks").glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)


_PORT = 8866
_PAGE = Path(__file__).parent / "page"
"""Folder with mfkit's Voilà template."""
_START_TIMEOUT = 120.0
"""Seconds to wait for Voilà to start."""
_FOLDER_VARIABLE = "MFKIT_APP_FOLDER"
_RENDER_TIMEOUT = 60
"""Seconds that the page waits for its panels before it is shown."""
# The first cell makes the user's folder the current folder, because the notebook's folder is removed when the
# server ends. The first cell also prevents imports of modules from the current folder. The last cell waits
# until the panels are drawn, because the page misses updates while it loads. While the page loads, it shows
# its progress after each cell; see progress.html.j2.
_CELLS = (
    f"""\
import os, sys

import mfkit
from mfkit.widgets.render_queue import wait_until_drawn

os.chdir(os.environ["{_FOLDER_VARIABLE}"])
sys.path[:] = filter(None, sys.path)""",
    "explorer = mfkit.open_library().explore()",
    f"wait_until_drawn({_RENDER_TIMEOUT})\nexplorer",
)


def _notebook(library: str) -> dict[str, Any]:
    short = PurePath(library).name or library
    empty: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"mfkit": {"library": library, "name": short}, "title": f"{short} – mfkit"},
        "cells": [{**empty, "id": f"step-{step}", "source": source} for step, source in enumerate(_CELLS)],
    }


@app.command(
    name="app",
    epilog=example("mfkit app library.db --read-only"),
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def serve(
    context: typer.Context,
    library: Annotated[
        str, typer.Argument(envvar="MFKIT_LIBRARY", help="Library file or SQLAlchemy URL.")
    ] = "library.db",
    read_only: Annotated[bool, typer.Option("--read-only", help="Open the library read-only.")] = False,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port to listen on; by default 8866, or another free port."),
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Use dark colours.")] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Serve the explorer as a web page on this machine. Other options are passed to Voilà.

    Anyone with the tokenized URL gets their own session and can run code as you. --read-only prevents
    accidental changes to the library, not deliberate ones.
    """
    from mfkit.default_library import LIBRARY, READ_ONLY

    if importlib.util.find_spec("voila") is None:
        raise MfkitError("The app needs the package voila. Install it with: pip install 'mfkit[app]'")
    with open_existing(library, read_only=read_only) as lib:
        file, name = lib.database.file, lib.database.name
    port = _free_port(port)
    token = secrets.token_urlsafe(24)
    with TemporaryFolder("app") as temporary:
        folder = temporary.path
        notebook = folder / "mfkit.ipynb"
        notebook.write_text(json.dumps(_notebook(name)))
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
            # A kernel is stopped ten minutes after its page was closed.
            "--MappingKernelManager.cull_interval=60",
            "--MappingKernelManager.cull_idle_timeout=600",
            *_kernel_options(),
            *_log_options({one.partition("=")[0] for one in context.args}),
            *context.args,
        ]
        variables = {
            # The token is passed in an environment variable, because other users of this machine can read
            # command lines.
            LIBRARY: library if file is None else str(file.resolve()),
            "JUPYTER_TOKEN": token,
            READ_ONLY: "1" if read_only else "",
            _FOLDER_VARIABLE: os.getcwd(),
            "JUPYTER_PATH": os.pathsep.join(filter(None, [str(_PAGE), os.environ.get("JUPYTER_PATH")])),
        }
        try:
            with serving(folder, "voila", *options, variables=variables) as server:
                wait_until_ready(server, port, token)
                address = f"http://127.0.0.1:{port}/?token={token}"
                notes = "read-only, Ctrl-C stops it" if read_only else "Ctrl-C stops it"
                print_line(f"Explorer of {name} ({notes}): {address}", whole=True)
                if browser:
                    webbrowser.open(address)
                raise typer.Exit(server.wait())
        except KeyboardInterrupt:
            print_line("Stopped.")


def _free_port(wanted: int | None) -> int:
    """Return a free TCP port: the given port, or else the default port or any free port.

    Raises:
        MfkitError: The requested port is in use.
    """
    for port in (wanted,) if wanted else (_PORT, 0):
        with socket.socket() as one:
            # With SO_REUSEADDR, which the server also sets, the port of a server that just ended counts as
            # free.
            if os.name != "nt":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(one.getsockname()[1])
    raise MfkitError(f"Port {wanted} is in use. Choose another with --port.")


def wait_until_ready(server: subprocess.Popen[bytes], port: int, token: str) -> None:
    """Wait until the Voilà server answers. The token proves that no other server answers on this port.

    Raises:
        MfkitError: The server ends or does not answer in time.
    """
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", f"/login?token={token}")
            # A redirect means that the server accepted the token.
            if connection.getresponse().status == HTTPStatus.FOUND:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise MfkitError("Voilà did not start. See its output above for the reason, or add --debug to see more.")
