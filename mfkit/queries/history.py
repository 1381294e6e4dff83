"""The scans, and the files that could not be read or understood."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from mfkit.models import Scan, ScanFailure


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
