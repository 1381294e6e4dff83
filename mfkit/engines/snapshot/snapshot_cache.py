"""The snapshot cache: one directory per library in the user's cache folder, shared by all processes.

Files never change once the manifest names them. A new state consists of new files and a new manifest, which
replaces the old one in a single rename. A process that is killed in between leaves files that no manifest
names, which the next writer removes. Writers take a file lock, which the operating system releases when its
process ends. Readers need no lock.
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
from dataclasses import asdict, dataclass, field
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

CACHE_FORMAT = 4
"""Version of the manifest and the files. A cache in another format is rebuilt."""
LOCK_TIMEOUT = 120.0
_GRACE_SECONDS = 60.0
_UNUSED_SECONDS = 7 * 86400.0
_MANIFEST = "manifest.json"
_LOCK = "lock"
_FOLDER = re.compile(r"\w{1,32}-[0-9a-f]{16}")
_OWN = re.compile(r"lock|manifest\.json(\.[0-9a-f]{12})?|\w+-\w+-[0-9a-f]{12}\.parquet")
_SPILL = "spill"  # DuckDB's directory for data that does not fit into memory


class CacheUnavailableError(MfkitError):
    """The cache directory cannot be used. The message gives the reason."""


@dataclass(frozen=True)
class Manifest:
    """The files and the state of a snapshot.

    Attributes:
        library: Path of the library, or its URL without the password.
        position: Position in the library's change log up to which the snapshot is complete.
        base: Files with the rows of each relation.
        delta: File with the current rows of items that changed after ``base`` was written, by relation.
        changed: File with the ids of those items, by relation. Their rows in ``base`` are ignored.
        rows: Number of rows in ``base``, by relation.
        signatures: Size and modification time of each file, to detect damaged files.
        whole_metadata: True if each row of media_metadata belongs to an item.
        made_at: When the manifest was written, in ISO format.
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
        """Return the names of all files."""
        return [*chain.from_iterable(self.base.values()), *self.delta.values(), *self.changed.values()]


class SnapshotCache:
    """The directory of one library's snapshot.

    Attributes:
        path: The directory.
    """

    def __init__(self, path: Path) -> None:
        """Name the directory. It is created when something is written."""
        self.path = path

    def read(self) -> Manifest | None:
        """Return the manifest; None if it does not exist or cannot be used."""
        try:
            stated: dict[str, Any] = json.loads((self.path / _MANIFEST).read_text(encoding="utf-8"))
            if stated.get("format") != CACHE_FORMAT:
                return None
            stated["signatures"] = {name: tuple(one) for name, one in stated["signatures"].items()}
            manifest = Manifest(**stated)
            datetime.fromisoformat(manifest.made_at)
            if not all(_OWN.fullmatch(name) for name in manifest.files()):
                return None  # such as a path outside the directory
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return manifest if self.intact(manifest) else None

    def intact(self, manifest: Manifest) -> bool:
        """Return whether all files exist as they were written."""
        try:
            return all(self._sign(name) == manifest.signatures.get(name) for name in manifest.files())
        except OSError:
            return False

    def new_file(self, relation: str, part: str) -> str:
        """Return a file name that is not in use."""
        return f"{relation}-{part}-{uuid4().hex[:12]}.parquet"

    def write(self, manifest: Manifest) -> Manifest:
        """Write the manifest, then remove files that no reader needs. The caller holds the lock.

        Returns:
            The manifest with the files' signatures.
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
        """Remove snapshots that were unused for a week and whose library file does not exist."""
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
        """Lock the directory for writing. The lock of a process that was killed does not count.

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
                    raise CacheUnavailableError(f"{self.path} is a symbolic link; remove it")
                # A new object each time: another thread of this process has to wait too.
                lock = FileLock(self.path / _LOCK, timeout, mode=0o600, thread_local=False)
                lock.acquire(poll_interval=0.02)
                break
            except Timeout as error:
                raise CacheUnavailableError(
                    f"another process has been writing to {self.path} for {timeout:.0f} seconds"
                ) from error
            except OSError as error:
                if last or not isinstance(error, FileNotFoundError):  # clear_cache() may remove the directory
                    raise CacheUnavailableError(
                        f"{self.path} cannot be written ({error.strerror})"
                    ) from error
        try:
            yield
        finally:
            lock.release()

    def size(self) -> int:
        """Return the size of the files in bytes."""
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
        """Remove files of earlier states, except recent ones that a query may have started to read."""
        kept = {_MANIFEST, _LOCK, *manifest.files()}
        before = time.time() - _GRACE_SECONDS
        for file in self.path.iterdir():
            # Windows refuses to remove a file that a reader has open; the next writer removes it.
            with suppress(OSError):
                if file.name not in kept and file.lstat().st_mtime < before:
                    _remove(file)


def cache_root() -> Path:
    """Return the directory that contains all snapshots."""
    return user_cache_path("mfkit") / "snapshots"


def library_identity(database: Database) -> str:
    """Return the absolute path or the URL of a library, which identifies its snapshot."""
    if database.file is not None:
        return str(database.file.resolve())
    return database.name


def cache_for(database: Database) -> SnapshotCache:
    """Return the cache directory of a library's snapshot."""
    stem = database.file.stem if database.file is not None else database.url.database or "library"
    readable = "".join(one if one.isalnum() else "_" for one in stem)[:32]
    place = library_identity(database).encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(place).hexdigest()[:16]
    return SnapshotCache(cache_root() / f"{readable}-{digest}")


@dataclass(frozen=True)
class CachedSnapshot:
    """One library's snapshot in the cache.

    Attributes:
        library: Path or URL of the library; empty if the manifest cannot be read.
        path: The directory.
        bytes: Size of its files.
        made_at: When it was last updated, in ISO format.
    """

    library: str
    path: Path
    bytes: int
    made_at: str


def list_cached() -> list[CachedSnapshot]:
    """Return the snapshots in the cache, without links and files that mfkit did not create."""
    found = []
    if cache_root().is_dir():
        for path in sorted(filter(_is_snapshot, cache_root().iterdir())):
            cache = SnapshotCache(path)
            manifest = cache.read()
            # Earlier versions stored the parameters of a URL, including a password.
            library = hide_credentials(manifest.library) if manifest else ""
            made_at = manifest.made_at if manifest else ""
            found.append(CachedSnapshot(library, path, cache.size(), made_at))
    return found


def clear_cache(path: Path | None = None) -> int:
    """Remove one snapshot, or all. A library rebuilds its snapshot when it needs it.

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
    """Return whether a path is a folder and not a link to one."""
    return S_ISDIR(path.lstat().st_mode)


def _is_snapshot(path: Path) -> bool:
    return _FOLDER.fullmatch(path.name) is not None and _is_folder(path)


def _remove_snapshot(folder: Path) -> None:
    """Remove a snapshot's directory. Files that mfkit did not create stay, and then so does the directory."""
    with suppress(OSError):
        for file in folder.iterdir():
            with suppress(OSError):
                _remove(file)
        folder.rmdir()


def _remove(file: Path) -> None:
    """Remove a file of a snapshot, or a link in its place, and nothing else."""
    if file.name == _SPILL and _is_folder(file):
        shutil.rmtree(file)
    elif _OWN.fullmatch(file.name):
        file.unlink()
