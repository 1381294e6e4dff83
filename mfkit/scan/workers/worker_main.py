"""Worker process that inspects files, ``python -m mfkit.scan.workers.worker_main``, and its protocol.

A file can crash or hang the library that reads it, or make it allocate all memory. In a separate process,
such a file does no other harm.

Each request is one line of JSON on standard input, and each reply one line of JSON on standard output, in the
order of the requests. While a large file is read, empty objects are sent as heartbeats. If a worker dies
while it extracts a file's metadata, the file is requested again without metadata, so that it still becomes an
item. The protocol is JSON, not pickle, so that a file that takes control of a worker cannot run code in the
parent.
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
from mfkit.processes.child_process import requests
from mfkit.scan.extract.registry import MissingLibraryError
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.inspect_file import FileResult, add_metadata, hash_and_identify
from mfkit.scan.workers.resource_limits import arm_watchdog, limit_memory

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def encode_request(result: FileResult, known_hash: str | None, *, wants_metadata: bool) -> bytes:
    """Encode the request line for a file."""
    modified = (result.modified_at - _EPOCH) // _MICROSECOND if result.modified_at is not None else 0
    values = [result.path, result.size, modified, known_hash, wants_metadata, result.wants_content]
    values += (result.expected_fingerprint, result.is_reread, result.scan_id)
    return json.dumps(values).encode() + b"\n"


def decode_request(line: bytes) -> tuple[FileResult, str | None, bool]:
    """Decode a request line into the arguments of :func:`encode_request`."""
    path, size, modified, known_hash, wants_metadata, wants_content, *others = json.loads(line)
    fingerprint, is_reread, scan_id = others
    result = FileResult(
        path,
        size,
        _EPOCH + modified * _MICROSECOND,
        wants_content=wants_content,
        expected_fingerprint=fingerprint,
        is_reread=is_reread,
        scan_id=scan_id,
    )
    return result, known_hash, wants_metadata


def encode_reply(result: FileResult) -> bytes:
    """Encode the result of reading a file as a reply line."""
    values: dict[str, Any] = {"done": 1, "spent": result.stage_seconds}
    if result.file_format is not None and result.file_hash is not None:
        file_format = result.file_format
        values["hash"] = result.file_hash
        values["fingerprint"] = result.fingerprint
        values["object"] = (result.hash_kind, result.placeholder_hash)
        values["kind"] = (file_format.format, file_format.mime_type, file_format.media_type)
    if result.metadata and not result.is_unchanged:
        metadata: dict[str, Any] = dict(result.metadata)
        if (taken_at := result.metadata.get("taken_at")) is not None:
            metadata["taken_at"] = taken_at.isoformat()
        values["facts"] = metadata
    if result.stage is not None:
        values["failed"] = (result.stage, result.error)
    return json.dumps(values).encode() + b"\n"


def apply_reply(line: bytes, result: FileResult) -> bool:
    """Store a worker's reply line in the result of its file, and return whether the file is finished.

    Raises:
        ValueError: The line is not a reply.
        MfkitError: The worker cannot import a Python package.
    """
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError("The line is not a reply of the worker process.")
    if "lacking" in values:
        raise MfkitError(
            f"A package that mfkit needs cannot be imported ({values['lacking']}). Reinstall it with: "
            "pip install --force-reinstall mfkit"
        )
    if "hash" in values:
        result.file_hash, result.file_format = values["hash"], FileFormat(*values["kind"])
        result.hash_kind, result.placeholder_hash = values["object"]
        result.fingerprint = values["fingerprint"]
    if "failed" in values:
        result.stage, result.error = values["failed"]
    result.stage_seconds = values.get("spent", result.stage_seconds)
    if "facts" in values:
        result.metadata = values["facts"]
        if (taken_at := result.metadata.get("taken_at")) is not None:
            result.metadata["taken_at"] = datetime.fromisoformat(str(taken_at))
    return bool(values.get("done"))


def answer_requests(answer: Callable[[bytes, Callable[[], None]], bytes]) -> None:
    """Answer the parent's requests until the parent ends.

    Args:
        answer: Function that returns the reply line for a request line. Its second argument is a function
            that sends a heartbeat.
    """
    memory_limit, time_limit = (float(argument) for argument in (*sys.argv[1:], "0", "0")[:2])
    if memory_limit:
        limit_memory(int(memory_limit))
    # Replies are written to a copy of standard output, so that text printed by Python packages cannot mix
    # with the replies.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def send(line: bytes = b"{}\n") -> None:
        arm_watchdog(time_limit)
        replies.write(line)

    send()  # The first heartbeat tells the parent that the worker has started.
    for line in requests():
        arm_watchdog(time_limit)
        send(answer(line, send))
        arm_watchdog(0)  # The watchdog is disarmed, because waiting for a request has no time limit.


def _answer(line: bytes, heartbeat: Callable[[], None]) -> bytes:
    result, known_hash, wants_metadata = decode_request(line)
    try:
        _inspect(result, known_hash, wants_metadata, heartbeat)
    except MissingLibraryError as error:
        return json.dumps({"lacking": str(error)}).encode() + b"\n"
    return encode_reply(result)


def _inspect(
    result: FileResult, known_hash: str | None, wants_metadata: bool, heartbeat: Callable[[], None]
) -> None:
    started = time.perf_counter()
    result.stage_seconds = {"read": 0.0, "probe": 0.0}
    if (source := hash_and_identify(result, known_hash, heartbeat)) is not None:
        hashed = time.perf_counter()
        result.stage_seconds["read"] = hashed - started
        if wants_metadata and not result.is_unchanged:
            add_metadata(result, source)
            result.stage_seconds["probe"] = time.perf_counter() - hashed


if __name__ == "__main__":
    answer_requests(_answer)
