"""Which suffix means which format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mfkit.errors import ExportError
from mfkit.exchange.export import text_tables, xlsx

Write = Callable[[Path, pa.Schema, Iterator[pa.RecordBatch]], None]
LIBRARY = frozenset((".db", ".sqlite"))
"""Suffixes of a library of its own."""
GEOJSON_SUFFIXES = ".geojson"

_WRITERS: dict[str, Write] = {
    ".csv": text_tables.write_csv,
    ".jsonl": text_tables.write_json_lines,
    ".ndjson": text_tables.write_json_lines,
    ".parquet": text_tables.write_parquet,
    ".xlsx": xlsx.write_xlsx,
    GEOJSON_SUFFIXES: text_tables.write_geojson,
}
SUFFIXES = (*_WRITERS, *sorted(LIBRARY))


def writer_of(path: Path) -> Write | None:
    """Return what writes the format of a path; None where that is a library of its own.

    Raises:
        ExportError: No format has that suffix.
    """
    suffix = path.suffix.lower()
    if suffix in LIBRARY:
        return None
    if suffix not in _WRITERS:
        kind = suffix or "files without a suffix"
        raise ExportError(f"mfkit writes no {kind} ({path.name}); it writes {', '.join(SUFFIXES)}.")
    return _WRITERS[suffix]


@dataclass(frozen=True)
class ExportResult:
    """What an export wrote.

    Attributes:
        path: The file.
        rows: Items in it.
        bytes: Its size.
        seconds: How long it took.
    """

    path: Path
    rows: int
    bytes: int
    seconds: float
