"""Inspection of one file in a worker: hash its content, identify its format, extract its metadata.

This module imports neither the models nor pandas, so that a worker process starts quickly and stays small.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, Self, cast

from mfkit.lazy_layers import load_distributed
from mfkit.scan.extract.registry import ExtractionError, Metadata, MissingLibraryError, extract_metadata
from mfkit.scan.formats.identify import HEAD_SIZE, FileFormat, identify
from mfkit.scan.media_source import Remote, Source, name_of, open_regular
from mfkit.scan.sidecars.sidecar import FolderNames, names_in, read_sidecars, with_sidecars
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.walk import Candidate, FileStatus, modification_time

Stage = Literal["walk", "read", "probe"]
_CHUNK = 1 << 20
_SAMPLE, _SAMPLES = 1 << 14, 5
WHOLE_SAMPLE = 1 << 17
"""Size in bytes up to which a file's hash serves as its fingerprint, because reading it whole is cheap."""
_CHUNKS_PER_HEARTBEAT = 64
_CHANGED = "The file changed while it was being read. Scan again."
_TYPES_WITH_SIDECARS = ("image", "video", "audio")


@dataclass(slots=True)
class FileResult:
    """Result of inspecting one file.

    Attributes:
        path: Stored form of the path.
        size: Size in bytes.
        modified_at: Modification time in the file system; None if the entry could not be accessed.
        scanned_at: Time before the file was read.
        wants_content: Whether the hash of an object must be computed from its content.
        file_hash: SHA-256 of the content; None if the file could not be read.
        hash_kind: Origin of an object's hash: ``content``, ``stored checksum`` or ``placeholder``;
            None for files, whose content is always hashed.
        placeholder_hash: Hash that identifies an object until its content is read.
        file_format: Format of the file; None if it could not be read.
        metadata: Extracted metadata; empty if the file has none or could not be understood.
        stage: Stage at which the file failed; None if it did not fail.
        error: Reason for the failure, as a sentence.
        stage_seconds: Duration of each stage in seconds.
        status: Identity of the file in its file system.
        fingerprint: Hash of samples of a file's content and of its metadata; the hash of the content if the
            file has at most `WHOLE_SAMPLE` bytes. A file that still has the stored fingerprint counts as
            unchanged, so its whole content is not hashed.
        expected_fingerprint: Stored fingerprint, if the file may be unchanged.
        is_reread: Whether the metadata is stored even if the file is unchanged.
        scan_id: Id of the scan; empty outside of a scan. Each scan lists the files in a folder again.
    """

    path: str
    size: int
    modified_at: datetime | None
    scanned_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    wants_content: bool = False
    file_hash: str | None = None
    hash_kind: str | None = None
    placeholder_hash: str | None = None
    file_format: FileFormat | None = None
    metadata: Metadata = field(default_factory=lambda: Metadata())
    stage: Stage | None = None
    error: str | None = None
    stage_seconds: dict[str, float] = field(default_factory=dict)
    status: FileStatus = FileStatus()
    fingerprint: str | None = None
    expected_fingerprint: str | None = None
    is_reread: bool = False
    scan_id: str = ""

    @property
    def is_unchanged(self) -> bool:
        """Whether the file's fingerprint equals the stored one. Then no database row needs to be written."""
        is_expected = self.expected_fingerprint is not None and self.expected_fingerprint == self.fingerprint
        return is_expected and not self.is_reread

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        """Create an empty result for a file that the walk found and that has not been read yet."""
        return cls(
            candidate.path,
            candidate.size,
            candidate.modified_at,
            wants_content=candidate.wants_content,
            status=candidate.status,
            expected_fingerprint=candidate.fingerprint,
            is_reread=candidate.is_reread,
            scan_id=candidate.scan_id,
        )

    def failed(self, stage: Stage, error: str) -> FileResult:
        """Record the stage and the reason of a failure, and return this result."""
        self.stage, self.error = stage, error
        return self


def hash_and_identify(
    result: FileResult, known_hash: str | None, heartbeat: Callable[[], None]
) -> Source | None:
    """Hash a file and identify its format.

    Args:
        result: Receives the hash and the format, or the reason why the file cannot be read.
        known_hash: Hash of the content if the content is unchanged. Then the content is not hashed again.
        heartbeat: Called from time to time while a large file is read, to show progress.

    Returns:
        The source to extract metadata from; None if the file cannot be read.
    """
    if result.size == 0:
        result.failed("read", "The file is empty.")
        return None
    path = to_disk_path(result.path)
    if is_url(path):
        return _hash_and_identify_object(result, known_hash, heartbeat)
    try:
        with open(open_regular(path, follow=False), "rb", buffering=0) as file:
            head = file.read(HEAD_SIZE)
            is_small = result.size <= WHOLE_SAMPLE
            if known_hash is None or is_small and result.expected_fingerprint is not None:
                known_hash = _hash(file, head, result.size, heartbeat)
            result.file_hash = known_hash
            result.fingerprint = known_hash if is_small else _hash_samples(file, result.size)
            status = os.fstat(file.fileno())
    except OSError as error:
        _failed_to_read(result, f"The file cannot be read: {error.strerror or error}.")
        return None
    if (status.st_size, modification_time(status)) != (result.size, result.modified_at):
        _failed_to_read(result, _CHANGED)
        return None
    result.file_format = identify(head, os.path.basename(path))
    return path


