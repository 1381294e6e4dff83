"""Reader for the output of ``mediainfo --Output=JSON``: one object per file, with a list of tracks.

The fields are listed by track type on https://mediaarea.net/MediaInfo/Support/Fields:

- General: ``CompleteName``, ``FileSize``, ``File_Modified_Date``, ``InternetMediaType``, ``Format``,
  ``Duration``, ``OverallBitRate``, ``Encoded_Date``, ``Encoded_Application``, tags such as ``Performer``,
  ``Album``, ``Track``, ``Genre``, ``Recorded_Date``, and ``Recorded_Location``.
- Video and Image: ``Width``, ``Height``, ``Rotation``, ``FrameRate``, ``Format``, ``Format_Profile``.
- Audio: ``SamplingRate``, ``Channels``, ``BitDepth``, ``Format`` and its settings.
- ``extra`` of General has values for which MediaInfo has no field, under their names in the file: ``xyz`` is
  the location atom of 3GPP and QuickTime files, ``com_apple_quicktime_*`` are Apple's metadata keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mfkit.exchange.imports.normalize import (
    codec_name,
    first_value,
    make_row,
    members,
    objects,
    to_integer,
    to_number,
)
from mfkit.scan.places.iso6709 import iso6709

_STAMP = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)")


def recognises(value: object) -> bool:
    """Return whether a JSON value is MediaInfo's output for a file."""
    return isinstance(value, dict) and isinstance(value.get("media"), dict) and "track" in value["media"]


def read(output: Mapping[str, Any]) -> dict[str, Any]:
    """Convert MediaInfo's output for one file to an import row."""
    media = output["media"]
    tracks: dict[str, Mapping[str, Any]] = {}
    for track in objects(media["track"]):
        tracks.setdefault(str(track.get("@type")), track)
    general, video, audio, image = (tracks.get(name, {}) for name in ("General", "Video", "Audio", "Image"))
    shown = video or image
    width, height = to_integer(shown.get("Width")), to_integer(shown.get("Height"))
    if round(to_number(shown.get("Rotation")) or 0) % 180 == 90:
        width, height = height, width
    extra = members(general.get("extra"))
    location = iso6709(str(first_value(general.get("Recorded_Location"), extra.get("xyz"), "")))
    metadata: dict[str, Any] = {
        "mime_type": general.get("InternetMediaType"),
        "media_type": "video" if video else "audio" if audio else "image" if image else None,
        "duration": to_number(general.get("Duration")),
        "bitrate": to_integer(general.get("OverallBitRate")),
        "width": width,
        "height": height,
        "fps": to_number(video.get("FrameRate")),
        "video_codec": codec_name(video.get("Format")),
        "audio_codec": _audio_codec(audio),
        "sample_rate": to_integer(audio.get("SamplingRate")),
        "channels": to_integer(audio.get("Channels")),
        "artist": first_value(general.get("Performer"), general.get("Album_Performer")),
        "album": general.get("Album"),
        "title": first_value(general.get("Track"), general.get("Title")),
        "genre": general.get("Genre"),
        "year": general.get("Recorded_Date"),
        "camera_make": first_value(general.get("Recorded_Make"), extra.get("com_apple_quicktime_make")),
        "camera_model": first_value(general.get("Recorded_Model"), extra.get("com_apple_quicktime_model")),
        "latitude": location and location[0],
        "longitude": location and location[1],
        "taken_at": _timestamp(general.get("Encoded_Date")),
        "extra": {
            "container": general.get("Format"),
            "video_profile": video.get("Format_Profile"),
            "encoder": general.get("Encoded_Application"),
        },
    }
    path = first_value(general.get("CompleteName"), media.get("@ref"))
    return make_row(
        str(path or ""),
        metadata,
        size=to_integer(general.get("FileSize")),
        modified_at=_timestamp(general.get("File_Modified_Date")),
    )


def _audio_codec(audio: Mapping[str, Any]) -> str | None:
    if audio.get("Format") == "PCM":
        sign = "u" if audio.get("Format_Settings_Sign") == "Unsigned" else "s"
        order = "be" if audio.get("Format_Settings_Endianness") == "Big" else "le"
        bits = to_integer(audio.get("BitDepth"))
        return f"pcm_{sign}{bits}{order if bits != 8 else ''}" if bits else "pcm_s16le"
    if audio.get("Format") == "MPEG Audio" and audio.get("Format_Profile") == "Layer 2":
        return "mp2"
    return codec_name(audio.get("Format"))


def _timestamp(text: object) -> datetime | None:
    """Parse a timestamp: ``UTC 2024-05-17 12:30:00`` or, since MediaInfo 22, ``2024-05-17 12:30:00 UTC``."""
    match = _STAMP.search(text) if isinstance(text, str) else None
    try:
        return datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else None
    except ValueError:
        return None
