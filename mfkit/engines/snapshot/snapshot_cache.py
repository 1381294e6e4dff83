"""Where snapshots are kept: one directory per library in the user's cache, shared by all processes.

Files never change once their name is in the manifest: a new state is new files and then a new manifest,
put in place by one rename. Who is killed half-way leaves files that no manifest names; the next writer
removes them. Writers exclude each other by a lock that the operating system lets go of when its holder
dies; readers need none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
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

from platformdirs import user_cache_path

from mfkit.core.database import Database
from mfkit.credentials import hide_credentials
from mfkit.errors import MfkitError

CACHE_FORMAT = 3
"""Of manifest and files; a cache of another one is made anew."""
LOCK_TIMEOUT = 120.0
_GRACE = 60.0
_UNUSED_SECONDS = 7 * 86400.0
_MANIFEST = "manifest.json"
_FOLDER = re.compile(r"\w{1,32}-[0-9a-f]{16}")
_OWN = re.compile(r"lock|manifest\.json(\.[0-9a-f]{12})?|\w+-\w+-[0-9a-f]{12}\.parquet")
_SPILL = "spill"  # where DuckDB puts what does not fit into memory
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # which Windows does not have


class CacheUnavailableError(MfkitError):
    """The cache directory cannot be used; the message says why."""


@dataclass(frozen=True)
class Manifest:
    """What a snapshot consists of.

    Attributes:
        library: Path of the library, or its URL without the password.
        position: How far in the library's log of changes it has come.
        base: Relation -> files with its rows.
        delta: Relation -> file with the rows, as they are now, of items that changed since.
        changed: Relation -> file with the ids of those items; their rows in base do not count.
        rows: Relation -> how many rows in base; ``changed`` -> how many items changed since.
        signatures: File -> size and modification time, by which a damaged one is told.
        whole_metadata: Whether each row of media_metadata belongs to an item.
        made_at: When, in ISO form.
        items: How many items the snapshot holds.
        format: Of this.
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
        """Take the directory; it is made when something is written."""
        self.path = path

    def read(self) -> Manifest | None:
        """Return the manifest; None when there is none that this mfkit can use."""
        try:
            stated: dict[str, Any] = json.loads((self.path / _MANIFEST).read_text(encoding="utf-8"))
            if stated.get("format") != CACHE_FORMAT:
                return None
            stated["signatures"] = {name: tuple(one) for name, one in stated["signatures"].items()}
            manifest = Manifest(**stated)
            datetime.fromisoformat(manifest.made_at)
            if not all(_OWN.fullmatch(name) for name in manifest.files()):
                return None  # such as a path that leads out of the directory
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return manifest if self.intact(manifest) else None

    def intact(self, manifest: Manifest) -> bool:
        """Return whether all files are there as they were written."""
        try:
            return all(self._sign(name) == manifest.signatures.get(name) for name in manifest.files())
        except OSError:
            return False

    def new_file(self, relation: str, part: str) -> str:
        """Return a name that no file has."""
        return f"{relation}-{part}-{uuid4().hex[:12]}.parquet"

    def write(self, manifest: Manifest) -> Manifest:
        """Put a manifest in place, then remove what no reader can still want; only under the lock.

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

    def forget_others(self) -> None:
        """Remove snapshots of libraries whose file has not been there for a week."""
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
        """Hold the right to write, waiting for whoever holds it.

        Raises:
            CacheUnavailableError: The directory is a symbolic link or cannot be written, or the wait was too
                long.
        """
        deadline = time.monotonic() + timeout
        while True:
            handle = self._opened()
            try:
                while not _try_lock(handle):
                    if time.monotonic() > deadline:
                        raise CacheUnavailableError(
                            f"another process has been at work in {self.path} for long"
                        )
                    time.sleep(0.02)
                if self._is_lock(handle):
                    yield
                    return
            finally:
                os.close(handle)  # which lets go of the lock

    def _opened(self) -> int:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _is_folder(self.path):
                raise CacheUnavailableError(f"{self.path} is a symbolic link; remove it")
            return os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)
        except OSError as error:
            raise CacheUnavailableError(f"{self.path} cannot be written ({error.strerror})") from error

    def _is_lock(self, handle: int) -> bool:
        """Return whether a lock that is held is still the one that others would wait for."""
        try:
            return os.path.samestat(os.fstat(handle), (self.path / "lock").stat())
        except OSError:  # removed meanwhile
            return False

    def size(self) -> int:
        """Return how many bytes the files take."""
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
        """Remove files of earlier states, but for those that a query may just have begun to read."""
        kept = {_MANIFEST, "lock", *manifest.files()}
        before = time.time() - _GRACE
        for file in self.path.iterdir():
            # What Windows refuses because a reader has it open goes the next time.
            with suppress(OSError):
                if file.name not in kept and file.lstat().st_mtime < before:
                    _remove(file)


def cache_root() -> Path:
    """Return the directory that holds all snapshots."""
    return user_cache_path("mfkit") / "snapshots"


def library_identity(database: Database) -> str:
    """Return the place of a library, by which its snapshot is found: a whole path or a URL."""
    if database.file is not None:
        return str(database.file.resolve())
    return database.name


def cache_for(database: Database) -> SnapshotCache:
    """Return the cache of a library."""
    stem = database.file.stem if database.file is not None else database.url.database or "library"
    readable = "".join(one if one.isalnum() else "_" for one in stem)[:32]
    place = library_identity(database).encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(place).hexdigest()[:16]
    return SnapshotCache(cache_root() / f"{readable}-{digest}")


@dataclass(frozen=True)
class CachedSnapshot:
    """One library's snapshot in the cache.

    Attributes:
        library: Path or URL; empty where the manifest cannot be read.
        path: The directory.
        bytes: What its files take.
        made_at: When, in ISO form.
    """

    library: str
    path: Path
    bytes: int
    made_at: str


def list_cached() -> list[CachedSnapshot]:
    """Return what the cache holds; links in it, and what mfkit did not put there, are left out."""
    found = []
    if cache_root().is_dir():
        for path in sorted(filter(_is_snapshot, cache_root().iterdir())):
            cache = SnapshotCache(path)
            manifest = cache.read()
            # Earlier versions wrote down the parameters of a URL, a password among them.
            library = hide_credentials(manifest.library) if manifest else ""
            made_at = manifest.made_at if manifest else ""
            found.append(CachedSnapshot(library, path, cache.size(), made_at))
    return found


def clear_cache(path: Path | None = None) -> int:
    """Remove one snapshot, or all; they are made anew when asked for.

    Returns:
        How many bytes that freed.
    """
    freed = 0
    for kept in list_cached():
        if path is None or kept.path == path:
            _remove_snapshot(kept.path)
            freed += kept.bytes
    return freed


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder itself, and not a link to one."""
    return S_ISDIR(path.lstat().st_mode)


def _is_snapshot(path: Path) -> bool:
    return _FOLDER.fullmatch(path.name) is not None and _is_folder(path)


def _remove_snapshot(folder: Path) -> None:
    """Remove the directory of a snapshot; what mfkit did not put there stays, and the directory with it."""
    with suppress(OSError):
        for file in folder.iterdir():
            with suppress(OSError):
                _remove(file)
        folder.rmdir()


def _remove(file: Path) -> None:
    """Remove a file of a snapshot, or a link in its place; nothing else, whatever the directory leads to."""
    if file.name == _SPILL and _is_folder(file):
        shutil.rmtree(file)
    elif _OWN.fullmatch(file.name):
        file.unlink()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
