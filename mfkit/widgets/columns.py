"""The columns of the table of files: what stands in them, in human units, and how each sorts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from mfkit.queries.units import format_duration, format_rate, format_size
from mfkit.widgets.grid import Column, Row


def known(value: Any) -> bool:
    """Return whether a fact is there."""
    return not pd.isna(value)


def fact(name: str, write: Callable[[Any], str] = str) -> Callable[[Row], str]:
    """Return what makes a cell of a fact: nothing where it is not known."""
    return lambda row: write(row[name]) if known(row[name]) else ""


def day(moment: Any) -> str:
    """Return the day of a moment as text."""
    return f"{moment:%Y-%m-%d}"


def _date(row: Row) -> str:
    moment = row["file_created_at"] if known(row["file_created_at"]) else row["file_modified_at"]
    return day(moment) if known(moment) else ""


def _pixels(row: Row) -> str:
    return f"{row['width']} × {row['height']}" if known(row["width"]) and known(row["height"]) else ""


def _codec(row: Row) -> str:
    return " / ".join(str(row[name]) for name in ("video_codec", "audio_codec") if known(row[name]))


def _camera(row: Row) -> str:
    make, model = (str(row[name]) if known(row[name]) else "" for name in ("camera_make", "camera_model"))
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


COLUMNS = (
    Column("name", "Name", fact("file_name"), "file_name", kind="mfkit-wide"),
    Column("type", "Type", fact("media_type"), "media_type"),
    Column("size", "Size", fact("file_size", format_size), "file_size", kind="number"),
    Column("date", "Date", _date, "date"),
    Column("length", "Length", fact("duration", format_duration), "duration", kind="number"),
    Column("pixels", "Pixels", _pixels, "pixels", kind="number"),
    Column("codec", "Codec", _codec, "video_codec"),
    Column("rate", "Bit rate", fact("bitrate", format_rate), "bitrate", kind="number", shown=False),
    Column("fps", "Frames/s", fact("fps", "{:.4g}".format), "fps", kind="number", shown=False),
    Column("camera", "Camera", _camera, "camera", shown=False),
    Column("place", "Place", fact("location_name"), "location_name", shown=False),
    Column("artist", "Artist", fact("artist"), "artist", shown=False),
    Column("album", "Album", fact("album"), "album", shown=False),
    Column("title", "Title", fact("title"), "title", shown=False),
    Column("genre", "Genre", fact("genre"), "genre", shown=False),
    Column("year", "Year", fact("year"), "year", kind="number", shown=False),
    Column("added", "Added", fact("created_at", day), "created_at", shown=False),
    Column("copies", "Copies", fact("copies", "{:,}".format), "copies", kind="number", shown=False),
    Column("folder", "Folder", fact("folder"), "folder", kind="mfkit-path"),
)
NEEDED = (
    "id", "file_name", "media_type", "file_size", "file_created_at", "file_modified_at", "duration", "width",
    "height", "video_codec", "audio_codec", "bitrate", "fps", "camera_make", "camera_model", "location_name",
    "artist", "album", "title", "genre", "year", "created_at", "copies", "folder",
)
"""The columns of ``media`` that the cells are made of."""
