"""The servers of ``mfkit app`` and ``mfkit lab`` as real processes, asked over HTTP."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import secrets
import socket
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

PROGRAM = Path(sysconfig.get_path("scripts")) / "mfkit"
PATIENCE = 300.0
"""Seconds after which a server is taken not to come, on a machine as slow as may be."""


class Start(NamedTuple):
    """How a server is started.

    Attributes:
        command: The program and its arguments.
        port: Where it listens.
        token: What lets one in; None when it prints its address.
    """

    command: list[str]
    port: int
    token: str | None


def app(folder: Path) -> Start:
    """Return how to start the app on the library of a folder."""
    port = free_port()
    return Start(
        [str(PROGRAM), "app", str(folder / "library.db"), "--no-browser", "--port", str(port)], port, None
    )


def lab(folder: Path) -> Start:
    """Return how to start JupyterLab on the library of a folder."""
    port = free_port()
    return Start(
        [
            str(PROGRAM),
            "lab",
            "--library",
            str(folder / "library.db"),
            f"--port={port}",
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            "--ServerApp.port_retries=0",
        ],
        port,
        secrets.token_hex(16),
    )


class Served:
    """A server that answers.

    Attributes:
        process: The process of mfkit.
        port: Where its server listens.
    """

    def __init__(self, start: Start, folder: Path, **variables: str) -> None:
        """Start it in a folder and wait until it answers."""
        self.port, self._token, self._log = start.port, start.token, folder / "server.log"
        environment = {**os.environ, **variables}
        if start.token is not None:
            environment["JUPYTER_TOKEN"] = start.token
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                start.command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        self._until(self._answers)

    def get(self, path: str, body: Any = None) -> str:
        """Return what a path holds; with a body, post that as JSON."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}?token={self._token}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"token {self._token}", "Content-Type": "application/json"},
        )
        with self._opener.open(request, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def said(self) -> list[str]:
        """Return the lines that it has printed so far."""
        return self._log.read_text().splitlines()

    def close(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(PATIENCE)

    def _answers(self) -> bool:
        if self._token is None:
            found = re.search(r"Explorer of .*\?token=(\S+)", self._log.read_text())
            self._token = found[1] if found else None
            return found is not None
        try:
            self.get("/api/status")
        except urllib.error.HTTPError:
            return False
        except OSError:
            return False
        return True

    def _until(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                self.process.wait()
                raise RuntimeError(f"The server did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.2)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
