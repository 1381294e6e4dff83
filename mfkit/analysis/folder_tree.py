"""Tree of folders for treemaps; the totals of a folder include all its subfolders."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import Integer, Select, Text, and_, case, func, literal, or_, select, union_all

from mfkit.analysis.dimensions import MAX_DEPTH
from mfkit.analysis.summary import integer_sum
from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media
from mfkit.sql.elements import after_last, ancestor, folder_depth

c = media.c


def folder_range(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement for the alphabetically first and last folder of the items.

    Its result is one row with the columns ``first`` and ``last``.
    """
    return select(func.min(c.folder).label("first"), func.max(c.folder).label("last")).where(
        *conditions(chosen)
    )


def common_folder(first: str | None, last: str | None) -> str:
    """Return the innermost folder that contains both folders; ``/`` if they have none in common."""
    return os.path.commonprefix([f"{first or ''}/", f"{last or ''}/"]).rpartition("/")[0] or "/"


def folders(depth: int, chosen: MediaFilter, top: str, *, limit: int | None = None) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.folders`, which sums the items in a tree of folders.

    Args:
        depth: Number of levels below ``top``.
        chosen: Filter of the items; items outside of ``top`` are left out.
        top: Root of the tree.
        limit: Maximum number of folders, largest first. A folder sorts before its subfolders, because it has
            at least as many bytes as they have, so the remaining folders still form one tree.
    """
    if not 1 <= depth <= MAX_DEPTH:
        raise FilterError(f"depth is {depth!r}. Use a number from 1 to {MAX_DEPTH}.")
    if limit is not None and limit < 0:
        raise FilterError(f"limit is {limit}. Use 0 or more.")
    inside = [or_(c.folder == top, and_(c.folder >= f"{top}/", c.folder < f"{top}0"))] if top != "/" else []
    grouped = (
        select(
            c.folder,
            func.count().label("files"),
            integer_sum(func.sum(c.file_size)).label("bytes"),
            func.sum(c.duration).label("duration"),
        )
        .where(*conditions(chosen), *inside)
        .group_by(c.folder)
        .subquery()
    )
    # The root folder "/" becomes an empty text, so that a folder's level is its number of separators: 0 for
    # the root folder, 1 for "/a".
    folder = case((grouped.c.folder == "/", ""), else_=grouped.c.folder)
    separators = func.length(folder) - func.length(func.replace(folder, "/", "", type_=Text()))
    totals = select(folder.label("folder"), separators.label("level"), *list(grouped.c)[1:]).cte("totals")
    base = folder_depth(top)
    levels = []
    for down in range(depth + 1):
        here = ancestor(totals.c.folder, base + down)
        parent = ancestor(totals.c.folder, base + down - 1) if down else literal(None, Text())
        named = select(
            here.label("id"), parent.label("parent"), totals.c.files, totals.c.bytes, totals.c.duration
        )
        # Folders above the current level of the tree are left out, because the query for a higher level
        # already lists them.
        named_rows = (named.where(totals.c.level >= base + down) if down else named).subquery()
        levels.append(
            select(
                named_rows.c.id,
                named_rows.c.parent,
                (after_last(named_rows.c.id, "/") if down else named_rows.c.id).label("label"),
                literal(down, Integer()).label("depth"),
                integer_sum(func.sum(named_rows.c.files)).label("files"),
                integer_sum(func.sum(named_rows.c.bytes)).label("bytes"),
                func.coalesce(func.sum(named_rows.c.duration), 0.0).label("duration"),
            ).group_by(named_rows.c.id, named_rows.c.parent)
        )
    tree = union_all(*levels).subquery()
    return select(tree).order_by(tree.c.bytes.desc(), tree.c.depth, tree.c.id).limit(limit)
