"""Tables that scans write: copies, scans, detected changes, and failures."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mfkit.models.base import Base, PathText, UUIDMixin, utc_now
from mfkit.models.long_text_indexes import index_long_text
from mfkit.models.media import enum_type

if TYPE_CHECKING:
    from mfkit.models.media import MediaItem


class ScanStatus(StrEnum):
    """Status of a scan, from running to one of three final states."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class ScanStage(StrEnum):
    """Step of a scan at which a file failed: listing, reading its bytes, or extracting its metadata."""

    WALK = "walk"
    READ = "read"
    PROBE = "probe"


class MediaCopy(UUIDMixin, Base):
    """Additional path with the same content as a media item.

    Attributes:
        media_item_id: Id of the item with the same content.
        file_path: Absolute path of the copy.
        file_name: Last part of the path.
        file_modified_at: The file system's modification time.
        last_scanned_at: Time when a scan last read the copy.
        missing_since: Time when a scan first no longer found the copy; null while the file exists.
        device: Number of the file system, as in :class:`MediaItem`.
        inode: Number of the file in its file system, as in :class:`MediaItem`.
        link_count: Number of hard links to the file.
        changed_ns: Time when the file's inode last changed, as in :class:`MediaItem`.
        media_item: Item with the same content.
    """

    __tablename__ = "media_copies"

    media_item_id: Mapped[UUID] = mapped_column(ForeignKey("media_items.id", ondelete="CASCADE"), index=True)
    file_path: Mapped[str] = mapped_column(PathText, unique=True)
    file_name: Mapped[str]
    file_modified_at: Mapped[datetime | None]
    last_scanned_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    device: Mapped[int | None] = mapped_column(BigInteger)
    inode: Mapped[int | None] = mapped_column(BigInteger)
    link_count: Mapped[int | None]
    changed_ns: Mapped[int | None] = mapped_column(BigInteger)

    media_item: Mapped[MediaItem] = relationship(back_populates="copies")

    def __repr__(self) -> str:
        """Return the class name and the path."""
        return f"MediaCopy({self.file_path!r})"


class Scan(UUIDMixin, Base):
    """Record of one scan of one folder or URL.

    Attributes:
        root: Folder or URL that was scanned.
        status: Status of the scan.
        started_at: Time when the scan started.
        finished_at: Time when the scan ended, successfully or not.
        extractor_version: Version of the extractors that read the metadata.
        files: Number of files found.
        size: Total size of the files in bytes.
        added: Number of new items.
        updated: Number of items whose content or metadata changed.
        moved: Number of items that were found at another path.
        unchanged: Number of files that were not opened, because size and modification time were unchanged.
        copies: Number of new copies.
        missing: Number of items that were no longer found.
        failed: Number of files that could not be read or whose metadata could not be extracted.
        keeps_changes: True if the scan recorded changes in ``scan_changes``; null for scans by older versions
            of mfkit, which did not.
        failures: Files that failed.
    """

    __tablename__ = "scans"

    root: Mapped[str]
    status: Mapped[ScanStatus] = mapped_column(enum_type(ScanStatus, "scan_status"))
    started_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    finished_at: Mapped[datetime | None]
    extractor_version: Mapped[int]
    files: Mapped[int] = mapped_column(BigInteger, default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    added: Mapped[int] = mapped_column(BigInteger, default=0)
    updated: Mapped[int] = mapped_column(BigInteger, default=0)
    moved: Mapped[int] = mapped_column(BigInteger, default=0)
    unchanged: Mapped[int] = mapped_column(BigInteger, default=0)
    copies: Mapped[int] = mapped_column(BigInteger, default=0)
    missing: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
    keeps_changes: Mapped[bool | None]

    failures: Mapped[list[ScanFailure]] = relationship(
        back_populates="scan", cascade="all, delete-orphan", passive_deletes=True
    )

    def __repr__(self) -> str:
        """Return the class name, the root and the status."""
        return f"Scan({self.root!r}, status={str(self.status)!r})"


scan_changes = Table(
    "scan_changes",
    Base.metadata,
    # The revision is a number, so that changes can be sorted in the order in which they were recorded.
    Column("revision", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("scan_id", ForeignKey("scans.id", ondelete="CASCADE"), index=True, nullable=False),
    Column("file_path", PathText, nullable=False),
    Column("old_hash", Text()),
    Column("old_size", BigInteger()),
    Column("new_hash", Text()),
    Column("new_size", BigInteger()),
)
"""Changes that scans detected, to compare two scans: one row per scan and path whose content changed.

Each row has the SHA-256 and the size in bytes of the old and of the new content. The old values are null for
an added path, the new values for a removed path. The first scan of a root records no changes.
"""


class ScanFailure(UUIDMixin, Base):
    """Record of a file that a scan could not read or could not extract metadata from.

    The row is deleted when a later scan of the file succeeds.

    Attributes:
        scan_id: Id of the last scan that failed on the file.
        file_path: Unique path of the file.
        stage: Step of the scan that failed.
        error: Error message.
        file_size: Size in bytes according to the file system; null if unknown.
        file_modified_at: The file system's modification time. If it and the size are unchanged at the next
            scan, the file is not opened again.
        created_at: Time when the failure first occurred.
        scan: Last scan that failed on the file.
    """

    __tablename__ = "scan_failures"

    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"), index=True)
    file_path: Mapped[str] = mapped_column(PathText, unique=True)
    stage: Mapped[ScanStage] = mapped_column(enum_type(ScanStage, "scan_stage"))
    error: Mapped[str]
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    file_modified_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    scan: Mapped[Scan] = relationship(back_populates="failures")

    def __repr__(self) -> str:
        """Return the class name, the path and the stage."""
        return f"ScanFailure({self.file_path!r}, stage={str(self.stage)!r})"


index_long_text(MediaCopy.__table__, "file_path")
index_long_text(ScanFailure.__table__, "file_path")
