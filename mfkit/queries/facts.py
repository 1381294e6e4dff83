"""What items can be grouped by: columns, classes, parts of paths and dates, tags, collections, roots."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Label, Text, case, func, select

from mfkit.errors import FilterError
from mfkit.models import Collection, Scan, Tag, collection_items, media, media_tags
from mfkit.queries.camera import camera
from mfkit.queries.classes import CLASSES, orientation, resolution
from mfkit.queries.clock import captured
from mfkit.queries.conditions import container, item_date, item_year, lens
from mfkit.queries.filters import MediaFilter
from mfkit.queries.paths import after_last, ancestor, level
from mfkit.queries.periods import period_start

c = media.c
DEEPEST = 50
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

FACTS: dict[str, ColumnElement[Any]] = {
    **{
        name: c[name]
        for name in (
            "media_type", "mime_type", "extension", "video_codec", "audio_codec", "folder", "artist",
            "album", "genre", "camera_make", "camera_model", "iso", "aperture", "focal_length",
            "location_name", "sample_rate", "channels",
        )
    },
    "container": container,
    "resolution": resolution,
    "orientation": orientation,
    **{name: classes.of(quantity) for name, (quantity, classes) in CLASSES.items()},
    "year": item_year,
    "month": period_start("month", item_date),
    "weekday": captured("weekday"),
    "hour": captured("hour"),
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
class Facts:
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


def facts(by: str | Sequence[str], chosen: MediaFilter, *, least: int = 1) -> Facts:
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
    return Facts(names, columns, source, not _MANY.isdisjoint(names))


def _column(name: str, chosen: MediaFilter) -> ColumnElement[Any]:
    if name in FACTS:
        return FACTS[name]
    depth = _DEPTH.fullmatch(str(name))
    if depth is None:
        raise FilterError(
            f"Items cannot be summed up by {name!r}; take {', '.join(FACTS)} or folder:n, n levels deep."
        )
    if not 1 <= int(depth[1]) <= DEEPEST:
        raise FilterError(f"A folder's depth is from 1 to {DEEPEST}, and {name!r} is not.")
    return ancestor(c.folder, level(chosen.folder) + int(depth[1]))
