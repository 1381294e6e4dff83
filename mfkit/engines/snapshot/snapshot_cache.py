"""Snapshot cache: one directory per library in the user's cache folder, shared by all processes.

Files that the manifest lists never change. An update writes new files and a new manifest, which replaces the
old manifest atomically. If a process is killed during an update, the next writer removes the files that the
manifest does not list. Writers hold a file lock, which the operating system releases when the process exits.
Readers do not need a lock.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from stat import S_ISDIR
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from mfkit.core.database import Database
from mfkit.credentials import hide_credentials
from mfkit.errors import MfkitError

CACHE_FORMAT = 9
"""Version of the file format. A cache with another version is rebuilt."""
LOCK_TIMEOUT = 120.0
_GRACE_SECONDS = 60.0
_UNUSED_SECONDS = 7 * 86400.0
_MANIFEST = "manifest.json"
_LOCK = "lock"
_FOLDER = re.compile(r"\w{1,32}-[0-9a-f]{16}")
_OWN = re.compile(r"lock|manifest\.json(\.[0-9a-f]{12})?|\w+-\w+-[0-9a-f]{12}\.parquet")
_SPILL = "spill"  # DuckDB uses this directory for temporary data that does not fit into memory.


class CacheUnavailableError(MfkitError):
    """Raised if the cache directory cannot be used. The message gives the reason."""


@dataclass(frozen=True)
class Manifest:
    """List of the files of a snapshot, and the library's change log position when their rows were read.

    Attributes:
        library: Path of the library, or its URL without the password.
        position: Position in the library's change log. The snapshot lacks exactly the changes after it.
        base: Relation -> files with its rows. Relations that no query has read yet can be missing.
        delta: Relation -> file with the current rows of items that changed after ``base`` was written.
        changed: Relation -> file with the ids of these items. Their rows in ``base`` are ignored.
        rows: Relation -> number of rows in ``base``.
        signatures: File -> size and modification time, to detect damaged files.
        whole_metadata: True if each row of media_metadata belongs to an item.
        made_at: Time when the manifest was written, in ISO format.
        items: Number of items in the snapshot.
        format: The value of ``CACHE_FORMAT``.
    """

    library: str
    position: str
    base: dict[str, list[str]]
    delta: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    signatures: dict[str, tuple[int, int]] = field(default_factory=dict)
    whole_metadata: bool = True
    made_at: str = ""
    items: int = 0
    format: int = CACHE_FORMAT

    def files(self) -> list[str]:
        """Return the names of all files of the snapshot."""
        return [*chain.from_iterable(self.base.values()), *self.delta.values(), *self.changed.values()]

    def with_relations(self, base: dict[str, list[str]], rows: dict[str, int]) -> Manifest:
        """Return the manifest with further relations, but without the signatures of their files."""
        return replace(self, base=self.base | base, rows=self.rows | rows)


class SnapshotCache:
    """Reader and writer of the directory that holds one library's snapshot.

    Attributes:
        path: Path of the directory.
    """

    def __init__(self, path: Path) -> None:
        """Store the path of the directory. The directory is created when it is locked for the first time."""
        self.path = path

    def read(self) -> Manifest | None:
        """Return the manifest, or None if it is missing or invalid, or if a file that it lists is damaged."""
        try:
            stated: dict[str, Any] = json.loads((self.path / _MANIFEST).read_text(encoding="utf-8"))
            if stated.get("format") != CACHE_FORMAT:
                return None
            stated["signatures"] = {name: tuple(one) for name, one in stated["signatures"].items()}
            manifest = Manifest(**stated)
            datetime.fromisoformat(manifest.made_at)
            if not all(_OWN.fullmatch(name) for name in manifest.files()):
                # A manifest with an invalid file name is rejected, because the name could be a path outside
                # the directory.
                return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return manifest if self.intact(manifest) else None

    def intact(self, manifest: Manifest) -> bool:
        """Return whether all files of a manifest exist with the size and modification time that it states."""
        try:
            return all(self._sign(name) == manifest.signatures.get(name) for name in manifest.files())
        except OSError:
            return False

    def new_file(self, relation: str, part: str) -> str:
        """Return a unique name for a new Parquet file with rows of a relation."""
        return f"{relation}-{part}-{uuid4().hex[:12]}.parquet"

    def write(self, manifest: Manifest) -> Manifest:
        """Write the manifest, then remove files that no reader needs. The caller must hold the lock.

        Returns:
            The manifest with the signatures of the files.
        """
        signed = Manifest(
            **{
                **asdict(manifest),
                "signatures": {name: self._sign(name) for name in manifest.files()},
                "made_at": datetime.now(UTC).isoformat(),
            }
        )
        unfinished = self.path / f"{_MANIFEST}.{uuid4().hex[:12]}"
        unfinished.write_text(json.dumps(asdict(signed), indent=1), encoding="utf-8")
        os.replace(unfinished, self.path / _MANIFEST)
        self._sweep(signed)
        return signed

    def remove_unused_snapshots(self) -> None:
        """Remove snapshots that were not used for a week and whose library file no longer exists."""
        before = time.time() - _UNUSED_SECONDS
        for kept in list_cached():
            file = Path(kept.library)
            with suppress(OSError):
                if (
                    kept.path != self.path
                    and file.is_absolute()
                    and not file.exists()
                    and kept.path.lstat().st_mtime < before
                ):
                    _remove_snapshot(kept.path)

    @contextmanager
    def lock(self, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
        """Lock the directory for writing. The lock of a killed process is released automatically.

        Args:
            timeout: Maximum number of seconds to wait for another writer.

        Raises:
            CacheUnavailableError: The directory is a symbolic link or cannot be written, or another process
                has held the lock for too long.
        """
        for last in (False, False, True):
            try:
                self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
                if not _is_folder(self.path):
                    raise CacheUnavailableError(
                        f"{self.path} is a symbolic link, which mfkit does not follow"
                    )
                # Each call creates its own lock object. A FileLock object is reentrant, so threads that share
                # one would not wait for each other.
                lock = FileLock(self.path / _LOCK, timeout, mode=0o600, thread_local=False)
                lock.acquire(poll_interval=0.02)
                break
            except Timeout as error:
                raise CacheUnavailableError(
                    f"another process has been writing to {self.path} for {timeout:.0f} seconds"
                ) from error
            except OSError as error:
                # If clear_cache() removed the directory in the meantime, the loop creates it again.
                if last or not isinstance(error, FileNotFoundError):
                    raise CacheUnavailableError(
                        f"{self.path} cannot be written ({error.strerror})"
                    ) from error
        try:
            yield
        finally:
            lock.release()

    def size(self) -> int:
        """Return the total size of the files in the directory in bytes."""
        total = 0
        with suppress(OSError):
            for file in self.path.rglob("*"):
                with suppress(OSError):
                    total += file.lstat().st_size
        return total

    def _sign(self, name: str) -> tuple[int, int]:
        found = (self.path / name).stat()
        return found.st_size, found.st_mtime_ns

    def _sweep(self, manifest: Manifest) -> None:
        """Remove files that the manifest does not list, except recent files that a query may still read."""
        kept = {_MANIFEST, _LOCK, *manifest.files()}
        before = time.time() - _GRACE_SECONDS
        for file in self.path.iterdir():
            # Windows refuses to remove a file that a reader has open, so the next writer removes the file.
            with suppress(OSError):
                if file.name not in kept and file.lstat().st_mtime < before:
                    _remove(file)


def cache_root() -> Path:
    """Return the directory that contains the snapshots of all libraries."""
    return user_cache_path("mfkit") / "snapshots"


def library_identity(database: Database) -> str:
    """Return the absolute path or the URL of a library, as the unique identifier of its snapshot."""
    if database.file is not None:
        return str(database.file.resolve())
    return database.name


def cache_for(database: Database) -> SnapshotCache:
    """Return the snapshot cache of a library."""
    stem = database.file.stem if database.file is not None else database.url.database or "library"
    readable = "".join(one if one.isalnum() else "_" for one in stem)[:32]
    place = library_identity(database).encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(place).hexdigest()[:16]
    return SnapshotCache(cache_root() / f"{readable}-{digest}")


@dataclass(frozen=True)
class CachedSnapshot:
    """Information about one library's snapshot in the cache.

    Attributes:
        library: Path or URL of the library; empty if the manifest cannot be read.
        path: Directory of the snapshot.
        bytes: Total size of the files in the directory.
        made_at: Time of the last update, in ISO format.
    """

    library: str
    path: Path
    bytes: int
    made_at: str


def list_cached() -> list[CachedSnapshot]:
    """Return all snapshots in the cache; ignore links and files that mfkit did not create."""
    found = []
    if cache_root().is_dir():
        for path in sorted(filter(_is_snapshot, cache_root().iterdir())):
            cache = SnapshotCache(path)
            manifest = cache.read()
            # Credentials are hidden, because earlier versions stored a library's URL with its password.
            library = hide_credentials(manifest.library) if manifest else ""
            made_at = manifest.made_at if manifest else ""
            found.append(CachedSnapshot(library, path, cache.size(), made_at))
    return found


def clear_cache(path: Path | None = None) -> int:
    """Remove one snapshot or all snapshots. A library rebuilds its snapshot with the next query.

    Args:
        path: Directory of the snapshot to remove. None removes all.

    Returns:
        The number of bytes freed.
    """
    freed = 0
    for kept in list_cached():
        if path is None or kept.path == path:
            _remove_snapshot(kept.path)
            freed += kept.bytes
    return freed


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder; return False for a symbolic link to a folder."""
    return S_ISDIR(path.lstat().st_mode)


def _is_snapshot(path: Path) -> bool:
    return _FOLDER.fullmatch(path.name) is not None and _is_folder(path)


def _remove_snapshot(folder: Path) -> None:
    """Remove a snapshot's files, then the directory if it contains no files of other programs."""
    with suppress(OSError):
        for file in folder.iterdir():
            with suppress(OSError):
                _remove(file)
        folder.rmdir()


def _remove(file: Path) -> None:
    """Remove a file only if its name is that of a snapshot file; links are removed, not followed."""
    if file.name == _SPILL and _is_folder(file):
        shutil.rmtree(file)
    elif _OWN.fullmatch(file.name):
        file.unlink()
