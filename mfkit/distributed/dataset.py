"""Published dataset: Parquet files on any storage, and a manifest that lists the files of the newest version.

The files of a version never change. Publishing first adds new data files, then ``versions/<n>.json``, and
finally replaces ``manifest.json`` atomically. So readers see either the old or the new version. The files of
the last few versions are kept.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pyarrow as pa
from pyarrow import fs

from mfkit.distributed.dataset_manifest import FILE_PATH, DatasetVersion, parse_manifest
from mfkit.engines.snapshot.snapshot_cache import CacheUnavailableError, SnapshotCache
from mfkit.errors import DatasetError
from mfkit.path_argument import checked_path
from mfkit.processes.temporary_folder import TemporaryFolder

KEPT_VERSIONS = 3
"""Number of recent versions of a dataset whose files are kept, for queries that still read these versions."""
_MIN_ORPHAN_AGE = timedelta(days=1)
_MANIFEST = "manifest.json"
_VERSIONS = "versions"
_UNFINISHED = ".unfinished"
_VERSION_FILE = re.compile(rf"{_VERSIONS}/\d+\.json")
_OWN_NAMES = (_MANIFEST, _VERSIONS, _UNFINISHED, "lock")


class Dataset:
    """Storage location of a published dataset: a local folder, or a folder in a bucket.

    Attributes:
        name: The given folder or URL, without credentials and options.
        local: The local folder; None for other storage.
        filesystem: PyArrow file system of the storage.
        path: Path of the dataset in this file system.
    """

    def __init__(self, target: str | os.PathLike[str]) -> None:
        """Store the location of a dataset without reading the dataset.

        Args:
            target: A folder, or a URL that PyArrow supports: ``s3://``, ``gs://``, ``hdfs://``, ``file://``,
                or ``fsspec+`` followed by a URL that fsspec supports.

        Raises:
            DatasetError: The URL is invalid, or the target is empty.
        """
        given = checked_path(target, "the dataset", DatasetError)
        self.name = given
        self._added = list[str]()
        self._last: tuple[str, DatasetVersion] | None = None
        self.local: Path | None = None
        if "://" not in given:
            self.local = Path(given).expanduser().absolute()
            self.name, self.path = str(self.local), self.local.as_posix()
            self.filesystem = fs.LocalFileSystem()
            return
        self.name = _without_secrets(given)
        try:
            self.filesystem, path = fs.FileSystem.from_uri(given)
        except (pa.ArrowException, ValueError, ImportError, OSError) as error:
            raise DatasetError(
                f"{self.name} is not a valid URL of a dataset. Use a folder, s3://bucket/folder, another URL "
                "that PyArrow knows, or fsspec+ followed by a URL that fsspec knows."
                # If the URL contains a secret, the original error is not chained, because its message could
                # repeat the secret.
            ) from (None if self.name != given else error)
        self.path = path.rstrip("/")
        if isinstance(self.filesystem, fs.LocalFileSystem):
            self.local = Path(self.path)

    def uri(self, file: str) -> str:
        """Return the path or URL with which other programs can open a file of the dataset."""
        if self.local is not None:
            return str(self.local / file)
        return f"{self.name.removeprefix('fsspec+').rstrip('/')}/{file}"

    def read(self) -> DatasetVersion | None:
        """Return the newest version of the dataset, or None if nothing has been published at this location.

        Raises:
            DatasetError: The manifest cannot be read or has an unsupported format.
        """
        text = self._text(_MANIFEST)
        if text is None:
            return None
        if self._last is None or self._last[0] != text:
            self._last = text, parse_manifest(text, self.name)
        return self._last[1]

    def newest(self) -> DatasetVersion:
        """Return the newest version of the dataset, or raise an error if nothing has been published.

        Raises:
            DatasetError: Nothing has been published, or the manifest cannot be read.
        """
        found = self.read()
        if found is None:
            raise DatasetError(f"{self.name} has no dataset. Publish one with lib.publish({self.name!r}).")
        return found

    def refuse_foreign(self, own: Container[str]) -> None:
        """Raise an error if the folder is not a dataset but contains files that mfkit did not write.

        Args:
            own: Names of the folders in which mfkit stores the data files of relations.

        Raises:
            DatasetError: The folder contains other files or cannot be listed.
        """
        with self._map_errors():
            found = self.filesystem.get_file_info(fs.FileSelector(self.path, allow_not_found=True))
        names = {info.base_name for info in found}
        foreign = sorted(name for name in names if name not in own and name not in _OWN_NAMES)
        if foreign and _MANIFEST not in names:
            raise DatasetError(
                f"{self.name} contains other files, such as {foreign[0]}. Use an empty or a new folder."
            )

    @contextmanager
    def staging_folder(self) -> Iterator[Path]:
        """Create a temporary local folder for unfinished files, and remove it at the end of the block."""
        if self.local is None:
            with TemporaryFolder("publish") as own:
                yield own.path
            return
        # The temporary folder is on the same disk as the dataset, so that a finished file only has to be
        # renamed. The caller holds the write lock, so no other process uses the folder.
        folder = self.local / _UNFINISHED
        shutil.rmtree(folder, ignore_errors=True)
        with self._map_errors():
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def add_file(self, source: Path, file: str) -> int:
        """Move a finished file into the dataset, and return its size.

        Readers do not see the file until :meth:`replace_version` has written a manifest that lists it.
        """
        size = source.stat().st_size
        with self._map_errors():
            self._added.append(file)
            self.filesystem.create_dir(f"{self.path}/{os.path.dirname(file)}", recursive=True)
            if self.local is not None:
                os.replace(source, self.local / file)
            else:
                fs.copy_files(
                    str(source),
                    f"{self.path}/{file}",
                    fs.LocalFileSystem(),
                    self.filesystem,
                    use_threads=False,
                )
        return size

    def replace_version(self, new: DatasetVersion, old: DatasetVersion | None) -> None:
        """Write the manifest of a new version, then remove the files that no remaining version uses.

        The caller must have :meth:`staging_folder` open.

        Raises:
            DatasetError: Another program published at the same time.
        """
        now = self.read()
        if (now and now.version) != (old and old.version):
            raise DatasetError(f"Another program published to {self.name} at the same time. Publish again.")
        text = json.dumps(asdict(new), indent=1)
        with self._map_errors():
            self.filesystem.create_dir(f"{self.path}/{_VERSIONS}", recursive=True)
            self._added.append(_version_file(new))
            self._write(_version_file(new), text)
            self._write(_MANIFEST, text)
        self._sweep(new)

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """Lock a local dataset so that no other process on this machine publishes. A bucket is not locked.

        If publishing fails, the files that it added are removed. If nothing was published before, the lock
        file and new folders are also removed.

        Raises:
            DatasetError: The folder cannot be written, or another process holds the lock for too long.
        """
        self._added.clear()
        if self.local is None:
            with self._remove_on_failure():
                yield
            return
        new = [folder for folder in (self.local, *self.local.parents) if not folder.exists()]
        try:
            with self._map_errors():
                self.local.mkdir(parents=True, exist_ok=True)
            try:
                with SnapshotCache(self.local.resolve()).lock(), self._remove_on_failure():
                    yield
            finally:
                if not (self.local / _MANIFEST).exists():
                    with suppress(OSError):
                        (self.local / "lock").unlink()
                    with suppress(OSError):
                        for folder in new:
                            folder.rmdir()
        except CacheUnavailableError as error:
            raise DatasetError(f"The dataset cannot be published: {error}.") from error

    @contextmanager
    def _remove_on_failure(self) -> Iterator[None]:
        """Remove the files that were added in the block if an error occurs before the manifest lists them."""
        try:
            yield
        except BaseException:
            with suppress(DatasetError, OSError):
                # If the manifest cannot be read, no file is removed, because the manifest determines which
                # files are in use.
                now = self.read()
                kept = {*now.files(), _version_file(now)} if now is not None else set()
                for file in [file for file in self._added if file not in kept]:
                    with suppress(OSError):
                        self.filesystem.delete_file(f"{self.path}/{file}")
                        if self.local is not None:
                            _remove_empty(self.local, file)
            raise

    def _write(self, file: str, text: str) -> None:
        # Readers must never see a half-written file. Uploads to object storage are atomic. A local file is
        # first written under a temporary name and then renamed.
        if self.local is None:
            with self.filesystem.open_output_stream(f"{self.path}/{file}") as stream:
                stream.write(text.encode())
            return
        unfinished = self.local / _UNFINISHED / f"{uuid4().hex}.json"
        unfinished.write_text(text, "utf-8")
        os.replace(unfinished, self.local / file)

    def _text(self, file: str) -> str | None:
        with self._map_errors():
            try:
                with self.filesystem.open_input_stream(f"{self.path}/{file}") as stream:
                    return str(stream.read(), "utf-8")
            except FileNotFoundError:
                return None

    def _sweep(self, newest: DatasetVersion) -> None:
        """Remove the files of old versions, and files that interrupted publications left behind."""
        kept, unused = set(newest.files()), list[str]()
        for info in self._files_in(_VERSIONS):
            file, number = f"{_VERSIONS}/{info.base_name}", info.base_name.removesuffix(".json")
            if number.isdecimal():
                text = self._text(file)
                try:
                    files = list(parse_manifest(text, self.name).files()) if text is not None else []
                except DatasetError:  # An invalid manifest is ignored, because it does not tell its files.
                    continue
                if newest.version - int(number) < KEPT_VERSIONS:
                    kept.update(files)
                else:
                    unused += [*files, file]
        before = datetime.now(UTC) - _MIN_ORPHAN_AGE
        for relation in newest.relations:
            unused += [
                info.path.removeprefix(f"{self.path}/")
                for info in self._files_in(relation)
                if info.mtime is not None and info.mtime < before
            ]
        for file in dict.fromkeys(unused):
            if file not in kept and self._is_own_file(file):
                # Ignore files that are already removed, or that Windows cannot remove because they are open.
                with suppress(OSError):
                    self.filesystem.delete_file(f"{self.path}/{file}")

    def _is_own_file(self, file: str) -> bool:
        """Return whether a path has the form of a published file and stays inside the dataset's folder."""
        if not (FILE_PATH.fullmatch(file) or _VERSION_FILE.fullmatch(file)):
            return False
        return self.local is None or (
            (self.local / file).parent.resolve().is_relative_to(self.local.resolve())
        )

    def _files_in(self, folder: str) -> Iterable[Any]:
        with self._map_errors():
            found = self.filesystem.get_file_info(
                fs.FileSelector(f"{self.path}/{folder}", allow_not_found=True, recursive=True)
            )
        return [info for info in found if info.is_file]

    @contextmanager
    def _map_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            raise DatasetError(f"{self.name} cannot be read or written: {error}.") from error


def _version_file(version: DatasetVersion) -> str:
    return f"{_VERSIONS}/{version.version}.json"


def _remove_empty(folder: Path, file: str) -> None:
    """Remove the empty parent folders of a removed file, except ``folder`` and the folders above it.

    Raises:
        OSError: A folder is not empty.
    """
    for above in (folder / file).parents:
        if above == folder:
            return
        above.rmdir()


def _without_secrets(url: str) -> str:
    """Return a URL without user name, password and query, which can contain secret keys."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
