"""Plausibility rules that numbers, texts, dates and locations must meet before they are stored.

Files contain NUL characters, lone surrogates, sizes that fit no column, the year 0000, and the location 0,0
because a camera wrote zeros. Such values become None or are shortened to fit the column. No function in this
module raises an error.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from mfkit.language_codes import language_code
from mfkit.scan.extract.camera_names import maker_name, model_name
from mfkit.scan.extract.date_parser import ParsedDate, is_epoch
from mfkit.scan.extract.plausible_location import MAX_LATITUDE, MAX_LONGITUDE, is_unset_location
from mfkit.scan.extract.schema import PAIRS, Metadata

MAX_TEXT = 1_000
MAX_INT32 = 2**31 - 1
MAX_INT64 = 2**63 - 1
_MIN_YEAR = 1000
_MAX_DEPTH, _MAX_MEMBERS, _MAX_EXTRA_TEXT = 6, 200, 32_768


def clean(metadata: Metadata) -> Metadata:
    """Return metadata that is plausible and safe to store.

    Args:
        metadata: Metadata from extractors.

    Returns:
        A new mapping without implausible fields; ``extra`` contains only JSON values and is bounded.
    """
    kept: dict[str, Any] = {}
    for name, value in metadata.items():
        rule = _RULES.get(name)
        if rule is None or value is None:
            continue
        result = rule(value)
        if result is not None:
            kept[name] = result
    for pair in PAIRS:
        if not all(name in kept for name in pair) or is_unset_location(kept[pair[0]], kept[pair[1]]):
            for name in pair:
                kept.pop(name, None)
    extra = metadata.get("extra")
    if isinstance(extra, dict) and extra:
        safe = clean_extra(extra, kept)
        if safe:
            kept["extra"] = safe
    return cast(Metadata, kept)


def clean_columns(metadata: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Clean the metadata of many files, given as columns, by the rules of :func:`clean`.

    The column ``extra`` is not cleaned here, but by :func:`clean_extra`.

    Args:
        metadata: Column name → one value per row, None where unknown. The values of a column have one
            type, which is hashable.
    """
    kept: dict[str, list[Any]] = {}
    for name, values in metadata.items():
        cleaned = {value: None if value is None else _RULES[name](value) for value in set(values)}
        kept[name] = [cleaned[value] for value in values]
    for one, other in PAIRS:
        if one in kept and other in kept:
            pairs = zip(kept[one], kept[other], strict=True)
            for row, (a, b) in enumerate(pairs):
                if a is None or b is None or is_unset_location(a, b):
                    kept[one][row] = kept[other][row] = None
        else:
            kept.pop(one, None)
            kept.pop(other, None)
    return kept


def clean_extra(extra: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Return extra metadata as JSON values of limited size.

    Of ``origins``, which records the origin of each field, only the fields in ``names`` are kept.
    """
    origins = extra.get("origins")
    if isinstance(origins, dict):
        extra = {**extra, "origins": {name: origin for name, origin in origins.items() if name in names}}
    return json_safe(extra)


def clean_text(value: object, limit: int = MAX_TEXT) -> str | None:
    """Return text without control characters, trimmed and shortened.

    Return None if the value is empty or is not text.

    Text ends at two NULs; a single NUL becomes a space. Control characters are removed, runs of white space
    become one space, a lone surrogate becomes U+FFFD, and the result is NFC.
    """
    if not isinstance(value, str):
        return None
    # Most text is printable ASCII and needs no further cleaning, so this fast path is sufficient.
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip(" ")[:limit].rstrip() or None
    text = value[: 4 * limit].split("\x00\x00", 1)[0].replace("\x00", " ")
    text = "".join(ch for ch in text if ch in "\t\n\r\x0b\x0c" or unicodedata.category(ch) != "Cc")
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = unicodedata.normalize("NFC", re.sub(r"\s+", " ", text)).strip(" \ufeff")[:limit].rstrip()
    return text or None


def _number(value: object) -> float | None:
    """Convert a number, or text such as ``"3.5"``, to a finite float."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _positive(maximum: float) -> Callable[[object], float | None]:
    def rule(value: object) -> float | None:
        number = _number(value)
        return number if number is not None and 0 < number <= maximum else None

    return rule


def _between(minimum: float, maximum: float) -> Callable[[object], float | None]:
    def rule(value: object) -> float | None:
        number = _number(value)
        return number if number is not None and minimum <= number <= maximum else None

    return rule


def _positive_int(maximum: int) -> Callable[[object], int | None]:
    def rule(value: object) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool):
            return value if 0 < value <= maximum else None
        number = _number(value)
        return int(number) if number is not None and 1 <= number <= maximum else None

    return rule


