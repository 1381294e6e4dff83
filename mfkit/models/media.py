"""Media items, and the tags and collections that a person sorts them into."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, CheckConstraint, Column, Enum, ForeignKey, Index, Integer, Table, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mfkit.models.base import Base, PathText, TimestampMixin, UTCDateTime, UUIDMixin, utc_now
from mfkit.models.long_text_indexes import index_long_text
from mfkit.models.metadata import MediaMetadata

if TYPE_CHECKING:
    from mfkit.models.history import MediaCopy

__all__ = ["Collection", "MediaItem", "MediaMetadata", "MediaType", "Tag", "collection_items", "media_tags"]


class MediaType(StrEnum):
    """The five sorts of files that mfkit tells apart."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"
    OTHER = "other"


def enum_type(enum: type[StrEnum], name: str) -> Enum:
    """Return a column type that stores an enum's values as text, guarded by a check constraint.

    Text rather than a native enum: a new value is then an ordinary migration on both databases.
    """
    return Enum(
        enum,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


media_tags = Table(
    "media_tags",
    Base.metadata,
    Column("media_item_id", ForeignKey("media_items.id", ondelete="CASCADE"), primary_key=True),
    # The primary key serves item -> tags; the index serves tag -> items.
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("created_at", UTCDateTime(), default=utc_now, nullable=False),
)
"""Which item carries which tag."""

collection_items = Table(
    "collection_items",
    Base.metadata,
    Column("collection_id", ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("media_item_id", ForeignKey("media_items.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("position", Integer, nullable=True),
    Column("added_at", UTCDateTime(), default=utc_now, nullable=False),
)
"""Which item lies in which collection, and where in it when the collection has an order."""

_IS_MISSING = text("missing_since IS NOT NULL")


class MediaItem(UUIDMixin, TimestampMixin, Base):
    """One distinct content: the bytes of a file, wherever else copies of it lie.

    Attributes:
        file_path: Absolute path of the file; bytes that are no UTF-8 are written as ``\\xHH``.
        file_name: Last part of the path.
        file_size: Bytes.
        file_hash: SHA-256 of the content, 64 hexadecimal characters.
        mime_type: Type by the file's first bytes, for example ``video/mp4``.
        media_type: One of :class:`MediaType`.
        file_created_at: When the content was made: capture time or the container's date, where stated.
        file_modified_at: The file system's modification time.
        last_scanned_at: When a scan last read the file.
        is_processed: Whether the facts come from the current extractor version.
        is_compressed: Whether the content is stored with a codec that compresses.
        compression_ratio: Uncompressed size over stored size, for example 50.0 for 50:1.
        missing_since: Set when a scan no longer finds the file, cleared when it is back.
        media_metadata: What is known of the content.
        tags: Tags the item carries.
        collections: Collections the item lies in.
        copies: Further paths with the same content.
    """

    __tablename__ = "media_items"

    file_path: Mapped[str] = mapped_column(PathText, unique=True, index=True)
    file_name: Mapped[str] = mapped_column(index=True)
    file_size: Mapped[int] = mapped_column(BigInteger)
    file_hash: Mapped[str] = mapped_column(unique=True, index=True)
    mime_type: Mapped[str] = mapped_column(index=True)
    media_type: Mapped[MediaType] = mapped_column(enum_type(MediaType, "media_type"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    file_created_at: Mapped[datetime | None]
    file_modified_at: Mapped[datetime | None]
    last_scanned_at: Mapped[datetime | None]
    is_processed: Mapped[bool] = mapped_column(default=False, index=True)
    is_compressed: Mapped[bool] = mapped_column(default=False)
    compression_ratio: Mapped[float | None]
    missing_since: Mapped[datetime | None]

    media_metadata: Mapped[MediaMetadata | None] = relationship(
        back_populates="media_item", cascade="all, delete-orphan", passive_deletes=True
    )
    tags: Mapped[list[Tag]] = relationship(
        secondary=media_tags, back_populates="media_items", passive_deletes=True
    )
    collections: Mapped[list[Collection]] = relationship(
        secondary=collection_items, back_populates="media_items", passive_deletes=True
    )
    copies: Mapped[list[MediaCopy]] = relationship(
        back_populates="media_item", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        CheckConstraint("file_size >= 0", name="file_size_not_negative"),
        Index(None, "media_type", "created_at"),
        # Only what is missing: nearly every query asks for missing_since IS NULL, and SQLite takes an
        # index that answers it for a selective one, before those on path, camera or tags.
        Index(None, "missing_since", sqlite_where=_IS_MISSING, postgresql_where=_IS_MISSING),
    )

    def __repr__(self) -> str:
        """Name the item by its path and type."""
        return f"MediaItem({self.file_path!r}, media_type={str(self.media_type)!r})"


class Tag(UUIDMixin, Base):
    """A word that a person puts on items.

    Attributes:
        name: Unique.
        description: What the tag means.
        color: Hexadecimal colour for the screen, for example ``#1f77b4``.
        created_at: Moment of insertion.
        media_items: Items that carry the tag.
    """

    __tablename__ = "tags"

    name: Mapped[str] = mapped_column(unique=True, index=True)
    description: Mapped[str | None]
    color: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    media_items: Mapped[list[MediaItem]] = relationship(
        secondary=media_tags, back_populates="tags", passive_deletes=True
    )

    def __repr__(self) -> str:
        """Name the tag."""
        return f"Tag({self.name!r})"


class Collection(UUIDMixin, TimestampMixin, Base):
    """A set of items that a person put together, in an order when one is given.

    Attributes:
        name: Unique.
        description: What the collection is for.
        media_items: Items in the collection, by position, those without one last.
    """

    __tablename__ = "collections"

    name: Mapped[str] = mapped_column(unique=True, index=True)
    description: Mapped[str | None]

    media_items: Mapped[list[MediaItem]] = relationship(
        secondary=collection_items,
        back_populates="collections",
        passive_deletes=True,
        order_by=(collection_items.c.position.is_(None), collection_items.c.position),
    )

    def __repr__(self) -> str:
        """Name the collection."""
        return f"Collection({self.name!r})"


index_long_text(MediaItem.__table__, "file_path", "file_name", "mime_type")
index_long_text(Tag.__table__, "name")
index_long_text(Collection.__table__, "name")
