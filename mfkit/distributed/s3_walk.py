"""What a bucket holds: the walk of a URL, page by page, and the names beside an object."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from mfkit.distributed.s3_client import ObjectError, ObjectGoneError, S3Client, plain_etag, split_url
from mfkit.errors import StorageUnavailableError
from mfkit.scan.ignore import IgnoreRules
from mfkit.scan.stored_path import URL, to_disk_path, to_stored_path
from mfkit.scan.walk import Entry, SkippedEntries, UnlistableEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAGES_OF_NAMES = 10
_AT_ONCE = 16


def check_url(root: str) -> str:
    """Return the stored form of a URL that can be scanned.

    Args:
        root: As a person gives it.

    Raises:
        FolderNotFoundError: It names no bucket, or one that is not there.
        StorageUnavailableError: The bucket cannot be listed.
    """
    bucket, key = split_url(root)
    prefix = _prefix(key)
    with S3Client() as buckets:
        next(buckets.pages(bucket, prefix, most=1))
    return to_stored_path(f"{URL}{bucket}/{prefix}".removesuffix("/"))


def walk_objects(
    root: str, aside: SkippedEntries, exclude: IgnoreRules = IgnoreRules()
) -> Iterator[list[Entry]]:
    """Yield the objects below a URL, page by page, sorted by stored path through all pages.

    S3 lists by the bytes of the keys in UTF-8, which is the order of their code points. The modification time
    is that of S3, to the second; its fraction is made of the ETag, so that what is compared for every
    object of a rescan tells of the ETag too.

    Args:
        root: Stored form of a URL.
        aside: Gets what is not yielded.
        exclude: What to leave out; patterns are relative to the root, and what lies between two slashes of a
            key is a folder to them.

    Raises:
        StorageUnavailableError: The listing breaks off, or is in another order.
    """
    bucket, key = split_url(to_disk_path(root))
    prefix = _prefix(key)
    below = len(root) + 1
    folders = _Folders(exclude, aside)
    last = ""
    with S3Client() as buckets:
        for page in buckets.pages(bucket, prefix):
            run: list[Entry] = []
            for one in page:
                path = to_stored_path(f"{URL}{bucket}/{one['Key']}")
                if path <= last:
                    raise StorageUnavailableError(
                        f"{URL}{bucket} lists its objects in another order than S3 does (as directory "
                        "buckets do); it cannot be scanned."
                    )
                last = path
                if not _is_file(one, path, aside) or not folders.are_in(path[below:]):
                    continue
                if exclude.matches(path[below:], False):
                    aside.files += 1
                else:
                    run.append((path, one["Size"], _time(one)))
            if run:
                yield run


def names_beside(folder: str) -> list[str]:
    """Return the names of the objects in a folder; none when it is one of those with very many.

    Args:
        folder: Its URL, not escaped.

    Raises:
        ObjectError: They cannot be listed.
    """
    bucket, key = split_url(folder)
    prefix = f"{key}/" if key else ""
    names: list[str] = []
    with S3Client() as buckets:
        try:
            for number, page in enumerate(buckets.pages(bucket, prefix, delimiter="/")):
                if number == _PAGES_OF_NAMES:
                    return []
                names += [one["Key"][len(prefix) :] for one in page]
        except StorageUnavailableError as error:
            raise ObjectError(str(error)) from error
    return names


def still_there(paths: Sequence[str]) -> dict[str, bool]:
    """Tell which objects are still there; what cannot be asked for is taken to be.

    Args:
        paths: Stored paths.
    """
    if not paths:
        return {}
    with S3Client() as buckets, ThreadPoolExecutor(_AT_ONCE) as threads:

        def is_there(path: str) -> bool:
            try:
                buckets.head(*split_url(to_disk_path(path)))
            except ObjectGoneError:
                return False
            except ObjectError:
                return True
            return True

        return dict(zip(paths, threads.map(is_there, paths), strict=True))


def etag_fraction(etag: str) -> int:
    """Return the microseconds that stand for an ETag in an object's modification time."""
    return int.from_bytes(hashlib.sha256(etag.encode()).digest()[:8]) % 1_000_000


class _Folders:
    """Which folders of a walk are left out: each is asked about once, since keys come sorted."""

    def __init__(self, exclude: IgnoreRules, aside: SkippedEntries) -> None:
        self._exclude, self._aside = exclude, aside
        self._kept, self._dropped = "", ""

    def are_in(self, relative: str) -> bool:
        """Tell whether all folders of a path below the root are in."""
        if self._dropped and relative.startswith(self._dropped):
            return False
        folder = relative[: relative.rfind("/") + 1]
        if not self._kept.startswith(folder) or not self._kept:
            at = folder.find("/")
            while at >= 0:
                if not self._kept.startswith(folder[: at + 1]) and self._exclude.matches(folder[:at], True):
                    self._aside.folders += 1
                    self._dropped = folder[: at + 1]
                    return False
                at = folder.find("/", at + 1)
            self._kept = folder
        return True


def _prefix(key: str) -> str:
    folder = key.rstrip("/")
    return f"{folder}/" if folder else ""


def _is_file(one: dict[str, Any], path: str, aside: SkippedEntries) -> bool:
    """Tell whether an object is one that a file could be; what stands for an empty folder is none."""
    if "\0" in path:
        aside.unlisted.append(UnlistableEntry(path.replace("\0", "\\x00"), "its key holds a NUL"))
        return False
    if path.endswith("/"):
        if one["Size"]:
            aside.unlisted.append(UnlistableEntry(path, "its key ends with a slash, so that it has no name"))
        return False
    return True


def _time(one: dict[str, Any]) -> int:
    seconds = (one["LastModified"] - _EPOCH).total_seconds() // 1
    return int(seconds) * 1_000_000 + etag_fraction(plain_etag(one.get("ETag")))
