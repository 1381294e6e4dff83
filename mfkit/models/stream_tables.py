"""Tables of the streams and chapters of media items: one row per stream, and one row per chapter.

The rows of an item are written together with its row of ``media_metadata``, whose column ``stream_count``
says whether the streams are known. It is null until a scan has read the streams, and 0 if the
file has no streams.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Integer, Table, Text

from mfkit.models.base import Base
from mfkit.models.media import enum_type


class StreamKind(StrEnum):
    """Kind of a stream. A cover is an image that is stored as a video stream."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLE = "subtitle"
    COVER = "cover"
    ATTACHMENT = "attachment"
    DATA = "data"


media_streams = Table(
    "media_streams",
    Base.metadata,
    Column("media_item_id", ForeignKey("media_items.id", ondelete="CASCADE"), primary_key=True),
    Column("stream_index", Integer(), primary_key=True, autoincrement=False),
    Column("kind", enum_type(StreamKind, "stream_kind"), nullable=False),
    Column("is_main", Boolean(), nullable=False),
    Column("codec", Text()),
    Column("profile", Text()),
    Column("level", Integer()),
    Column("language", Text()),
    Column("title", Text()),
    Column("is_default", Boolean()),
    Column("is_forced", Boolean()),
    Column("is_commentary", Boolean()),
    Column("is_hearing_impaired", Boolean()),
    Column("is_original", Boolean()),
    Column("bitrate", BigInteger()),
    Column("duration", Double()),
    Column("frames", BigInteger()),
    Column("width", Integer()),
    Column("height", Integer()),
    Column("sample_aspect_ratio", Text()),
    Column("fps", Double()),
    Column("is_vfr", Boolean()),
    Column("field_order", Text()),
    Column("pixel_format", Text()),
    Column("bit_depth", Integer()),
    Column("chroma_subsampling", Text()),
    Column("color_primaries", Text()),
    Column("color_transfer", Text()),
    Column("color_matrix", Text()),
    Column("color_range", Text()),
    Column("hdr", Text()),
    Column("dv_profile", Integer()),
    Column("dv_level", Integer()),
    Column("dv_compatibility", Integer()),
    Column("mastering_min_luminance", Double()),
    Column("mastering_max_luminance", Double()),
    Column("max_cll", Integer()),
    Column("max_fall", Integer()),
    Column("channels", Integer()),
    Column("channel_layout", Text()),
    Column("sample_rate", Integer()),
    Column("is_lossless", Boolean()),
    Column("is_object_based", Boolean()),
    Column("encoder_delay", Integer()),
    Column("is_text", Boolean()),
)
"""Streams of the items, in the order of the file (``stream_index`` from 0).

``is_main`` marks the video and the audio stream that a player would choose, which the columns of
``media_metadata`` describe. ``width`` and ``height`` are the stored size, before pixel shape, cropping and
rotation. docs/schema.md describes all columns with their units.
"""

media_chapters = Table(
    "media_chapters",
    Base.metadata,
    Column("media_item_id", ForeignKey("media_items.id", ondelete="CASCADE"), primary_key=True),
    Column("chapter_index", Integer(), primary_key=True, autoincrement=False),
    Column("start_time", Double(), nullable=False),
    Column("end_time", Double()),
    Column("title", Text()),
)
"""Chapters of the items, in the order of the file, with their start and end in seconds."""
