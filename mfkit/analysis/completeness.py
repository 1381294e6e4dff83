"""Completeness of metadata: how many items have each field, and which items lack a field."""

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

from mfkit.analysis.dimensions import dimensions, split_lists
from mfkit.analysis.summary import integer_sum
from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaType, media, media_tags
from mfkit.sql.elements import json_text, ordered_by

c = media.c
VIDEO, AUDIO, IMAGE = MediaType.VIDEO, MediaType.AUDIO, MediaType.IMAGE
_VISUAL, _AUDIBLE, _TIMED = (IMAGE, VIDEO), (AUDIO,), (VIDEO, AUDIO)

# An item has a camera if its make or its model is not empty. This is equivalent to `camera IS NOT NULL`, but
# the database evaluates it faster.
_camera_known = or_(*(func.coalesce(func.trim(one), "") != "" for one in (c.camera_make, c.camera_model)))

FIELDS: Mapping[str, tuple[ColumnElement[bool], tuple[MediaType, ...]]] = {
    "capture_time": (c.file_created_at.is_not(None), _VISUAL),
    "dimensions": (and_(c.width.is_not(None), c.height.is_not(None)), _VISUAL),
    "place": (and_(c.latitude.is_not(None), c.longitude.is_not(None)), _VISUAL),
    "location_name": (c.location_name.is_not(None), _VISUAL),
    "camera": (_camera_known, (IMAGE,)),
    "lens": (json_text("lens").is_not(None), (IMAGE,)),
    **{
        name: (c[name].is_not(None), (IMAGE,))
        for name in ("iso", "aperture", "shutter_speed", "focal_length")
    },
    **{name: (c[name].is_not(None), _TIMED) for name in ("duration", "bitrate")},
    "streams": (c.stream_count.is_not(None), _TIMED),
    **{
        name: (c[name].is_not(None), (VIDEO,))
        for name in ("video_codec", "fps", "hdr", "bit_depth", "pixel_format", "is_interlaced")
    },
    "audio_language": (c.audio_languages.is_not(None), (VIDEO,)),
    "audio_layout": (c.audio_layout.is_not(None), _TIMED),
    **{
        name: (c[name].is_not(None), _AUDIBLE)
        for name in ("audio_codec", "sample_rate", "channels", "artist", "album", "title", "genre", "year")
    },
    "tags": (c.id.in_(select(media_tags.c.media_item_id)), tuple(MediaType)),
}
"""Field name -> SQL condition that an item has the field, and the media types that can have the field."""


def completeness(by: str | Sequence[str], chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.completeness`, which counts the items with each field.

    The fields are in the order of :data:`FIELDS`.
    """
    grouping = dimensions(by, chosen, least=0)
    each = (
        select(
            *grouping.columns,
            c.media_type.label("_type"),
            *(case((known, 1), else_=0).label(f"_{name}") for name, (known, _) in FIELDS.items()),
        )
        .select_from(grouping.source)
        .where(*conditions(chosen))
        .subquery()
    )
    each = split_lists(each, grouping)
    counted = (
        select(
            *(each.c[name] for name in grouping.names),
            each.c._type,
            func.count().label("_files"),
            *(integer_sum(func.sum(each.c[f"_{name}"])).label(f"_{name}") for name in FIELDS),
        )
        .group_by(*(each.c[name] for name in grouping.names), each.c._type)
        .cte("counted")
    )
    groups = [counted.c[name] for name in grouping.names]
    rows = union_all(
        *(
            select(
                *groups,
                literal(place, Integer()).label("_place"),
                literal(name).label("field"),
                integer_sum(func.sum(counted.c._files)).label("files"),
                integer_sum(func.sum(counted.c[f"_{name}"])).label("known"),
            )
            .where(counted.c._type.in_(types))
            .group_by(*groups)
            for place, (name, (_, types)) in enumerate(FIELDS.items())
        )
    ).subquery()
    values = [rows.c[name] for name in grouping.names]
    return (
        select(
            *values,
            rows.c.field,
            rows.c.files,
            rows.c.known,
            (rows.c.files - rows.c.known).label("unknown"),
            (cast(rows.c.known, Double()) / rows.c.files).label("share"),
        )
        .where(rows.c.files > 0)
        .order_by(*ordered_by(values), rows.c._place)
    )


def missing_metadata(field: str, chosen: MediaFilter, *, limit: int | None = None) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.missing_metadata`, which lists items that lack a field."""
    if field not in FIELDS:
        raise FilterError(f"{field!r} is not a field. Use one of {', '.join(FIELDS)}.")
    if limit is not None and limit < 0:
        raise FilterError(f"limit is {limit}. Use 0 or more.")
    known, types = FIELDS[field]
    return (
        select(media)
        .where(*conditions(chosen), c.media_type.in_(types), ~known)
        .order_by(c.file_path)
        .limit(limit)
    )
