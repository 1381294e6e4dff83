"""What is known of how many items, field by field, and which items lack a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from mfkit.analysis.collation import ordered_by
from mfkit.analysis.dimensions import dimensions
from mfkit.analysis.summary import whole_library
from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions
from mfkit.filters.json_fields import json_text
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaType, media, media_tags

c = media.c
VIDEO, AUDIO, IMAGE = MediaType.VIDEO, MediaType.AUDIO, MediaType.IMAGE
_SEEN, _HEARD, _TIMED = (IMAGE, VIDEO), (AUDIO,), (VIDEO, AUDIO)

# As the fact "camera" has it, without putting make and model together: that took half of all the time.
_camera_known = or_(*(func.coalesce(func.trim(one), "") != "" for one in (c.camera_make, c.camera_model)))

FIELDS: Mapping[str, tuple[ColumnElement[bool], tuple[MediaType, ...]]] = {
    "capture_time": (c.file_created_at.is_not(None), _SEEN),
    "dimensions": (and_(c.width.is_not(None), c.height.is_not(None)), _SEEN),
    "place": (and_(c.latitude.is_not(None), c.longitude.is_not(None)), _SEEN),
    "location_name": (c.location_name.is_not(None), _SEEN),
    "camera": (_camera_known, (IMAGE,)),
    "lens": (json_text("lens").is_not(None), (IMAGE,)),
    **{
        name: (c[name].is_not(None), (IMAGE,))
        for name in ("iso", "aperture", "shutter_speed", "focal_length")
    },
    **{name: (c[name].is_not(None), _TIMED) for name in ("duration", "bitrate")},
    **{name: (c[name].is_not(None), (VIDEO,)) for name in ("video_codec", "fps")},
    **{
        name: (c[name].is_not(None), _HEARD)
        for name in ("audio_codec", "sample_rate", "channels", "artist", "album", "title", "genre", "year")
    },
    "tags": (c.id.in_(select(media_tags.c.media_item_id)), tuple(MediaType)),
}
"""Name of the field -> when it is known, and the media types that it makes sense for."""


def completeness(by: str | Sequence[str], chosen: MediaFilter) -> Select[Any]:
    """Return the statement that counts, for every field, the items of which it is known.

    Args:
        by: Names that :func:`mfkit.analysis.dimensions.dimensions` knows; none for all items together.
        chosen: Which items.

    Returns:
        One row per value of the facts and field that makes sense there: the columns named in ``by``,
        ``field``, ``files`` (items of the media types that have such a field), ``known``, ``lacking``
        and ``share`` (known of files, 0 to 1). Fields in the order of :data:`FIELDS`.

    Raises:
        FilterError: A fact is unknown.
    """
    meant = dimensions(by, chosen, least=0)
    each = (
        select(
            *meant.columns,
            c.media_type.label("_type"),
            *(case((known, 1), else_=0).label(f"_{name}") for name, (known, _) in FIELDS.items()),
        )
        .select_from(meant.source)
        .where(*conditions(chosen))
        .subquery()
    )
    counted = (
        select(
            *(each.c[name] for name in meant.names),
            each.c._type,
            func.count().label("_files"),
            *(whole_library(func.sum(each.c[f"_{name}"])).label(f"_{name}") for name in FIELDS),
        )
        .group_by(*(each.c[name] for name in meant.names), each.c._type)
        .cte("counted")
    )
    groups = [counted.c[name] for name in meant.names]
    rows = union_all(
        *(
            select(
                *groups,
                literal(place, Integer()).label("_place"),
                literal(name).label("field"),
                whole_library(func.sum(counted.c._files)).label("files"),
                whole_library(func.sum(counted.c[f"_{name}"])).label("known"),
            )
            .where(counted.c._type.in_(types))
            .group_by(*groups)
            for place, (name, (_, types)) in enumerate(FIELDS.items())
        )
    ).subquery()
    values = [rows.c[name] for name in meant.names]
    return (
        select(
            *values,
            rows.c.field,
            rows.c.files,
            rows.c.known,
            (rows.c.files - rows.c.known).label("lacking"),
            (cast(rows.c.known, Double()) / rows.c.files).label("share"),
        )
        .where(rows.c.files > 0)
        .order_by(*ordered_by(values), rows.c._place)
    )


def missing_metadata(field: str, chosen: MediaFilter, *, limit: int | None = None) -> Select[Any]:
    """Return the statement that lists the items that lack a field, by path.

    Args:
        field: One of :data:`FIELDS`.
        chosen: Which items; those of media types that have no such field are left out.
        limit: At most so many.

    Returns:
        All columns of ``media``.

    Raises:
        FilterError: The field is unknown, or the limit is negative.
    """
    if field not in FIELDS:
        raise FilterError(f"{field!r} is no field; take one of {', '.join(FIELDS)}.")
    if limit is not None and limit < 0:
        raise FilterError(f"limit must not be negative, and is {limit}.")
    known, types = FIELDS[field]
    return (
        select(media)
        .where(*conditions(chosen), c.media_type.in_(types), ~known)
        .order_by(c.file_path)
        .limit(limit)
    )
