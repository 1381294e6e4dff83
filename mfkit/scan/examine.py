"""One file: its bytes hashed, its kind told, its facts read. Runs beside others, on any executor."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event

from mfkit.models import ScanStage, utc_now
from mfkit.scan.facts import Facts, ProbeError, read_facts
from mfkit.scan.kinds import HEAD_SIZE, Kind, identify
from mfkit.scan.paths import on_disk
from mfkit.scan.walk import Candidate, modification_time

_CHUNK = 1 << 20


@dataclass(slots=True)
class Examined:
    """What was found out about a file.

    Attributes:
        path: Stored form of the path.
        size: Bytes.
        modified_at: The file system's modification time; None for what could not be looked at.
        scanned_at: When the reading began.
        file_hash: SHA-256 of the content; None when it could not be read.
        kind: What the file is; None when it could not be read.
        facts: What it says of itself; empty when it says nothing or could not be understood.
        stage: Where it failed; None when it did not.
        error: Why, in a sentence.
    """

    path: str
    size: int
    modified_at: datetime | None
    scanned_at: datetime = field(default_factory=utc_now)
    file_hash: str | None = None
    kind: Kind | None = None
    facts: Facts = field(default_factory=lambda: Facts())
    stage: ScanStage | None = None
    error: str | None = None


class Stopped(Exception):
    """The scan was stopped while a file was being read."""


def examine(candidate: Candidate, stop: Event, known_hash: str | None = None) -> Examined:
    """Read one file. Whatever is wrong with it becomes part of the result.

    Args:
        candidate: The file as the walk found it.
        stop: When set, reading ends soon.
        known_hash: The content's hash where it is known to be unchanged; the file is then only probed.

    Returns:
        What was found out.

    Raises:
        Stopped: ``stop`` was set.
    """
    found = Examined(candidate.path, candidate.size, candidate.modified_at)
    if candidate.size == 0:
        return _failed(found, ScanStage.READ, "The file is empty.")
    path = on_disk(candidate.path)
    try:
        with open(path, "rb", buffering=0) as file:
            head = file.read(HEAD_SIZE)
            digest = hashlib.sha256(head) if known_hash is None else None
            if digest is not None:
                buffer = memoryview(bytearray(_CHUNK))
                while count := file.readinto(buffer):
                    digest.update(buffer[:count])
                    if stop.is_set():
                        raise Stopped
            after = os.fstat(file.fileno())
        if (after.st_size, modification_time(after)) != (candidate.size, candidate.modified_at):
            return _failed(found, ScanStage.READ, "The file changed while it was read; scan again.")
    except OSError as error:
        return _failed(found, ScanStage.READ, f"The file cannot be read: {error.strerror or error}.")
    found.kind = identify(head, os.path.basename(path))
    found.file_hash = known_hash if digest is None else digest.hexdigest()
    try:
        found.facts = read_facts(path, found.kind)
    except ProbeError as error:
        return _failed(found, ScanStage.PROBE, str(error))
    except OSError as error:
        return _failed(found, ScanStage.READ, f"The file cannot be read: {error.strerror or error}.")
    except Exception as error:  # a file must never end a scan: what its probe could not foresee is recorded
        return _failed(found, ScanStage.PROBE, f"{type(error).__name__}: {error}")
    return found


def _failed(found: Examined, stage: ScanStage, error: str) -> Examined:
    found.stage, found.error = stage, error
    return found
