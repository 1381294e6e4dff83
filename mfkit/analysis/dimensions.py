"""Dimensions to group items by: columns, bins, folders, periods, tags, collections, roots."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Label,
    Subquery,
    Text,
    case,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.sql.util import ClauseAdapter
from sqlalchemy.sql.visitors import iterate

from mfkit.errors import FilterError, did_you_mean
from mfkit.filters.conditions import (
    camera,
    conditions,
    container,
    country,
    date_status,
    date_year,
    item_date,
    lens,
    region,
)
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import BINS, orientation, resolution
from mfkit.filters.stream_conditions import subtitle_format
from mfkit.models import Collection, Scan, Tag, UTCDateTime, collection_items, media, media_tags
from mfkit.sql.elements import PeriodStart, UtcClock, ancestor, capture_clock, folder_depth, list_values

c = media.c
MAX_DEPTH = 50
"""Maximum depth of the dimension ``folder:n``."""

Period = Literal["year", "quarter", "month", "week", "day"]
Freq = Period | Literal["YS", "YE", "Y", "QS", "QE", "Q", "MS", "ME", "M", "W", "D"]
_PERIODS: dict[str, Period] = {
    **{name: name for name in get_args(Period)},
    **dict.fromkeys(("YS", "YE", "Y"), "year"),
    **dict.fromkeys(("QS", "QE", "Q"), "quarter"),
    **dict.fromkeys(("MS", "ME", "M"), "month"),
    "W": "week",
    "D": "day",
}
"""Name or pandas alias of a period -> period (https://pandas.pydata.org/docs/user_guide/timeseries.html)."""


def period_start(freq: Freq, timestamp: ColumnElement[Any]) -> ColumnElement[datetime]:
    """Return the start of the period that contains a timestamp; weeks start on Monday.

    Args:
        freq: ``"year"``, ``"quarter"``, ``"month"``, ``"week"``, ``"day"``, or a pandas alias of these.
        timestamp: A local time, or a time-zone-aware timestamp, which is converted to UTC.

    Returns:
        A local time without a time zone.

    Raises:
        FilterError: ``freq`` is not the name of a period.
    """
    if freq not in _PERIODS:
        raise FilterError(
            f"{freq!r} is not a period. {did_you_mean(freq, _PERIODS)}Use one of {', '.join(_PERIODS)}."
        )
    local = UtcClock(timestamp) if isinstance(timestamp.type, UTCDateTime) else timestamp
    return PeriodStart(literal_column(f"'{_PERIODS[freq]}'"), local)


_root, _tag, _collection = Scan.__table__.c.root, Tag.__table__, Collection.__table__
# Select the innermost scanned root of an item. Roots that contain the same path are nested, so the innermost
# root is the last one in sort order. The query compares folders instead of paths, because a library has fewer
# folders than paths. It compares with >= and < instead of LIKE, because the path of a root can contain
# wildcard characters.
_below = case((_root == "/", "/"), else_=_root + "/")
_scan_root = (
    select(func.max(_root, type_=Text()))
    .where(c.folder + "/" >= _below, c.folder + "/" < case((_root == "/", "0"), else_=_root + "0"))
    .scalar_subquery()
    .correlate(media)
)

# fmt: off
_COLUMNS = (
    "media_type", "mime_type", "extension", "video_codec", "audio_codec", "folder", "artist", "album",
    "genre", "camera_make", "camera_model", "iso", "aperture", "focal_length", "location_name",
    "sample_rate", "channels", "album_artist", "people", "rating", "track", "disc", "hdr", "dolby_vision",
    "bit_depth", "pixel_format", "audio_layout", "is_vfr", "is_interlaced", "looks_like", "looks_like_rule",
)
# fmt: on
DIMENSIONS: dict[str, ColumnElement[Any]] = {
    **{name: c[name] for name in _COLUMNS},
    "audio_language": c.audio_languages,
    "subtitle_language": c.subtitle_languages,
    "audio_codec_any": c.audio_codecs,
    "subtitle_format": subtitle_format,
    "has_subtitles": c.subtitle_count > 0,
    "has_chapters": c.chapter_count > 0,
    "container": container,
    "resolution": resolution,
    "orientation": orientation,
    **{name: classes.of(quantity) for name, (quantity, classes) in BINS.items()},
    "year": date_year,
    "decade": date_year - date_year % 10,
    "release_year": c.year,
    "release_decade": c.year - c.year % 10,
    "quarter": period_start("quarter", item_date),
    "month": period_start("month", item_date),
    "week": period_start("week", item_date),
    "capture_flag": c.capture_flag,
    "date_status": date_status(),
    "weekday": capture_clock("weekday"),
    "hour": capture_clock("hour"),
    "camera": camera,
    "lens": lens,
    "place": c.location_name,
    "region": region,
    "country": country,
    "tag": _tag.c.name,
    "collection": _collection.c.name,
    "scan_root": _scan_root,
}
"""Dimension name -> SQL expression on ``media``. The dimension ``folder:n`` is not listed here."""

_JOINED = frozenset(("tag", "collection"))
_LISTS = frozenset(("artist", "genre", "people", "audio_language", "subtitle_language", "audio_codec_any"))
"""Names of dimensions whose column can hold several values, separated by "; "."""
_DEPTH = re.compile(r"folder:(\d{1,4})")


@dataclass(frozen=True)
class Dimensions:
    """Dimensions of a query as SQL expressions, with the table or join to select from.

    Attributes:
        names: Names of the dimensions.
        columns: SQL expressions of the dimensions, labelled with the names.
        source: Table or join to select from.
        overlapping: True if an item can be in several groups.
        lists: Names of the dimensions whose column can list several values; see :func:`split_lists`.
    """

    names: tuple[str, ...]
    columns: tuple[Label[Any], ...]
    source: FromClause
    overlapping: bool
    lists: tuple[str, ...]


def dimensions(by: str | Sequence[str], chosen: MediaFilter, *, least: int = 1) -> Dimensions:
    """Return the dimensions with the given names, as SQL columns with the table or join to select from.

    Args:
        by: One or several names in :data:`DIMENSIONS`, or ``folder:n``: the folder ``n`` levels below the
            filter's ``folder``, or below the root of the file system if the filter has none.
        chosen: Filter of the items.
        least: Minimum number of names.

    Raises:
        FilterError: A name is unknown or given twice, or there are too few names.
    """
    names = (by,) if isinstance(by, str) else tuple(by)
    if len(names) < least:
        raise FilterError("Name at least one dimension to group by.")
    if len(set(names)) < len(names):
        raise FilterError(f"A dimension is named twice in {', '.join(map(str, names))}. Name each once.")
    source: FromClause = media
    if "tag" in names:
        source = source.outerjoin(media_tags, media_tags.c.media_item_id == c.id).outerjoin(
            _tag, _tag.c.id == media_tags.c.tag_id
        )
    if "collection" in names:
        source = source.outerjoin(collection_items, collection_items.c.media_item_id == c.id).outerjoin(
            _collection, _collection.c.id == collection_items.c.collection_id
        )
    columns = tuple(_column(name, chosen).label(name) for name in names)
    lists = tuple(name for name in names if name in _LISTS)
    return Dimensions(names, columns, source, bool(lists) or not _JOINED.isdisjoint(names), lists)


def _column(name: str, chosen: MediaFilter) -> ColumnElement[Any]:
    if name == "date_status":
        return date_status()  # This is created for each query, because it contains today's date.
    if name in DIMENSIONS:
        return DIMENSIONS[name]
    depth = _DEPTH.fullmatch(str(name))
    if depth is None:
        raise FilterError(
            f"{name!r} is not a dimension. {did_you_mean(name, DIMENSIONS)}"
            f"Use one of {', '.join(DIMENSIONS)}, or folder:n for n levels of folders."
        )
    if not 1 <= int(depth[1]) <= MAX_DEPTH:
        raise FilterError(f"The depth in {name!r} is out of range. Use a depth from 1 to {MAX_DEPTH}.")
    return ancestor(c.folder, folder_depth(chosen.folder) + int(depth[1]))


# fmt: off
_FEW_VALUES: frozenset[ColumnElement[Any]] = frozenset((
    c.media_type, c.mime_type, c.extension, c.video_codec, c.audio_codec, c.camera_make, c.camera_model,
    c.artist, c.album, c.genre, c.year, c.folder, c.album_artist, c.rating, c.disc, c.people, c.hdr,
    c.dolby_vision, c.bit_depth, c.pixel_format, c.audio_layout, c.is_vfr, c.is_interlaced,
    c.audio_languages, c.subtitle_languages, c.audio_codecs, c.most_channels, c.stream_count,
    c.subtitle_count, c.chapter_count, c.looks_like, c.looks_like_rule,
))
# fmt: on
"""Columns of ``media`` that have few distinct values, so that grouping by them is cheap."""


def preaggregate(
    grouping: Dimensions, chosen: MediaFilter, values: Mapping[str, ColumnElement[Any]]
) -> Subquery:
    """Return a subquery with the dimensions and values. Its rows may already be partial sums.

    Computing the SQL expressions of dimensions for each item is slow. If the dimensions depend only on
    columns with few distinct values, the items are grouped by these columns first, and the expressions are
    computed only once per group.

    Args:
        grouping: The dimensions.
        chosen: Filter of the items.
        values: Name -> numeric SQL expression on ``media``.

    Returns:
        A subquery whose columns are the dimensions and the values. Several rows can have the same dimensions.
        Group by the columns of the subquery, not by the original expressions: PostgreSQL does not recognize
        that two expressions with bind parameters are equal.
    """
    parts = _columns_to_preaggregate(grouping)
    if parts is None:
        labelled = [value.label(name) for name, value in values.items()]
        each = select(*grouping.columns, *labelled).select_from(grouping.source)
        return split_lists(each.where(*conditions(chosen)).subquery(), grouping)
    sums = [func.sum(value).label(name) for name, value in values.items()]
    inner = select(*parts, *sums).where(*conditions(chosen)).group_by(*parts).subquery()
    adapter = ClauseAdapter(inner)
    columns = [adapter.traverse(one.element).label(one.name) for one in grouping.columns]
    return split_lists(select(*columns, *(inner.c[name] for name in values)).subquery(), grouping)


def split_lists(rows: Subquery, grouping: Dimensions) -> Subquery:
    """Return a subquery in which a row with several values ("a; b") is split into one row per value.

    Args:
        rows: A subquery with the dimensions as columns.
        grouping: The dimensions.
    """
    for name in grouping.lists:
        listed = rows.c[name]
        values = list_values(listed)
        rows = (
            select(*(values.c.value.label(name) if one is listed else one for one in rows.c))
            .join_from(rows, values, true())
            .subquery()
        )
    return rows


def _columns_to_preaggregate(grouping: Dimensions) -> list[ColumnElement[Any]] | None:
    """Return the table columns by which to pre-aggregate, or None if pre-aggregation is not faster."""
    if not _JOINED.isdisjoint(grouping.names):
        return None
    if not grouping.lists and all(one.element in _FEW_VALUES for one in grouping.columns):
        return None
    parts = {part.name: part for one in grouping.columns for part in iterate(one) if isinstance(part, Column)}
    return list(parts.values()) if _FEW_VALUES.issuperset(parts.values()) else None
