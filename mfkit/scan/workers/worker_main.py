"""The isolated process that reads files, ``mfkit.scan.workers.worker_main``, spoken to over pipes.

A file may crash or hang the library that reads it, or ask it for all memory; in a process of its own it
takes nothing with it. One line of JSON a request and one a file that is done, in order; between them, while
a large file is read, empty ones as signs of life. A file whose facts have cost a worker is asked for again
without them, so that it still becomes an item. JSON rather than pickle: a file that gets hold of the worker
must not get hold of its parent.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mfkit.errors import MfkitError
from mfkit.processes.parent_watch import requests
from mfkit.scan.extract.registry import MissingLibraryError
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.inspect_file import FileResult, add_metadata, hash_and_identify
from mfkit.scan.workers.resource_limits import arm_watchdog, limit_memory

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def request(found: FileResult, known_hash: str | None, *, wants_facts: bool) -> bytes:
    """Return the line that asks for a file: for its hash and kind, and for its facts as a rule."""
    modified = (found.modified_at - _EPOCH) // _MICROSECOND if found.modified_at is not None else 0
    wanted = (wants_facts, found.wants_content)
    return json.dumps([found.path, found.size, modified, known_hash, *wanted]).encode() + b"\n"


def read_request(line: bytes) -> tuple[FileResult, str | None, bool]:
    """Return what a line of :func:`request` asks for: the file, its known hash, whether facts are wanted."""
    path, size, modified, known_hash, wants_facts, wants_content = json.loads(line)
    found = FileResult(path, size, _EPOCH + modified * _MICROSECOND, wants_content=wants_content)
    return found, known_hash, wants_facts


def reply(found: FileResult) -> bytes:
    """Return the line that says what was found out about a file, as :func:`take_reply` takes it."""
    values: dict[str, Any] = {"done": 1, "spent": found.spent}
    if found.kind is not None and found.file_hash is not None:
        values["hash"] = found.file_hash
        values["object"] = (found.hash_kind, found.stand_in)
        values["kind"] = (found.kind.format, found.kind.mime_type, found.kind.media_type)
    if found.facts:
        facts: dict[str, Any] = dict(found.facts)
        if (taken_at := found.facts.get("taken_at")) is not None:
            facts["taken_at"] = taken_at.isoformat()
        values["facts"] = facts
    if found.stage is not None:
        values["failed"] = (found.stage, found.error)
    return json.dumps(values).encode() + b"\n"


def read_reply(line: bytes, found: FileResult) -> bool:
    """Take what a line of the worker says over into ``found``; returns whether the file is done.

    Raises:
        ValueError: The line is none of a worker's.
        MfkitError: The worker lacks a library.
    """
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError("not a reply")
    if "lacking" in values:
        raise MfkitError(
            f"A library that reads files cannot be imported ({values['lacking']}); mend the installation "
            "with: pip install --force-reinstall mfkit"
        )
    if "hash" in values:
        found.file_hash, found.kind = values["hash"], FileFormat(*values["kind"])
        found.hash_kind, found.stand_in = values["object"]
    if "failed" in values:
        found.stage, found.error = values["failed"]
    found.spent = values.get("spent", found.spent)
    if "facts" in values:
        found.facts = values["facts"]
        if (taken_at := found.facts.get("taken_at")) is not None:
            found.facts["taken_at"] = datetime.fromisoformat(str(taken_at))
    return bool(values.get("done"))


def main() -> None:
    """Answer requests for as long as the parent lives."""
    memory_limit, time_limit = (float(argument) for argument in (*sys.argv[1:], "0", "0")[:2])
    if memory_limit:
        limit_memory(int(memory_limit))
    # Nothing a library prints may get between the replies.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def say(line: bytes = b"{}\n") -> None:
        arm_watchdog(time_limit)
        replies.write(line)

    say()  # the first word: it can start at all
    for line in requests():
        arm_watchdog(time_limit)
        found, known_hash, wants_facts = read_request(line)
        try:
            _read(found, known_hash, wants_facts, beat=say)
        except MissingLibraryError as error:
            say(json.dumps({"lacking": str(error)}).encode() + b"\n")
        else:
            say(reply(found))
        arm_watchdog(0)  # to wait for work is no silence


def _read(found: FileResult, known_hash: str | None, wants_facts: bool, beat: Callable[[], None]) -> None:
    started = time.perf_counter()
    found.spent = {"read": 0.0, "probe": 0.0}
    if (source := hash_and_identify(found, known_hash, beat)) is not None:
        between = time.perf_counter()
        found.spent["read"] = between - started
        if wants_facts:
            add_metadata(found, source)
            found.spent["probe"] = time.perf_counter() - between


if __name__ == "__main__":
    main()
