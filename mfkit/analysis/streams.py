"""Lists of the streams and chapters of items."""

from __future__ import annotations

from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import Select, select

from mfkit.errors import FilterError, did_you_mean
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media, media_chapters, media_streams
from mfkit.sql.elements import by_code_point

c, s = media.c, media_streams.c
Kind = Literal["video", "audio", "subtitle", "cover", "attachment", "data"]
_STREAM_COLUMNS = tuple(column for column in s if column is not s.media_item_id)


def streams(chosen: MediaFilter, *, kind: str | None = None, limit: int | None = None) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.streams`, which lists the streams of items."""
    if kind is not None and kind not in get_args(Kind):
        kinds = get_args(Kind)
        raise FilterError(
            f"{kind!r} is not a kind of stream. {did_you_mean(kind, kinds)}Use one of {', '.join(kinds)}."
        )
    if limit is not None and limit < 0:
        raise FilterError(f"limit is {limit}. Use 0 or more.")
    statement = (
        select(c.id, c.file_path, *_STREAM_COLUMNS)
        .join_from(media, media_streams, s.media_item_id == c.id)
        .where(*conditions(chosen))
    )
    if kind is not None:
        statement = statement.where(s.kind == kind)
    return statement.order_by(by_code_point(c.file_path), s.stream_index).limit(limit)


def streams_of(item_id: UUID) -> Select[Any]:
    """Return the SELECT statement that lists the streams of an item."""
    return select(*_STREAM_COLUMNS).where(s.media_item_id == item_id).order_by(s.stream_index)


def chapters_of(item_id: UUID) -> Select[Any]:
    """Return the SELECT statement that lists the chapters of an item.

    Its columns are ``start_time``, ``end_time`` and ``title``.
    """
    chapter = media_chapters.c
    return (
        select(chapter.start_time, chapter.end_time, chapter.title)
        .where(chapter.media_item_id == item_id)
        .order_by(chapter.chapter_index)
    )
