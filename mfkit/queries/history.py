"""The scans, and the files that could not be read or understood."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, literal, select

from mfkit.models import MediaCopy, MediaItem, Scan, ScanFailure, ScanStage, media


def scans() -> Select[Any]:
    """Return the statement that lists the scans, the newest first, with all their columns."""
    return select(*Scan.__table__.columns).order_by(Scan.started_at.desc(), Scan.id)


def failures() -> Select[Any]:
    """Return the statement that lists the files that could not be read or understood, by path.

    Returns:
        ``file_path``, ``stage``, ``error``, ``file_size``, ``file_modified_at``, ``created_at`` (first
        met), ``root`` and ``scanned_at`` of the last scan that met the failure, ``scan_id``.
    """
    failure, scan = ScanFailure.__table__.c, Scan.__table__.c
    columns = (
        failure.file_path, failure.stage, failure.error, failure.file_size, failure.file_modified_at,
        failure.created_at, scan.root, scan.started_at.label("scanned_at"), failure.scan_id,
    )
    return (
        select(*columns).join(Scan.__table__, scan.id == failure.scan_id).order_by(failure.file_path)
    )


def totals() -> Select[Any]:
    """Return the statement that adds up what lies on the disks that were scanned: one row.

    Returns:
        ``files`` and ``bytes`` (what ``find`` and ``du`` count), which are the sum of ``items`` with
        ``item_bytes`` (each content once), ``copies`` with ``copy_bytes`` (further paths), and
        ``unread`` with ``unread_bytes`` (files that are empty or could not be read).
    """
    present = select(
        func.count().label("items"),
        _sum(media.c.file_size).label("item_bytes"),
        _sum(media.c.copies).label("copies"),
        _sum(media.c.copies * media.c.file_size).label("copy_bytes"),
    ).where(media.c.missing_since.is_(None)).subquery()
    failure = ScanFailure.__table__.c
    unread = select(
        func.count().label("unread"), _sum(failure.file_size).label("unread_bytes")
    ).where(
        failure.stage == ScanStage.READ,
        failure.file_path.not_in(select(MediaItem.file_path).where(MediaItem.missing_since.is_(None))),
        failure.file_path.not_in(select(MediaCopy.file_path).where(MediaCopy.missing_since.is_(None))),
    ).subquery()
    return select(
        # By key: .items is a method of every collection of columns.
        (present.c["items"] + present.c.copies + unread.c.unread).label("files"),
        (present.c.item_bytes + present.c.copy_bytes + unread.c.unread_bytes).label("bytes"),
        *present.c,
        *unread.c,
    ).join_from(present, unread, literal(True))


def _sum(expression: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(expression), 0), BigInteger())
