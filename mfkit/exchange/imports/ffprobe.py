"""``ffprobe -of json -show_format -show_streams``: an object for a file (ffprobe's manual, section 4)."""

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


def recognises(said: object) -> bool:
    """Tell whether a JSON value is what ffprobe writes."""
    return isinstance(said, dict) and isinstance(said.get("format"), dict) and "filename" in said["format"]


def read(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ffprobe said of a file as a row."""
    container = said["format"]
    streams = objects(said.get("streams"))
    films = [one for one in streams if one.get("codec_type") == "video" and not _is_cover(one)]
    sounds = [one for one in streams if one.get("codec_type") == "audio"]
    film, sound = films[0] if films else {}, sounds[0] if sounds else {}
    tags = {
        key.lower(): value
        for source in (sound, film, container)
        for key, value in members(source.get("tags")).items()
    }
    width, height = to_integer(film.get("width")), to_integer(film.get("height"))
    if _rotation(film) in (90, 270):
        width, height = height, width
    place = iso6709(
        str(first_value(tags.get("com.apple.quicktime.location.iso6709"), tags.get("location"), ""))
    )
    picture = container.get("format_name") in ("image2", "png_pipe", "jpeg_pipe", "webp_pipe", "gif")
    facts: dict[str, Any] = {
        "media_type": None if picture else "video" if films else "audio" if sounds else None,
        "duration": None if picture else to_number(container.get("duration")),
        "bitrate": None if picture else to_integer(container.get("bit_rate")),
        "width": width,
        "height": height,
        "fps": None if picture else ratio(film.get("avg_frame_rate")),
        "video_codec": None if picture else film.get("codec_name"),
        "audio_codec": sound.get("codec_name"),
        "sample_rate": to_integer(sound.get("sample_rate")),
        "channels": to_integer(sound.get("channels")),
        "artist": first_value(tags.get("artist"), tags.get("album_artist")),
        "album": tags.get("album"),
        "title": tags.get("title"),
        "genre": tags.get("genre"),
        "year": first_value(tags.get("date"), tags.get("year")),
        "camera_make": first_value(tags.get("com.apple.quicktime.make"), tags.get("make")),
        "camera_model": first_value(tags.get("com.apple.quicktime.model"), tags.get("model")),
        "latitude": place and place[0],
        "longitude": place and place[1],
        "taken_at": _moment(
            first_value(tags.get("com.apple.quicktime.creationdate"), tags.get("creation_time"))
        ),
        "extra": {
            "container": container.get("format_name"),
            "video_profile": film.get("profile"),
            "pixel_format": film.get("pix_fmt"),
            "streams": len(streams),
        },
    }
    path = str(container["filename"]).removeprefix("file:")
    return make_row(path, facts, size=to_integer(container.get("size")))


def _is_cover(stream: Mapping[str, Any]) -> bool:
    return bool(members(stream.get("disposition")).get("attached_pic"))


def _rotation(stream: Mapping[str, Any]) -> int:
    turns = [members(stream.get("tags")).get("rotate")]
    turns += [one.get("rotation") for one in objects(stream.get("side_data_list"))]
    return (to_integer(first_value(*turns)) or 0) % 360


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()) if isinstance(text, str) else None
    except ValueError:
        return None
