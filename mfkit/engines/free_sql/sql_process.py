"""Pool of separate processes that run SQL from the user. A process is killed to stop a statement."""

from __future__ import annotations

import json
import pickle
import sqlite3
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from mfkit.core.event_loop import CancelToken
from mfkit.engines.duckdb_settings import DuckFiles
from mfkit.engines.free_sql.sql_worker import HEAD, MEMORY_LIMIT, Request
from mfkit.errors import QueryError
from mfkit.processes.child_process import python_child

_SPARE = 1
"""Number of idle processes that are kept for the next statement."""


class SqlProcesses:
    """Pool of processes that run SQL from the user, one for each concurrent statement."""

    def __init__(self) -> None:
        """Create an empty pool."""
        self._idle: list[_SqlProcess] = []
        self._mutex = Lock()
        weakref.finalize(self, _kill_all, self._idle)

    def ask_duckdb(
        self, source: DuckFiles, statement: str, parameters: Mapping[str, Any], token: CancelToken
    ) -> pa.Table:
        """Run a statement in DuckDB in a separate process.

        Args:
            source: Files that the statement may read.
            statement: SQL text with bind parameters written as ``$name``.
            parameters: Parameter name -> value.
            token: Token that kills the process when it is stopped.

        Raises:
            QueryError: The statement is not read-only, was stopped, or needed too much memory.
            duckdb.Error: DuckDB rejects the statement, or a file is damaged.
        """
        import duckdb

        kind, answer = self._ask(Request(source, statement, parameters), token)
        if kind == "failed":
            raise duckdb.Error(answer)
        table: pa.Table = answer
        return table

    def ask_sqlite(
        self, uri: str, statement: str, parameters: Mapping[str, Any], token: CancelToken
    ) -> tuple[list[str], Sequence[Sequence[Any]]]:
        """Run a statement in SQLite in a separate process.

        Args:
            uri: URI that opens the file read-only.
            statement: SQL text with bind parameters written as ``:name``.
            parameters: Parameter name -> value.
            token: Token that kills the process when it is stopped.

        Returns:
            The column names and the rows.

        Raises:
            QueryError: The statement returns no rows, was stopped, or needed too much memory.
            sqlite3.OperationalError: SQLite rejects the statement, or the file cannot be read.
        """
        kind, answer = self._ask(Request(uri, statement, parameters), token)
        if kind == "failed":
            raise sqlite3.OperationalError(answer)
        names, rows = answer
        return names, rows

    def close(self) -> None:
        """Kill all idle processes. A later statement starts a new process."""
        with self._mutex:
            _kill_all(self._idle)

    def _ask(self, request: Request, token: CancelToken) -> tuple[str, Any]:
        try:
            asked = pickle.dumps(request)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise QueryError(
                f"A parameter cannot be passed to the database: {error}. Use a number, a text or a time."
            ) from error
        with self._mutex:
            process = self._idle.pop() if self._idle else None
        if process is None or not process.alive:
            process = _SqlProcess()
        try:
            with token.running(process.kill):
                kind, answer = process.ask(asked)
        except BaseException as error:
            process.end()
            token.check(error)
            if isinstance(error, (OSError, ValueError, pa.ArrowException)):
                raise QueryError(
                    "The process that ran the query has ended. The query may need more than "
                    f"{MEMORY_LIMIT // 2**30} GB of memory. Ask for fewer rows or shorter texts."
                ) from error
            raise
        with self._mutex:
            if len(self._idle) < _SPARE:
                self._idle.append(process)
                process = None
        if process is not None:
            process.end()
        if kind == "refused":
            raise QueryError(answer)
        return kind, answer


class _SqlProcess:
    """Child process that runs :mod:`mfkit.engines.free_sql.sql_worker`."""

    def __init__(self) -> None:
        command, environment = python_child("mfkit.engines.free_sql.sql_worker")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )

    @property
    def alive(self) -> bool:
        """True while the process is running."""
        return self._process.poll() is None

    def ask(self, request: bytes) -> tuple[str, Any]:
        """Send a request to the process, and return the kind and the content of its response.

        Raises:
            OSError: The process has exited.
            ValueError: The process exited in the middle of a response.
            pa.ArrowException: The process exited in the middle of a table.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(HEAD.pack(len(request)) + request)
        self._process.stdin.flush()
        line = json.loads(self._process.stdout.readline())
        if line["kind"] == "table":
            with ipc.open_stream(self._process.stdout) as stream:
                return "table", stream.read_all()
        if line["kind"] == "rows":
            return "rows", json.loads(self._process.stdout.readline(), object_hook=_decode_blob)
        return line["kind"], line["message"]

    def kill(self) -> None:
        """Kill the process. Any thread may call this method at any time."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process, close its pipes and wait for its exit."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            # The error is ignored, because close() fails if the buffer still contains unsent data.
            with suppress(OSError):
                pipe.close()
        self._process.wait()


def _decode_blob(value: dict[str, str]) -> bytes:
    return bytes.fromhex(value["hex"])


def _kill_all(processes: list[_SqlProcess]) -> None:
    while processes:
        processes.pop().end()
