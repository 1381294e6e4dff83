"""Selections that a person keeps in the library by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mfkit.models.base import Base, TimestampMixin, UUIDMixin
from mfkit.models.long_text_indexes import index_long_text


class SavedFilter(UUIDMixin, TimestampMixin, Base):
    """A filter under a name.

    Attributes:
        name: Unique.
        filter: The fields of a :class:`mfkit.MediaFilter` that say something, as JSON.
        created_at: Moment of insertion.
        modified_at: When the filter was last replaced.
    """

    __tablename__ = "saved_views"

    name: Mapped[str] = mapped_column(unique=True, index=True)
    filter: Mapped[dict[str, Any]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))

    def __repr__(self) -> str:
        """Name the view."""
        return f"SavedView({self.name!r})"


index_long_text(SavedFilter.__table__, "name")
