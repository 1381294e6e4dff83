"""Items summed up by what a fact is made of, before it is made: fifty cameras are named, not a million."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Subquery, func, select
from sqlalchemy.sql.util import ClauseAdapter
from sqlalchemy.sql.visitors import iterate

from mfkit.models import media
from mfkit.queries.conditions import conditions
from mfkit.queries.facts import Facts
from mfkit.queries.filters import MediaFilter

c = media.c
_FEW_VALUES: frozenset[ColumnElement[Any]] = frozenset((
    c.media_type, c.mime_type, c.extension, c.video_codec, c.audio_codec, c.camera_make, c.camera_model,
    c.artist, c.album, c.genre, c.year, c.folder,
))
"""Columns in which many items share a value."""


def counted(meant: Facts, chosen: MediaFilter, values: Mapping[str, ColumnElement[Any]]) -> Subquery:
    """Return facts with values to sum up, of single items or of those that share what facts are made of.

    Args:
        meant: The facts.
        chosen: Which items.
        values: Name -> an item's value, a number.

    Returns:
        A subquery with the facts and the values by name; several rows may bear the same facts. PostgreSQL
        does not take two equal expressions with parameters for one, so group by its columns.
    """
    parts = _parts(meant)
    if parts is None:
        labelled = [value.label(name) for name, value in values.items()]
        each = select(*meant.columns, *labelled).select_from(meant.source)
        return each.where(*conditions(chosen)).subquery()
    sums = [func.sum(value).label(name) for name, value in values.items()]
    inner = select(*parts, *sums).where(*conditions(chosen)).group_by(*parts).subquery()
    made = ClauseAdapter(inner)
    columns = [made.traverse(fact.element).label(fact.name) for fact in meant.columns]
    return select(*columns, *(inner.c[name] for name in values)).subquery()


def _parts(meant: Facts) -> list[ColumnElement[Any]] | None:
    """Return the columns that facts are made of; None where they are columns, or of too many values."""
    if meant.overlapping or all(fact.element in _FEW_VALUES for fact in meant.columns):
        return None
    parts = {part.name: part for fact in meant.columns for part in iterate(fact) if isinstance(part, Column)}
    return list(parts.values()) if _FEW_VALUES.issuperset(parts.values()) else None
