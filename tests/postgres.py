"""A real PostgreSQL server for the tests: a cluster of their own on a free port, gone when they end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

PASSWORD = "s3cret-of-tests"
_USER = "mfkit"


def binaries() -> Path | None:
    """Return the folder of the newest server that is installed; None when there is none."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),  # Debian keeps them off the PATH
        key=lambda folder: float(folder.parent.name),
    )
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


class Server:
    """A running server.

    Attributes:
        port: Its port on the loopback interface.
        version: Its major version.
    """

    def __init__(self, port: int, version: int, control: Callable[..., None]) -> None:
        """Take what is needed to talk to the server, and to start and stop it."""
        self.port, self.version = port, version
        self._control = control
        self._numbers = count(1)
        # A loop of its own, so that it serves tests that run one and tests that do not.
        self._thread = ThreadPoolExecutor(1)
        self._runner = self._thread.submit(asyncio.Runner).result()

    def close(self) -> None:
        """Let go of what talks to the server."""
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def stop(self) -> None:
        """Stop at once: every connection breaks, and what was not committed is gone."""
        self._control("-m", "fast", "stop")

    def start(self) -> None:
        """Start, after it was stopped."""
        self._control("start")

    def url(self, name: str, user: str = _USER) -> str:
        """Return the URL of a database, password included."""
        return f"postgresql+asyncpg://{user}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def create(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test_{next(self._numbers)}"
        # Without fsync, this takes two thirds of the CPU time of the default, which PostgreSQL 15 added.
        strategy = "STRATEGY FILE_COPY" if self.version >= 15 else ""
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def run(self, statement: str, name: str = "postgres") -> list[Any]:
        """Run a statement as the server's owner and return the first column of its rows."""

        async def work() -> list[Any]:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user=_USER, password=PASSWORD, database=name
            )
            try:
                return [row[0] for row in await connection.fetch(statement)]
            finally:
                await connection.close()

        return self._thread.submit(self._runner.run, work()).result()


def _free_port() -> int:
    """Return a port that the system gives to nobody who asks for any, as the server comes back to it."""
    while True:
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", 10_000 + secrets.randbelow(20_000)))
            return int(one.getsockname()[1])


@contextlib.contextmanager
def server(programs: Path) -> Iterator[Server]:
    """Start a server, and stop and remove it at the end."""
    account: dict[str, Any] = {}
    home = Path(tempfile.mkdtemp(prefix="mfkit-postgres-"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(home, user.pw_uid, user.pw_gid)
    data, password = home / "data", home / "password"

    def run(*command: str | Path) -> None:
        # Not by pipes: the server would hold them open.
        with (home / "output").open("w+") as output:
            done = subprocess.run(
                command,
                cwd=home,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                check=False,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                **account,
            )
            output.seek(0)
            assert done.returncode == 0, output.read()

    try:
        password.write_text(PASSWORD)
        password.chmod(0o644)
        # People's servers sort as their language does, not by bytes; so does this one.
        run(
            programs / "initdb",
            "-D",
            data,
            "-U",
            _USER,
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=icu",
            "--icu-locale=en-US",
            "--no-sync",
        )
        port = _free_port()
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off "
            "-c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c max_wal_size=256MB "
            "-c shared_buffers=32MB -c timezone=America/New_York"
        )

        def control(*what: str) -> None:
            run(programs / "pg_ctl", "-D", data, "-l", home / "log", "-o", options, "-w", "-t", "60", *what)

        control("start")
        try:
            version = int((data / "PG_VERSION").read_text())
            running = Server(port, version, control)
            yield running
            running.close()
        finally:
            control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)
