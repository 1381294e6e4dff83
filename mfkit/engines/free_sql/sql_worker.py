"""Worker process that runs SQL from the user, started by :mod:`mfkit.engines.free_sql.sql_process`.

DuckDB and SQLite cannot be stopped in the middle of a function and do not limit the memory of long texts. A
separate process can be killed and has a memory limit. It receives pickled requests from the parent process,
which is trusted. A response is one line of JSON, followed by an Arrow stream or by a second line of JSON.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING, Any

from mfkit.core.sqlite_guard import open_for_free_sql
from mfkit.engines.duckdb_settings import DuckFiles, open_for_reading
from mfkit.errors import QueryError
from mfkit.scan.workers.resource_limits import limit_memory

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = 4 * 2**30
"""Memory limit of the process in bytes, including DuckDB's buffers and the response. Windows has no limit."""
HEAD = struct.Struct(">Q")
"""Format of a request's header, which holds the length of the request in bytes."""


@dataclass(frozen=True)
class Request:
    """Request to run a SQL statement on a data source.

    Attributes:
        source: Files for DuckDB, or the URI of a SQLite file.
        statement: SQL text.
        parameters: Parameter name -> value.
    """

    source: DuckFiles | str
    statement: str
    parameters: Mapping[str, Any]


class _Duck:
    """DuckDB connection that stays open for further statements on the same files."""

    def __init__(self, source: DuckFiles) -> None:
        self.source = source
        self._connection = open_for_reading(source)
        rows = self._connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE NOT internal "
            "UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
        self._relations = frozenset(name.lower() for (name,) in rows)

    def answer(self, request: Request, out: IO[bytes]) -> None:
        from pyarrow import ipc

        from mfkit.engines.free_sql.duckdb_guard import require_read_only

        require_read_only(self._connection, request.statement, self._relations)
        self._connection.execute("BEGIN TRANSACTION READ ONLY")
        try:
            table = _relation(self._connection, request).to_arrow_table()
        finally:
            # An error of ROLLBACK is ignored, because an earlier error may have ended the transaction.
            with suppress(Exception):
                self._connection.execute("ROLLBACK")
        _put_line(out, {"kind": "table"})
        with ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)

    def close(self) -> None:
        self._connection.close()


def _relation(connection: duckdb.DuckDBPyConnection, request: Request) -> duckdb.DuckDBPyRelation:
    if request.parameters:
        return connection.sql(request.statement, params=dict(request.parameters))
    return connection.sql(request.statement)


def _answer_from_sqlite(request: Request, out: IO[bytes]) -> None:
    assert isinstance(request.source, str)
    connection = open_for_free_sql(request.source)
    try:
        cursor = connection.execute(request.statement, dict(request.parameters))
        if cursor.description is None:
            raise QueryError(
                "The statement returns no rows. Use sql() only for "
                "statements that return rows, such as SELECT."
            )
        names, rows = [column[0] for column in cursor.description], cursor.fetchall()
    finally:
        connection.close()
    answer = json.dumps([names, rows], default=_encode_blob).encode()
    _put_line(out, {"kind": "rows"})
    out.write(answer + b"\n")


def _encode_blob(value: bytes) -> dict[str, str]:
    return {"hex": value.hex()}


def _put_line(out: IO[bytes], values: Mapping[str, Any]) -> None:
    out.write(json.dumps(values).encode() + b"\n")


def _listen(requests: SimpleQueue[bytes]) -> None:
    """Read requests, and exit immediately when the parent process closes the pipe or ends."""
    while head := sys.stdin.buffer.read(HEAD.size):
        requests.put(sys.stdin.buffer.read(*HEAD.unpack(head)))
    os._exit(0)


def main() -> None:
    """Respond to requests until the parent process exits."""
    # Ctrl-C is ignored, because the parent process handles it and kills this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Text that Python packages print goes to standard error, not into the responses.
    limit_memory(MEMORY_LIMIT)
    requests: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(requests,), daemon=True).start()
    duck: _Duck | None = None
    while True:
        asked = requests.get()
        try:
            request: Request = pickle.loads(asked)
            if isinstance(request.source, str):
                _answer_from_sqlite(request, out)
                continue
            if duck is not None and duck.source != request.source:
                duck.close()
                duck = None
            duck = duck or _Duck(request.source)
            duck.answer(request, out)
        except QueryError as error:
            _put_line(out, {"kind": "refused", "message": str(error)})
        except Exception as error:  # Every error is reported to the parent process.
            _put_line(out, {"kind": "failed", "message": str(error) or type(error).__name__})
        finally:
            out.flush()


if __name__ == "__main__":
    main()
