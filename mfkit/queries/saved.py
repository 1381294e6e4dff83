"""The selections that a person keeps by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from mfkit.models import SavedView

_view = SavedView.__table__.c


def views() -> Select[Any]:
    """Return the statement that lists views by name: ``name``, ``filter`` (JSON), ``created_at``,
    ``modified_at``, ``id``."""
    return select(
        _view.name, _view.filter, _view.created_at, _view.modified_at, _view.id
    ).order_by(_view.name)
