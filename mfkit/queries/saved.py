"""The selections that a person keeps by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, case, func, select

from mfkit.models import SavedView
from mfkit.queries.ordering import by_code_point

_view = SavedView.__table__.c


def views() -> Select[Any]:
    """Return the statement that lists views by name: ``name``, ``filter`` (JSON), ``created_at``,
    ``modified_at``, ``id``."""
    return select(
        _view.name, _view.filter, _view.created_at, _view.modified_at, _view.id
    ).order_by(by_code_point(_view.name))


def view(name: str) -> Select[Any]:
    """Return the statement for the view of a name: ``filter`` (JSON), the very same before another case."""
    return (
        select(_view.filter)
        .where(func.lower(_view.name) == func.lower(name))
        .order_by(case((_view.name == name, 0), else_=1), _view.name)
        .limit(1)
    )
