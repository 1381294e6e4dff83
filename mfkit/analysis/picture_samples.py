"""Sample of images and videos from each year, for the pictures in a report."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Select, case, cast, func, select

from mfkit.filters.conditions import conditions, date_status, date_year
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaType, media

c = media.c


def picture_samples(chosen: MediaFilter, per_year: int) -> Select[Any]:
    """Return the SELECT statement for at most ``per_year`` images or videos of each capture year.

    Images come before videos, then the highest ratings, then images from a known camera. The order of the
    others looks random, but is always the same, because it is the order of their hashes.

    Returns:
        ``year`` (by the local capture time; null without a plausible one), ``place`` (1 for the first of a
        year), ``id``, ``file_name``.
    """
    year = cast(case((date_status() == "dated", date_year)), Integer())
    order = (
        (c.media_type != MediaType.IMAGE).asc(),
        func.coalesce(c.rating, 0).desc(),
        c.camera_model.is_(None).asc(),
        c.file_hash.asc(),
    )
    each = (
        select(
            year.label("year"),
            c.id,
            c.file_name,
            func.row_number().over(partition_by=year, order_by=order).label("place"),
        )
        .where(*conditions(chosen), c.media_type.in_((MediaType.IMAGE, MediaType.VIDEO)))
        .subquery()
    )
    return (
        select(each.c.year, each.c.place, each.c.id, each.c.file_name)
        .where(each.c.place <= per_year)
        .order_by(each.c.year.nulls_last(), each.c.place)
    )