def _integer_between(minimum: int, maximum: int) -> Callable[[object], int | None]:
    def rule(value: object) -> int | None:
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        return int(cast(int, value)) if is_integer and minimum <= cast(int, value) <= maximum else None

    return rule


def _within(limit: float) -> Callable[[object], float | None]:
    def rule(value: object) -> float | None:
        number = _number(value)
        return number if number is not None and -limit <= number <= limit else None

    return rule


def clean_year(value: object) -> int | None:
    """Return the first year from 1000 to 2100 in a number or in a date's text, or None if there is none."""
    text = str(value)[:MAX_TEXT] if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    for match in re.finditer(r"(?<![0-9])[0-9]{4}", text):
        if 1000 <= int(match[0]) <= 2100:
            return int(match[0])
    return None


def clean_timestamp(value: object) -> datetime | None:
    """Return a timestamp, or None if its year is before 1000 or if it is the epoch of an unset clock.

    The year must be 1000 or later in local time and in UTC.

    Dates in the future and before photography are kept, because people want to see and correct them.
    """
    if not isinstance(value, datetime) or is_epoch(ParsedDate(value)):
        return None
    try:
        in_utc = value if value.tzinfo is None else value.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return value if value.year >= _MIN_YEAR and in_utc.year >= _MIN_YEAR else None


