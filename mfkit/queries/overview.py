"""What several panels show of one selection, in one look at the items."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from mfkit.models import media
from mfkit.queries.conditions import conditions, item_date
from mfkit.queries.filters import MediaFilter
from mfkit.queries.periods import period_start
from mfkit.queries.summaries import whole

c = media.c


def overview(chosen: MediaFilter) -> Select[Any]:
    """Return the statement that sums items up by media type, video codec and year, in that order.

    Returns:
        A row for each combination that there is: ``media_type``, ``video_codec``, ``period`` (the first
        moment of the year of an item's date, UTC; null without one), ``files``, ``bytes``, ``duration`` (s).
    """
    period = period_start("year", item_date).label("period")
    each = (
        select(c.media_type, c.video_codec, period, c.file_size, c.duration)
        .where(*conditions(chosen))
        .subquery()
    )
    groups = each.c.media_type, each.c.video_codec, each.c.period
    return (
        select(
            *groups,
            func.count().label("files"),
            whole(func.sum(each.c.file_size)).label("bytes"),
            func.coalesce(func.sum(each.c.duration), 0.0).label("duration"),
        )
        .group_by(*groups)
        .order_by(*groups)
    )
