"""Manifest of a published dataset: JSON document that lists the files of one version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from mfkit.errors import DatasetError
from mfkit.sql.duckdb_sql import LIBRARY_DIALECTS

DATASET_FORMAT = 5
FILE_PATH = re.compile(r"([\w=-]+/)+[0-9a-f]{32}\.parquet")
"""Regular expression for the paths of data files, relative to the dataset."""


@dataclass(frozen=True)
class DataFile:
    """Description of one data file of a relation.

    Attributes:
        place: Subfolder in the relation's folder, such as ``media_type=video/date_year=2020``, or empty.
        part: Number of the file in the subfolder, from 0. The hash of a row's key determines its file.
        parts: Number of files in the subfolder.
        rows: Number of rows in the file.
        fingerprint: Hash of the rows that does not depend on their order.
        file: Path of the file, relative to the dataset.
        bytes: Size of the file in bytes.
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
        """Unique key of the data file within its relation (table or view)."""
        return self.place, self.part, self.parts


@dataclass(frozen=True)
class DatasetVersion:
    """One published version of a dataset, as its manifest describes it.

    Attributes:
        version: Number of the version, from 1.
        library: Path of the library, or its URL without the password.
        record: Dialect of the library database. Queries treat text and nulls like this database.
        position: Position of the snapshot in the library's change log.
        published_at: Time of publication, in ISO format.
        relations: Name of a relation -> its files.
        format: Version of the manifest format.
    """

    version: int
    library: str
    record: str
    position: str
    published_at: str
    relations: dict[str, list[DataFile]]
    format: int = DATASET_FORMAT

    def data_files(self) -> Iterator[DataFile]:
        """Yield the descriptions of all data files in all relations."""
        for data_files in self.relations.values():
            yield from data_files

    def files(self) -> Iterator[str]:
        """Yield the paths of all data files, relative to the dataset."""
        yield from (data_file.file for data_file in self.data_files())

    @property
    def bytes(self) -> int:
        """Total size of all data files in bytes."""
        return sum(data_file.bytes for data_file in self.data_files())


def parse_manifest(text: str, name: str) -> DatasetVersion:
    """Parse and validate the JSON text of a manifest.

    Args:
        text: The JSON text.
        name: Name of the dataset for error messages.

    Raises:
        DatasetError: The manifest is invalid or has an unsupported format.
    """
    try:
        stated: dict[str, Any] = json.loads(text)
        if stated["format"] != DATASET_FORMAT:
            raise DatasetError(
                f"{name} has the format {stated['format']}, but this version of mfkit reads "
                f"{DATASET_FORMAT}. Publish the dataset again, or use the version of mfkit that published it."
            )
        relations = {key: [DataFile(**one) for one in files] for key, files in stated["relations"].items()}
        version = DatasetVersion(**{**stated, "relations": relations})
        _check(version)
        return version
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DatasetError(
            f"The manifest of {name} is invalid: {error!r}. Publish the dataset again."
        ) from error


def _check(version: DatasetVersion) -> None:
    """Validate the values of a manifest, which another program could have written.

    Raises:
        ValueError: A value has the wrong type, or a path is not inside the dataset.
    """
    parts: tuple[DatasetVersion | DataFile, ...] = (version, *version.data_files())
    for part in parts:
        for field in fields(part):
            value, kind = getattr(part, field.name), {"int": int, "str": str}.get(str(field.type))
            if kind is not None and (not isinstance(value, kind) or isinstance(value, bool)):
                raise ValueError(f"{value!r} should be of type {kind.__name__}")
    if version.record not in LIBRARY_DIALECTS:
        raise ValueError(f"{version.record!r} is not a database dialect; use {' or '.join(LIBRARY_DIALECTS)}")
    for file in version.files():
        if not FILE_PATH.fullmatch(file):
            raise ValueError(f"{file!r} is not the path of a file in the dataset")
