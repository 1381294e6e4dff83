"""Tables of media items, tags, collections and saved filters."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Index,
    Integer,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mfkit.models.base import Base, LocalDateTime, PathText, TimestampMixin, UTCDateTime, UUIDMixin, utc_now
from mfkit.models.long_text_indexes import index_long_text
from mfkit.models.metadata import MediaMetadata

if TYPE_CHECKING:
    from mfkit.models.history import MediaCopy

__all__ = [
    "Collection",
    "MediaItem",
    "MediaMetadata",
    "MediaType",
    "SavedFilter",
    "Tag",
    "collection_items",
    "media_tags",
]


EARLIEST_DATE = datetime(1826, 1, 1)
"""Earliest plausible date: the year of the oldest photograph that still exists."""


class MediaType(StrEnum):
    """Broad type of an item's content, such as video or image."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"
    OTHER = "other"


def enum_type(enum: type[StrEnum], name: str) -> Enum:
    """Return a column type that stores the values of an enum as text with a check constraint.

    With text instead of a native database enum, adding a value needs only an ordinary migration.
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
    # The index finds the items of a tag. The tags of an item are found with the primary key.
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("created_at", UTCDateTime(), default=utc_now, nullable=False),
)
"""Link table between items and their tags."""

collection_items = Table(
    "collection_items",
    Base.metadata,
    Column("collection_id", ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("media_item_id", ForeignKey("media_items.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("position", Integer, nullable=True),
    Column("added_at", UTCDateTime(), default=utc_now, nullable=False),
)
"""Link table between collections and their items; the position is null if the item has no defined order."""

_IS_MISSING = text("missing_since IS NOT NULL")


class MediaItem(UUIDMixin, TimestampMixin, Base):
    """Item of the library: one distinct file content, which may exist at several paths.

    Attributes:
        file_path: Absolute path of the file. Bytes that are not valid UTF-8 are written as ``\\xHH``.
        file_name: Last part of the path.
        file_size: Size in bytes.
        file_hash: SHA-256 of the content, 64 hexadecimal characters.
        mime_type: MIME type, detected from the file's first bytes, for example ``video/mp4``.
        media_type: Media type of the item.
        file_created_at: Capture time in UTC; null if unknown. A capture time with an unknown UTC offset is
            stored as if it were in UTC.
        file_modified_at: The file system's modification time.
        last_scanned_at: Time when a scan last read the file.
        is_processed: True if the current version of the extractors has read the metadata.
        is_compressed: True if the content is stored with a compressing codec.
        compression_ratio: Uncompressed size divided by stored size, for example 50.0 for 50:1.
        missing_since: Time when a scan first no longer found the file; null while the file exists.
        captured_at: Local capture time by the camera's clock, without a time zone; null if unknown.
        capture_offset: UTC offset of the camera's clock in minutes, positive east of UTC; null if unknown.
        capture_precision: Precision of ``captured_at``: ``year``, ``month``, ``day``, ``minute`` or
            ``second``. Smaller units have their first value, for example January 1 for ``year``.
        capture_source: Source of the capture time, for example ``exif`` or ``file name``.
        capture_flag: Reason why ``captured_at`` is implausible: ``future`` or ``before 1826``; null if it is
            plausible.
        device: Number of the file system (``st_dev``) as a signed 64-bit integer; null if unknown.
        inode: Number of the file in its file system (``st_ino``) as a signed 64-bit integer.
        link_count: Number of hard links to the file.
        changed_ns: Time when the file's inode last changed (``st_ctime_ns``), in nanoseconds since 1970 UTC.
        media_metadata: Metadata of the item.
        tags: Tags of the item.
        collections: Collections that contain the item.
        copies: Additional paths with the same content.
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
    # sort_order places these columns last, because migrations add new columns at the end of the table.
    captured_at: Mapped[datetime | None] = mapped_column(LocalDateTime, index=True, sort_order=1)
    capture_offset: Mapped[int | None] = mapped_column(sort_order=1)
    capture_precision: Mapped[str | None] = mapped_column(sort_order=1)
    capture_source: Mapped[str | None] = mapped_column(sort_order=1)
    capture_flag: Mapped[str | None] = mapped_column(sort_order=1)
    device: Mapped[int | None] = mapped_column(BigInteger, sort_order=1)
    inode: Mapped[int | None] = mapped_column(BigInteger, sort_order=1)
    link_count: Mapped[int | None] = mapped_column(sort_order=1)
    changed_ns: Mapped[int | None] = mapped_column(BigInteger, sort_order=1)

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
        # The index covers only missing items. Nearly every query has the condition missing_since IS NULL. If
        # the index covered all items, SQLite would use it for this condition, instead of the more selective
        # indexes on path, camera or tags.
        Index(None, "missing_since", sqlite_where=_IS_MISSING, postgresql_where=_IS_MISSING),
    )

    def __repr__(self) -> str:
        """Return the class name, the path and the media type."""
        return f"MediaItem({self.file_path!r}, media_type={str(self.media_type)!r})"


class Tag(UUIDMixin, Base):
    """Tag that users assign to items.

    Attributes:
        name: Unique name.
        description: Description of the tag's meaning.
        color: Display colour in hexadecimal, for example ``#1f77b4``.
        created_at: Time of insertion.
        media_items: Items with the tag.
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
        """Return the class name and the tag's name."""
        return f"Tag({self.name!r})"


class Collection(UUIDMixin, TimestampMixin, Base):
    """Collection that a user creates from items. The items may have a defined order.

    Attributes:
        name: Unique name.
        description: Description of the collection's purpose.
        media_items: Items in the collection, sorted by position. Items without a position come last.
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
        """Return the class name and the collection's name."""
        return f"Collection({self.name!r})"


index_long_text(MediaItem.__table__, "file_path", "file_name", "mime_type")
index_long_text(Tag.__table__, "name")
index_long_text(Collection.__table__, "name")


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
