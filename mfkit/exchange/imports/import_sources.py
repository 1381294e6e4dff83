"""Where rows come from, by columns: a DataFrame, or a file whose format its suffix or its content tells."""

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

from mfkit.errors import IngestError
from mfkit.exchange.csv_escaping import unescape_formula
from mfkit.exchange.imports import exiftool, ffprobe, mediainfo

Batch = tuple[int, dict[str, list[Any]]]
"""How many rows, and their values by column; the values that say nothing are None, NaN or empty text."""
Batches = Callable[[Container[str]], Iterator[Batch]]
"""Begins the rows, as often as it is called; columns of these names may be left out."""

_TOOLS = (exiftool, ffprobe, mediainfo)
_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
_AT_ONCE = 5_000
_SURPLUS = "more cells than the header has"


def read_batches(source: pd.DataFrame | Path) -> tuple[Batches, list[str] | None, int | None]:
    """Return the rows of a source, its columns where those are fixed, and their number where it is known.

    Raises:
        IngestError: The file is not there, cannot be read, or is none that mfkit knows.
    """
    if isinstance(source, pd.DataFrame):
        return partial(_frame, source), [str(name) for name in source.columns], len(source)
    if not source.is_file():
        raise IngestError(f"{source} is not there, or is no file.")
    suffix = source.suffix.lower()
    if suffix not in _SUFFIXES:
        kind = suffix or "files without a suffix"
        raise IngestError(f"mfkit reads no {kind} ({source.name}); it reads {', '.join(_SUFFIXES)}.")
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
    wanted = {str(name): place for place, name in enumerate(frame.columns) if str(name) not in unwanted}
    for start in range(0, len(frame), _AT_ONCE):
        part = frame.iloc[start : start + _AT_ONCE]
        yield len(part), {name: _plain(part.iloc[:, place]) for name, place in wanted.items()}


def _plain(column: pd.Series[Any]) -> list[Any]:
    """Return Python's own values, with None for each of pandas' words for nothing."""
    values: list[Any]
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        # In UTC. What Python's years cannot hold becomes a number, which no row takes.
        values = column.to_numpy(f"datetime64[{_unit(column.dt.unit)}]").tolist()
    elif isinstance(column.dtype, pd.api.extensions.ExtensionDtype):
        values = column.array.to_numpy(dtype=object, na_value=None).tolist()
    elif column.dtype == object:
        values = [None if _is_nothing(value) else value for value in column.tolist()]
    else:
        values = column.astype(object).where(column.notna(), None).tolist()
    return values


def _is_nothing(value: Any) -> bool:
    try:
        return bool(pd.api.types.is_scalar(value) and pd.isna(value))
    except ArithmeticError:  # a decimal that lets nobody ask
        return False


def _unit(unit: str) -> str:
    """Return the unit in which moments are read: Python has none below microseconds."""
    return "us" if unit == "ns" else unit


def _parquet(path: Path, unwanted: Container[str]) -> Iterator[Batch]:
    try:
        file = pyarrow.parquet.ParquetFile(path)
        wanted = [name for name in file.schema_arrow.names if name not in unwanted]
        for batch in file.iter_batches(_AT_ONCE, columns=wanted):
            yield (
                batch.num_rows,
                {
                    name: _values(column)
                    for name, column in zip(batch.schema.names, batch.columns, strict=True)
                },
            )
    except (pa.ArrowException, OSError) as error:
        raise IngestError(f"{path} cannot be read: {error}") from error


def _values(column: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp(_unit(column.type.unit)), safe=False)  # in UTC
    try:
        values: list[Any] = column.to_pylist()
        return values
    except (ArithmeticError, ValueError):  # one of them is beyond Python's type
        return [_value(one) for one in column]


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (ArithmeticError, ValueError):
        return "out of range"


