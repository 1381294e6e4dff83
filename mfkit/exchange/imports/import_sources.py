"""Reading of import sources (DataFrames, and CSV, JSON and Parquet files) in batches of rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any, TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from mfkit.credentials import hide_credentials
from mfkit.errors import IngestError
from mfkit.exchange.imports import exiftool, ffprobe, mediainfo
from mfkit.text_safety import unescape_formula

Batch = tuple[int, dict[str, list[Any]]]
"""Number of rows in a batch, and their values by column. None, NaN and empty text mean no value."""
Batches = Callable[[Container[str]], Iterator[Batch]]
"""Function that yields all rows of a source in batches. It may skip the columns with the given names."""

_TOOLS = (exiftool, ffprobe, mediainfo)
_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
_BATCH_ROWS = 5_000
_SURPLUS_COLUMN = "more cells than the header has"
_MALFORMED = {tool: f"output of {tool.__name__.rpartition('.')[2]}" for tool in _TOOLS}
INVALID_COLUMNS = frozenset((_SURPLUS_COLUMN, *_MALFORMED.values()))
"""Columns that :func:`read_batches` adds to rows that are invalid as a whole."""


def require_file(source: pd.DataFrame | Path) -> None:
    """Check that the file of an import source exists. A DataFrame needs no file.

    Raises:
        IngestError: The file does not exist.
    """
    if isinstance(source, Path) and not source.is_file():
        # A password is removed from the message, because the path may be a database URL, given by mistake.
        raise IngestError(f"{hide_credentials(str(source))} does not exist or is not a file. Check the path.")


def read_batches(source: pd.DataFrame | Path) -> tuple[Batches, list[str] | None, int | None]:
    """Open an import source, and return a function that reads its rows in batches.

    Returns:
        A function that yields the rows, the names of the columns (None for JSON, where each object may have
        different names), and the number of rows (None if unknown).

    Raises:
        IngestError: The file does not exist, cannot be read, or has an unknown format.
    """
    if isinstance(source, pd.DataFrame):
        return partial(_frame, source), [str(name) for name in source.columns], len(source)
    require_file(source)
    suffix = source.suffix.lower()
    if suffix not in _SUFFIXES:
        kind = suffix or "files without a suffix"
        raise IngestError(f"mfkit cannot read {kind} ({source.name}). Use one of {', '.join(_SUFFIXES)}.")
    try:
        if suffix == ".parquet":
            file = pyarrow.parquet.ParquetFile(source)
            return partial(_parquet, source), list(file.schema_arrow.names), file.metadata.num_rows
        if suffix in (".csv", ".tsv"):
            return partial(_csv, source), _header(source), None
        return partial(_json, source), None, None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise IngestError(f"{source} cannot be read: {error}") from error
    except OSError as error:
        raise IngestError(f"{source} cannot be read: {error.strerror or error}") from error


def _frame(frame: pd.DataFrame, unwanted: Container[str]) -> Iterator[Batch]:
    wanted = {str(name): index for index, name in enumerate(frame.columns) if str(name) not in unwanted}
    for start in range(0, len(frame), _BATCH_ROWS):
        part = frame.iloc[start : start + _BATCH_ROWS]
        yield len(part), {name: _series_values(part.iloc[:, index]) for name, index in wanted.items()}


def _series_values(column: pd.Series[Any]) -> list[Any]:
    """Return a column's values as Python objects, with None for missing values."""
    values: list[Any]
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        # The timestamps are in UTC. If Python cannot represent a year, tolist() returns an integer, and the
        # validation rejects this integer.
        values = column.to_numpy(f"datetime64[{_datetime_unit(column.dt.unit)}]").tolist()
    elif isinstance(column.dtype, pd.api.extensions.ExtensionDtype):
        values = column.array.to_numpy(dtype=object, na_value=None).tolist()
    elif column.dtype == object:
        values = [None if _is_missing(value) else value for value in column.tolist()]
    else:
        values = column.astype(object).where(column.notna(), None).tolist()
    return values


def _is_missing(value: Any) -> bool:
    try:
        return bool(pd.api.types.is_scalar(value) and pd.isna(value))
    except ArithmeticError:  # pd.isna() fails for a signaling NaN, which counts as a value.
        return False


def _datetime_unit(unit: str) -> str:
    """Return the unit to which timestamps are converted before they become Python datetimes.

    Nanoseconds are converted to microseconds, because a datetime has no nanoseconds. Other units are kept.
    """
    return "us" if unit == "ns" else unit


def _parquet(path: Path, unwanted: Container[str]) -> Iterator[Batch]:
    try:
        file = pyarrow.parquet.ParquetFile(path)
        wanted = [name for name in file.schema_arrow.names if name not in unwanted]
        for batch in file.iter_batches(_BATCH_ROWS, columns=wanted):
            yield (
                batch.num_rows,
                {
                    name: _array_values(column)
                    for name, column in zip(batch.schema.names, batch.columns, strict=True)
                },
            )
    except (pa.ArrowException, OSError) as error:
        raise IngestError(f"{path} cannot be read: {error}") from error


