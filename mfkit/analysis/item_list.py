"""Lists of items: all, counted, searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select

from mfkit.errors import FilterError
from mfkit.filters.conditions import camera, conditions, item_date
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.text_search import search_hits
from mfkit.models import media

_ORDERS: dict[str, ColumnElement[Any]] = {
    **media.c,
    "date": item_date,
    "pixels": cast(media.c.width, BigInteger()) * media.c.height,
    "camera": camera,
    "codec": func.coalesce(media.c.video_codec, media.c.audio_codec),
}
"""Name -> expression that items can be ordered by."""


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
        columns: Columns of ``media``, in the desired order; None for all.
        order_by: A column of ``media``, ``date`` (capture time, else modification time), ``pixels``,
            ``camera`` or ``codec`` (of the video, else of the audio); nulls are last. None puts the items
            that were added last first.
        ascending: False sorts in descending order.
        limit: Maximum number of rows.
        offset: Number of rows to skip.

    Raises:
        FilterError: A column is unknown, none is named, or limit or offset is negative.
    """
    if columns is not None and not columns:
        raise FilterError(f"No column is named. Use at least one of {', '.join(media.c.keys())}.")
    for name, value in (("limit", limit), ("offset", offset)):
        if value is not None and value < 0:
            raise FilterError(f"{name} is {value}. Use 0 or more.")
    statement = select(*(_columns(columns) if columns is not None else media.c)).where(*conditions(chosen))
    if order_by is None:
        statement = statement.order_by(media.c.created_at.desc(), media.c.id)
    else:
        if order_by not in _ORDERS:
            raise FilterError(f"Items cannot be ordered by {order_by!r}. Use {', '.join(_ORDERS)}.")
        column = _ORDERS[order_by]
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
    unknown = [name for name in names if name not in media.c]
    if unknown:
        raise FilterError(f"There is no column {unknown[0]!r}. Use {', '.join(media.c.keys())}.")
    return [media.c[name] for name in names]
