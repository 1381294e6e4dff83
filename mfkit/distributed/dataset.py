"""A published dataset: Parquet files on any storage, and a manifest that says which of them are one version.

A version's files never change. A new one is new files, then ``versions/<n>.json``, and last ``manifest.json``
in one step: who reads has one version whole, the old or the new. The files of the last few versions stay.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pyarrow as pa
from pyarrow import fs

from mfkit.engines.snapshot.snapshot_cache import CacheUnavailableError, SnapshotCache
from mfkit.errors import DatasetError
from mfkit.path_argument import checked_path

DATASET_FORMAT = 1
KEPT_VERSIONS = 3
"""How many versions keep their files."""
_GRACE = timedelta(days=1)
_MANIFEST = "manifest.json"
_VERSIONS = "versions"
_UNFINISHED = ".unfinished"
_RECORDS = ("sqlite", "postgresql")
_FILE = re.compile(r"([\w=-]+/)+[0-9a-f]{32}\.parquet")
_VERSION_FILE = re.compile(rf"{_VERSIONS}/\d+\.json")
_OWN = (_MANIFEST, _VERSIONS, _UNFINISHED, "lock")


@dataclass(frozen=True)
class Unit:
    """The rows of a relation that lie in one file.

    Attributes:
        place: Folder below the relation's, such as ``media_type=video/date_year=2020``; empty for none.
        part: Which part of the place's rows, by the hash of their key, counted from 0.
        parts: How many files the place's rows are divided among.
        rows: How many rows.
        fingerprint: Of the rows, whatever their order.
        file: Path below the dataset.
        bytes: Of the file.
    """

    place: str
    part: int
    parts: int
    rows: int
    fingerprint: str
    file: str = ""
    bytes: int = 0

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells it from the others of its relation."""
        return self.place, self.part, self.parts


@dataclass(frozen=True)
class DatasetVersion:
    """What one version consists of.

    Attributes:
        version: Counted from 1.
        library: Path of the library, or its URL without the password.
        record: Kind of the record database, whose meaning of texts and nulls queries keep.
        position: How far in the library's log of changes the snapshot had come.
        published_at: When, in ISO form.
        relations: Relation -> its files.
        format: Of this.
    """

    version: int
    library: str
    record: str
    position: str
    published_at: str
    relations: dict[str, list[Unit]]
    format: int = DATASET_FORMAT

    def units(self) -> Iterator[Unit]:
        """Yield all files with what they hold."""
        for units in self.relations.values():
            yield from units

    def files(self) -> Iterator[str]:
        """Yield the paths of all files, below the dataset."""
        yield from (unit.file for unit in self.units())

    @property
    def bytes(self) -> int:
        """What the files take."""
        return sum(unit.bytes for unit in self.units())


