"""Tables of what mfkit sees in pictures and videos: perceptual hashes, miniatures and inspections.

The rows belong to contents, not to items, so that a file that is moved, copied or scanned again is not
decoded again.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text

from mfkit.models.base import Base, PathText, UTCDateTime
from mfkit.models.media import enum_type


class InspectionStep(StrEnum):
    """Part of an inspection of the pixels."""

    SIMILARITY = "similarity"
    QUALITY = "quality"


pixel_inspections = Table(
    "pixel_inspections",
    Base.metadata,
    Column("file_hash", Text(), primary_key=True),
    Column("step", enum_type(InspectionStep, "inspection_step"), primary_key=True),
    Column("inspected_at", UTCDateTime(), nullable=False),
    Column("inspector_version", Integer(), nullable=False),
    Column("error", Text()),
)
"""The last inspection of a content in one step. ``error`` is the reason if it has no result.

Contents with another ``inspector_version`` than that of the code are inspected again.
"""

picture_hashes = Table(
    "picture_hashes",
    Base.metadata,
    Column("file_hash", Text(), primary_key=True),
    Column("part", SmallInteger(), primary_key=True, autoincrement=False),
    Column("difference_hash", BigInteger(), nullable=False),
    Column("dct_hash", BigInteger(), nullable=False),
    Column("is_flat", Boolean(), nullable=False),
)
"""Perceptual hashes of the pictures of a content (:mod:`mfkit.pixels.perceptual_hash`), as signed numbers.

Of an image, ``part`` 0 is the whole picture and 1 the picture without its border of one colour. Of a video,
it is the position of the frame in percent of the duration. Flat pictures have nearly one luminance and are
not compared.
"""

picture_miniatures = Table(
    "picture_miniatures",
    Base.metadata,
    Column("file_hash", Text(), primary_key=True),
    Column("part", SmallInteger(), primary_key=True, autoincrement=False),
    Column("pixels", LargeBinary(), nullable=False),
)
"""Miniatures of the same pictures, apart from the hashes, which are read for all contents at once.

32 x 32 bytes of luminance, then 8 x 8 bytes of Cb and of Cr.
"""


class VerificationOutcome(StrEnum):
    """Outcome of a verification."""

    OK = "ok"
    DAMAGED = "damaged"
    UNSUPPORTED = "unsupported"
    UNDECIDED = "undecided"


verifications = Table(
    "verifications",
    Base.metadata,
    # A number, which gives the order of the verifications.
    Column("revision", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("file_hash", Text(), nullable=False),
    Column("file_path", PathText, nullable=False),
    Column("how", Text(), nullable=False),
    Column("verified_at", UTCDateTime(), nullable=False),
    Column("outcome", enum_type(VerificationOutcome, "verification_outcome"), nullable=False),
    Column("position", BigInteger()),
    Column("error", Text()),
    Column("found_hash", Text()),
    Index(None, "file_hash", "how"),
)
"""All verifications of files, with their history.

``how`` is ``hash``, ``headers`` or ``decode``. ``position`` is the offset in bytes at which damage was
noticed, and ``found_hash`` the SHA-256 of the damaged content; ``file_hash`` is that of the scan.
"""
