"""One file: its bytes hashed, its kind told, its facts read. Runs inside a worker process.

Imports neither the models nor pandas, so that a worker is quick to start and small.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, Self

from mfkit.scan.extract.registry import ExtractionError, Metadata, MissingLibraryError, extract_metadata
from mfkit.scan.formats.identify import HEAD_SIZE, FileFormat, identify
from mfkit.scan.media_source import Remote, Source, name_of, open_regular
from mfkit.scan.sidecars.sidecar import FolderNames, names_in, read_sidecars, with_sidecars
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.walk import Candidate, modification_time

Stage = Literal["walk", "read", "probe"]
_CHUNK = 1 << 20
_BEAT_EVERY = 64
_CHANGED = "The file changed while it was read; scan again."
_TYPES_WITH_SIDECARS = ("image", "video", "audio")


@dataclass(slots=True)
class FileResult:
    """What was found out about a file.

    Attributes:
        path: Stored form of the path.
        size: Bytes.
        modified_at: The file system's modification time; None for what could not be looked at.
        scanned_at: When the reading began.
        wants_content: Whether an object's hash must be that of its content.
        file_hash: SHA-256 of the content; None when it could not be read.
        hash_kind: What the hash of an object is: ``content``, ``stored checksum`` or ``stand-in``; None for
            files, whose content is always read.
        stand_in: What stands for an object's hash until its content is read.
        kind: What the file is; None when it could not be read.
        facts: What it says of itself; empty when it says nothing or could not be understood.
        stage: Where it failed; None when it did not.
        error: Why, in a sentence.
        spent: Seconds by stage.
    """

    path: str
    size: int
    modified_at: datetime | None
    scanned_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    wants_content: bool = False
    file_hash: str | None = None
    hash_kind: str | None = None
    stand_in: str | None = None
    kind: FileFormat | None = None
    facts: Metadata = field(default_factory=lambda: Metadata())
    stage: Stage | None = None
    error: str | None = None
    spent: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        """Begin with what the walk says."""
        return cls(
            candidate.path, candidate.size, candidate.modified_at, wants_content=candidate.wants_content
        )

    def failed(self, stage: Stage, error: str) -> FileResult:
        """Note where and why the file failed."""
        self.stage, self.error = stage, error
        return self


def hash_and_identify(found: FileResult, known_hash: str | None, beat: Callable[[], None]) -> Source | None:
    """Hash a file and tell its kind.

    Args:
        found: Gets hash and kind, or the reason why not.
        known_hash: The content's hash where it is known to be unchanged; only the head is read then.
        beat: Called now and then while a large file is read, to say that the work goes on.

    Returns:
        What to probe; None when there is nothing.
    """
    if found.size == 0:
        found.failed("read", "The file is empty.")
        return None
    path = to_disk_path(found.path)
    if is_url(path):
        return _read_object(found, known_hash, beat)
    try:
        with open(open_regular(path, follow=False), "rb", buffering=0) as file:
            head = file.read(HEAD_SIZE)
            found.file_hash = known_hash or _hash(file, head, found.size, beat)
            after = os.fstat(file.fileno())
    except OSError as error:
        _unread(found, f"The file cannot be read: {error.strerror or error}.")
        return None
    if (after.st_size, modification_time(after)) != (found.size, found.modified_at):
        _unread(found, _CHANGED)
        return None
    found.kind = identify(head, os.path.basename(path))
    return path


def _read_object(found: FileResult, known_hash: str | None, beat: Callable[[], None]) -> Source | None:
    # Here and not above: it brings packages that only object storage needs.
    from mfkit.distributed.s3_object import StoredObject
    from mfkit.distributed.s3_walk import etag_fraction

    try:
        source = StoredObject(to_disk_path(found.path), beat)
        listed = found.modified_at.microsecond if found.modified_at is not None else None
        if (source.size, etag_fraction(source.etag)) != (found.size, listed):
            _unread(found, _CHANGED)
            return None
        found.file_hash, found.hash_kind = source.hash(known_hash, wants_content=found.wants_content)
        found.kind = identify(source.read_at(0, HEAD_SIZE), source.name)
    except OSError as error:
        _unread(found, f"The object cannot be read: {error}.")
        return None
    found.stand_in = source.stand_in
    return source


def _unread(found: FileResult, error: str) -> None:
    found.file_hash = None
    found.failed("read", error)


def add_metadata(found: FileResult, source: Source) -> None:
    """Read the facts of a file whose kind is known; whatever is wrong with it is noted.

    Args:
        found: Gets the facts.
        source: As :func:`read` returned it.

    Raises:
        ProbeLibraryError: What is wrong is not with the file.
    """
    assert found.kind is not None
    folder = to_disk_path(found.path).rpartition("/")[0] if isinstance(source, Remote) else _folder_of(source)
    try:
        found.facts = extract_metadata(source, found.kind)
        if found.kind.media_type in _TYPES_WITH_SIDECARS:
            if sidecars := _names_in(folder).sidecars_of(name_of(source)):
                found.facts = with_sidecars(found.facts, read_sidecars(folder, sidecars))
    except ExtractionError as error:
        found.failed("probe", str(error))
    except OSError as error:
        found.failed("probe", f"The file cannot be read again: {error.strerror or error}.")
    except MemoryError:
        found.failed("probe", "To understand the file takes more memory than the scan allows.")
    except MissingLibraryError:
        raise
    except Exception as error:  # a file must never end a scan: what no probe foresaw is recorded
        found.failed("probe", f"{type(error).__name__}: {error}")
    fault = getattr(source, "fault", None)
    if fault is not None:
        # The line's fault, which a probe may have taken for the file's; the next scan tries again.
        _unread(found, f"The object cannot be read: {fault}.")


def inspect_file(candidate: Candidate, known_hash: str | None = None) -> FileResult:
    """Read and probe one file in this process."""
    found = FileResult.of(candidate)
    if (source := hash_and_identify(found, known_hash, lambda: None)) is not None:
        add_metadata(found, source)
    return found


def _folder_of(path: str | bytes) -> str:
    return os.path.dirname(os.fsdecode(path))


@lru_cache(maxsize=2)
def _names_in(folder: str) -> FolderNames:
    """Return a folder's names; files come folder by folder, so that one listing serves all of one."""
    return FolderNames(names_in(folder))


def _hash(file: io.FileIO, head: bytes, size: int, beat: Callable[[], None]) -> str:
    digest = hashlib.sha256(head)
    # One byte more than is left, so that the read that finds the end is the same as for a file that grew.
    buffer = memoryview(bytearray(max(1, min(_CHUNK, size - len(head) + 1))))
    chunks = 0
    while count := file.readinto(buffer):
        digest.update(buffer[:count])
        chunks += 1
        if chunks % _BEAT_EVERY == 0:
            beat()
    return digest.hexdigest()
