"""A JupyterLab and a Voilà server for tests, and a page in a real browser that controls them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, sync_playwright

from mfkit.report.browser_output import OFFLINE, browser_environment

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    *OFFLINE,
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
PATIENCE = 120_000
"""Milliseconds to wait for the page, also on a slow machine."""


@dataclass
class Lab:
    """A running JupyterLab.

    Attributes:
        url: Where, without the path.
        token: What lets one in.
        folder: Its notebooks.
    """

    url: str
    token: str
    folder: Path


@contextlib.contextmanager
def jupyter_lab(folder: Path, library: Path, *, dark: bool = False) -> Iterator[Lab]:
    """Run JupyterLab on a copy of the notebooks, with its own settings, data and kernels.

    Args:
        folder: An empty folder.
        library: What MFKIT_LIBRARY names in its kernels.
        dark: Whether in the dark theme.
    """
    notebooks = folder / "notebooks"
    shutil.copytree(ROOT / "notebooks", notebooks)
    config = folder / "config"
    settings = config / "lab" / "user-settings" / "@jupyterlab"
    for name, values in {
        "apputils-extension/themes": {"theme": f"JupyterLab {'Dark' if dark else 'Light'}"},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings.parent),
        "IPYTHONDIR": str(folder / "ipython"),
        "MFKIT_LIBRARY": str(library),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterlab",
                "--no-browser",
                "--allow-root",
                "--ip=127.0.0.1",
                f"--port={port}",
                "--ServerApp.port_retries=0",
                f"--IdentityProvider.token={token}",
                f"--ServerApp.root_dir={notebooks}",
                "--LabApp.expose_app_in_browser=True",
            ],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            lab = Lab(f"http://127.0.0.1:{port}", token, notebooks)
            _wait(lab, server, folder / "lab.log")
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{lab.url}/api?token={lab.token}"):
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@dataclass
class Visit:
    """A page, and the errors and external requests that it caused.

    Attributes:
        page: Playwright's page.
        outside: Addresses that the page asked for which are not this machine.
        faults: Errors that the page's scripts reported.
    """

    page: Page
    outside: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, lab: Lab, notebook: str) -> None:
        """Open a notebook in a new workspace without other tabs, and wait for its kernel."""
        workspace = secrets.token_hex(4)
        self.page.goto(f"{lab.url}/lab/workspaces/{workspace}/tree/{notebook}?token={lab.token}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status == 'idle'"
        )

    def command(self, name: str) -> None:
        """Run one of JupyterLab's commands and wait until it has finished."""
        self.page.evaluate("name => window.jupyterapp.commands.execute(name).then(() => null)", name)

    def run_all(self) -> None:
        """Run all cells and wait until the last one has finished."""
        self.command("notebook:run-all-cells")

    def errors(self) -> list[object]:
        """Return the outputs of cells that are errors or were written to standard error."""
        return list(
            self.page.evaluate(
                "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
                ".flatMap(cell => cell.outputs ?? [])"
                ".filter(o => o.output_type == 'error' || o.name == 'stderr')"
            )
        )

    def plots(self, count: int) -> None:
        """Wait until this number of plots is drawn."""
        self.page.wait_for_function(
            "count => document.querySelectorAll('.mfkit-plot > [data-drawn]').length >= count", arg=count
        )

    def still(self) -> None:
        """Wait until no plot has been redrawn for a second, because a click on a moving target would miss."""
        self.page.evaluate("() => { window.mfkitStill = {drawn: '', since: 0}; }")
        self.page.wait_for_function(
            "() => { const plots = [...document.querySelectorAll('[data-drawn]')];"
            " const drawn = plots.map(plot => plot.dataset.drawn).join();"
            " if (window.mfkitStill.drawn !== drawn || document.querySelector('.mfkit-busy'))"
            " window.mfkitStill = {drawn, since: performance.now()};"
            " return performance.now() - window.mfkitStill.since > 1000; }"
        )


def write_notebook(lab: Lab, name: str, *cells: str) -> None:
    """Write a notebook with code cells to JupyterLab's folder."""
    made = [
        {
            "cell_type": "code",
            "id": f"cell-{place}",
            "metadata": {},
            "source": code,
            "outputs": [],
            "execution_count": None,
        }
        for place, code in enumerate(cells)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (lab.folder / name).write_text(
        json.dumps({"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
    )


@contextlib.contextmanager
def web_page(library: Path, *options: str) -> Iterator[str]:
    """Run ``mfkit app``, which serves the explorer with Voilà, and yield the printed address.

    Args:
        library: The library's file. Settings, data and the log of the server are written beside it.
        options: Options of ``mfkit app``.
    """
    folder = library.parent
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
    }
    command = [sys.executable, "-m", "mfkit.cli", "app", str(library), "--no-browser", *options]
    with (folder / "app.log").open("w") as log:
        running = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=folder
        )
        assert running.stdout is not None
        try:
            said = running.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", said)
            assert address, said + (folder / "app.log").read_text()[-2000:]
            notes = "read-only, Ctrl-C stops it" if "--read-only" in options else "Ctrl-C stops it"
            assert said == f"Explorer of {library} ({notes}): {address[0]}\n"
            yield address[0]
        finally:
            running.send_signal(signal.SIGINT)
            assert running.wait(30) == 0
            running.stdout.close()


@contextlib.contextmanager
def visit(profile: Path, *, width: int = 1280, height: int = 800) -> Iterator[Visit]:
    """Open a browser with an empty profile. Requests to other machines are refused and recorded."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            headless=True,
            args=list(ARGUMENTS),
            env=browser_environment(),
            viewport={"width": width, "height": height},
        )
        made = Visit(context.new_page())

        def gate(route: Route) -> None:
            address = urlsplit(route.request.url)
            if address.scheme in ("http", "https") and address.hostname not in ("127.0.0.1", "localhost"):
                made.outside.append(route.request.url)
                route.abort()
            else:
                route.continue_()

        context.set_default_timeout(PATIENCE)
        context.route("**/*", gate)
        made.page.on("pageerror", lambda error: made.faults.append(str(error)))
        made.page.on(
            "console",
            lambda message: (
                made.faults.append(f"{message.text} ({message.location.get('url', '')})")
                if message.type == "error"
                else None
            ),
        )
        try:
            yield made
        finally:
            context.close()


def drag(browser: Visit, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one position on the page to another."""
    mouse = browser.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    mouse.move(*end, steps=4)
    mouse.up()
