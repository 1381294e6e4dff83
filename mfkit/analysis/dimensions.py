"""What items can be grouped by: columns, classes, parts of paths and dates, tags, collections, roots."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, Label, Subquery, Text, case, func, select
from sqlalchemy.sql.util import ClauseAdapter
from sqlalchemy.sql.visitors import iterate

from mfkit.analysis.capture_time import capture_clock
from mfkit.analysis.path_parts import after_last, ancestor, level
from mfkit.analysis.periods import period_start
from mfkit.errors import FilterError
from mfkit.filters.camera_name import camera
from mfkit.filters.conditions import conditions, container, item_date, item_year, lens
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import BINS, orientation, resolution
from mfkit.models import Collection, Scan, Tag, collection_items, media, media_tags

c = media.c
MAX_DEPTH = 50
"""How deep a folder can be asked for."""

_root, _tag, _collection = Scan.__table__.c.root, Tag.__table__, Collection.__table__
# The roots that contain a path contain each other, so that the greatest text is the innermost root.
# By folder, of which there are fewer than paths, and as a range: no letter of a root is a wildcard.
_below = case((_root == "/", "/"), else_=_root + "/")
_scan_root = (
    select(func.max(_root, type_=Text()))
    .where(c.folder + "/" >= _below, c.folder + "/" < case((_root == "/", "0"), else_=_root + "0"))
    .scalar_subquery()
    .correlate(media)
)

DIMENSIONS: dict[str, ColumnElement[Any]] = {
    **{
        name: c[name]
        for name in (
            "media_type",
            "mime_type",
            "extension",
            "video_codec",
            "audio_codec",
            "folder",
            "artist",
            "album",
            "genre",
            "camera_make",
            "camera_model",
            "iso",
            "aperture",
            "focal_length",
            "location_name",
            "sample_rate",
            "channels",
        )
    },
    "container": container,
    "resolution": resolution,
    "orientation": orientation,
    **{name: classes.of(quantity) for name, (quantity, classes) in BINS.items()},
    "year": item_year,
    "month": period_start("month", item_date),
    "weekday": capture_clock("weekday"),
    "hour": capture_clock("hour"),
    "camera": camera,
    "lens": lens,
    "place": c.location_name,
    "country": func.nullif(func.trim(after_last(c.location_name, ",")), "", type_=Text()),
    "tag": _tag.c.name,
    "collection": _collection.c.name,
    "scan_root": _scan_root,
}
"""Name -> expression over ``media``; besides these there is ``folder:n``."""

_MANY = frozenset(("tag", "collection"))
_DEPTH = re.compile(r"folder:(\d{1,4})")


@dataclass(frozen=True)
class Dimensions:
    """What to group by.

    Attributes:
        names: As given.
        columns: The expressions, labelled with the names.
        source: What to select from.
        overlapping: Whether an item may be in several groups.
    """

    names: tuple[str, ...]
    columns: tuple[Label[Any], ...]
    source: FromClause
    overlapping: bool


def dimensions(by: str | Sequence[str], chosen: MediaFilter, *, least: int = 1) -> Dimensions:
    """Look facts up by their names.

    Args:
        by: One name or several among :data:`FACTS`, or ``folder:n``: the folder ``n`` levels below the
            filter's ``folder``, or below the root of the file system when there is none.
        chosen: The filter.
        least: How many names there must be.

    Raises:
        FilterError: A name is unknown or given twice, or there are too few.
    """
    names = (by,) if isinstance(by, str) else tuple(by)
    if len(names) < least:
        raise FilterError("Name at least one fact to sum up by.")
    if len(set(names)) < len(names):
        raise FilterError(f"A fact is named twice: {', '.join(map(str, names))}.")
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
    return Dimensions(names, columns, source, not _MANY.isdisjoint(names))


def _column(name: str, chosen: MediaFilter) -> ColumnElement[Any]:
    if name in DIMENSIONS:
        return DIMENSIONS[name]
    depth = _DEPTH.fullmatch(str(name))
    if depth is None:
        raise FilterError(
            f"Items cannot be summed up by {name!r}; take {', '.join(DIMENSIONS)} or folder:n, n levels deep."
        )
    if not 1 <= int(depth[1]) <= MAX_DEPTH:
        raise FilterError(f"A folder's depth is from 1 to {MAX_DEPTH}, and {name!r} is not.")
    return ancestor(c.folder, level(chosen.folder) + int(depth[1]))


_FEW_VALUES: frozenset[ColumnElement[Any]] = frozenset(
    (
        c.media_type,
        c.mime_type,
        c.extension,
        c.video_codec,
        c.audio_codec,
        c.camera_make,
        c.camera_model,
        c.artist,
        c.album,
        c.genre,
        c.year,
        c.folder,
    )
)
"""Columns in which many items share a value."""


def preaggregate(
    meant: Dimensions, chosen: MediaFilter, values: Mapping[str, ColumnElement[Any]]
) -> Subquery:
    """Return facts with values to sum up, of single items or of those that share what facts are made of.

    Args:
        meant: The facts.
        chosen: Which items.
        values: Name -> an item's value, a number.

    Returns:
        A subquery with the facts and the values by name; several rows may bear the same facts. PostgreSQL
        does not take two equal expressions with parameters for one, so group by its columns.
    """
    parts = _parts(meant)
    if parts is None:
        labelled = [value.label(name) for name, value in values.items()]
        each = select(*meant.columns, *labelled).select_from(meant.source)
        return each.where(*conditions(chosen)).subquery()
    sums = [func.sum(value).label(name) for name, value in values.items()]
    inner = select(*parts, *sums).where(*conditions(chosen)).group_by(*parts).subquery()
    made = ClauseAdapter(inner)
    columns = [made.traverse(fact.element).label(fact.name) for fact in meant.columns]
    return select(*columns, *(inner.c[name] for name in values)).subquery()


def _parts(meant: Dimensions) -> list[ColumnElement[Any]] | None:
    """Return the columns that facts are made of; None where they are columns, or of too many values."""
    if meant.overlapping or all(fact.element in _FEW_VALUES for fact in meant.columns):
        return None
    parts = {part.name: part for fact in meant.columns for part in iterate(fact) if isinstance(part, Column)}
    return list(parts.values()) if _FEW_VALUES.issuperset(parts.values()) else None
