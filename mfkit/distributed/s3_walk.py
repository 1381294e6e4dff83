"""Listing of the objects in a bucket during a scan, and of the objects in a single folder."""

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
_MAX_NAME_PAGES = 10
_THREADS = 16


def check_url(root: str) -> str:
    """Check that a URL can be scanned, and return it in the form in which the database stores it.

    Args:
        root: URL as given by the user.

    Raises:
        FolderNotFoundError: The URL has no valid bucket name, or the bucket does not exist.
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
    """Yield the objects below a URL, page by page, sorted by stored path across all pages.

    S3 sorts keys by their UTF-8 bytes, which is the same order as by code points. S3's modification time has
    whole seconds. Its fraction is computed from the ETag, so that a rescan, which compares modification
    times, also detects a changed ETag.

    Args:
        root: URL in the form in which the database stores it.
        aside: Object that collects the entries that are not yielded.
        exclude: Rules for entries to leave out. Patterns are relative to the root; a folder is the part of a
            key between two slashes.

    Raises:
        StorageUnavailableError: The listing fails or is not sorted by key.
    """
    bucket, key = split_url(to_disk_path(root))
    prefix = _prefix(key)
    below = len(root) + 1
    folders = _FolderRules(exclude, aside)
    last = ""
    with S3Client() as buckets:
        for page in buckets.pages(bucket, prefix):
            entries: list[Entry] = []
            for one in page:
                path = to_stored_path(f"{URL}{bucket}/{one['Key']}")
                if path <= last:
                    raise StorageUnavailableError(
                        f"{URL}{bucket} does not list its objects sorted by key; directory buckets never do. "
                        "Copy the objects to a general purpose bucket and scan that."
                    )
                last = path
                if not _is_file(one, path, aside) or not folders.include(path[below:]):
                    continue
                if exclude.matches(path[below:], False):
                    aside.files += 1
                else:
                    entries.append((path, one["Size"], _time(one), None))
            if entries:
                yield entries


def names_beside(folder: str) -> list[str]:
    """Return the names of the objects in a folder, or an empty list if there are more than 10,000 objects.

    Args:
        folder: URL of the folder, without escaping.

    Raises:
        ObjectError: The folder cannot be listed.
    """
    bucket, key = split_url(folder)
    prefix = f"{key}/" if key else ""
    names: list[str] = []
    with S3Client() as buckets:
        try:
            for number, page in enumerate(buckets.pages(bucket, prefix, delimiter="/")):
                if number == _MAX_NAME_PAGES:
                    return []
                names += [one["Key"][len(prefix) :] for one in page]
        except StorageUnavailableError as error:
            raise ObjectError(str(error)) from error
    return names


def existing_objects(paths: Sequence[str]) -> dict[str, bool]:
    """Return for each stored path whether its object exists. If this cannot be checked, the value is True."""
    if not paths:
        return {}
    with S3Client() as buckets, ThreadPoolExecutor(_THREADS) as threads:

        def exists(path: str) -> bool:
            try:
                buckets.head(*split_url(to_disk_path(path)))
            except ObjectGoneError:
                return False
            except ObjectError:
                return True
            return True

        return dict(zip(paths, threads.map(exists, paths), strict=True))


def etag_fraction(etag: str) -> int:
    """Convert an ETag to microseconds, by which the modification time is increased.

    So a new ETag changes the modification time.
    """
    return int.from_bytes(hashlib.sha256(etag.encode()).digest()[:8]) % 1_000_000


class _FolderRules:
    """Rules that decide which folders of a bucket are ignored.

    Keys are sorted, so each folder is checked only once.
    """

    def __init__(self, exclude: IgnoreRules, aside: SkippedEntries) -> None:
        self._exclude, self._aside = exclude, aside
        self._kept, self._dropped = "", ""

    def include(self, relative: str) -> bool:
        """Return whether all folders in a path are included; the path is relative to the root."""
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
    """Return whether an object is a file. Objects that represent empty folders are not files."""
    if "\0" in path:
        aside.unlisted.append(
            UnlistableEntry(path.replace("\0", "\\x00"), "its key contains a NUL character")
        )
        return False
    if path.endswith("/"):
        if one["Size"]:
            aside.unlisted.append(UnlistableEntry(path, "its key ends with a slash, so it has no name"))
        return False
    return True


def _time(one: dict[str, Any]) -> int:
    seconds = (one["LastModified"] - _EPOCH).total_seconds() // 1
    return int(seconds) * 1_000_000 + etag_fraction(plain_etag(one.get("ETag")))
