"""Facets: the values of several dimensions with their counts, and messages if a filter names unknown values.

Each facet ignores the filter's conditions on its own dimension, also exclusions. Otherwise it would list only
the values that the filter already selects, and a user could not choose another value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Float,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
    union_all,
)

from mfkit.analysis.dimensions import dimensions, preaggregate
from mfkit.analysis.summary import integer_sum
from mfkit.errors import FilterError, closest
from mfkit.filters.describe import without
from mfkit.filters.exclusions import EXCLUDING_FIELDS
from mfkit.filters.filter_values import LANGUAGE_STATES
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.stream_conditions import languages_or_state
from mfkit.models import media
from mfkit.sql.elements import by_code_point

c = media.c

FACETS: dict[str, str] = {
    "media_type": "media_type",
    "year": "year",
    "release_year": "release_year",
    "rating": "rating",
    "container": "container",
    "extension": "extension",
    "video_codec": "video_codec",
    "audio_codec": "audio_codec",
    "resolution": "resolution",
    "looks_like": "looks_like",
    "orientation": "orientation",
    "audio_codec_any": "audio_codec_any",
    "audio_language": "audio_language",
    "subtitle_language": "subtitle_language",
    "hdr": "hdr",
    "dolby_vision": "dolby_vision",
    "bit_depth": "bit_depth",
    "pixel_format": "pixel_format",
    "audio_layout": "audio_layout",
    "is_interlaced": "is_interlaced",
    "is_vfr": "is_vfr",
    "subtitle_format": "subtitle_format",
    "has_subtitles": "has_subtitles",
    "has_chapters": "has_chapters",
    "camera": "camera",
    "lens": "lens",
    "artist": "artist",
    "album": "album",
    "album_artist": "album_artist",
    "genre": "genre",
    "people": "people",
    "country": "country",
    "region": "region",
    "place": "place",
    "tag": "tags",
    "collection": "collection",
}
"""Dimension -> the field of :class:`MediaFilter` that selects items by this dimension."""

_FIXED_VALUES = frozenset(
    (
        "media_type",
        "year",
        "release_year",
        "rating",
        "resolution",
        "looks_like",
        "orientation",
        "hdr",
        "dolby_vision",
        "bit_depth",
        "is_interlaced",
        "is_vfr",
        "subtitle_format",
        "has_subtitles",
        "has_chapters",
    )
)
"""Filter fields that accept only a fixed set of values, or numbers."""

DIMENSION_OF_FIELD: dict[str, str] = {
    **{field: dimension for dimension, field in FACETS.items() if field not in _FIXED_VALUES},
    "all_tags": "tag",
    "all_audio_languages": "audio_language",
    "all_subtitle_languages": "subtitle_language",
}
"""Filter field -> dimension that lists the existing values, for fields that accept any text."""

_ALIASES: dict[str, tuple[str, ...]] = {
    "h265": ("hevc",),
    "h.265": ("hevc",),
    "x265": ("hevc",),
    "hvc1": ("hevc",),
    "h264": ("h264",),
    "h.264": ("h264",),
    "x264": ("h264",),
    "avc": ("h264",),
    "avc1": ("h264",),
    "mpeg2": ("mpeg2video",),
    "mpeg1": ("mpeg1video",),
    "xvid": ("mpeg4",),
    "divx": ("mpeg4",),
    "jpeg": ("jpg",),
    "jpg": ("jpeg",),
    "tiff": ("tif",),
    "tif": ("tiff",),
    "mpeg": ("mpg",),
    "mpg": ("mpeg",),
    "mkv": ("matroska,webm", "matroska"),
    "matroska": ("mkv",),
    "m4a": ("aac", "alac"),
    "ogg": ("vorbis", "opus"),
    "wav": ("pcm_s16le",),
    "pcm": ("pcm_s16le", "pcm_s24le"),
}


_MAX_NAMED = 5
"""Maximum number of existing values in a message about a value that no item has and that resembles none."""


def facets(
    names: Sequence[str], chosen: MediaFilter, *, limit: int = 200, containing: str | None = None
) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.facets`, which counts items by each dimension's values."""
    if not names:
        raise FilterError(f"No dimension is named. Use at least one of {', '.join(FACETS)}.")
    for name in names:
        if name not in FACETS:
            raise FilterError(f"The values of {name!r} cannot be counted. Use one of {', '.join(FACETS)}.")
    if limit < 1:
        raise FilterError(f"limit is {limit}. Use 1 or more.")
    lists = [
        _values(name, place, _without_own(chosen, FACETS[name]), limit, containing)
        for place, name in enumerate(names)
    ]
    every = union_all(*(select(one) for one in lists)).subquery()
    return select(every.c.field, every.c.value, every.c.files, every.c.bytes).order_by(
        every.c.place, every.c.files.desc(), by_code_point(every.c.value)
    )


