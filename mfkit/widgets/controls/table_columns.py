"""The columns of the table of files: what stands in them, in human units, and how each sorts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from mfkit.filters.units import format_duration, format_rate, format_size
from mfkit.widgets.controls.row_grid import Column, Row


def first_known(value: Any) -> bool:
    """Return whether a fact is there."""
    return not pd.isna(value)


def metadata_text(name: str, write: Callable[[Any], str] = str) -> Callable[[Row], str]:
    """Return what makes a cell of a fact: nothing where it is not known."""
    return lambda row: write(row[name]) if first_known(row[name]) else ""


def day(moment: Any) -> str:
    """Return the day of a moment as text."""
    return f"{moment:%Y-%m-%d}"


def _date(row: Row) -> str:
    moment = row["file_created_at"] if first_known(row["file_created_at"]) else row["file_modified_at"]
    return day(moment) if first_known(moment) else ""


def _pixels(row: Row) -> str:
    return (
        f"{row['width']} × {row['height']}"
        if first_known(row["width"]) and first_known(row["height"])
        else ""
    )


def _codec(row: Row) -> str:
    return " / ".join(str(row[name]) for name in ("video_codec", "audio_codec") if first_known(row[name]))


def _camera(row: Row) -> str:
    make, model = (
        str(row[name]) if first_known(row[name]) else "" for name in ("camera_make", "camera_model")
    )
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def _stated(key: str, heading: str, name: str, write: Callable[[Any], str] = str, **more: Any) -> Column:
    """Return the column of one fact, which sorts by it."""
    return Column(key, heading, metadata_text(name, write), name, facts=(name,), **more)


COLUMNS = (
    _stated("name", "Name", "file_name", kind="mfkit-wide"),
    _stated("type", "Type", "media_type"),
    _stated("size", "Size", "file_size", format_size, kind="number"),
    Column("date", "Date", _date, "date", facts=("file_created_at", "file_modified_at")),
    _stated("length", "Length", "duration", format_duration, kind="number"),
    Column("pixels", "Pixels", _pixels, "pixels", kind="number", facts=("width", "height")),
    Column("codec", "Codec", _codec, "codec", facts=("video_codec", "audio_codec")),
    _stated("rate", "Bit rate", "bitrate", format_rate, kind="number", shown=False),
    _stated("fps", "Frames/s", "fps", "{:.4g}".format, kind="number", shown=False),
    Column("camera", "Camera", _camera, "camera", shown=False, facts=("camera_make", "camera_model")),
    _stated("place", "Place", "location_name", shown=False),
    _stated("artist", "Artist", "artist", shown=False),
    _stated("album", "Album", "album", shown=False),
    _stated("title", "Title", "title", shown=False),
    _stated("genre", "Genre", "genre", shown=False),
    _stated("year", "Year", "year", kind="number", shown=False),
    _stated("added", "Added", "created_at", day, shown=False),
    _stated("copies", "Copies", "copies", "{:,}".format, kind="number", shown=False),
    _stated("folder", "Folder", "folder", kind="mfkit-path"),
)
