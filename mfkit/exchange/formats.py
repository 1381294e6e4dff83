"""Which suffix means which format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mfkit.errors import ExportError
from mfkit.exchange import tables, workbook

Write = Callable[[Path, pa.Schema, Iterator[pa.RecordBatch]], None]
LIBRARY = frozenset((".db", ".sqlite"))
"""Suffixes of a library of its own."""
PLACES = ".geojson"

_WRITERS: dict[str, Write] = {
    ".csv": tables.write_csv,
    ".jsonl": tables.write_json_lines,
    ".ndjson": tables.write_json_lines,
    ".parquet": tables.write_parquet,
    ".xlsx": workbook.write_xlsx,
    PLACES: tables.write_geojson,
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
class Exported:
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