def _without_own(chosen: MediaFilter, field: str) -> MediaFilter:
    """Return the filter without the conditions on a facet's field and without exclusions of its values."""
    excluding = EXCLUDING_FIELDS.get(field)
    return without(chosen, field, *([] if excluding is None else [excluding]))


def _values(name: str, place: int, others: MediaFilter, limit: int, containing: str | None) -> Subquery:
    """Return a subquery that counts the items for each value of one dimension.

    Args:
        name: The dimension.
        place: Position of the dimension in the result.
        others: Filter without conditions on the dimension.
        limit: Maximum number of values.
        containing: Text that the values must contain, in upper or lower case; None or "" for all values.
    """
    grouping = dimensions(name, others)
    if name in ("audio_language", "subtitle_language"):
        # Unlike `summary`, a facet also counts the items without a language, so that a user can choose them.
        grouping = replace(grouping, columns=(languages_or_state(name).label(name),))
    each = preaggregate(grouping, others, {"files": literal(1, Integer()), "bytes": c.file_size})
    value = _as_text(each.c[name])
    named = value.label("value")
    files = integer_sum(func.sum(each.c.files)).label("files")
    return (
        select(
            literal(place, Integer()).label("place"),
            literal(name, Text()).label("field"),
            named,
            files,
            integer_sum(func.sum(each.c.bytes)).label("bytes"),
        )
        .group_by(value)
        # Null values are removed by HAVING, because WHERE would compute the expression for each row, not only
        # once for each group.
        .having(func.count(value) > 0, *([] if not containing else [_contains(value, containing)]))
        .order_by(files.desc(), named)
        .limit(limit)
        .subquery()
    )


def _contains(value: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a value contains a text. The database lower-cases both."""
    escaped = text.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return func.lower(value).contains(func.lower(literal(escaped, Text())), escape="/")


def _as_text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Convert a column to text that is the same on every database.

    Booleans become "true" or "false". Decimal numbers, which are ratings in stars, become text such as "4" or
    "3.5". A number with more than one decimal becomes null.
    """
    if isinstance(column.type, Float):
        # The query groups by this expression. SQL literals are used, because a database would treat two
        # expressions with bind parameters as different.
        zero, ten = literal_column("0", Integer()), literal_column("10", Integer())
        point = literal_column("'.'", Text())
        whole, tenths = cast(column, Integer()), cast(column * ten, Integer())
        fraction = cast(tenths // ten, Text()) + point + cast(tenths % ten, Text())
        return case(
            (column == whole, cast(whole, Text())), (and_(column > zero, column * ten == tenths), fraction)
        )
    if isinstance(column.type, Boolean):
        yes, no = literal_column("'true'", Text()), literal_column("'false'", Text())
        return case((column == true(), yes), (column == false(), no))
    return cast(column, Text())


def open_values(chosen: MediaFilter) -> Iterator[tuple[str, str]]:
    """Yield the (field, value) pairs of a filter for its free-text fields, such as tag names."""
    for field in DIMENSION_OF_FIELD:
        for value in getattr(chosen, field) or ():
            if not (field.endswith("_language") and value in LANGUAGE_STATES):
                yield field, value
    for one in (*(chosen.all_of or ()), *(chosen.any_of or ())):
        yield from open_values(one)


def folders(chosen: MediaFilter) -> Iterator[str]:
    """Yield the folders that a filter names."""
    if chosen.folder is not None:
        yield chosen.folder
    for one in (*(chosen.all_of or ()), *(chosen.any_of or ())):
        yield from folders(one)


def empty_folder_message(folder: str, roots: Sequence[str]) -> str:
    """Return the message for a filter whose folder contains no items. It lists the scanned folders."""
    named = ", ".join(roots[:_MAX_NAMED])
    end = ", …" if len(roots) > _MAX_NAMED else ""
    return f"No item is in the folder {folder}." + (f" Scanned folders: {named}{end}" if roots else "")


def unmatched_message(field: str, value: str, existing: Sequence[str]) -> str:
    """Return the message that no item has a value that a filter names.

    The message suggests existing values that contain the given value or are similar. If there are none, it
    names the most frequent values.
    """
    name = DIMENSION_OF_FIELD[field].replace("_", " ")
    begin = f"No item is in the {name}" if field == "collection" else f"No item has the {name}"
    meant = [one for one in _ALIASES.get(value.lower(), ()) if one in existing] or closest(value, existing)
    if meant:
        return f"{begin} {value!r}. Did you mean {' or '.join(map(repr, meant))}?"
    if not existing:
        return f"{begin} {value!r} or {'in ' if field == 'collection' else ''}any other {name}."
    named = ", ".join(map(repr, existing[:_MAX_NAMED]))
    end = ", …" if len(existing) > _MAX_NAMED else "."
    return f"{begin} {value!r}. Existing values: {named}{end}"