def json_safe(extra: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping of JSON values with limited depth, number of members and length of text.

    Args:
        extra: Any mapping; keys and text are cleaned, dates become ISO 8601, NaN and bytes None.
    """
    budget = [_MAX_EXTRA_TEXT]
    return cast(dict[str, Any], _json(extra, _MAX_DEPTH, budget))


def _json(value: object, depth: int, budget: list[int]) -> object:
    if budget[0] <= 0:
        return None
    budget[0] -= 8
    if isinstance(value, str):  # Text is checked first, because it is the most frequent type.
        text = clean_text(value)
        budget[0] -= len(text or "")
        return text
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -MAX_INT64 <= value <= MAX_INT64 else None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, dict):
        return _json_mapping(value.items(), depth, budget)
    if isinstance(value, (list, tuple, set, frozenset)):
        if depth <= 0:
            return None
        members = (_json(member, depth - 1, budget) for member in islice(value, _MAX_MEMBERS))
        return [member for member in members if member is not None]
    return None


def _json_mapping(items: Iterable[tuple[object, object]], depth: int, budget: list[int]) -> object:
    if depth <= 0:
        return None
    kept: dict[str, object] = {}
    for key, member in islice(items, _MAX_MEMBERS):
        name = _clean_key(key) if isinstance(key, (str, int)) else None
        safe = _json(member, depth - 1, budget)
        # Empty lists, empty mappings and values that JSON does not support are left out.
        if name and safe is not None and (safe or not isinstance(safe, (dict, list))):
            kept[name] = safe
    return kept


# Results are cached, because the extra metadata of all files uses the same few keys.
@lru_cache(maxsize=1_024, typed=True)
def _clean_key(key: str | int) -> str | None:
    return clean_text(str(key), 100)


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _clean_maker(value: object) -> str | None:
    name = clean_text(value)
    return maker_name(name) if name else None


def _clean_model(value: object) -> str | None:
    name = clean_text(value)
    return model_name(name) if name else None


def _clean_name(value: object) -> str | None:
    """Clean the name of a codec, a profile or a format. Short names are cached, because there are few."""
    return _clean_key(value) if isinstance(value, str) and len(value) < 100 else clean_text(value)


_STREAM_KINDS = ("video", "audio", "subtitle", "cover", "attachment", "data")
_STREAM_RULES: dict[str, Callable[[Any], Any]] = {
    "title": clean_text,
    "stream_index": _integer_between(0, MAX_INT32),
    "kind": lambda value: value if value in _STREAM_KINDS else "data",
    "language": lambda value: language_code(value) if isinstance(value, str) else None,
    "level": _integer_between(0, 1_000),
    "bitrate": _positive_int(MAX_INT64),
    "frames": _positive_int(MAX_INT64),
    "duration": _positive(1e10),
    "fps": _positive(1_001),
    "mastering_min_luminance": _between(0, 10_000),
    "mastering_max_luminance": _positive(10_000),
    "channels": _positive_int(1_024),
    "encoder_delay": _integer_between(0, MAX_INT32),
    "bit_depth": _positive_int(64),
    "dv_profile": _integer_between(0, 127),
    "dv_level": _integer_between(0, 63),
    "dv_compatibility": _integer_between(0, 15),
}
_STREAM_RULES |= dict.fromkeys(("width", "height", "sample_rate"), _positive_int(MAX_INT32))
_STREAM_RULES |= dict.fromkeys(("max_cll", "max_fall"), _positive_int(65_535))
_STREAM_RULES |= dict.fromkeys(
    (
        "is_main is_default is_forced is_commentary is_hearing_impaired is_original is_vfr is_lossless "
        "is_object_based is_text"
    ).split(),
    _boolean,
)
_STREAM_RULES |= dict.fromkeys(
    (
        "codec profile sample_aspect_ratio field_order pixel_format chroma_subsampling color_primaries "
        "color_transfer color_matrix color_range hdr channel_layout"
    ).split(),
    _clean_name,
)
_CHAPTER_RULES: dict[str, Callable[[Any], Any]] = {
    "start_time": _within(1e10),
    "end_time": _within(1e10),
    "title": clean_text,
}
_MAX_STREAMS, _MAX_CHAPTERS = 500, 2_000


def _clean_rows(
    rules: Mapping[str, Callable[[Any], Any]], required: str, limit: int
) -> Callable[[object], list[dict[str, Any]] | None]:
    """Return a function that cleans a list of dictionaries and drops those without the required field."""

    def rule(value: object) -> list[dict[str, Any]] | None:
        if not isinstance(value, list):
            return None
        rows = [
            {
                name: kept
                for name, stated in row.items()
                if stated is not None and name in rules and (kept := rules[name](stated)) is not None
            }
            for row in value[:limit]
            if isinstance(row, dict)
        ]
        return [row for row in rows if required in row]

    return rule


_PRECISIONS = ("year", "month", "day", "minute", "second")
_MEDIA_TYPES = ("video", "audio", "image", "document", "other")
_RULES: dict[str, Callable[[Any], Any]] = {
    "duration": _positive(1e10),
    "fps": _positive(1_001),
    "aperture": _positive(1_000),
    "focal_length": _positive(100_000),
    "compression_ratio": _positive(1e12),
    "width": _positive_int(MAX_INT32),
    "height": _positive_int(MAX_INT32),
    "bitrate": _positive_int(MAX_INT64),
    "sample_rate": _positive_int(MAX_INT32),
    "channels": _positive_int(1_024),
    "iso": _positive_int(MAX_INT32),
    "latitude": _within(MAX_LATITUDE),
    "longitude": _within(MAX_LONGITUDE),
    "year": clean_year,
    "rating": _between(-1, 5),
    "track": _positive_int(MAX_INT32),
    "disc": _positive_int(MAX_INT32),
    "taken_at": clean_timestamp,
    "taken_precision": lambda value: value if value in _PRECISIONS else None,
    "camera_make": _clean_maker,
    "camera_model": _clean_model,
    "is_compressed": _boolean,
    "streams": _clean_rows(_STREAM_RULES, "stream_index", _MAX_STREAMS),
    "chapters": _clean_rows(_CHAPTER_RULES, "start_time", _MAX_CHAPTERS),
    "media_type": lambda value: value if value in _MEDIA_TYPES else None,
} | dict.fromkeys(
    (
        "video_codec audio_codec artist album title genre shutter_speed location_name mime_type people "
        "description album_artist"
    ).split(),
    clean_text,
)
