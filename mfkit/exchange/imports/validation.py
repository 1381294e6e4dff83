"""Columns of imported rows, with rules for their values, and validation of rows by these rules.

Building a Pydantic model for each row takes several times as long as applying the same rules to whole
columns. Only invalid rows are validated again one by one, to list all their errors.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from mfkit.models import MediaType
from mfkit.scan.extract.plausible_values import MAX_INT32, MAX_INT64, clean_year
from mfkit.scan.extract.schema import PAIRS
from mfkit.scan.stored_path import to_stored_path

IGNORED_COLUMNS = frozenset(
    "id created_at modified_at last_scanned_at is_processed missing_since folder extension copies date "
    "date_source capture_flag device inode link_count changed_ns "
    "stream_count audio_languages subtitle_languages audio_codecs most_channels subtitle_count chapter_count "
    "hdr dolby_vision bit_depth pixel_format audio_layout is_vfr is_interlaced "
    "sharpness clipped_shadows clipped_highlights mean_luminance entropy looks_like looks_like_rule".split()
)
"""Columns of ``items()`` that an import ignores, because the library sets or derives them itself."""

_SURROGATES = re.compile("[\ud800-\udfff]")


def _timestamp(value: Any) -> datetime:
    """Convert a datetime or ISO 8601 text to UTC. A value without a time zone is assumed to be in UTC."""
    time = _capture_time(value)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _local_time(value: Any) -> datetime:
    """Convert a datetime or ISO 8601 text to a local time without a time zone."""
    return _capture_time(value).replace(tzinfo=None)


def _capture_time(value: Any) -> datetime:
    """Convert a datetime or ISO 8601 text to a timestamp, keeping the time zone if there is one."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise ValueError("this is not a timestamp; write it as 2024-05-17T12:30:00Z")
    if value.tzinfo is None or value.tzinfo is UTC:
        return value
    try:
        in_utc = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC this timestamp is outside the years 1 to 9999") from None
    return value if value.utcoffset() else in_utc


def _path(given: Any) -> str:
    value: object = os.fspath(given) if isinstance(given, os.PathLike) else given
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("this is not a path")
    # On some systems, os.listdir() returns surrogates for bytes of a file name that are not UTF-8. Such
    # surrogates are escaped, because the database cannot store them.
    if _SURROGATES.search(value):
        value = to_stored_path(value)
    if "://" in value:
        return value
    absolute = os.path.abspath(os.path.expanduser(value)).replace(os.sep, "/")
    # A path with a drive letter is not made absolute, because other systems than Windows would treat it as
    # relative to the current folder, and the rows may come from a Windows computer.
    return value.replace("\\", "/") if value[1:3] in (":\\", ":/") else absolute


def _year(value: Any) -> int:
    year = clean_year(int(value) if isinstance(value, float) and value.is_integer() else value)
    if year is None:
        raise ValueError("this is not a year from 1000 to 2100")
    return year


def _extra(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError("this is not a JSON object") from None
    return value


Timestamp = Annotated[datetime, BeforeValidator(_timestamp)]
CaptureTime = Annotated[datetime, BeforeValidator(_capture_time)]
LocalTime = Annotated[datetime, BeforeValidator(_local_time)]
Small = Annotated[int, Field(ge=0, le=MAX_INT32)]
Large = Annotated[int, Field(ge=0, le=MAX_INT64)]
Positive = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class MediaRow(BaseModel):
    """Columns of an imported row. All columns except ``file_path`` may be absent or empty.

    Units are those of docs/schema.md: bytes, seconds, pixels, bits per second, hertz, millimetres, degrees.
    """

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    file_path: Annotated[str, BeforeValidator(_path)]
    file_name: str | None = None
    file_size: Large | None = None
    file_hash: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = None
    mime_type: Annotated[str, Field(pattern=r"^[\w.+-]+/[\w.+-]+$")] | None = None
    media_type: MediaType | None = None
    file_created_at: CaptureTime | None = None
    file_modified_at: Timestamp | None = None
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
    captured_at: LocalTime | None = None
    capture_offset: Annotated[int, Field(gt=-1440, lt=1440)] | None = None
    capture_precision: Literal["year", "month", "day", "minute", "second"] | None = None
    capture_source: str | None = None
    rating: Annotated[float, Field(ge=-1, le=5)] | None = None
    people: str | None = None
    description: str | None = None
    album_artist: str | None = None
    track: Small | None = None
    disc: Small | None = None
    extra_metadata: Annotated[dict[str, Any], BeforeValidator(_extra)] | None = None

    @model_validator(mode="after")
    def _in_pairs(self) -> MediaRow:
        for one, other in PAIRS:
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} must be given together")
        return self


