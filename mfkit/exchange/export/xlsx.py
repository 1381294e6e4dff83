"""Rows as an Excel workbook, one row at a time on disk and never all in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from mfkit.errors import ExportError
from mfkit.exchange.csv_escaping import is_formula
from mfkit.exchange.export.atomic_file import working_folder

MAX_ROWS = 1_048_575
"""Rows below the header, by Excel's specification."""
_MAX_TEXT = 32_767
_FIRST_DAY = datetime(1900, 3, 1)  # before it Excel counts a day that there never was
_WIDTHS = {"file_path": 60, "folder": 40, "file_name": 30}


def refuse_rows(rows: int) -> None:
    """Say before any work that a sheet cannot hold so many rows.

    Raises:
        ExportError: It cannot.
    """
    if rows > MAX_ROWS:
        raise ExportError(
            f"An Excel sheet holds {MAX_ROWS:,} rows, and these are {rows:,}. Take .csv or .parquet, or "
            "fewer items (a filter, or limit=)."
        )


def write_xlsx(file: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Write a sheet with a frozen header and a filter on it: numbers, truth values, moments (UTC), text.

    Text is stored as text whatever it begins with. What a cell cannot hold is cut at 32,767 characters
    (text), written as text (whole numbers beyond 2^53, moments before 1900), or left out (infinities,
    control characters).

    Raises:
        ExportError: The package that writes such files is not installed.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise ExportError("To write Excel workbooks: pip install 'mfkit[xlsx]'") from error
    folder = str(working_folder(file))
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder, "use_zip64": True})
    try:
        sheet = book.add_worksheet("media")
        header = book.add_format({"bold": True, "bottom": 1})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        text = book.add_format({"quote_prefix": True})
        sheet.freeze_panes(1, 0)
        for place, field in enumerate(schema):
            width = _WIDTHS.get(field.name, 20 if pa.types.is_timestamp(field.type) else 14)
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, field.name, header)
        row = 0
        for batch in batches:
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                row += 1
                for place, value in enumerate(values):
                    if value is not None:
                        _write(sheet, row, place, value, moment, text)
        sheet.autofilter(0, 0, row, len(schema) - 1)
    finally:
        try:
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise _cause(error) from error


def _cause(error: Exception) -> Exception:
    """Return the operating system's own error, which the package wraps."""
    inner = error.args[0] if error.args else None
    return inner if isinstance(inner, OSError) else OSError(str(error))


def _write(sheet: Any, row: int, place: int, value: Any, moment: Any, text: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, datetime):
        plain = value.replace(tzinfo=None)
        if plain >= _FIRST_DAY:
            sheet.write_datetime(row, place, plain, moment)
        else:
            sheet.write_string(row, place, value.isoformat())
    elif isinstance(value, int) and abs(value) > 2**53:
        sheet.write_string(row, place, str(value))
    elif isinstance(value, (int, float)):
        if math.isfinite(value):
            sheet.write_number(row, place, value)
    else:
        cell = "".join(one for one in str(value)[:_MAX_TEXT] if one >= " " or one in "\t\n\r")
        sheet.write_string(row, place, cell, text if is_formula(cell) else None)
