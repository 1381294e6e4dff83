"""Reader for the output of ``ffprobe -of json -show_format -show_streams``: one object per file.

The format is described in https://ffmpeg.org/ffprobe.html, section "json" of "Writers". The fields come from:

- ``formatType`` of FFmpeg's ``doc/ffprobe.xsd``: ``filename``, ``format_name``, ``duration``, ``size``,
  ``bit_rate``.
- ``streamType`` of the same file: ``codec_type``, ``codec_name``, ``width``, ``height``, ``avg_frame_rate``,
  ``sample_rate``, ``channels``, ``profile``, ``pix_fmt``, ``disposition``, and ``rotation`` in
  ``side_data_list``.
- ``tags``, by the generic names of FFmpeg's ``libavformat/avformat.h`` ("Public Metadata API"): ``artist``,
  ``album``, ``album_artist``, ``title``, ``genre``, ``date``, ``creation_time``; by Apple's metadata keys
  (QuickTime File Format, "QuickTime Metadata Keys"): ``com.apple.quicktime.make``, ``.model``,
  ``.creationdate``, ``.location.ISO6709``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mfkit.exchange.imports.normalize import (
    first_value,
    make_row,
    members,
    objects,
    ratio,
    to_integer,
    to_number,
)
from mfkit.scan.places.iso6709 import iso6709

_IMAGE_BRANDS = frozenset(("heic", "heix", "heim", "heis", "mif1", "avif"))


def recognises(value: object) -> bool:
    """Return whether a JSON value is ffprobe's output for a file."""
    return isinstance(value, dict) and isinstance(value.get("format"), dict) and "filename" in value["format"]


def read(output: Mapping[str, Any]) -> dict[str, Any]:
    """Convert ffprobe's output for one file to an import row."""
    container = output["format"]
    streams = objects(output.get("streams"))
    videos = [one for one in streams if one.get("codec_type") == "video" and not _is_cover(one)]
    audios = [one for one in streams if one.get("codec_type") == "audio"]
    video, audio = videos[0] if videos else {}, audios[0] if audios else {}
    tags = {
        key.lower(): value
        for source in (audio, video, container)
        for key, value in members(source.get("tags")).items()
    }
    width, height = to_integer(video.get("width")), to_integer(video.get("height"))
    if _rotation(video) in (90, 270):
        width, height = height, width
    location = iso6709(
        str(first_value(tags.get("com.apple.quicktime.location.iso6709"), tags.get("location"), ""))
    )
    is_image = _is_image(str(container.get("format_name")), str(tags.get("major_brand")))
    metadata: dict[str, Any] = {
        "media_type": None if is_image else "video" if videos else "audio" if audios else None,
        "duration": None if is_image else to_number(container.get("duration")),
        "bitrate": None if is_image else to_integer(container.get("bit_rate")),
        "width": width,
        "height": height,
        "fps": None if is_image else ratio(video.get("avg_frame_rate")),
        "video_codec": None if is_image else video.get("codec_name"),
        "audio_codec": audio.get("codec_name"),
        "sample_rate": to_integer(audio.get("sample_rate")),
        "channels": to_integer(audio.get("channels")),
        "artist": first_value(tags.get("artist"), tags.get("album_artist")),
        "album": tags.get("album"),
        "title": tags.get("title"),
        "genre": tags.get("genre"),
        "year": first_value(tags.get("date"), tags.get("year")),
        "camera_make": first_value(tags.get("com.apple.quicktime.make"), tags.get("make")),
        "camera_model": first_value(tags.get("com.apple.quicktime.model"), tags.get("model")),
        "latitude": location and location[0],
        "longitude": location and location[1],
        "taken_at": _timestamp(
            first_value(tags.get("com.apple.quicktime.creationdate"), tags.get("creation_time"))
        ),
        "extra": {
            "container": container.get("format_name"),
            "video_profile": video.get("profile"),
            "pixel_format": video.get("pix_fmt"),
            "streams": len(streams),
        },
    }
    path = str(container["filename"]).removeprefix("file:")
    return make_row(path, metadata, size=to_integer(container.get("size")))


def _is_image(format_name: str, brand: str) -> bool:
    """Return whether FFmpeg's format name or the file's brand (ISO/IEC 23008-12) is that of an image."""
    return format_name in ("image2", "gif") or format_name.endswith("_pipe") or brand in _IMAGE_BRANDS


def _is_cover(stream: Mapping[str, Any]) -> bool:
    return bool(members(stream.get("disposition")).get("attached_pic"))


def _rotation(stream: Mapping[str, Any]) -> int:
    angles = [members(stream.get("tags")).get("rotate")]
    angles += [one.get("rotation") for one in objects(stream.get("side_data_list"))]
    return (to_integer(first_value(*angles)) or 0) % 360


def _timestamp(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()) if isinstance(text, str) else None
    except ValueError:
        return None
