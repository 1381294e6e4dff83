"""Tables with the results of pixel analysis: hashes, miniatures, quality, inspections and verifications.

The rows refer to the SHA-256 of a file content instead of an item, so that a file that is moved, copied or
scanned again does not have to be decoded again.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)

from mfkit.models.base import Base, PathText, UTCDateTime
from mfkit.models.media import enum_type


class InspectionStep(StrEnum):
    """Step of a pixel inspection: hashes for the search of similar pictures, or measures of quality."""

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
"""Last inspection result of each distinct file content, one row per content and step.

``error`` is the reason why an inspection has no result. A file content is inspected again if
``inspector_version`` differs from the version in the code.
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
"""Perceptual hashes as signed integers, one row per picture of a file content.

:mod:`mfkit.pixels.perceptual_hash` computes them.

For an image, ``part`` is 0 for the whole picture and 1 for the picture without its single-colour border. For
a video, ``part`` is the position of the frame in percent of the duration. ``is_flat`` means that nearly all
pixels have the same luminance; such pictures are not compared.
"""

picture_miniatures = Table(
    "picture_miniatures",
    Base.metadata,
    Column("file_hash", Text(), primary_key=True),
    Column("part", SmallInteger(), primary_key=True, autoincrement=False),
    Column("pixels", LargeBinary(), nullable=False),
)
"""Miniatures of the pictures in ``picture_hashes``: luminance and two colour planes as bytes.

A miniature consists of 32 x 32 bytes of luminance, then 8 x 8 bytes each of Cb and Cr. Miniatures are in a
separate table, because a search for similar pictures reads the hashes of all contents, but only a few
miniatures.
"""

picture_quality = Table(
    "picture_quality",
    Base.metadata,
    Column("file_hash", Text(), primary_key=True),
    Column("sharpness", Double()),
    Column("clipped_shadows", Double(), nullable=False),
    Column("clipped_highlights", Double(), nullable=False),
    Column("mean_luminance", Double(), nullable=False),
    Column("entropy", Double(), nullable=False),
)
"""Quality measures of images, one row per content; :mod:`mfkit.pixels.quality_measures` computes them.

The view ``media`` has the same columns. ``sharpness`` is null if a picture is less than 3 pixels wide or
high.
"""


class VerificationOutcome(StrEnum):
    """Result of verifying whether the content of one file is damaged."""

    OK = "ok"
    DAMAGED = "damaged"
    UNSUPPORTED = "unsupported"
    UNDECIDED = "undecided"


verifications = Table(
    "verifications",
    Base.metadata,
    # The revision is a number, so that verifications can be sorted in the order in which they were stored.
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
"""History of all file verifications, one row per verification.

``how`` is ``hash``, ``headers`` or ``decode``. ``position`` is the offset in bytes at which damage was
detected. ``file_hash`` is the SHA-256 at the time of the scan, and ``found_hash`` the SHA-256 of the damaged
content.
"""