COLUMNS = tuple(MediaRow.model_fields)

Columns = dict[str, list[Any]]
"""Column name -> values, one for each row of a batch. None means no value."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """Reason why a row cannot be imported.

    Attributes:
        row: Position in the source, from 1.
        file_path: Path of the row, as given.
        column: The column of the invalid value; empty if the reason concerns the whole row.
        reason: The reason as plain text.
    """

    row: int
    file_path: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """Valid import rows of a batch, and the reasons why its other rows are invalid.

    Attributes:
        numbers: Positions in the source, from 1.
        columns: Values of the rows, converted as in :class:`MediaRow`, without empty columns.
        bad: Reasons why the other rows are invalid.
    """

    numbers: Sequence[int]
    columns: Columns
    bad: list[BadRow]


# The keys are column names. Each value is a validator that applies the rule of a MediaRow field to a list of
# values.
_RULES: dict[str, TypeAdapter[list[Any]]] = {
    name: TypeAdapter(list[hint], config=ConfigDict(coerce_numbers_to_str=True))  # type: ignore[valid-type]
    for name, hint in get_type_hints(MediaRow, include_extras=True).items()
    if name in MediaRow.model_fields
}


def check_rows(numbers: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> CheckedRows:
    """Validate import rows and convert their values.

    Args:
        numbers: Positions of the rows in the source, from 1.
        columns: Values by column, one for each row; None, NaN and empty text mean no value.
    """
    count = len(numbers)
    given = {name: _empty_to_none(values) for name, values in columns.items()}
    given = {
        name: values
        for name, values in given.items()
        if name == "file_path" or any(value is not None for value in values)
    }
    good, invalid = _validate(given, count)
    if not invalid:
        return CheckedRows(numbers, good, [])
    bad = [
        reason
        for index in sorted(invalid)
        for reason in _reasons(numbers[index], {name: values[index] for name, values in given.items()})
    ]
    kept = [index for index in range(count) if index not in invalid]
    given = {name: [values[index] for index in kept] for name, values in given.items() if name in _RULES}
    return CheckedRows([numbers[index] for index in kept], _validate(given, len(kept))[0], bad)


def _empty_to_none(values: Sequence[Any]) -> list[Any]:
    # `value != value` is true only for NaN.
    return [
        None
        if (isinstance(value, str) and not value) or (value.__class__ is float and value != value)
        else value
        for value in values
    ]


def _validate(given: Columns, count: int) -> tuple[Columns, set[int]]:
    """Return the converted columns without the invalid rows, and the positions of the invalid rows."""
    good: Columns = {}
    invalid = set(range(count)) if "file_path" not in given else set()
    for name, values in given.items():
        if name not in _RULES:
            invalid.update(index for index, value in enumerate(values) if value is not None)
            continue
        try:
            good[name] = _RULES[name].validate_python(values)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            invalid.update(int(detail["loc"][0]) for detail in details)
    for one, other in PAIRS:
        if one in given or other in given:
            nothing: list[Any] = [None] * count
            pairs = enumerate(zip(given.get(one, nothing), given.get(other, nothing), strict=True))
            invalid.update(index for index, (a, b) in pairs if (a is None) != (b is None))
    return good, invalid


def _reasons(number: int, row: Mapping[str, Any]) -> list[BadRow]:
    """Return all reasons why one row is invalid."""
    try:
        MediaRow(**{name: value for name, value in row.items() if value is not None})
    except ValidationError as error:
        path = str(row.get("file_path") or "")
        return [
            BadRow(number, path, ".".join(str(one) for one in detail["loc"][:1]), _reason_text(detail))
            for detail in error.errors(include_url=False)
        ]
    raise AssertionError(
        f"row {number} fails only if it is validated together with other rows; this is a bug in mfkit, "
        "please report it"
    )


def _reason_text(detail: Any) -> str:
    if detail["type"] == "missing":
        return "the path is missing"
    shown = repr(detail["input"])
    if detail["type"] == "extra_forbidden":
        return f"this column is unknown (got {shown[:60]})"
    reason = detail["msg"].removeprefix("Value error, ")
    return reason if detail["type"] == "value_error" and not detail["loc"] else f"{reason} (got {shown[:60]})"
