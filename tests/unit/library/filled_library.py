"""A library of six items, for the tests of all methods."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import select

from mfkit import MediaLibrary, assumptions
from mfkit.core.event_loop import run_sync
from mfkit.models import media

DAY = datetime(2023, 6, 15, 12, tzinfo=UTC)


DTYPES = {
    "text": "str",
    "whole": "Int64",
    "float": "float64",
    "bool": "boolean",
    "time": "datetime64[us, UTC]",
    "local time": "datetime64[us]",
    "enum": "category",
}


MEDIA = {
    "id": "text",
    "file_path": "text",
    "file_name": "text",
    "file_size": "whole",
    "file_hash": "text",
    "mime_type": "text",
    "media_type": "enum",
    "created_at": "time",
    "file_created_at": "time",
    "file_modified_at": "time",
    "last_scanned_at": "time",
    "is_processed": "bool",
    "is_compressed": "bool",
    "compression_ratio": "float",
    "missing_since": "time",
    "modified_at": "time",
    "captured_at": "local time",
    "capture_offset": "whole",
    "capture_precision": "text",
    "capture_source": "text",
    "capture_flag": "text",
    "device": "whole",
    "inode": "whole",
    "link_count": "whole",
    "changed_ns": "whole",
    "duration": "float",
    "width": "whole",
    "height": "whole",
    "fps": "float",
    "video_codec": "text",
    "audio_codec": "text",
    "bitrate": "whole",
    "sample_rate": "whole",
    "channels": "whole",
    "artist": "text",
    "album": "text",
    "title": "text",
    "genre": "text",
    "year": "whole",
    "camera_make": "text",
    "camera_model": "text",
    "iso": "whole",
    "aperture": "float",
    "shutter_speed": "text",
    "focal_length": "float",
    "latitude": "float",
    "longitude": "float",
    "location_name": "text",
    "extra_metadata": "text",
    "rating": "float",
    "people": "text",
    "description": "text",
    "album_artist": "text",
    "track": "whole",
    "disc": "whole",
    "stream_count": "whole",
    "audio_languages": "text",
    "subtitle_languages": "text",
    "audio_codecs": "text",
    "most_channels": "whole",
    "subtitle_count": "whole",
    "chapter_count": "whole",
    "hdr": "text",
    "dolby_vision": "whole",
    "bit_depth": "whole",
    "pixel_format": "text",
    "audio_layout": "text",
    "is_vfr": "bool",
    "is_interlaced": "bool",
    "folder": "text",
    "extension": "text",
    "copies": "whole",
    "date": "local time",
    "date_source": "text",
    **dict.fromkeys(
        ("sharpness", "clipped_shadows", "clipped_highlights", "mean_luminance", "entropy"), "float"
    ),
    **dict.fromkeys(("looks_like", "looks_like_rule"), "text"),
}


STREAMS = {
    "id": "text",
    "file_path": "text",
    "stream_index": "whole",
    "kind": "enum",
    "is_main": "bool",
    **dict.fromkeys(("codec", "profile"), "text"),
    "level": "whole",
    **dict.fromkeys(("language", "title"), "text"),
    **dict.fromkeys(
        ("is_default", "is_forced", "is_commentary", "is_hearing_impaired", "is_original"), "bool"
    ),
    "bitrate": "whole",
    "duration": "float",
    **dict.fromkeys(("frames", "width", "height"), "whole"),
    "sample_aspect_ratio": "text",
    "fps": "float",
    "is_vfr": "bool",
    **dict.fromkeys(("field_order", "pixel_format"), "text"),
    "bit_depth": "whole",
    "chroma_subsampling": "text",
    **dict.fromkeys(("color_primaries", "color_transfer", "color_matrix", "color_range", "hdr"), "text"),
    **dict.fromkeys(("dv_profile", "dv_level", "dv_compatibility"), "whole"),
    **dict.fromkeys(("mastering_min_luminance", "mastering_max_luminance"), "float"),
    **dict.fromkeys(("max_cll", "max_fall", "channels"), "whole"),
    "channel_layout": "text",
    "sample_rate": "whole",
    **dict.fromkeys(("is_lossless", "is_object_based"), "bool"),
    "encoder_delay": "whole",
    "is_text": "bool",
}


SUMS = {
    "files": "whole",
    "copies": "whole",
    "bytes": "whole",
    "bytes_with_copies": "whole",
    "share": "float",
    "duration": "float",
}


COUNTS = ("files", "size", "added", "updated", "moved", "unchanged", "copies", "missing", "failed")


SAVED = (
    "bitrate",
    "file_size",
    "bytes_low",
    "bytes_expected",
    "bytes_high",
    "saves_low",
    "saves_expected",
    "saves_high",
)


TINY = assumptions().assign(low=1.0, expected=2.0, high=3.0, audio=0.0)


FRAMES: dict[str, tuple[Callable[[MediaLibrary], pd.DataFrame], dict[str, str]]] = {
    "items": (lambda lib: lib.items(), MEDIA),
    "items, chosen columns": (
        lambda lib: lib.items(columns=["file_size", "id"]),
        {"file_size": "whole", "id": "text"},
    ),
    "search": (lambda lib: lib.search("sea"), MEDIA),
    "largest": (
        lambda lib: lib.largest(3),
        {
            **{name: MEDIA[name] for name in ("file_name", "folder", "media_type", "file_size", "duration")},
            **{name: MEDIA[name] for name in ("width", "height")},
            "codec": "text",
            "date": "local time",
            "id": "text",
        },
    ),
    "frame": (lambda lib: lib.frame(select(media)), MEDIA),
    "streams": (lambda lib: lib.streams(), STREAMS),
    "quality": (
        lambda lib: lib.quality(),
        {
            "id": "text",
            "file_path": "text",
            "camera": "text",
            **dict.fromkeys(("width", "height"), "whole"),
            **dict.fromkeys(("sharpness", "sharpness_rank"), "float"),
            "peers": "whole",
            **dict.fromkeys(("clipped_shadows", "clipped_highlights", "mean_luminance", "entropy"), "float"),
            **dict.fromkeys(("suggestion", "rule"), "text"),
        },
    ),
    "efficiency": (
        lambda lib: lib.efficiency(),
        {
            **dict.fromkeys(("id", "file_path"), "text"),
            "stream_index": "whole",
            **dict.fromkeys(("codec", "resolution", "frame_rate", "hdr"), "text"),
            "duration": "float",
            "bitrate": "whole",
            "bitrate_source": "text",
            **dict.fromkeys(("bits_per_pixel", "median_bits_per_pixel", "mad_bits_per_pixel"), "float"),
            "peers": "whole",
            "score": "float",
            "outlier": "text",
            **dict.fromkeys(("bytes", "bytes_at_median", "saves"), "whole"),
        },
    ),
    "efficiency of audio": (
        lambda lib: lib.efficiency(kind="audio"),
        {
            **dict.fromkeys(("id", "file_path"), "text"),
            "stream_index": "whole",
            **dict.fromkeys(("codec", "channel_layout"), "text"),
            "duration": "float",
            "bitrate": "whole",
            "bitrate_source": "text",
            **dict.fromkeys(("median_bitrate", "mad_bitrate"), "float"),
            "peers": "whole",
            "score": "float",
            "outlier": "text",
            **dict.fromkeys(("bytes", "bytes_at_median", "saves"), "whole"),
        },
    ),
    "playable": (
        lambda lib: lib.playable("safari"),
        dict.fromkeys(("id", "file_path", "plays", "reasons"), "text"),
    ),
    "summary": (lambda lib: lib.summary(), {"media_type": "enum", **SUMS}),
    "summary by several": (
        lambda lib: lib.summary(["year", "camera", "resolution", "month", "folder"]),
        {
            "year": "whole",
            "camera": "text",
            "resolution": "text",
            "month": "local time",
            "folder": "text",
            **SUMS,
        },
    ),
    "growth": (
        lambda lib: lib.growth("day"),
        {
            "period": "local time",
            "media_type": "enum",
            "files": "whole",
            "bytes": "whole",
            "total_files": "whole",
            "total_bytes": "whole",
        },
    ),
    "duplicates": (
        lambda lib: lib.duplicates(),
        {
            "id": "text",
            "file_path": "text",
            "is_copy": "bool",
            "file_name": "text",
            "media_type": "enum",
            "file_size": "whole",
            "paths": "whole",
            "reclaimable_bytes": "whole",
            "file_modified_at": "time",
            "keep": "bool",
            "reason": "text",
        },
    ),
    "growth by none": (
        lambda lib: lib.growth("year", by=()),
        {"period": "local time", **dict.fromkeys(("files", "bytes", "total_files", "total_bytes"), "whole")},
    ),
    "folders": (
        lambda lib: lib.folders(),
        {
            "id": "text",
            "parent": "text",
            "label": "text",
            "depth": "whole",
            "files": "whole",
            "bytes": "whole",
            "duration": "float",
        },
    ),
    "histogram of whole numbers": (
        lambda lib: lib.histogram(),
        {"bin": "whole", "low": "whole", "high": "whole", "files": "whole", "bytes": "whole"},
    ),
    "histogram of fractions": (
        lambda lib: lib.histogram("duration", 3, log=True),
        {"bin": "whole", "low": "float", "high": "float", "files": "whole", "bytes": "whole"},
    ),
    "places": (
        lambda lib: lib.places(zoom=3),
        {
            "latitude": "float",
            "longitude": "float",
            "files": "whole",
            "bytes": "whole",
            "first_year": "whole",
            "last_year": "whole",
            "first_place": "text",
            "last_place": "text",
        },
    ),
    "completeness": (
        lambda lib: lib.completeness(["media_type", "tag"]),
        {
            "media_type": "enum",
            "tag": "text",
            "field": "text",
            "files": "whole",
            "known": "whole",
            "unknown": "whole",
            "share": "float",
        },
    ),
    "missing_metadata": (lambda lib: lib.missing_metadata("lens"), MEDIA),
    "savings": (
        lambda lib: lib.savings("av1", assumptions=TINY),
        {
            "id": "text",
            "file_path": "text",
            "media_type": "enum",
            "codec": "text",
            "resolution": "text",
            "duration": "float",
            **dict.fromkeys(SAVED, "whole"),
        },
    ),
    "scans": (
        lambda lib: lib.scans(),
        {
            "id": "text",
            "root": "text",
            "status": "enum",
            "started_at": "time",
            "finished_at": "time",
            "extractor_version": "whole",
            **dict.fromkeys(COUNTS, "whole"),
            "keeps_changes": "bool",
        },
    ),
    "failures": (
        lambda lib: lib.failures(),
        {
            "file_path": "text",
            "stage": "enum",
            "error": "text",
            "file_size": "whole",
            "file_modified_at": "time",
            "created_at": "time",
            "root": "text",
            "scanned_at": "time",
            "scan_id": "text",
        },
    ),
    "tags": (
        lambda lib: lib.tags(),
        {
            "name": "text",
            "items": "whole",
            "description": "text",
            "color": "text",
            "created_at": "time",
            "id": "text",
        },
    ),
    "collections": (
        lambda lib: lib.collections(),
        {
            "name": "text",
            "items": "whole",
            "description": "text",
            "created_at": "time",
            "modified_at": "time",
            "id": "text",
        },
    ),
}


def write(library: MediaLibrary, *rows: Any) -> None:
    """Store rows in a library, on its own loop."""

    async def put() -> None:
        async with library.database.session() as session:
            session.add_all(rows)

    run_sync(put())


def names(frame: pd.DataFrame) -> list[str]:
    """Return the file names of a frame, without extensions."""
    return [str(name).partition(".")[0] for name in frame["file_name"]]