def _hash_and_identify_object(
    result: FileResult, known_hash: str | None, heartbeat: Callable[[], None]
) -> Source | None:
    s3_object, s3_walk = load_distributed("s3_object"), load_distributed("s3_walk")
    try:
        source = s3_object.StoredObject(to_disk_path(result.path), heartbeat)
        listed_fraction = result.modified_at.microsecond if result.modified_at is not None else None
        if (source.size, s3_walk.etag_fraction(source.etag)) != (result.size, listed_fraction):
            _failed_to_read(result, _CHANGED)
            return None
        result.file_hash, result.hash_kind = source.hash(known_hash, wants_content=result.wants_content)
        result.file_format = identify(source.read_at(0, HEAD_SIZE), source.name)
    except OSError as error:
        _failed_to_read(result, f"The object cannot be read: {error}.")
        return None
    result.placeholder_hash = source.placeholder_hash
    return cast(Remote, source)


def _failed_to_read(result: FileResult, error: str) -> None:
    result.file_hash = None
    result.failed("read", error)


def add_metadata(result: FileResult, source: Source) -> None:
    """Add the metadata of a file and its sidecars to its result, or record why it cannot be extracted.

    A damaged file keeps the metadata that was extracted before the error, and that of its sidecars.

    Args:
        result: Receives the metadata.
        source: The source that :func:`hash_and_identify` returned.

    Raises:
        MissingLibraryError: A library that an extractor needs cannot be imported.
    """
    assert result.file_format is not None
    folder = (
        to_disk_path(result.path).rpartition("/")[0] if isinstance(source, Remote) else _folder_of(source)
    )
    try:
        try:
            result.metadata = extract_metadata(source, result.file_format)
        except MissingLibraryError:
            raise
        except ExtractionError as error:
            result.metadata = error.partial
            result.failed("probe", str(error))
        except Exception as error:  # A damaged file must never stop a scan, so all exceptions are caught.
            _failed_to_extract(result, error)
        _check_fingerprint(result, source)
        is_reachable = getattr(source, "fault", None) is None
        if is_reachable and result.file_format.media_type in _TYPES_WITH_SIDECARS:
            if sidecars := _names_in(folder, result.scan_id).sidecars_of(name_of(source)):
                result.metadata = with_sidecars(result.metadata, read_sidecars(folder, sidecars))
    except MissingLibraryError:
        raise
    except Exception as error:  # A damaged sidecar must not stop a scan either.
        if result.stage is None:
            _failed_to_extract(result, error)
    fault = getattr(source, "fault", None)
    if fault is not None:
        # If the connection to the storage failed, the file may be intact, so the next scan reads it again.
        _failed_to_read(result, f"The object cannot be read: {fault}.")


def _failed_to_extract(result: FileResult, error: Exception) -> None:
    if isinstance(error, OSError):
        result.failed("probe", f"The file cannot be read again: {error.strerror or error}.")
    elif isinstance(error, MemoryError):
        result.failed("probe", "Reading the file's metadata takes more memory than the scan allows.")
    else:
        result.failed("probe", f"{type(error).__name__}: {error}")


def _check_fingerprint(result: FileResult, source: Source) -> None:
    """Add a large file's metadata to its fingerprint, and hash the file if the stored fingerprint differs."""
    if isinstance(source, Remote) or result.fingerprint is None or result.size <= WHOLE_SAMPLE:
        return
    # The metadata keys are sorted, because extractors may return them in any order.
    metadata = json.dumps(result.metadata, sort_keys=True, default=str)
    result.fingerprint = hashlib.sha256(f"{result.fingerprint} {metadata}".encode()).hexdigest()[:32]
    if result.expected_fingerprint not in (None, result.fingerprint):
        with open(open_regular(source, follow=False), "rb", buffering=0) as file:
            result.file_hash = _hash(file, b"", result.size, lambda: None)


def inspect_file(candidate: Candidate, known_hash: str | None = None) -> FileResult:
    """Hash a file, identify its format and extract its metadata, in the current process."""
    result = FileResult.of(candidate)
    source = hash_and_identify(result, known_hash, lambda: None)
    if source is not None and not result.is_unchanged:
        add_metadata(result, source)
    return result


def is_known_content(candidate: Candidate) -> bool:
    """Return whether a small file still has its stored fingerprint, without extracting its metadata.

    The result is False for larger files, whose fingerprint also covers the metadata.
    """
    if candidate.fingerprint is None or candidate.size > WHOLE_SAMPLE:
        return False
    result = FileResult.of(candidate)
    hash_and_identify(result, None, lambda: None)
    return result.is_unchanged


def _folder_of(path: str | bytes) -> str:
    return os.path.dirname(os.fsdecode(path))


@lru_cache(maxsize=2)
def _names_in(folder: str, scan_id: str) -> FolderNames:
    """Return the file names in a folder. They are cached for the other files of the folder in the same scan.

    A later scan lists the folder again, because it can run in the same process and sidecars may be new.
    """
    return FolderNames(names_in(folder))


def _hash_samples(file: io.FileIO, size: int) -> str:
    """Return the hash of evenly spaced samples of a file."""
    digest = hashlib.sha256()
    for part in range(_SAMPLES):
        file.seek((size - _SAMPLE) * part // (_SAMPLES - 1))
        digest.update(file.read(_SAMPLE))
    return digest.hexdigest()


def _hash(file: io.FileIO, head: bytes, size: int, heartbeat: Callable[[], None]) -> str:
    digest = hashlib.sha256(head)
    # The buffer is one byte larger than the rest of the file, so that a file that has grown is noticed.
    buffer = memoryview(bytearray(max(1, min(_CHUNK, size - len(head) + 1))))
    chunks = 0
    while count := file.readinto(buffer):
        digest.update(buffer[:count])
        chunks += 1
        if chunks % _CHUNKS_PER_HEARTBEAT == 0:
            heartbeat()
    return digest.hexdigest()
