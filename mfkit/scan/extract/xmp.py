"""XMP packets (ISO 16684-1, and the exif, tiff, photoshop and dc schemas of ISO 16684-2).

XMP fills in fields that EXIF does not state. Regular expressions search the packet, because properties can be
attributes or elements, packets are often not well-formed, and entities must not be expanded.
"""

import html
import re
from datetime import datetime
from typing import Any

from mfkit.scan.extract.dates_and_numbers import parse_iso_date, whole_number
from mfkit.scan.extract.exposure import shutter_speed
from mfkit.scan.extract.schema import Metadata, from_origin

MAX_PACKET = 262_144
_COORDINATE = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])\Z")
_ATTRIBUTE = re.compile(r"\s*=\s*(?:\"([^\"<]{1,2000})\"|'([^'<]{1,2000})')")
_ELEMENT = re.compile(r">([^<]{1,2000})<")
_MAX_MENTIONS = 16
CREATE_DATE = "xmp CreateDate"
"""The origin of a capture time that the packet states only as the creation date of the file."""
# Each part is bounded, so that many unclosed tags do not take quadratic time.
_ITEMS = re.compile(r"<rdf:li[^<>]{0,200}>([^<]{1,1000})</rdf:li>")
_REGION_NAME = "mwg-rs:Name"
_PLACE = ("Iptc4xmpCore:Location", "photoshop:City", "photoshop:State", "photoshop:Country")


def extract(packet: bytes, limit: int = MAX_PACKET) -> Metadata:
    """Read the fields that have columns, and keywords, title, description, author and people.

    Args:
        packet: The packet, or a whole ``.xmp`` file.
        limit: Maximum number of bytes to search.
    """
    text = _decoded(packet[:limit])
    taken_at = _date(text, "exif:DateTimeOriginal", "photoshop:DateCreated")
    created_at = _date(text, "xmp:CreateDate", "xap:CreateDate")  # the prefix was xap before 2004
    metadata: Metadata = {
        "camera_make": _property(text, "tiff:Make"),
        "camera_model": _property(text, "tiff:Model"),
        "iso": whole_number(
            _item(text, "exif:ISOSpeedRatings") or _property(text, "exifEX:PhotographicSensitivity")
        ),
        "aperture": _fraction(_property(text, "exif:FNumber")),
        "shutter_speed": shutter_speed(_fraction(_property(text, "exif:ExposureTime"))),
        "focal_length": _fraction(_property(text, "exif:FocalLength")),
        "title": _item(text, "dc:title"),
        "taken_at": taken_at or created_at,
        "location_name": ", ".join(filter(None, (_property(text, name) for name in _PLACE))) or None,
    }
    latitude = _degrees(_property(text, "exif:GPSLatitude"), "NS", 90)
    longitude = _degrees(_property(text, "exif:GPSLongitude"), "EW", 180)
    if latitude is not None and longitude is not None:
        metadata["latitude"], metadata["longitude"] = latitude, longitude
    extra: dict[str, Any] = {
        "keywords": _items(text, "dc:subject") or None,
        "description": _item(text, "dc:description"),
        "author": _item(text, "dc:creator"),
        "rating": whole_number(_property(text, "xmp:Rating")),
        "lens": _property(text, "aux:Lens") or _property(text, "exifEX:LensModel"),
        "orientation": whole_number(_property(text, "tiff:Orientation")),
        "people": _people(text) or None,
    }
    if taken_at is None and created_at is not None:
        extra["origins"] = {"taken_at": CREATE_DATE}
    metadata["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("xmp", metadata)


def _decoded(packet: bytes) -> str:
    """Decode UTF-8, or UTF-16 and UTF-32, recognised by the NULs around "<" (ISO 16684-1, section 7.3.2)."""
    head = packet[:64]
    if b"<\x00\x00\x00" in head:
        return packet.decode("utf-32-le", "replace")
    if b"\x00<\x00?" in head or b"\x00<\x00x" in head:
        return packet.decode("utf-16-be", "replace")
    if b"<\x00?\x00" in head or b"<\x00x\x00" in head:
        return packet.decode("utf-16-le", "replace")
    return packet.decode("utf-8", "replace")


def _people(text: str) -> list[str]:
    """Return the names in the IPTC Extension (PersonInImage) and in regions (Metadata Working Group 2.0)."""
    names = dict.fromkeys(_items(text, "Iptc4xmpExt:PersonInImage"))
    at = text.find(_REGION_NAME)
    for _ in range(200):
        if at < 0:
            break
        match = (_ELEMENT if text[at - 1 : at] == "<" else _ATTRIBUTE).match(text, at + len(_REGION_NAME))
        if match is not None:
            names.setdefault(html.unescape(match[match.lastindex or 0]).strip())
        at = text.find(_REGION_NAME, at + len(_REGION_NAME))
    return [name for name in names if name]


def _property(text: str, name: str) -> str | None:
    """Return a simple property's value: ``name="value"`` or ``<name>value</name>``.

    The name is found with str.find(), because a regular expression took most of the time of a scan.
    """
    at = text.find(name)
    for _ in range(_MAX_MENTIONS):
        if at < 0:
            return None
        match = (_ELEMENT if text[at - 1 : at] == "<" else _ATTRIBUTE).match(text, at + len(name))
        if match is not None:
            return html.unescape(match[match.lastindex or 0]).strip() or None
        at = text.find(name, at + len(name))
    return None


def _date(text: str, *names: str) -> datetime | None:
    """Return the first of some properties that is a date and time."""
    return next((date for name in names if (date := parse_iso_date(_property(text, name)))), None)


def _items(text: str, name: str) -> list[str]:
    """Return the members of an array property."""
    start = text.find(f"<{name}>")
    end = text.find(f"</{name}>", start)
    if start < 0 or end < 0:
        return []
    return [html.unescape(item).strip() for item in _ITEMS.findall(text, start, end)[:200]]


def _item(text: str, name: str) -> str | None:
    members = _items(text, name)
    return members[0] or None if members else None


def _fraction(text: str | None) -> float | None:
    """Parse a rational such as ``"28/10"``, or a plain number."""
    top, _, bottom = (text or "").partition("/")
    try:
        return float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        return None


def _degrees(text: str | None, letters: str, limit: int) -> float | None:
    """Parse a GPSCoordinate, ``"DDD,MM,SSk"`` or ``"DDD,MM.mmk"`` (ISO 16684-2, section 4.3)."""
    match = _COORDINATE.match(text or "")
    if match is None or match[4] not in letters:
        return None
    value = int(match[1]) + float(match[2]) / 60 + float(match[3] or 0) / 3600
    return None if value > limit else -value if match[4] in "SW" else value
