"""One row that is brought in: which columns there are, what they may hold, and what becomes of the values."""

from __future__ import annotations

import json
import os
import posixpath
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mfkit.models import MediaType
from mfkit.scan.clean import MAX_INT32, MAX_INT64, clean, clean_text, clean_year
from mfkit.scan.ingested import MARK, stand_in
from mfkit.scan.kinds import Kind, named
from mfkit.scan.paths import on_disk, stored
from mfkit.scan.probes.contract import Facts
from mfkit.scan.walk import modification_time

UNSAID = frozenset((
    "id", "created_at", "modified_at", "last_scanned_at", "is_processed", "missing_since", "folder",
    "extension", "copies",
))
"""Columns of items() that an ingest passes over: they are the library's own, or follow from others."""


_HALVES = re.compile("[\ud800-\udfff]")


def _moment(value: Any) -> datetime:
    """Take a moment, or its ISO 8601 text; what has no zone is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise ValueError("this is no moment; write it as 2024-05-17T12:30:00Z")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _path(given: Any) -> str:
    value: object = os.fspath(given) if isinstance(given, os.PathLike) else given
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("this is no path")
    if _HALVES.search(value):  # bytes that are no UTF-8, as os.listdir gives them
        value = stored(value)
    if "://" in value:
        return value
    absolute = os.path.abspath(os.path.expanduser(value)).replace(os.sep, "/")
    # Windows' own form stays one on other systems: the list was made elsewhere.
    return value.replace("\\", "/") if value[1:3] in (":\\", ":/") else absolute


def _year(value: Any) -> int:
    year = clean_year(int(value) if isinstance(value, float) and value.is_integer() else value)
    if year is None:
        raise ValueError("this is no year from 1000 to 2100")
    return year


def _extra(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError("this is no JSON object") from None
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
Small = Annotated[int, Field(ge=0, le=MAX_INT32)]
Large = Annotated[int, Field(ge=0, le=MAX_INT64)]
Positive = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class MediaRow(BaseModel):
    """The columns of an ingest, with what each may hold; all but ``file_path`` may be left out or empty.

    Units are those of docs/schema.md: bytes, seconds, pixels, bits per second, hertz, millimetres, degrees.
    """

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    file_path: Annotated[str, BeforeValidator(_path)]
    file_name: str | None = None
    file_size: Large | None = None
    file_hash: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = None
    mime_type: Annotated[str, Field(pattern=r"^[\w.+-]+/[\w.+-]+$")] | None = None
    media_type: MediaType | None = None
    file_created_at: Moment | None = None
    file_modified_at: Moment | None = None
    is_compressed: bool | None = None
    compression_ratio: Positive | None = None
    duration: Positive | None = None
    width: Small | None = None
    height: Small | None = None
    fps: Positive | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    bitrate: Large | None = None
    sample_rate: Small | None = None
    channels: Small | None = None
    artist: str | None = None
    album: str | None = None
    title: str | None = None
    genre: str | None = None
    year: Annotated[int, BeforeValidator(_year)] | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    iso: Small | None = None
    aperture: Positive | None = None
    shutter_speed: str | None = None
    focal_length: Positive | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    location_name: str | None = None
    extra_metadata: Annotated[dict[str, Any], BeforeValidator(_extra)] | None = None

    @model_validator(mode="after")
    def _in_pairs(self) -> MediaRow:
        for one, other in (("latitude", "longitude"), ("width", "height")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} make sense only together")
        return self


_OF_ITEM = ("mime_type", "media_type", "is_compressed", "compression_ratio")
COLUMNS = tuple(MediaRow.model_fields)
_OWN = frozenset(("file_path", "file_name", "file_size", "file_hash", "file_modified_at", "file_created_at",
                  "extra_metadata"))


@dataclass(frozen=True, slots=True)
class BadRow:
    """Why a row, or a value in it, cannot be taken.

    Attributes:
        row: Which, counted from 1.
        file_path: What it says of its path.
        column: Which value; empty where the row as a whole is at fault.
        reason: In a sentence.
    """

    row: int
    file_path: str
    column: str
    reason: str


@dataclass(slots=True)
class Incoming:
    """A row whose values are fit for the database.

    Attributes:
        number: Counted from 1.
        path: Stored form.
        file_hash: As stated; None where nothing is.
        stand_in: The hash for a path of which no content is known.
        item: Columns of media_items that the row states.
        facts: Columns of media_metadata that the row states.
        extra: Members of extra_metadata that it states.
        kind: By the file's name; for an item that is new.
        size: Of the file, where it is there and the row states none.
        modified_at: The same.
    """

    number: int
    path: str
    file_hash: str | None
    stand_in: str
    item: dict[str, Any]
    facts: dict[str, Any]
    extra: dict[str, Any]
    kind: Kind
    size: int | None
    modified_at: datetime | None


def checked(number: int, values: Mapping[str, Any]) -> MediaRow | list[BadRow]:
    """Check one row.

    Args:
        number: Counted from 1.
        values: By column; None, NaN and empty text say nothing.
    """
    said = {
        name: value for name, value in values.items()
        # NaN alone is not equal to itself.
        if value is not None and value != "" and (value.__class__ is not float or value == value)
    }
    try:
        return MediaRow(**said)
    except ValidationError as error:
        path = str(values.get("file_path", ""))
        return [
            BadRow(number, path, ".".join(str(one) for one in fault["loc"][:1]), _reason(fault))
            for fault in error.errors(include_url=False)
        ]


def cleaned(number: int, row: MediaRow) -> Incoming:
    """Return a row fit for the database, by the rules of a scan."""
    found = {name: value for name, value in row.__dict__.items() if value is not None and name not in _OWN}
    if row.media_type is not None:
        found["media_type"] = row.media_type.value
    found["taken_at"] = row.file_created_at
    found["extra"] = row.extra_metadata or {}
    facts: dict[str, Any] = dict(clean(cast(Facts, found)))
    extra: dict[str, Any] = facts.pop("extra", {})
    item: dict[str, Any] = {name: facts.pop(name) for name in _OF_ITEM if name in facts}
    if "media_type" in item:
        item["media_type"] = MediaType(item["media_type"])
    names = sorted({*facts, *extra} - {MARK, "origins"})
    if "taken_at" in facts:
        item["file_created_at"] = facts.pop("taken_at")
    for name in ("file_size", "file_modified_at"):
        if getattr(row, name) is not None:
            item[name] = getattr(row, name)
    item["file_name"] = clean_text(row.file_name) or posixpath.basename(row.file_path)
    if names:
        extra[MARK] = names
    size, modified_at = (None, None) if row.file_size is not None else _on_disk(row.file_path)
    return Incoming(
        number, row.file_path, row.file_hash and row.file_hash.lower(), stand_in(row.file_path), item,
        facts, extra, named(row.file_path), size, modified_at,
    )


def _reason(fault: Any) -> str:
    if fault["type"] == "missing":
        return "the path is missing"
    shown = repr(fault["input"])
    reason = fault["msg"].removeprefix("Value error, ")
    return reason if fault["type"] == "value_error" and not fault["loc"] else f"{reason} (got {shown[:60]})"


def _on_disk(path: str) -> tuple[int | None, datetime | None]:
    """Return size and modification time of a file that is there."""
    try:
        found = os.stat(on_disk(path))
    except (OSError, ValueError):
        return None, None
    return (found.st_size, modification_time(found)) if stat.S_ISREG(found.st_mode) else (None, None)
