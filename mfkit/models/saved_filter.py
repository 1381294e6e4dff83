"""Table of saved filters."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mfkit.models.base import Base, TimestampMixin, UUIDMixin
from mfkit.models.long_text_indexes import index_long_text


class SavedFilter(UUIDMixin, TimestampMixin, Base):
    """Filter that is stored in the library under a unique name.

    Attributes:
        name: Unique name.
        filter: JSON object with the fields of a :class:`mfkit.MediaFilter` that are set.
        created_at: Time of insertion.
        modified_at: Time when the filter was last replaced.
    """

    __tablename__ = "saved_views"

    name: Mapped[str] = mapped_column(unique=True, index=True)
    filter: Mapped[dict[str, Any]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))

    def __repr__(self) -> str:
        """Return the class name and the filter's name."""
        return f"SavedFilter({self.name!r})"


index_long_text(SavedFilter.__table__, "name")
