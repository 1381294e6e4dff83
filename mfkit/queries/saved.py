"""The selections that a person keeps by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, case, func, select

from mfkit.models import SavedView
from mfkit.queries.ordering import by_code_point

_view = SavedView.__table__.c


def saved_filters() -> Select[Any]:
    """Return the statement that lists saved filters by name.

    Its columns are ``name``, ``filter`` (JSON), ``created_at``, ``modified_at`` and ``id``.
    """
    return select(
        _view.name, _view.filter, _view.created_at, _view.modified_at, _view.id
    ).order_by(by_code_point(_view.name))


def saved_filter(name: str) -> Select[Any]:
    """Return the statement that finds a saved filter: ``filter`` (JSON); an exact match comes first."""
    return (
        select(_view.filter)
        .where(func.lower(_view.name) == func.lower(name))
        .order_by(case((_view.name == name, 0), else_=1), _view.name)
        .limit(1)
    )
