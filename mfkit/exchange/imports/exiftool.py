"""Reader for the output of ``exiftool -json``: one object per file, with values by tag name.

Names with groups (``-G``) and numeric values (``-n``) are supported. Without ``-n``, exiftool rounds sizes
and bit rates, so the import gets rounded values. The fields come from these tables of
https://exiftool.org/TagNames/:

- ``Extra.html``: ``MIMEType``, ``FileSize``, ``FileModifyDate``, ``PageCount``.
- ``EXIF.html``: camera, exposure, orientation, ``DateTimeOriginal`` and ``CreateDate`` with their offsets.
- ``GPS.html`` and ``Composite.html``: ``GPSLatitude``, ``GPSLongitude``, their ``Ref`` tags, ``Aperture``,
  ``ShutterSpeed``, ``Rotation``, ``AvgBitrate``, ``Duration``.
- ``QuickTime.html``: ``CompressorID``, ``AudioFormat``, ``VideoFrameRate``, ``AudioSampleRate``,
  ``AudioChannels``, ``CreationDate``, ``MediaCreateDate``, ``ContentCreateDate``.
- ``RIFF.html``, ``MPEG.html``, ``FLAC.html``: ``VideoCodec``, ``AudioCodec``, ``AudioBitrate``,
  ``SampleRate``, ``NumChannels``.
- ``ID3.html``, ``Vorbis.html``, ``ASF.html``, ``PDF.html``: artist, album, title, genre, year, ``Author``.
- ``IPTC.html``, ``XMP.html``: ``ObjectName``, ``Sub-location``, ``City``, ``State``, ``Country``, and
  keywords, description, rating.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mfkit.exchange.imports.normalize import codec_name, first_value, make_row, to_integer, to_number
from mfkit.filters.units import parse_duration, parse_size
from mfkit.scan.extract.date_parser import parse_timestamp
from mfkit.scan.extract.exposure import shutter_speed

_DEGREES = re.compile(r"""([\d.]+) deg (?:([\d.]+)' ?)?(?:([\d.]+)" ?)?([NSEW]?)""")
_ORIENTATIONS = {
    "Horizontal (normal)": 1,
    "Mirror horizontal": 2,
    "Rotate 180": 3,
    "Mirror vertical": 4,
    "Mirror horizontal and rotate 270 CW": 5,
    "Rotate 90 CW": 6,
    "Mirror horizontal and rotate 90 CW": 7,
    "Rotate 270 CW": 8,
}
_BIT_RATE = re.compile(r"([\d.]+) ?([kM]?)bps")
_EXTRA = {
    "lens": "LensModel",
    "software": "Software",
    "description": "Description",
    "keywords": "Keywords",
    "copyright": "Copyright",
    "composer": "Composer",
    "album_artist": "AlbumArtist",
    "rating": "Rating",
    "pages": "PageCount",
}


def recognises(value: object) -> bool:
    """Return whether a JSON value is exiftool's output for a file."""
    return isinstance(value, dict) and "SourceFile" in value


def read(output: Mapping[str, Any]) -> dict[str, Any]:
    """Convert exiftool's output for one file to an import row."""
    tags: dict[str, Any] = {}
    for name, value in output.items():
        tags.setdefault(name.rpartition(":")[2], value)
    orientation, rotation = tags.get("Orientation"), to_integer(tags.get("Rotation"))
    width, height = (
        to_integer(first_value(tags.get("ImageWidth"))),
        to_integer(first_value(tags.get("ImageHeight"))),
    )
    if rotation in (90, 270) and orientation is None:
        width, height = height, width
    extra = {name: tags[tag] for name, tag in _EXTRA.items() if tags.get(tag) not in (None, "", [])}
    extra["orientation"] = _ORIENTATIONS.get(orientation, orientation) if orientation is not None else None
    metadata: dict[str, Any] = {
        "mime_type": tags.get("MIMEType"),
        "width": width,
        "height": height,
        "duration": _duration(tags.get("Duration")),
        "fps": to_number(tags.get("VideoFrameRate")),
        "video_codec": codec_name(first_value(tags.get("CompressorID"), tags.get("VideoCodec"))),
        "audio_codec": codec_name(first_value(tags.get("AudioFormat"), tags.get("AudioCodec"))),
        "bitrate": _bits_per_second(first_value(tags.get("AvgBitrate"), tags.get("AudioBitrate"))),
        "sample_rate": to_integer(first_value(tags.get("AudioSampleRate"), tags.get("SampleRate"))),
        "channels": to_integer(first_value(tags.get("AudioChannels"), tags.get("NumChannels"))),
        "artist": _text(first_value(tags.get("Artist"), tags.get("Author"))),
        "album": _text(tags.get("Album")),
        "title": _text(first_value(tags.get("Title"), tags.get("ObjectName"))),
        "genre": _text(tags.get("Genre")),
        "year": str(first_value(tags.get("Year"), tags.get("ContentCreateDate"), "")),
        "camera_make": _text(tags.get("Make")),
        "camera_model": _text(tags.get("Model")),
        "iso": to_integer(tags.get("ISO")),
        "aperture": to_number(first_value(tags.get("FNumber"), tags.get("Aperture"))),
        "shutter_speed": _exposure(first_value(tags.get("ExposureTime"), tags.get("ShutterSpeed"))),
        "focal_length": to_number(tags.get("FocalLength")),
        "latitude": _degrees(tags.get("GPSLatitude"), tags.get("GPSLatitudeRef")),
        "longitude": _degrees(tags.get("GPSLongitude"), tags.get("GPSLongitudeRef")),
        "location_name": ", ".join(
            str(tags[name]) for name in ("Sub-location", "City", "State", "Country") if tags.get(name)
        ),
        "taken_at": _taken_at(tags),
        "extra": extra,
    }
    return make_row(
        str(output["SourceFile"]),
        metadata,
        size=_size(tags.get("FileSize")),
        modified_at=_timestamp(tags.get("FileModifyDate")),
    )


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = ", ".join(str(one) for one in value)
    return None if value is None else str(value)


def _size(value: object) -> int | None:
    """Return a file size from exiftool in bytes. In texts such as ``"19 kB"``, exiftool has rounded it."""
    try:
        if isinstance(value, str):
            return parse_size(value.replace(" bytes", ""))
        return int(value) if isinstance(value, (int, float)) else None
    except (ValueError, OverflowError):
        return None


def _duration(value: object) -> float | None:
    """Parse a duration in seconds, from ``"0:01:30"`` or (below 30 seconds) ``"12.34 s"``."""
    if isinstance(value, str):
        value = value.replace(" (approx)", "").strip()
    try:
        return parse_duration(value) if isinstance(value, (str, int, float)) else None
    except ValueError:
        return None


def _bits_per_second(value: object) -> float | None:
    match = _BIT_RATE.match(value) if isinstance(value, str) else None
    return float(match[1]) * {"": 1, "k": 1e3, "M": 1e6}[match[2]] if match else to_number(value)


def _exposure(value: object) -> str | None:
    return shutter_speed(value) if isinstance(value, float) else None if value is None else str(value)


def _degrees(value: object, reference: object) -> float | None:
    """Parse signed degrees as ExifTool writes them: ``48 deg 50' 59.96" N``, or with ``-n`` a number."""
    match = _DEGREES.search(value) if isinstance(value, str) else None
    letter = (match[4] if match else "") or str(reference or "")[:1]
    degrees = to_number(value)
    if match is not None:
        degrees = float(match[1]) + float(match[2] or 0) / 60 + float(match[3] or 0) / 3600
    return -degrees if degrees is not None and degrees > 0 and letter in ("S", "W") else degrees


def _taken_at(tags: Mapping[str, Any]) -> datetime | None:
    for name, offset in (
        ("DateTimeOriginal", "OffsetTimeOriginal"),
        ("CreationDate", ""),
        ("CreateDate", "OffsetTimeDigitized"),
        ("MediaCreateDate", ""),
    ):
        stamp = tags.get(name)
        zone = tags.get(offset)
        if isinstance(stamp, str):
            if found := parse_timestamp(stamp, zone if isinstance(zone, str) else None):
                return found
    return None


def _timestamp(stamp: object) -> datetime | None:
    found = parse_timestamp(stamp) if isinstance(stamp, str) else None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
