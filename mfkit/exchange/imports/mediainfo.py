"""``mediainfo --Output=JSON``: an object per file with its tracks (https://mediaarea.net/MediaInfo)."""

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


def recognises(said: object) -> bool:
    """Tell whether a JSON value is what MediaInfo writes for a file."""
    return isinstance(said, dict) and isinstance(said.get("media"), dict) and "track" in said["media"]


def read(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what MediaInfo said of a file as a row."""
    media = said["media"]
    tracks: dict[str, Mapping[str, Any]] = {}
    for track in objects(media["track"]):
        tracks.setdefault(str(track.get("@type")), track)
    general, film, sound, image = (tracks.get(name, {}) for name in ("General", "Video", "Audio", "Image"))
    seen = film or image
    width, height = to_integer(seen.get("Width")), to_integer(seen.get("Height"))
    if round(to_number(seen.get("Rotation")) or 0) % 180 == 90:
        width, height = height, width
    extra = members(general.get("extra"))
    place = iso6709(str(first_value(general.get("Recorded_Location"), extra.get("xyz"), "")))
    facts: dict[str, Any] = {
        "mime_type": general.get("InternetMediaType"),
        "media_type": "video" if film else "audio" if sound else "image" if image else None,
        "duration": to_number(general.get("Duration")),
        "bitrate": to_integer(general.get("OverallBitRate")),
        "width": width,
        "height": height,
        "fps": to_number(film.get("FrameRate")),
        "video_codec": codec_name(film.get("Format")),
        "audio_codec": _sound_codec(sound),
        "sample_rate": to_integer(sound.get("SamplingRate")),
        "channels": to_integer(sound.get("Channels")),
        "artist": first_value(general.get("Performer"), general.get("Album_Performer")),
        "album": general.get("Album"),
        "title": first_value(general.get("Track"), general.get("Title")),
        "genre": general.get("Genre"),
        "year": general.get("Recorded_Date"),
        "camera_make": first_value(general.get("Recorded_Make"), extra.get("com_apple_quicktime_make")),
        "camera_model": first_value(general.get("Recorded_Model"), extra.get("com_apple_quicktime_model")),
        "latitude": place and place[0],
        "longitude": place and place[1],
        "taken_at": _moment(general.get("Encoded_Date")),
        "extra": {
            "container": general.get("Format"),
            "video_profile": film.get("Format_Profile"),
            "encoder": general.get("Encoded_Application"),
        },
    }
    path = first_value(general.get("CompleteName"), media.get("@ref"))
    return make_row(
        str(path or ""),
        facts,
        size=to_integer(general.get("FileSize")),
        modified_at=_moment(general.get("File_Modified_Date")),
    )


def _sound_codec(sound: Mapping[str, Any]) -> str | None:
    if sound.get("Format") == "PCM":
        sign = "u" if sound.get("Format_Settings_Sign") == "Unsigned" else "s"
        order = "be" if sound.get("Format_Settings_Endianness") == "Big" else "le"
        bits = to_integer(sound.get("BitDepth"))
        return f"pcm_{sign}{bits}{order if bits != 8 else ''}" if bits else "pcm_s16le"
    if sound.get("Format") == "MPEG Audio" and sound.get("Format_Profile") == "Layer 2":
        return "mp2"
    return codec_name(sound.get("Format"))


def _moment(text: object) -> datetime | None:
    """Return a moment of ``UTC 2024-05-17 12:30:00`` or, since version 22, ``2024-05-17 12:30:00 UTC``."""
    match = _STAMP.search(text) if isinstance(text, str) else None
    try:
        return datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else None
    except ValueError:
        return None
