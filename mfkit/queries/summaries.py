"""How much of what: files, bytes and hours by a fact, and over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Double, Select, Text, case, cast, func, select

from mfkit.errors import FilterError
from mfkit.models import media
from mfkit.queries.conditions import camera, conditions, item_date, item_year
from mfkit.queries.filters import MediaFilter
from mfkit.queries.periods import Freq, period_start

c = media.c

_short_side = case((c.width < c.height, c.width), else_=c.height)
resolution: ColumnElement[Any] = case(
    (_short_side.is_(None), None),
    (_short_side < 480, "below SD"),
    (_short_side < 720, "SD"),
    (_short_side < 1080, "HD"),
    (_short_side < 1440, "Full HD"),
    (_short_side < 2160, "QHD"),
    (_short_side < 4320, "4K"),
    else_="8K",
)
"""Class by the shorter side in pixels: SD from 480, HD 720, Full HD 1080, QHD 1440, 4K 2160, 8K 4320."""

DIMENSIONS: dict[str, ColumnElement[Any]] = {
    **{
        name: c[name]
        for name in (
            "media_type", "mime_type", "extension", "video_codec", "audio_codec", "folder", "artist",
            "album", "genre", "camera_make", "camera_model", "iso", "location_name", "sample_rate",
            "channels",
        )
    },
    "camera": camera,
    "resolution": cast(resolution, Text()),
    "year": item_year,
    "month": period_start("month", item_date),
}
"""What items can be summed up by."""


def summary(by: str | Sequence[str], chosen: MediaFilter) -> Select[Any]:
    """Return the statement that sums items up by one or more facts, the most bytes first.

    Args:
        by: Names among :data:`DIMENSIONS`.
        chosen: Which items.

    Returns:
        One row per value (null where the fact is unknown), with the columns named in ``by`` and
        ``files`` (items), ``copies`` (further paths), ``bytes`` (each content once),
        ``bytes_with_copies``, ``share`` (of the bytes, 0 to 1) and ``duration`` (seconds).

    Raises:
        FilterError: A name is unknown.
    """
    names = [by] if isinstance(by, str) else list(by)
    if not names:
        raise FilterError("Name at least one fact to sum up by.")
    for name in names:
        if name not in DIMENSIONS:
            raise FilterError(f"Items cannot be summed up by {name!r}; take {', '.join(DIMENSIONS)}.")
    facts = [DIMENSIONS[name].label(name) for name in names]
    total = func.sum(c.file_size)
    return (
        select(
            *facts,
            func.count().label("files"),
            _whole(func.sum(c.copies)).label("copies"),
            _whole(total).label("bytes"),
            _whole(func.sum(c.file_size * (1 + c.copies))).label("bytes_with_copies"),
            (cast(total, Double()) / func.nullif(func.sum(total).over(), 0)).label("share"),
            func.coalesce(func.sum(c.duration), 0.0).label("duration"),
        )
        .where(*conditions(chosen))
        .group_by(*facts)
        .order_by(total.desc(), *facts)
    )


def growth(freq: Freq, chosen: MediaFilter, *, on: str = "date") -> Select[Any]:
    """Return the statement that counts items by period and media type, with running totals.

    Args:
        freq: ``"year"``, ``"month"`` or ``"day"``.
        chosen: Which items.
        on: ``"date"`` (capture time, else modification time), ``"created_at"`` (when the item came
            into the library) or ``"file_modified_at"``.

    Returns:
        ``period`` (its first moment, UTC), ``media_type``, ``files``, ``bytes``, ``total_files`` and
        ``total_bytes`` (up to and with the period, per media type). Items without a date are left out.

    Raises:
        FilterError: The period or the date has another name.
    """
    dates = {"date": item_date, "created_at": c.created_at, "file_modified_at": c.file_modified_at}
    if on not in dates:
        raise FilterError(f"{on!r} is no date; take one of {', '.join(dates)}.")
    inner = (
        select(
            period_start(freq, dates[on]).label("period"),
            c.media_type.label("media_type"),
            func.count().label("files"),
            _whole(func.sum(c.file_size)).label("bytes"),
        )
        .where(*conditions(chosen), dates[on].is_not(None))
        .group_by("period", c.media_type)
        .subquery()
    )
    running: dict[str, Any] = {"partition_by": inner.c.media_type, "order_by": inner.c.period}
    return select(
        inner.c.period,
        inner.c.media_type,
        inner.c.files,
        inner.c.bytes,
        _whole(func.sum(inner.c.files).over(**running)).label("total_files"),
        _whole(func.sum(inner.c.bytes).over(**running)).label("total_bytes"),
    ).order_by(inner.c.period, inner.c.media_type)


def _whole(expression: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a sum as a 64-bit integer: PostgreSQL sums those into NUMERIC."""
    return cast(func.coalesce(expression, 0), BigInteger())