def _dialect(file: Path) -> tuple[str, list[str]]:
    """Return the separator, which some spreadsheets set by country, and the names in the header."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
        separator = max(",;\t", key=first.count)
        lines.seek(0)
        return separator, next(_records(file, lines, separator), [])


def _header(file: Path) -> list[str]:
    return _dialect(file)[1]


def _records(file: Path, lines: TextIO, separator: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV file that are not empty.

    Raises:
        IngestError: A row has a quotation mark that is not closed, which would swallow the rows after it.
    """
    csv.field_size_limit(2**24)
    # Only a strict reader notices the end of the file, or text, where a separator should be.
    reader = csv.reader(lines, delimiter=separator, strict=True)
    before, width = 0, 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _unclosed(file, before + 1, str(error)) from error
        if cells is None:
            return
        if reader.line_num - before > 1 and width and len(cells) != width:
            raise _unclosed(file, before + 1, f"it has {len(cells)} cells and the header has {width}")
        before, width = reader.line_num, width or len(cells)
        if cells:
            yield cells


def _unclosed(file: Path, line: int, reason: str) -> IngestError:
    return IngestError(
        f"{file} cannot be read as CSV: the row that begins in line {line} has a quotation mark that is not "
        f"closed, or text beside it ({reason}). Correct that line; inside a value the mark is written twice."
    )


def _csv(file: Path, unwanted: Container[str]) -> Iterator[Batch]:
    separator, names = _dialect(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            cells = _records(file, lines, separator)
            next(cells, None)
            while rows := list(islice(cells, _AT_ONCE)):
                columns = _under(names, rows)
                yield len(rows), {name: columns[name] for name in columns if name not in unwanted}
    except UnicodeDecodeError as error:
        raise IngestError(f"{file} cannot be read as CSV: {error}") from error


def _under(names: list[str], rows: list[list[str]]) -> dict[str, list[Any]]:
    """Return cells by column, also where rows are shorter or longer than the header."""
    # An apostrophe that keeps spreadsheets from running a cell is none of the value.
    columns: dict[str, list[Any]] = {
        name: [unescape_formula(cell) if cell[:1] == "'" else cell for cell in cells]
        for name, cells in zip(names, zip_longest(*rows, fillvalue=""), strict=False)
    }
    if any(len(row) > len(names) for row in rows):
        columns[_SURPLUS] = [row[len(names) :] or None for row in rows]
    return columns


def _json(file: Path, unwanted: Container[str]) -> Iterator[Batch]:
    """Yield the rows of JSON lines, of a JSON list, or of what exiftool, ffprobe or MediaInfo wrote."""
    # A name that is no UTF-8 comes through exiftool as its bytes.
    with file.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        rows = chain.from_iterable(_documents(file, lines))
        while some := list(islice(rows, _AT_ONCE)):
            names = dict.fromkeys(chain.from_iterable(some))
            yield len(some), {name: [row.get(name) for row in some] for name in names if name not in unwanted}


def _documents(file: Path, lines: TextIO) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the rows of each line, or of the whole file where its first line is not JSON by itself.

    Raises:
        IngestError: Something is not JSON, or not an object; the message names the line.
    """
    begun = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            try:
                said = json.loads(line)
            except json.JSONDecodeError:
                if begun:
                    raise
                lines.seek(0)
                yield list(_rows(json.load(lines)))
                return
            yield list(_rows(said))
        except json.JSONDecodeError as error:
            where = error.lineno if not begun and file.suffix.lower() == ".json" else number
            raise _no_json(file, where, error.msg) from error
        except (ValueError, RecursionError) as error:
            raise _no_json(file, number, str(error)) from error
        begun = True


def _no_json(file: Path, line: int, reason: str) -> IngestError:
    return IngestError(f"{file} cannot be read as JSON: line {line}: {reason}. Correct that line.")


def _rows(said: object) -> Iterable[Mapping[str, Any]]:
    for one in said if isinstance(said, list) else [said]:
        tool = next((tool for tool in _TOOLS if tool.recognises(one)), None)
        if not isinstance(one, dict):
            raise ValueError(f"an object was expected, and this is {str(one)[:40]!r}")
        yield one if tool is None else _read(tool, one)


def _read(tool: Any, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a program said as a row; one that no row takes where it is not as the program writes it."""
    try:
        row: Mapping[str, Any] = tool.read(said)
        return row
    except (TypeError, AttributeError, ValueError, LookupError, ArithmeticError):
        return {f"output of {tool.__name__.rpartition('.')[2]}": str(said)}
