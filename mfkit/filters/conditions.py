"""Conversion of a `MediaFilter` to SQL conditions on the table `media`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    case,
    exists,
    extract,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
)

from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.place_conditions import in_area, in_box, near
from mfkit.filters.size_classes import orientation, resolution
from mfkit.filters.stream_conditions import STREAM_FLAGS, has_language, language_conditions, subtitle_format
from mfkit.filters.text_search import search_hits
from mfkit.models import EARLIEST_DATE, Collection, MediaType, Tag, collection_items, media, media_tags
from mfkit.sql.elements import FirstWord, after_last, json_text, list_values

Condition = ColumnElement[bool]
c = media.c

item_date = c.date
"""Date of an item: its local capture time if known, otherwise the modification time of its file."""


def is_plausible_date() -> Condition:
    """Return the SQL condition that an item's date is neither before 1826 nor in the future.

    The first photograph was taken in 1826. Time axes and sums over time leave out all other dates, because a
    single wrong date would stretch an axis over centuries.
    """
    return and_(c.capture_flag.is_(None), item_date >= EARLIEST_DATE, item_date < first_future_date())


def first_future_date() -> datetime:
    """Return the first local time that is in the future in every time zone.

    It is the start of a day, so that SQL statements with it are the same all day and can be cached.
    """
    return datetime.combine(datetime.now(UTC).date() + timedelta(days=2), time())


DATE_STATUSES = ("dated", "undated", "future", "before 1826")
"""Values of :func:`date_status`."""


def date_status() -> ColumnElement[str]:
    """Return the SQL expression for the status of an item's date: whether it is a plausible capture time.

    The value is ``dated``, ``undated`` (only the file's modification time is known), or ``future`` or
    ``before 1826`` for a capture time that cannot be right.
    """
    # The values are SQL literals instead of bind parameters, so that databases can group by this expression.
    return case(
        (func.coalesce(c.date_source, "file") != "capture", literal_column("'undated'", Text())),
        (item_date < EARLIEST_DATE, literal_column("'before 1826'", Text())),
        (is_plausible_date(), literal_column("'dated'", Text())),
        else_=literal_column("'future'", Text()),
    )


date_year = extract("year", item_date)
"""Year of :data:`item_date`."""

container = case((c.media_type.in_((MediaType.VIDEO, MediaType.AUDIO)), json_text("format")), else_=null())
"""FFmpeg's name of the container of a video or audio file; null for other media types."""

lens = json_text("lens")
"""Name of the lens."""

_same_make = func.lower(FirstWord(c.camera_model)) == func.lower(FirstWord(c.camera_make))
# If the model starts with the make ("Canon" and "Canon EOS 80D", "Nikon" and "NIKON D7100"), the model alone
# is the name of the camera.
camera = func.nullif(
    func.trim(
        case(
            (_same_make, c.camera_model),
            else_=func.coalesce(c.camera_make, "") + " " + func.coalesce(c.camera_model, ""),
        )
    ),
    "",
    type_=Text(),
)
"""Make and model of the camera, or the model alone if it begins with the make; null if both are unknown."""

_model_rest = func.substr(c.camera_model, func.length(FirstWord(c.camera_model)) + 2)
model_without_make = case((_same_make, func.nullif(_model_rest, "", type_=Text())))
"""Camera model without the make, such as "EOS 6D"; null if the model does not begin with the make."""


country = func.nullif(func.trim(after_last(c.location_name, ",")), "", type_=Text())
"""Country of the place name: the text after its last comma."""
_after_comma = after_last(c.location_name, ",")
_before_country = case(
    (func.length(_after_comma) == func.length(c.location_name), ""),
    else_=func.substr(
        c.location_name, 1, func.length(c.location_name) - func.length(_after_comma) - 1, type_=Text()
    ),
)
region = case(
    (_before_country == "", country),
    else_=func.trim(after_last(_before_country, ","), type_=Text()) + ", " + country,
)
"""Region and country of the place name, such as "Lisbon, Portugal": its last two parts."""


def conditions(chosen: MediaFilter) -> tuple[Condition, ...]:
    """Return the SQL conditions of a filter, to be combined with AND.

    Returns:
        Conditions on ``media``; empty if the filter selects all items including missing ones.
    """
    return tuple(_conditions(chosen))


def matches(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement for the ids of all items that match a filter."""
    return select(c.id).where(*conditions(chosen))


def _conditions(chosen: MediaFilter) -> Iterator[Condition]:
    if chosen.missing is not None:
        yield c.missing_since.is_not(None) if chosen.missing else c.missing_since.is_(None)
    yield from _field_conditions(chosen)


def _field_conditions(chosen: MediaFilter) -> Iterator[Condition]:
    """Yield the conditions of all fields except ``missing``. The caller adds the condition on ``missing``."""
    if chosen.id is not None:
        yield c.id.in_(chosen.id) if chosen.id else false()
    for name, expression in _NAMES.items():
        values: tuple[str, ...] | None = getattr(chosen, name)
        if values:
            yield expression(values)
    for name, column in _RANGES.items():
        low, high = getattr(chosen, f"min_{name}"), getattr(chosen, f"max_{name}")
        if low is not None:
            yield column >= low
        if high is not None:
            yield column <= high
    for name, column in _NUMBERS.items():
        if getattr(chosen, name):
            yield column.in_(getattr(chosen, name))
    for name, flag in STREAM_FLAGS.items():
        if (wanted := getattr(chosen, name)) is not None:
            yield flag if wanted else ~flag
    if chosen.min_channels is not None:
        yield c.most_channels >= chosen.min_channels
    yield from language_conditions(chosen)
    if chosen.year:
        yield date_year.in_(chosen.year)
    if chosen.release_year:
        yield c.year.in_(chosen.release_year)
    if chosen.after is not None:
        yield item_date >= chosen.after
    if chosen.before is not None:
        yield item_date <= chosen.before
    if chosen.folder is not None:
        yield _below(chosen.folder)
    for name in chosen.all_tags or ():
        yield _tagged((name,))
    if chosen.no_tags:
        yield ~_tagged(chosen.no_tags)
    if chosen.has_date is not None:
        dated = or_(c.captured_at.is_not(None), c.file_created_at.is_not(None))
        yield dated if chosen.has_date else ~dated
    if chosen.has_location is not None:
        located = and_(c.latitude.is_not(None), c.longitude.is_not(None))
        yield located if chosen.has_location else ~located
    if chosen.box is not None:
        yield in_box(chosen.box)
    if chosen.area is not None:
        yield in_area(chosen.area)
    if chosen.near is not None:
        yield near(chosen.near)
    if chosen.text:
        yield c.id.in_(select(search_hits(chosen.text).c.media_item_id))
    if chosen.duplicates is not None:
        yield c.copies > 0 if chosen.duplicates else c.copies == 0
    for one in chosen.all_of or ():
        yield from _field_conditions(one)
    if chosen.any_of:
        yield or_(*map(_all, chosen.any_of))
    if chosen.none_of:
        # CASE is used instead of NOT, because items for which the condition is null must also be selected. In
        # SQL, NOT null is null.
        yield case((or_(*map(_all, chosen.none_of)), literal(1, Integer())), else_=0) == 0


def _all(chosen: MediaFilter) -> Condition:
    """Return the condition that an item satisfies all conditions of a filter."""
    return and_(true(), *_field_conditions(chosen))


def _exactly(column: ColumnElement[Any]) -> Callable[[tuple[str, ...]], Condition]:
    """Return a function that creates an equality condition on a lower-case column.

    An index can speed up such a condition.
    """
    return lambda values: column.in_([value.lower() for value in values])


def _folded(column: ColumnElement[Any]) -> Callable[[tuple[str, ...]], Condition]:
    """Return a function that creates an equality condition that ignores case, by lower-casing both sides."""
    return lambda values: func.lower(column).in_([func.lower(value) for value in values])


def _one_of_several(column: ColumnElement[Any]) -> Callable[[tuple[str, ...]], Condition]:
    """Return a function like :func:`_folded` for a column that can hold several names, separated by "; "."""
    listed = list_values(column)

    def condition(values: tuple[str, ...]) -> Condition:
        any_of_list = exists().select_from(listed).where(_folded(listed.c.value)(values))
        return or_(_folded(column)(values), and_(column.contains("; "), any_of_list))

    return condition


def _camera(values: tuple[str, ...]) -> Condition:
    return or_(*(_folded(one)(values) for one in (c.camera_make, c.camera_model, model_without_make, camera)))


def _tagged(names: tuple[str, ...]) -> Condition:
    # Tags are selected in a subquery instead of a join. With a join, SQLite would read all rows that link
    # items to tags, because lower(name) cannot use an index.
    tag_ids = select(Tag.id).where(_folded(Tag.__table__.c.name)(names))
    return c.id.in_(select(media_tags.c.media_item_id).where(media_tags.c.tag_id.in_(tag_ids)))


def _collected(names: tuple[str, ...]) -> Condition:
    collection_ids = select(Collection.id).where(_folded(Collection.__table__.c.name)(names))
    return c.id.in_(
        select(collection_items.c.media_item_id).where(collection_items.c.collection_id.in_(collection_ids))
    )


_NAMES: dict[str, Callable[[tuple[str, ...]], Condition]] = {
    "media_type": c.media_type.in_,
    "mime_type": _exactly(c.mime_type),
    "extension": _exactly(c.extension),
    "video_codec": _exactly(c.video_codec),
    "audio_codec": _exactly(c.audio_codec),
    "audio_codec_any": _one_of_several(c.audio_codecs),
    "audio_language": has_language("audio_language"),
    "subtitle_language": has_language("subtitle_language"),
    "hdr": c.hdr.in_,
    "subtitle_format": subtitle_format.in_,
    "pixel_format": _exactly(c.pixel_format),
    "audio_layout": _folded(c.audio_layout),
    "container": _folded(container),
    "resolution": resolution.in_,
    "looks_like": c.looks_like.in_,
    "orientation": orientation.in_,
    "camera": _camera,
    "lens": _folded(lens),
    "artist": _one_of_several(c.artist),
    "album": _folded(c.album),
    "album_artist": _one_of_several(c.album_artist),
    "genre": _one_of_several(c.genre),
    "people": _one_of_several(c.people),
    "country": _folded(country),
    "region": _folded(region),
    "place": _folded(c.location_name),
    "tags": _tagged,
    "collection": _collected,
}
_RANGES: dict[str, ColumnElement[Any]] = {
    "size": c.file_size,
    "duration": c.duration,
    "width": c.width,
    "height": c.height,
    "release_year": c.year,
    "rating": c.rating,
}
_NUMBERS: dict[str, ColumnElement[Any]] = {
    name: c[name] for name in ("rating", "track", "disc", "bit_depth", "dolby_vision")
}


def _below(folder: str) -> Condition:
    """Return the condition that an item is inside a folder.

    The condition is a range of paths, because a database can use an index for a range.
    """
    if folder == "/":
        return and_(c.file_path >= "/", c.file_path < "0")
    # "0" is the character that follows "/", so the range contains all paths that start with "folder/".
    return and_(c.file_path >= f"{folder}/", c.file_path < f"{folder}0")