class Dataset:
    """The folder or bucket that holds a dataset.

    Attributes:
        name: As given, without credentials and options.
        local: The folder; None where it is no local one.
        filesystem: PyArrow's.
        path: In the file system.
    """

    def __init__(self, target: str | os.PathLike[str]) -> None:
        """Name the place; nothing is opened yet.

        Args:
            target: A folder, or a URL that PyArrow knows: ``s3://``, ``gs://``, ``hdfs://``, ``file://``, or
                ``fsspec+`` before any of fsspec's.

        Raises:
            DatasetError: The URL makes no sense, or nothing is named.
        """
        given = checked_path(target, "the dataset", DatasetError)
        self.name = given
        self._put = list[str]()
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
                f"The dataset's URL {self.name} cannot be read; take a folder, s3://bucket/folder, or "
                "another that PyArrow knows, with fsspec+ before those of fsspec."
            ) from (None if self.name != given else error)  # its message may quote a secret
        self.path = path.rstrip("/")
        if isinstance(self.filesystem, fs.LocalFileSystem):
            self.local = Path(self.path)

    def uri(self, file: str) -> str:
        """Return what other programs call a file of the dataset."""
        if self.local is not None:
            return str(self.local / file)
        return f"{self.name.removeprefix('fsspec+').rstrip('/')}/{file}"

    def read(self) -> DatasetVersion | None:
        """Return the newest version; None when nothing was published there.

        Raises:
            DatasetError: The manifest cannot be read, or is of another format.
        """
        text = self._text(_MANIFEST)
        if text is None:
            return None
        if self._last is None or self._last[0] != text:
            self._last = text, self._parsed(text)
        return self._last[1]

    def need(self) -> DatasetVersion:
        """Return the newest version.

        Raises:
            DatasetError: Nothing was published there, or its manifest cannot be read.
        """
        found = self.read()
        if found is None:
            raise DatasetError(
                f"There is no dataset at {self.name}; publish one with: lib.publish({self.name!r})"
            )
        return found

    def refuse_foreign(self, own: Container[str]) -> None:
        """Refuse a folder with files in it that no publication put there.

        Args:
            own: Names that a publication gives.

        Raises:
            DatasetError: It is such a one, or cannot be looked into.
        """
        with self._explained():
            found = self.filesystem.get_file_info(fs.FileSelector(self.path, allow_not_found=True))
        names = {info.base_name for info in found}
        foreign = sorted(name for name in names if name not in own and name not in _OWN)
        if foreign and _MANIFEST not in names:
            raise DatasetError(
                f"{self.name} holds other files, such as {foreign[0]}; name an empty folder, or a new one."
            )

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """Open a folder on this machine for files that are being made; gone at the end."""
        if self.local is None:
            with tempfile.TemporaryDirectory(prefix="mfkit-publish-") as own:
                yield Path(own)
            return
        # Beside the others, so that a finished file need only be renamed. Only one writer is here.
        folder = self.local / _UNFINISHED
        shutil.rmtree(folder, ignore_errors=True)
        with self._explained():
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put(self, made: Path, file: str) -> int:
        """Bring a finished file into the dataset, where nothing names it yet; returns its bytes."""
        size = made.stat().st_size
        with self._explained():
            self._put.append(file)
            self.filesystem.create_dir(f"{self.path}/{os.path.dirname(file)}", recursive=True)
            if self.local is not None:
                os.replace(made, self.local / file)
            else:
                fs.copy_files(
                    str(made), f"{self.path}/{file}", fs.LocalFileSystem(), self.filesystem, use_threads=False
                )
        return size

    def swap(self, new: DatasetVersion, old: DatasetVersion | None) -> None:
        """Make a version the newest, then remove what none of the last versions names; only in a workshop.

        Raises:
            DatasetError: Someone else published meanwhile.
        """
        now = self.read()
        if (now and now.version) != (old and old.version):
            raise DatasetError(f"Someone else published to {self.name} meanwhile; publish again.")
        text = json.dumps(asdict(new), indent=1)
        with self._explained():
            self.filesystem.create_dir(f"{self.path}/{_VERSIONS}", recursive=True)
            self._put.append(_version_file(new))
            self._write(_version_file(new), text)
            self._write(_MANIFEST, text)
        self._sweep(new)

    @contextmanager
    def only_writer(self) -> Iterator[None]:
        """Keep others on this machine from publishing at the same time; a bucket has no such lock.

        What a publication that fails has put into the dataset is removed again: its files and, where nothing
        was published before, the lock and the folders.

        Raises:
            DatasetError: The folder cannot be written, or another process has been at work for long.
        """
        self._put.clear()
        if self.local is None:
            with self._undone():
                yield
            return
        new = [folder for folder in (self.local, *self.local.parents) if not folder.exists()]
        try:
            with self._explained():
                self.local.mkdir(parents=True, exist_ok=True)
            try:
                with SnapshotCache(self.local.resolve()).lock(), self._undone():
                    yield
            finally:
                if not (self.local / _MANIFEST).exists():
                    with suppress(OSError):
                        (self.local / "lock").unlink()
                    with suppress(OSError):
                        for folder in new:
                            folder.rmdir()
        except CacheUnavailableError as error:
            raise DatasetError(f"Nothing can be published: {error}.") from error

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """Remove what a version consists of that failed before it became the newest."""
        try:
            yield
        except BaseException:
            with suppress(DatasetError, OSError):  # what the manifest names cannot be told
                now = self.read()
                kept = {*now.files(), _version_file(now)} if now is not None else set()
                for file in [file for file in self._put if file not in kept]:
                    with suppress(OSError):
                        self.filesystem.delete_file(f"{self.path}/{file}")
                        if self.local is not None:
                            _remove_empty(self.local, file)
            raise

    def _write(self, file: str, text: str) -> None:
        # An object in a bucket is there whole or not at all; a file comes by being renamed.
        if self.local is None:
            with self.filesystem.open_output_stream(f"{self.path}/{file}") as stream:
                stream.write(text.encode())
            return
        unfinished = self.local / _UNFINISHED / f"{uuid4().hex}.json"
        unfinished.write_text(text, "utf-8")
        os.replace(unfinished, self.local / file)

    def _text(self, file: str) -> str | None:
        with self._explained():
            try:
                with self.filesystem.open_input_stream(f"{self.path}/{file}") as stream:
                    return str(stream.read(), "utf-8")
            except FileNotFoundError:
                return None

    def _parsed(self, text: str) -> DatasetVersion:
        try:
            stated: dict[str, Any] = json.loads(text)
            if stated["format"] != DATASET_FORMAT:
                raise DatasetError(
                    f"{self.name} has the format {stated['format']} and this mfkit reads "
                    f"{DATASET_FORMAT}. Publish it again, or use the mfkit that published it."
                )
            relations = {
                name: [Unit(**unit) for unit in units] for name, units in stated["relations"].items()
            }
            version = DatasetVersion(**{**stated, "relations": relations})
            _check(version)
            return version
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DatasetError(f"The manifest of {self.name} cannot be read: {error!r}.") from error

    def _sweep(self, newest: DatasetVersion) -> None:
        """Remove the files of versions that are no longer kept, and what interrupted publications left."""
        kept, gone = set(newest.files()), list[str]()
        for info in self._listed(_VERSIONS):
            file, number = f"{_VERSIONS}/{info.base_name}", info.base_name.removesuffix(".json")
            if number.isdecimal():
                text = self._text(file)
                try:
                    files = list(self._parsed(text).files()) if text is not None else []
                except DatasetError:  # whose files they are cannot be told
                    continue
                if newest.version - int(number) < KEPT_VERSIONS:
                    kept.update(files)
                else:
                    gone += [*files, file]
        before = datetime.now(UTC) - _GRACE
        for relation in newest.relations:
            gone += [
                info.path.removeprefix(f"{self.path}/")
                for info in self._listed(relation)
                if info.mtime is not None and info.mtime < before
            ]
        for file in dict.fromkeys(gone):
            if file not in kept and self._is_inside(file):
                # What is gone already, or held open on Windows, keeps nobody from anything.
                with suppress(OSError):
                    self.filesystem.delete_file(f"{self.path}/{file}")

    def _is_inside(self, file: str) -> bool:
        """Return whether a path is one that a publication gives, and no link leads out of the dataset."""
        if not (_FILE.fullmatch(file) or _VERSION_FILE.fullmatch(file)):
            return False
        return self.local is None or (
            (self.local / file).parent.resolve().is_relative_to(self.local.resolve())
        )

    def _listed(self, folder: str) -> Iterable[Any]:
        with self._explained():
            found = self.filesystem.get_file_info(
                fs.FileSelector(f"{self.path}/{folder}", allow_not_found=True, recursive=True)
            )
        return [info for info in found if info.is_file]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            raise DatasetError(f"{self.name} cannot be read or written: {error}.") from error


