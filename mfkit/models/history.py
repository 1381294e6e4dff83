"""What scans leave behind: further paths of a content, the scans, what changed and what failed."""

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
    """How a scan stands."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class ScanStage(StrEnum):
    """The step at which a file was given up: listing, reading its bytes, or understanding them."""

    WALK = "walk"
    READ = "read"
    PROBE = "probe"


class MediaCopy(UUIDMixin, Base):
    """A further path that holds the same content as a media item.

    Attributes:
        media_item_id: The item with the same bytes.
        file_path: Absolute path of the copy.
        file_name: Last part of the path.
        file_modified_at: The file system's modification time.
        last_scanned_at: When a scan last read the copy.
        missing_since: Set when a scan no longer finds the copy.
        media_item: The item.
    """

    __tablename__ = "media_copies"

    media_item_id: Mapped[UUID] = mapped_column(ForeignKey("media_items.id", ondelete="CASCADE"), index=True)
    file_path: Mapped[str] = mapped_column(PathText, unique=True)
    file_name: Mapped[str]
    file_modified_at: Mapped[datetime | None]
    last_scanned_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]

    media_item: Mapped[MediaItem] = relationship(back_populates="copies")

    def __repr__(self) -> str:
        """Name the copy by its path."""
        return f"MediaCopy({self.file_path!r})"


class Scan(UUIDMixin, Base):
    """One walk through one folder.

    Attributes:
        root: The folder.
        status: One of :class:`ScanStatus`.
        started_at: When it began.
        finished_at: When it ended, however it ended.
        extractor_version: Version of the code that read the facts.
        files: Files found.
        size: Bytes of the files found.
        added: New contents.
        updated: Items whose content or facts changed.
        moved: Items found at another path than before.
        unchanged: Files not opened, since size and modification time were as before.
        copies: Further paths of a known content, found new.
        missing: Items no longer found.
        failed: Files that could not be read or understood.
        keeps_changes: Whether it wrote down what changed below folders that were scanned before; null
            for scans by an mfkit that did not.
        failures: What is recorded of those that failed.
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
        """Name the scan by its root and status."""
        return f"Scan({self.root!r}, status={str(self.status)!r})"


scan_changes = Table(
    "scan_changes",
    Base.metadata,
    # A number, as in every log here: it tells which change came after which.
    Column("revision", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("scan_id", ForeignKey("scans.id", ondelete="CASCADE"), index=True, nullable=False),
    Column("file_path", PathText, nullable=False),
    Column("old_hash", Text()),
    Column("old_size", BigInteger()),
    Column("new_hash", Text()),
    Column("new_size", BigInteger()),
)
"""The paths that a scan found other than they were known: what two scans are compared by.

SHA-256 and bytes of the content that was there, and of that which is; null for none. A path that is as it
was has no row, nor has one below a folder that no earlier scan knew.
"""


class ScanFailure(UUIDMixin, Base):
    """A file that could not be read or understood, for as long as that is so.

    Attributes:
        scan_id: The last scan that met the failure.
        file_path: The path; one row per path.
        stage: One of :class:`ScanStage`.
        error: What went wrong, in a sentence.
        file_size: Bytes by the directory entry; null when not even that was to be had.
        file_modified_at: The file system's modification time; with the size it tells the next scan
            that the file is as it was and need not be opened again.
        created_at: When the failure was first met.
        scan: The scan.
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
        """Name the failure by path and stage."""
        return f"ScanFailure({self.file_path!r}, stage={str(self.stage)!r})"


index_long_text(MediaCopy.__table__, "file_path")
index_long_text(ScanFailure.__table__, "file_path")
