"""Columns of the table of files: heading, text in readable units, and sort order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from mfkit.filters.units import format_duration, format_rate, format_size
from mfkit.widgets.controls.row_grid import Column, Row


def _is_missing(value: Any) -> bool:
    return bool(pd.isna(value))


def metadata_text(name: str, write: Callable[[Any], str] = str) -> Callable[[Row], str]:
    """Return a function that formats a column's value, as an empty text if it is missing."""
    return lambda row: "" if _is_missing(row[name]) else write(row[name])


def date_text(timestamp: Any) -> str:
    """Return the date of a timestamp: ``2014-05-31``."""
    return f"{timestamp:%Y-%m-%d}"


def _date(row: Row) -> str:
    captured, modified = row["file_created_at"], row["file_modified_at"]
    timestamp = modified if _is_missing(captured) else captured
    return "" if _is_missing(timestamp) else date_text(timestamp)


def _pixels(row: Row) -> str:
    width, height = row["width"], row["height"]
    return "" if _is_missing(width) or _is_missing(height) else f"{width} × {height}"


def _codec(row: Row) -> str:
    codecs = (row["video_codec"], row["audio_codec"])
    return " / ".join(str(codec) for codec in codecs if not _is_missing(codec))


def _camera(row: Row) -> str:
    make, model = (
        "" if _is_missing(row[name]) else str(row[name]) for name in ("camera_make", "camera_model")
    )
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def _column(key: str, heading: str, name: str, write: Callable[[Any], str] = str, **settings: Any) -> Column:
    """Return a column that shows one column of the frame and sorts by it."""
    return Column(key, heading, metadata_text(name, write), name, source_columns=(name,), **settings)


COLUMNS = (
    _column("name", "Name", "file_name", style="mfkit-wide"),
    _column("type", "Type", "media_type"),
    _column("size", "Size", "file_size", format_size, style="number"),
    Column("date", "Date", _date, "date", source_columns=("file_created_at", "file_modified_at")),
    _column("length", "Duration", "duration", format_duration, style="number"),
    Column("pixels", "Pixels", _pixels, "pixels", style="number", source_columns=("width", "height")),
    Column("codec", "Codec", _codec, "codec", source_columns=("video_codec", "audio_codec")),
    _column("rate", "Bit rate", "bitrate", format_rate, style="number", visible=False),
    _column("fps", "Frame rate", "fps", "{:.4g}".format, style="number", visible=False),
    Column(
        "camera", "Camera", _camera, "camera", visible=False, source_columns=("camera_make", "camera_model")
    ),
    _column("place", "Place", "location_name", visible=False),
    _column("artist", "Artist", "artist", visible=False),
    _column("album", "Album", "album", visible=False),
    _column("title", "Title", "title", visible=False),
    _column("genre", "Genre", "genre", visible=False),
    _column("year", "Year", "year", style="number", visible=False),
    _column("added", "Added", "created_at", date_text, visible=False),
    _column("copies", "Copies", "copies", "{:,}".format, style="number", visible=False),
    _column("folder", "Folder", "folder", style="mfkit-path"),
)
