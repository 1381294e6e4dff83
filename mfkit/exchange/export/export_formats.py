"""Export formats by file suffix, and functions that write CSV, JSON lines, GeoJSON and Parquet in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from mfkit.errors import ExportError
from mfkit.exchange.export import xlsx
from mfkit.filters.units import plural
from mfkit.text_safety import escape_formula

Batches = Iterator[pa.RecordBatch]
Notes = tuple[str, ...]
"""Sentences that tell the user which items or values an exported file does not contain."""
Writer = Callable[[Path, pa.Schema, Batches], Notes]
LIBRARY_SUFFIXES = frozenset((".db", ".sqlite"))
"""File suffixes that export a SQLite library."""
GEOJSON_SUFFIX = ".geojson"
_JSON = "extra_metadata"


@dataclass(frozen=True)
class ExportResult:
    """Result of an export: the written file, the number of its rows, and notes on missing items and values.

    Attributes:
        path: The file that was written.
        rows: Number of items in it.
        bytes: Size of the file.
        seconds: Duration of the export.
        omitted: Number of selected items that the format cannot contain: in GeoJSON, items without a
            location.
        notes: Sentences that tell the user which items or values the file does not contain.
    """

    path: Path
    rows: int
    bytes: int
    seconds: float
    omitted: int = 0
    notes: Notes = ()


def write_csv(file: Path, schema: pa.Schema, batches: Batches) -> Notes:
    """Write CSV (RFC 4180) in UTF-8 with a header. Null is an empty field, and an empty text is ``""``."""
    csv_schema = pa.schema([(field.name, _csv_type(field.type)) for field in schema])
    with pyarrow.csv.CSVWriter(file, csv_schema) as writer:
        for batch in batches:
            columns = [_csv_column(column) for column in batch.columns]
            writer.write_batch(pa.record_batch(columns, schema=csv_schema))
    return ()


def write_parquet(file: Path, schema: pa.Schema, batches: Batches) -> Notes:
    """Write Parquet with unchanged types, compressed with zstd."""
    with pyarrow.parquet.ParquetWriter(
        file, schema, compression="zstd", compression_level=1, write_statistics=True
    ) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return ()


def write_json_lines(file: Path, schema: pa.Schema, batches: Batches) -> Notes:
    """Write JSON lines (https://jsonlines.org): one object per row, with nulls and ISO 8601 timestamps."""
    infinite = _InfiniteNumbers(batches)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        for rows in _json(schema, iter(infinite), "to_json(one)"):
            _write(out, rows, "\n", "\n")
    return infinite.notes()


def write_geojson(file: Path, schema: pa.Schema, batches: Batches) -> Notes:
    """Write GeoJSON (RFC 7946): one point per row with a location, and all columns as properties."""
    feature = (
        "json_object('type', 'Feature', 'geometry', json_object('type', 'Point', 'coordinates', "
        "json_array(longitude, latitude)), 'properties', to_json(one))"
    )
    infinite = _InfiniteNumbers(batches)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write('{"type": "FeatureCollection", "features": [')
        separator = "\n"
        for rows in _json(schema, iter(infinite), feature):
            if rows:
                out.write(separator)
                _write(out, rows, ",\n", "")
                separator = ",\n"
        out.write("\n]}\n")
    return infinite.notes()


class _InfiniteNumbers:
    """Iterator over batches that counts infinite numbers, which JSON cannot represent."""

    def __init__(self, batches: Batches) -> None:
        self._batches, self._count = batches, 0

    def __iter__(self) -> Batches:
        for batch in self._batches:
            for column in batch.columns:
                if pa.types.is_floating(column.type):
                    self._count += pc.sum(pc.is_inf(column)).as_py() or 0
            yield batch

    def notes(self) -> Notes:
        were = "was" if self._count == 1 else "were"
        text = f"{plural(self._count, 'infinite number')} {were} replaced by null."
        return (text,) if self._count else ()


def _write(out: IO[str], rows: list[str], separator: str, end: str) -> None:
    if rows:
        out.write(separator.join(rows) + end)


def _json(schema: pa.Schema, batches: Batches, expression: str) -> Iterator[list[str]]:
    """Yield the rows of each batch as JSON text. DuckDB writes it ten times as fast as Python's json."""
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        coordinates = "longitude, latitude, " if {"longitude", "latitude"} <= set(schema.names) else ""
        members = ", ".join(f"{_quoted(field.name)} := {_member(field)}" for field in schema)
        query = f"SELECT {expression} FROM (SELECT {coordinates}struct_pack({members}) AS one FROM batch)"
        for batch in batches:
            connection.register("batch", _without_zones(batch))
            yield [row for (row,) in connection.sql(query).fetchall()]


def _member(field: pa.Field) -> str:
    name = _quoted(field.name)
    if pa.types.is_timestamp(field.type):
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%f{_zone(field.type)}')"
    if field.name == _JSON:
        return f"CASE WHEN json_valid({name}) THEN CAST({name} AS JSON) ELSE to_json({name}) END"
    # Infinity becomes null, because JSON cannot represent infinity.
    if pa.types.is_floating(field.type):
        return f"CASE WHEN isfinite({name}) THEN {name} END"
    return f"CAST({name} AS VARCHAR)" if pa.types.is_dictionary(field.type) else name


def _without_zones(batch: pa.RecordBatch) -> pa.Table:
    """Remove the time zone from timestamps, because DuckDB needs its ICU extension for time zones."""
    columns = [
        column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column
        for column in batch.columns
    ]
    return pa.table(columns, names=batch.schema.names)


def _zone(type_: pa.TimestampType) -> str:
    """Return the time zone suffix for timestamps in UTC, or an empty text for local capture times."""
    return "Z" if type_.tz else ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _csv_type(type_: pa.DataType) -> pa.DataType:
    return type_ if _is_number(type_) else pa.string()


def _csv_column(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format=f"%Y-%m-%dT%H:%M:%S{_zone(column.type)}")
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    if pa.types.is_boolean(column.type):
        return column.cast(pa.string())
    return escape_formula(column) if pa.types.is_string(column.type) else column


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))


_WRITERS: dict[str, Writer] = {
    ".csv": write_csv,
    ".jsonl": write_json_lines,
    ".ndjson": write_json_lines,
    ".parquet": write_parquet,
    ".xlsx": xlsx.write_xlsx,
    GEOJSON_SUFFIX: write_geojson,
}
SUFFIXES = (*_WRITERS, *sorted(LIBRARY_SUFFIXES))


def notes(path: Path, omitted: int) -> Notes:
    """Return sentences on the items and tables that a file of this format does not contain.

    Args:
        path: The file.
        omitted: Number of selected items without a location, for GeoJSON.
    """
    suffix = path.suffix.lower()
    if suffix == GEOJSON_SUFFIX and omitted:
        return (
            f"{plural(omitted, 'item')} without a location {'was' if omitted == 1 else 'were'} left out.",
        )
    if suffix in LIBRARY_SUFFIXES:
        return ("Scans, failures, saved filters and results of verify were left out.",)
    return ()


def writer_for(path: Path) -> Writer | None:
    """Return the function that writes files with a path's suffix, or None for the suffix of a SQLite library.

    Raises:
        ExportError: No format has the suffix of the path.
    """
    suffix = path.suffix.lower()
    if suffix in LIBRARY_SUFFIXES:
        return None
    if suffix not in _WRITERS:
        kind = suffix or "files without a suffix"
        raise ExportError(f"mfkit cannot write {kind} ({path.name}). Use one of {', '.join(SUFFIXES)}.")
    return _WRITERS[suffix]