def _array_values(column: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        # The cast converts timestamps with a time zone to UTC and removes the time zone.
        column = column.cast(pa.timestamp(_datetime_unit(column.type.unit)), safe=False)
    try:
        values: list[Any] = column.to_pylist()
        return values
    except (ArithmeticError, ValueError):
        # At least one value is out of range for its Python type, so each value is converted separately.
        return [_scalar_value(one) for one in column]


def _scalar_value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (ArithmeticError, ValueError):
        return "out of range"


def _csv_format(file: Path) -> tuple[str, list[str]]:
    """Return the separator and the header of a CSV file.

    The separator is detected, because some spreadsheet programs use a semicolon instead of a comma in some
    countries.
    """
    with file.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
        separator = max(",;\t", key=first.count)
        lines.seek(0)
        return separator, next(_records(file, lines, separator), [])


def _header(file: Path) -> list[str]:
    return _csv_format(file)[1]


def _records(file: Path, lines: TextIO, separator: str) -> Iterator[list[str]]:
    """Yield the non-empty rows of a CSV file.

    Raises:
        IngestError: A row has an unclosed quotation mark, which would make the following rows part of a cell.
    """
    csv.field_size_limit(2**24)
    # The CSV reader is strict, because Python's default reader accepts unclosed quotation marks.
    reader = csv.reader(lines, delimiter=separator, strict=True)
    last_line, width = 0, 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _unclosed_quote(file, last_line + 1, str(error)) from error
        if cells is None:
            return
        if reader.line_num - last_line > 1 and width and len(cells) != width:
            raise _unclosed_quote(
                file, last_line + 1, f"it has {len(cells)} cells and the header has {width}"
            )
        last_line, width = reader.line_num, width or len(cells)
        if cells:
            yield cells


def _unclosed_quote(file: Path, line: int, reason: str) -> IngestError:
    return IngestError(
        f"{file} cannot be read as CSV: in the row that begins in line {line}, a quotation mark is not "
        f"closed, or text follows a closing quotation mark ({reason}). Correct the row. Inside a value, "
        'write a quotation mark as two ("").'
    )


def _csv(file: Path, unwanted: Container[str]) -> Iterator[Batch]:
    separator, names = _csv_format(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            cells = _records(file, lines, separator)
            next(cells, None)
            while rows := list(islice(cells, _BATCH_ROWS)):
                columns = _cells_by_column(names, rows)
                yield len(rows), {name: columns[name] for name in columns if name not in unwanted}
    except UnicodeDecodeError as error:
        raise IngestError(f"{file} cannot be read as CSV: {error}") from error


def _cells_by_column(names: list[str], rows: list[list[str]]) -> dict[str, list[Any]]:
    """Group the cells of rows by column. Rows may be shorter or longer than the header."""
    # A leading apostrophe is removed if mfkit's export added it. The export adds one so that spreadsheet
    # programs do not run the text as a formula.
    columns: dict[str, list[Any]] = {
        name: [unescape_formula(cell) if cell[:1] == "'" else cell for cell in cells]
        for name, cells in zip(names, zip_longest(*rows, fillvalue=""), strict=False)
    }
    if any(len(row) > len(names) for row in rows):
        columns[_SURPLUS_COLUMN] = [row[len(names) :] or None for row in rows]
    return columns


def _json(file: Path, unwanted: Container[str]) -> Iterator[Batch]:
    """Yield the rows of JSON lines, of a JSON list, or of the output of exiftool, ffprobe or MediaInfo."""
    # Invalid UTF-8 is accepted, because exiftool copies file names without converting them.
    with file.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        rows = chain.from_iterable(_documents(file, lines))
        while batch := list(islice(rows, _BATCH_ROWS)):
            names = dict.fromkeys(chain.from_iterable(batch))
            yield (
                len(batch),
                {name: [row.get(name) for row in batch] for name in names if name not in unwanted},
            )


def _documents(file: Path, lines: TextIO) -> Iterator[list[Mapping[str, Any]]]:
    """Yield one list of rows for each line of JSON lines, or one list for a file that is one JSON value.

    If the first line is not a complete JSON value, the whole file is parsed as one value.

    Raises:
        IngestError: A line is not JSON, or a value is not an object; the message names the line.
    """
    has_rows = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            try:
                value = json.loads(line)
            except json.JSONDecodeError:
                if has_rows:
                    raise
                lines.seek(0)
                yield list(_rows(json.load(lines)))
                return
            yield list(_rows(value))
        except json.JSONDecodeError as error:
            where = error.lineno if not has_rows and file.suffix.lower() == ".json" else number
            raise _json_error(file, where, error.msg) from error
        except (ValueError, RecursionError) as error:
            raise _json_error(file, number, str(error)) from error
        has_rows = True


def _json_error(file: Path, line: int, reason: str) -> IngestError:
    return IngestError(f"{file} cannot be read as JSON: line {line}: {reason}. Correct that line.")


def _rows(value: object) -> Iterable[Mapping[str, Any]]:
    for one in value if isinstance(value, list) else [value]:
        tool = next((tool for tool in _TOOLS if tool.recognises(one)), None)
        if not isinstance(one, dict):
            raise ValueError(f"a JSON object was expected instead of {str(one)[:40]!r}")
        yield one if tool is None else _read(tool, one)


def _read(tool: Any, output: Mapping[str, Any]) -> Mapping[str, Any]:
    """Convert a tool's output for one file to a row. For malformed output, return a row that is invalid."""
    try:
        row: Mapping[str, Any] = tool.read(output)
        return row
    except (TypeError, AttributeError, ValueError, LookupError, ArithmeticError):
        return {_MALFORMED[tool]: str(output)}
