"""SQLAlchemy models and tables of a library database."""

from mfkit.models.base import Base, LocalDateTime, TimestampMixin, UTCDateTime, UUIDMixin, utc_now
from mfkit.models.change_log import media_changes
from mfkit.models.history import MediaCopy, Scan, ScanFailure, ScanStage, ScanStatus, scan_changes
from mfkit.models.looks_like_rules import LOOKS_LIKE
from mfkit.models.media import (
    EARLIEST_DATE,
    Collection,
    MediaItem,
    MediaType,
    SavedFilter,
    Tag,
    collection_items,
    media_tags,
)
from mfkit.models.metadata import MediaMetadata
from mfkit.models.pixel_tables import (
    InspectionStep,
    VerificationOutcome,
    picture_hashes,
    picture_miniatures,
    picture_quality,
    pixel_inspections,
    verifications,
)
from mfkit.models.search_index import media_search
from mfkit.models.stream_tables import StreamKind, media_chapters, media_streams
from mfkit.models.wide_view import media

__all__ = [
    "Base",
    "Collection",
    "EARLIEST_DATE",
    "InspectionStep",
    "LOOKS_LIKE",
    "LocalDateTime",
    "MediaCopy",
    "MediaItem",
    "MediaMetadata",
    "MediaType",
    "SavedFilter",
    "Scan",
    "ScanFailure",
    "ScanStage",
    "ScanStatus",
    "StreamKind",
    "Tag",
    "TimestampMixin",
    "UTCDateTime",
    "UUIDMixin",
    "VerificationOutcome",
    "collection_items",
    "media",
    "media_changes",
    "media_chapters",
    "media_search",
    "media_streams",
    "media_tags",
    "picture_hashes",
    "picture_miniatures",
    "picture_quality",
    "pixel_inspections",
    "scan_changes",
    "utc_now",
    "verifications",
]
