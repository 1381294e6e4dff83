"""Folders as a tree, each with all that lies below it: what a treemap draws."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import Integer, Select, Text, and_, case, func, literal, or_, select, union_all

from mfkit.analysis.dimensions import MAX_DEPTH
from mfkit.analysis.path_parts import after_last, ancestor, level
from mfkit.analysis.summary import whole_library
from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media

c = media.c


def folder_totals(chosen: MediaFilter) -> Select[Any]:
    """Return the statement for the first and the last folder: one row, ``first`` and ``last``."""
    return select(func.min(c.folder).label("first"), func.max(c.folder).label("last")).where(
        *conditions(chosen)
    )


def common_folder(first: str | None, last: str | None) -> str:
    """Return the innermost folder that holds all folders between two; ``/`` when there is none."""
    return os.path.commonprefix([f"{first or ''}/", f"{last or ''}/"]).rpartition("/")[0] or "/"


def folders(depth: int, chosen: MediaFilter, top: str, *, limit: int | None = None) -> Select[Any]:
    """Return the statement that lists folders with what lies in and below them, the most bytes first.

    Args:
        depth: How many levels below ``top``.
        chosen: Which items; those elsewhere than in ``top`` are left out.
        top: The folder that is the root of the tree.
        limit: At most so many folders. Since a folder never has fewer bytes than one in it and comes
            before it, what is left is still one tree.

    Returns:
        ``id`` (path of the folder), ``parent`` (null for the root), ``label`` (last part of the path, of
        the root all of it), ``depth`` (0 for the root), ``files`` and ``bytes`` (each content once, at
        its own path), ``duration`` (seconds). No rows without items.

    Raises:
        FilterError: The depth is not from 1 to 50, or the limit is negative.
    """
    if not 1 <= depth <= MAX_DEPTH:
        raise FilterError(f"depth must be from 1 to {MAX_DEPTH}, and is {depth!r}.")
    if limit is not None and limit < 0:
        raise FilterError(f"limit must not be negative, and is {limit}.")
    inside = [or_(c.folder == top, and_(c.folder >= f"{top}/", c.folder < f"{top}0"))] if top != "/" else []
    grouped = (
        select(
            c.folder,
            func.count().label("files"),
            whole_library(func.sum(c.file_size)).label("bytes"),
            func.sum(c.duration).label("duration"),
        )
        .where(*conditions(chosen), *inside)
        .group_by(c.folder)
        .subquery()
    )
    # The root as what stands before the first separator.
    folder = case((grouped.c.folder == "/", ""), else_=grouped.c.folder)
    separators = func.length(folder) - func.length(func.replace(folder, "/", "", type_=Text()))
    held = select(folder.label("folder"), separators.label("level"), *list(grouped.c)[1:]).cte("held")
    base = level(top)
    levels = []
    for down in range(depth + 1):
        here = ancestor(held.c.folder, base + down)
        parent = ancestor(held.c.folder, base + down - 1) if down else literal(None, Text())
        named = select(here.label("id"), parent.label("parent"), held.c.files, held.c.bytes, held.c.duration)
        # What is not that deep is in the rows above.
        named_rows = (named.where(held.c.level >= base + down) if down else named).subquery()
        levels.append(
            select(
                named_rows.c.id,
                named_rows.c.parent,
                (after_last(named_rows.c.id, "/") if down else named_rows.c.id).label("label"),
                literal(down, Integer()).label("depth"),
                whole_library(func.sum(named_rows.c.files)).label("files"),
                whole_library(func.sum(named_rows.c.bytes)).label("bytes"),
                func.coalesce(func.sum(named_rows.c.duration), 0.0).label("duration"),
            ).group_by(named_rows.c.id, named_rows.c.parent)
        )
    tree = union_all(*levels).subquery()
    return select(tree).order_by(tree.c.bytes.desc(), tree.c.depth, tree.c.id).limit(limit)
