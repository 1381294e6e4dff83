"""Export formats by file suffix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mfkit.errors import ExportError
from mfkit.exchange.export import text_tables, xlsx

Writer = Callable[[Path, pa.Schema, Iterator[pa.RecordBatch]], None]
LIBRARY_SUFFIXES = frozenset((".db", ".sqlite"))
"""Suffixes of libraries."""
GEOJSON_SUFFIX = ".geojson"

_WRITERS: dict[str, Writer] = {
    ".csv": text_tables.write_csv,
    ".jsonl": text_tables.write_json_lines,
    ".ndjson": text_tables.write_json_lines,
    ".parquet": text_tables.write_parquet,
    ".xlsx": xlsx.write_xlsx,
    GEOJSON_SUFFIX: text_tables.write_geojson,
}
SUFFIXES = (*_WRITERS, *sorted(LIBRARY_SUFFIXES))


def writer_for(path: Path) -> Writer | None:
    """Return the function that writes the format of a path; None for a library.

    Raises:
        ExportError: No format has the suffix of the path.
    """
    suffix = path.suffix.lower()
    if suffix in LIBRARY_SUFFIXES:
        return None
    if suffix not in _WRITERS:
        kind = suffix or "files without a suffix"
        raise ExportError(f"mfkit writes no {kind} ({path.name}). It writes {', '.join(SUFFIXES)}.")
    return _WRITERS[suffix]


@dataclass(frozen=True)
class ExportResult:
    """Result of an export.

    Attributes:
        path: The file that was written.
        rows: Number of items in it.
        bytes: Size of the file.
        seconds: Duration of the export.
    """

    path: Path
    rows: int
    bytes: int
    seconds: float
