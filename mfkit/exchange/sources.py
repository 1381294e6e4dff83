"""Where rows come from: a DataFrame, or a file whose format its suffix or its content tells."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from mfkit.errors import IngestError
from mfkit.exchange.text import armed
from mfkit.exchange.tools import exiftool, ffprobe, mediainfo

Row = Mapping[str, Any]
Rows = Callable[[], Iterator[Row]]
"""Begins the rows, as often as it is called."""

_TOOLS = (exiftool, ffprobe, mediainfo)
_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
_AT_ONCE = 10_000


def rows_of(source: pd.DataFrame | Path) -> tuple[Rows, list[str] | None, int | None]:
    """Return the rows of a source, its columns where those are fixed, and their number where it is known.

    Raises:
        IngestError: The file is not there, cannot be read, or is none that mfkit knows.
    """
    if isinstance(source, pd.DataFrame):
        return lambda: _frame(source), [str(name) for name in source.columns], len(source)
    if not source.is_file():
        raise IngestError(f"{source} is not there, or is no file.")
    suffix = source.suffix.lower()
    if suffix not in _SUFFIXES:
        kind = suffix or "files without a suffix"
        raise IngestError(f"mfkit reads no {kind} ({source.name}); it reads {', '.join(_SUFFIXES)}.")
    try:
        if suffix == ".parquet":
            file = pyarrow.parquet.ParquetFile(source)
            return lambda: _parquet(source), list(file.schema_arrow.names), file.metadata.num_rows
        if suffix in (".csv", ".tsv"):
            return lambda: _csv(source), _header(source), None
        return lambda: _json(source), None, None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise IngestError(f"{source} cannot be read: {error}") from error
    except OSError as error:
        raise IngestError(f"{source} cannot be read: {error.strerror or error}") from error


def _frame(frame: pd.DataFrame) -> Iterator[Row]:
    names = [str(name) for name in frame.columns]
    for start in range(0, len(frame), _AT_ONCE):
        part = frame.iloc[start:start + _AT_ONCE]
        columns = [_plain(part.iloc[:, place]) for place in range(len(names))]
        yield from (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def _plain(column: pd.Series[Any]) -> list[Any]:
    """Return Python's own values, with None for each of pandas' words for nothing."""
    return column.astype(object).where(column.notna(), None).tolist()


def _parquet(file: Path) -> Iterator[Row]:
    for batch in pyarrow.parquet.ParquetFile(file).iter_batches(_AT_ONCE):
        yield from batch.to_pylist()


def _dialect(file: Path) -> tuple[str, list[str]]:
    """Return the separator, which some spreadsheets set by country, and the names in the header."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
        separator = max(",;\t", key=first.count)
        lines.seek(0)
        return separator, next(csv.reader(lines, delimiter=separator), [])


def _header(file: Path) -> list[str]:
    return _dialect(file)[1]


def _csv(file: Path) -> Iterator[Row]:
    separator, _ = _dialect(file)
    csv.field_size_limit(2**24)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines, delimiter=separator, restkey="more cells than the header has"):
                # An apostrophe that keeps spreadsheets from running a cell is none of the value.
                yield {name: armed(value) if isinstance(value, str) else value for name, value in row.items()}
    except (csv.Error, UnicodeDecodeError) as error:
        raise IngestError(f"{file} cannot be read as CSV: {error}") from error


def _json(file: Path) -> Iterator[Row]:
    """Yield the rows of JSON lines, of a JSON list, or of what exiftool, ffprobe or MediaInfo wrote."""
    try:
        # A name that is no UTF-8 comes through exiftool as its bytes.
        with file.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
            first = next((line for line in lines if line.strip()), "")
            try:
                begun = json.loads(first) if first else []
            except ValueError:
                lines.seek(0)
                begun = json.load(lines)
                lines.seek(0, 2)
            rest = (json.loads(line) for line in lines if line.strip())
            yield from chain(_rows(begun), *(_rows(one) for one in rest))
    except (ValueError, RecursionError) as error:
        raise IngestError(f"{file} is no JSON: {error}") from error


def _rows(said: object) -> Iterable[Row]:
    for one in said if isinstance(said, list) else [said]:
        tool = next((tool for tool in _TOOLS if tool.recognises(one)), None)
        if not isinstance(one, dict):
            raise ValueError(f"an object was expected, and this is {str(one)[:40]!r}")
        yield tool.read(one) if tool is not None else one
