"""What is there more than once, byte for byte."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, cast, literal, select, union_all

from mfkit.models import MediaCopy, media
from mfkit.queries.conditions import matching
from mfkit.queries.filters import MediaFilter

c = media.c


def duplicates(chosen: MediaFilter) -> Select[Any]:
    """Return the statement that lists every path of every content that has more than one.

    Args:
        chosen: Which items; those without copies are left out by themselves.

    Returns:
        One row per path, groups with the most bytes to win first, and in a group the item's own path
        before its copies: ``id`` (of the item, the same through the group), ``file_path``,
        ``is_copy``, ``file_name``, ``media_type``, ``file_size`` (bytes of one), ``paths`` (number in
        the group) and ``bytes_to_win`` (were all but one removed).
    """
    within = matching(chosen.but(duplicates=True)).scalar_subquery()
    shared = (
        c.media_type, c.file_size, (c.copies + 1).label("paths"),
        cast(c.file_size * c.copies, BigInteger()).label("bytes_to_win"),
    )
    originals = select(
        c.id, c.file_path, literal(False).label("is_copy"), c.file_name, *shared
    ).where(c.id.in_(within))
    copies = (
        select(c.id, MediaCopy.file_path, literal(True).label("is_copy"), MediaCopy.file_name, *shared)
        .join(MediaCopy, MediaCopy.media_item_id == c.id)
        .where(c.id.in_(within), MediaCopy.missing_since.is_(None))
    )
    every = union_all(originals, copies).subquery()
    return select(every).order_by(every.c.bytes_to_win.desc(), every.c.id, every.c.is_copy, every.c.file_path)