def _check(version: DatasetVersion) -> None:
    """Check what a manifest states, which someone else may have written.

    Raises:
        ValueError: A value has another type than a publication writes, or a path leads elsewhere.
    """
    for value, kind in (
        (version.version, int),
        (version.library, str),
        (version.record, str),
        (version.position, str),
        *(
            (value, kind)
            for unit in version.units()
            for value, kind in (
                (unit.place, str),
                (unit.part, int),
                (unit.parts, int),
                (unit.rows, int),
                (unit.fingerprint, str),
                (unit.file, str),
                (unit.bytes, int),
            )
        ),
    ):
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError(f"{value!r} should be {kind.__name__}")
    if version.record not in _RECORDS:
        raise ValueError(f"{version.record!r} is not a kind of database")
    for file in version.files():
        if not _FILE.fullmatch(file):
            raise ValueError(f"{file!r} is not the path of a file in the dataset")


def _version_file(version: DatasetVersion) -> str:
    return f"{_VERSIONS}/{version.version}.json"


def _remove_empty(folder: Path, file: str) -> None:
    """Remove the folders between a folder and a file that was removed, as far as they are empty.

    Raises:
        OSError: One is not.
    """
    for above in (folder / file).parents:
        if above == folder:
            return
        above.rmdir()


def _without_secrets(url: str) -> str:
    """Return a URL without a login and without options, either of which may hold a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
