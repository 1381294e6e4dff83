"""The columns of the table of files: what stands in them, in human units, and how each sorts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from mfkit.queries.units import format_duration, format_rate, format_size
from mfkit.widgets.grid import Column, Row


def _known(value: Any) -> bool:
    return not pd.isna(value)


def _of(name: str, write: Callable[[Any], str] = str) -> Callable[[Row], str]:
    return lambda row: write(row[name]) if _known(row[name]) else ""


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%d}"


def _date(row: Row) -> str:
    moment = row["file_created_at"] if _known(row["file_created_at"]) else row["file_modified_at"]
    return _day(moment) if _known(moment) else ""


def _pixels(row: Row) -> str:
    return f"{row['width']} × {row['height']}" if _known(row["width"]) and _known(row["height"]) else ""


def _codec(row: Row) -> str:
    return " / ".join(str(row[name]) for name in ("video_codec", "audio_codec") if _known(row[name]))


def _camera(row: Row) -> str:
    make, model = (str(row[name]) if _known(row[name]) else "" for name in ("camera_make", "camera_model"))
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


COLUMNS = (
    Column("name", "Name", _of("file_name"), "file_name", kind="mfkit-wide"),
    Column("type", "Type", _of("media_type"), "media_type"),
    Column("size", "Size", _of("file_size", format_size), "file_size", kind="number"),
    Column("date", "Date", _date, "date"),
    Column("length", "Length", _of("duration", format_duration), "duration", kind="number"),
    Column("pixels", "Pixels", _pixels, "pixels", kind="number"),
    Column("codec", "Codec", _codec, "video_codec"),
    Column("rate", "Bit rate", _of("bitrate", format_rate), "bitrate", kind="number", shown=False),
    Column("fps", "Frames/s", _of("fps", "{:.4g}".format), "fps", kind="number", shown=False),
    Column("camera", "Camera", _camera, "camera", shown=False),
    Column("place", "Place", _of("location_name"), "location_name", shown=False),
    Column("artist", "Artist", _of("artist"), "artist", shown=False),
    Column("album", "Album", _of("album"), "album", shown=False),
    Column("title", "Title", _of("title"), "title", shown=False),
    Column("genre", "Genre", _of("genre"), "genre", shown=False),
    Column("year", "Year", _of("year"), "year", kind="number", shown=False),
    Column("added", "Added", _of("created_at", _day), "created_at", shown=False),
    Column("copies", "Copies", _of("copies", "{:,}".format), "copies", kind="number", shown=False),
    Column("folder", "Folder", _of("folder"), "folder", kind="mfkit-path"),
)
NEEDED = (
    "id", "file_name", "media_type", "file_size", "file_created_at", "file_modified_at", "duration", "width",
    "height", "video_codec", "audio_codec", "bitrate", "fps", "camera_make", "camera_model", "location_name",
    "artist", "album", "title", "genre", "year", "created_at", "copies", "folder",
)
"""The columns of ``media`` that the cells are made of."""
