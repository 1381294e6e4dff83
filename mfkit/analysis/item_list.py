"""Lists of items: all, counted, searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select

from mfkit.analysis.item_details import tag_names
from mfkit.errors import FilterError
from mfkit.filters.conditions import camera, conditions, container, lens
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import resolution
from mfkit.filters.suggestions import did_you_mean
from mfkit.filters.text_search import search_hits
from mfkit.models import media

c = media.c
COLUMNS: dict[str, ColumnElement[Any]] = {
    **c,
    "place": c.location_name,
    "camera": camera,
    "lens": lens,
    "tags": tag_names,
    "resolution": resolution,
    "container": container,
    "codec": func.coalesce(c.video_codec, c.audio_codec),
    "pixels": cast(c.width, BigInteger()) * c.height,
}
"""Name -> expression that items can be listed with and ordered by: columns of ``media`` and computed ones."""


def items(
    chosen: MediaFilter,
    *,
    columns: Sequence[str] | None = None,
    order_by: str | None = None,
    ascending: bool = True,
    limit: int | None = None,
    offset: int | None = None,
) -> Select[Any]:
    """Return the statement that lists items.

    Args:
        chosen: Filter of the items.
        columns: Names in :data:`COLUMNS`, in the desired order; None for the columns of ``media``.
        order_by: A name in :data:`COLUMNS`; nulls are last. None puts the items that were added last first.
        ascending: False sorts in descending order.
        limit: Maximum number of rows.
        offset: Number of rows to skip.

    Raises:
        FilterError: A column is unknown, none is named, or limit or offset is negative.
    """
    if columns is not None and not columns:
        raise FilterError(f"No column is named. Use at least one of {', '.join(COLUMNS)}.")
    for name, value in (("limit", limit), ("offset", offset)):
        if value is not None and value < 0:
            raise FilterError(f"{name} is {value}. Use 0 or more.")
    statement = select(*(_columns(columns) if columns is not None else media.c)).where(*conditions(chosen))
    if order_by is None:
        statement = statement.order_by(media.c.created_at.desc(), media.c.id)
    else:
        column = _column(order_by)
        ordered = column.asc() if ascending else column.desc()
        statement = statement.order_by(ordered.nulls_last(), media.c.id)
    return statement.limit(limit).offset(offset)


def count(chosen: MediaFilter) -> Select[Any]:
    """Return the statement that counts items: one row, one column ``files``."""
    return select(func.count().label("files")).select_from(media).where(*conditions(chosen))


def search(text: str, chosen: MediaFilter, *, limit: int | None = None) -> Select[Any]:
    """Return the statement that lists the items that match a text, the best matches first."""
    hits = search_hits(text)
    return (
        select(media)
        .join(hits, hits.c.media_item_id == media.c.id)
        .where(*conditions(chosen))
        .order_by(hits.c.rank, media.c.file_path)
        .limit(limit)
    )


def _columns(names: Sequence[str]) -> list[ColumnElement[Any]]:
    return [c[name] if name in c else _column(name).label(name) for name in names]


def _column(name: str) -> ColumnElement[Any]:
    if name not in COLUMNS:
        raise FilterError(
            f"There is no column {name!r}. {did_you_mean(name, COLUMNS)}Use {', '.join(COLUMNS)}."
        )
    return COLUMNS[name]
