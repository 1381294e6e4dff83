"""Free SQL in processes of its own, which are killed when a statement is to be stopped."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from mfkit.engines.duckdb_settings import DuckFiles
from mfkit.engines.free_sql.sql_worker import HEAD, MEMORY_LIMIT, Request
from mfkit.engines.query_threads import QueryCall
from mfkit.errors import QueryError

_SPARE = 1
"""Processes that are kept for the next statement."""


class SqlProcesses:
    """Processes that run free SQL, one for each statement that runs at the same time."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._idle: list[_SqlProcess] = []
        self._mutex = Lock()
        weakref.finalize(self, _kill_all, self._idle)

    def ask_duckdb(
        self, source: DuckFiles, statement: str, parameters: Mapping[str, Any], call: QueryCall
    ) -> pa.Table:
        """Run a statement by DuckDB.

        Args:
            source: The files that it may read.
            statement: SQL with parameters as ``$name``.
            parameters: Their values.
            call: Kills the process when it is stopped.

        Raises:
            QueryError: The statement would do more than read, was stopped, or needed too much memory.
            duckdb.Error: DuckDB refuses the statement, or a file is damaged.
        """
        import duckdb

        kind, answer = self._ask(Request(source, statement, parameters), call)
        if kind == "failed":
            raise duckdb.Error(answer)
        table: pa.Table = answer
        return table

    def ask_sqlite(
        self, uri: str, statement: str, parameters: Mapping[str, Any], call: QueryCall
    ) -> tuple[list[str], Sequence[Sequence[Any]]]:
        """Run a statement by SQLite.

        Args:
            uri: Opens the file without the right to write.
            statement: SQL with parameters as ``:name``.
            parameters: Their values.
            call: Kills the process when it is stopped.

        Returns:
            The names of the columns, and the rows.

        Raises:
            QueryError: The statement returns no rows, was stopped, or needed too much memory.
            sqlite3.OperationalError: SQLite refuses the statement, or the file cannot be read.
        """
        kind, answer = self._ask(Request(uri, statement, parameters), call)
        if kind == "failed":
            raise sqlite3.OperationalError(answer)
        names, rows = answer
        return names, rows

    def close(self) -> None:
        """End the processes; a later statement starts one again."""
        with self._mutex:
            _kill_all(self._idle)

    def _ask(self, request: Request, call: QueryCall) -> tuple[str, Any]:
        try:
            asked = pickle.dumps(request)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise QueryError(
                f"A parameter cannot be passed to the database: {error}. Use a plain value."
            ) from error
        with self._mutex:
            process = self._idle.pop() if self._idle else None
        if process is None or not process.alive:
            process = _SqlProcess()
        try:
            with call.running(process.kill):
                kind, answer = process.ask(asked)
        except BaseException as error:
            process.end()
            if call.stopped.is_set():
                raise QueryError("The query was interrupted.") from error
            if isinstance(error, (OSError, ValueError, pa.ArrowException)):
                raise QueryError(
                    "The process that ran the query ended; the query may need more than "
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
    """One process of mfkit.engines.free_sql.sql_worker."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[3])
        known = os.environ.get("PYTHONPATH")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mfkit.engines.free_sql.sql_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([root, known] if known else [root])},
        )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ask(self, request: bytes) -> tuple[str, Any]:
        """Send a request and return the kind of the answer, and what it is.

        Raises:
            OSError: The process ended.
            ValueError: It ended in the middle of an answer.
            pa.ArrowException: It ended in the middle of a table.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(HEAD.pack(len(request)) + request)
        self._process.stdin.flush()
        line = json.loads(self._process.stdout.readline())
        if line["kind"] == "table":
            with ipc.open_stream(self._process.stdout) as stream:
                return "table", stream.read_all()
        if line["kind"] == "rows":
            return "rows", json.loads(self._process.stdout.readline(), object_hook=_blob)
        return line["kind"], line["message"]

    def kill(self) -> None:
        """End it from any thread, whatever it is doing."""
        self._process.kill()

    def end(self) -> None:
        """End it and free its pipes."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):  # what was not sent yet can no longer be
                pipe.close()
        self._process.wait()


def _blob(value: dict[str, str]) -> bytes:
    return bytes.fromhex(value["hex"])


def _kill_all(processes: list[_SqlProcess]) -> None:
    while processes:
        processes.pop().end()
