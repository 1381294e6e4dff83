"""Export of Excel workbooks, row by row, without holding all rows in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from mfkit.errors import ExportError
from mfkit.exchange.export.atomic_file import working_folder
from mfkit.filters.units import plural
from mfkit.text_safety import is_formula

MAX_ROWS = 1_048_575
"""Maximum number of rows of a sheet below its header (Microsoft's "Excel specifications and limits")."""
_MAX_TEXT = 32_767
# Dates before this day are written as text, because Excel treats 1900 as a leap year and would show them with
# an error of one day.
_FIRST_DAY = datetime(1900, 3, 1)
_WIDTHS = {"file_path": 60, "folder": 40, "file_name": 30}


def refuse_too_many_rows(rows: int) -> None:
    """Check that an Excel sheet can hold the given number of rows, before the export does any work.

    Raises:
        ExportError: There are more rows than a sheet holds.
    """
    if rows > MAX_ROWS:
        raise ExportError(
            f"An Excel sheet holds {MAX_ROWS:,} rows, but the export has {rows:,}. Use .csv or .parquet, or "
            "export fewer items (with a filter or limit=)."
        )


def write_xlsx(file: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> tuple[str, ...]:
    """Write a sheet of numbers, booleans, timestamps (UTC) and text, with a frozen header and a filter.

    Text never becomes a formula. Text longer than a cell can hold is cut at 32,767 characters;
    integers beyond 2^53 and timestamps before March 1900 are written as text; infinities and control
    characters are left out.

    Returns:
        Sentences on what was cut or left out, with the number of cells.

    Raises:
        ExportError: XlsxWriter is not installed.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise ExportError("XlsxWriter is not installed. Run: pip install 'mfkit[xlsx]'") from error
    folder, losses = str(working_folder(file)), _Losses()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder, "use_zip64": True})
    try:
        sheet = book.add_worksheet("media")
        header = book.add_format({"bold": True, "bottom": 1})
        time_format = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        text_format = book.add_format({"quote_prefix": True})
        sheet.freeze_panes(1, 0)
        for column, field in enumerate(schema):
            width = _WIDTHS.get(field.name, 20 if pa.types.is_timestamp(field.type) else 14)
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, field.name, header)
        row = 0
        for batch in batches:
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                row += 1
                for column, value in enumerate(values):
                    if value is not None:
                        _write(sheet, row, column, value, time_format, text_format, losses)
        sheet.autofilter(0, 0, row, len(schema) - 1)
    finally:
        try:
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise _cause(error) from error
    return losses.notes()


@dataclass
class _Losses:
    """Number of cells whose value a sheet cannot contain."""

    cut: int = 0
    cleaned: int = 0
    infinite: int = 0

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for each way in which values were changed or left out."""
        return tuple(
            f"{plural(count, name)} {'was' if count == 1 else 'were'} {what}."
            for count, name, what in (
                (self.cut, "text", f"cut at {_MAX_TEXT:,} characters"),
                (self.cleaned, "text", "written without control characters"),
                (self.infinite, "infinite number", "left out"),
            )
            if count
        )


def _cause(error: Exception) -> Exception:
    """Return the operating system's error inside XlsxWriter's own exception."""
    inner = error.args[0] if error.args else None
    return inner if isinstance(inner, OSError) else OSError(str(error))


def _write(
    sheet: Any, row: int, column: int, value: Any, time_format: Any, text_format: Any, losses: _Losses
) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, datetime):
        without_zone = value.replace(tzinfo=None)
        if without_zone >= _FIRST_DAY:
            sheet.write_datetime(row, column, without_zone, time_format)
        else:
            sheet.write_string(row, column, value.isoformat())
    elif isinstance(value, int) and abs(value) > 2**53:
        sheet.write_string(row, column, str(value))
    elif isinstance(value, (int, float)):
        if math.isfinite(value):
            sheet.write_number(row, column, value)
        else:
            losses.infinite += 1
    else:
        text = str(value)
        cell = "".join(one for one in text[:_MAX_TEXT] if one >= " " or one in "\t\n\r")
        losses.cut += len(text) > _MAX_TEXT
        losses.cleaned += len(cell) < min(len(text), _MAX_TEXT)
        sheet.write_string(row, column, cell, text_format if is_formula(cell) else None)
