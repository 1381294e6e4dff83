"""Extractor for XMP packets (ISO 16684-1; the exif, tiff, photoshop and dc schemas of ISO 16684-2).

XMP fills in fields that EXIF does not state.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mfkit.scan.extract import exif, exposure, ratings, xmp_packet
from mfkit.scan.extract.date_parser import parse_date
from mfkit.scan.extract.default_texts import without_default
from mfkit.scan.extract.schema import CREATE_DATE, Metadata, StatedDate, from_origin
from mfkit.scan.extract.text_decoding import whole_number
from mfkit.scan.extract.xmp_packet import Value

MAX_PACKET = 262_144
_PLACE = ("Iptc4xmpCore:Location", "photoshop:City", "photoshop:State", "photoshop:Country")
_PLACE_FIELDS = ("Sublocation", "City", "ProvinceState", "CountryName")
_FLAT_KEYWORDS = ("dc:subject", "acdsee:keywords")
# Lightroom and Windows separate the levels of a hierarchical keyword with "|", and digiKam with "/".
_KEYWORD_PATHS = (
    "lr:hierarchicalSubject", "digiKam:TagsList", "mediapro:CatalogSets", "MicrosoftPhoto:LastKeywordXMP",
    "MicrosoftPhoto:LastKeywordIPTC",
)  # fmt: skip
_KEYWORD_SEPARATOR = re.compile("[;,]")
_MAX_KEYWORDS, _MAX_LEVELS = 200, 12
_CATEGORY = re.compile(r"<Category Assigned=\"(\d)\">([^<]{0,500})|</Category>", re.IGNORECASE)
_EXPOSURE = {
    exposure.EXPOSURE_TIME: "exif:ExposureTime", exposure.SHUTTER_SPEED: "exif:ShutterSpeedValue",
    exposure.F_NUMBER: "exif:FNumber", exposure.APERTURE: "exif:ApertureValue",
}  # fmt: skip

Properties = Mapping[str, Value]


def extract(packet: bytes, limit: int = MAX_PACKET) -> Metadata:
    """Read the metadata of an XMP packet: camera, dates, location, texts, keywords, people and rating.

    Args:
        packet: The packet, or a whole ``.xmp`` file.
        limit: Maximum number of bytes to parse.
    """
    found = xmp_packet.parse(packet[:limit])
    if not found:
        return {}
    camera = {
        tag: number
        for tag, name in _EXPOSURE.items()
        if (number := _fraction(_text(found, name))) is not None
    }
    metadata: Metadata = {
        "camera_make": _text(found, "tiff:Make"),
        "camera_model": _text(found, "tiff:Model"),
        "iso": whole_number(_text(found, "exif:ISOSpeedRatings", "exifEX:PhotographicSensitivity")),
        "aperture": exposure.aperture(camera),
        "shutter_speed": exposure.shutter_speed(exposure.exposure_seconds(camera)),
        "focal_length": _fraction(_text(found, "exif:FocalLength")),
        "title": _own_text(found, "dc:title", "photoshop:Headline", "acdsee:caption"),
        "dates": _dates(found),
        "location_name": _place(found),
    }
    point = (
        _location(found)
        or next(filter(None, map(_location, _structures(found.get("Iptc4xmpExt:LocationCreated")))), None)
        or _drone_location(found)
    )
    if point is not None:
        metadata["latitude"], metadata["longitude"] = point
    reference = whole_number(_text(found, "exif:GPSAltitudeRef"))
    height = _fraction(_text(found, "exif:GPSAltitude", "drone-dji:AbsoluteAltitude"))
    stated = {exif.ALTITUDE_REF: reference, exif.ALTITUDE: height}
    flat, paths = _keywords(found)
    orientation = whole_number(_text(found, "tiff:Orientation"))
    extra: dict[str, Any] = {
        "keywords": combined_keywords(flat, paths) or None,
        "keyword_paths": paths or None,
        "description": _own_text(
            found, "dc:description", "tiff:ImageDescription", "exif:UserComment", "acdsee:notes"
        ),
        "author": "; ".join(_texts(found.get("dc:creator"))) or _text(found, "tiff:Artist"),
        "copyright": _text(found, "dc:rights", "tiff:Copyright"),
        "rating": _rating(found),
        "label": _text(found, "xmp:Label"),
        "lens": _lens(found),
        "altitude": exif.altitude({tag: number for tag, number in stated.items() if number is not None}),
        "focal_length_35mm": whole_number(_text(found, "exif:FocalLengthIn35mmFilm")) or None,
        "orientation": orientation if orientation in range(1, 9) else None,
        "people": _people(found) or None,
    }
    metadata["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("xmp", metadata)


def extended_packet_id(packet: bytes) -> bytes | None:
    """Return the identifier of the extended XMP packet that a JPEG's XMP packet refers to.

    The property is HasExtendedXMP (ISO 16684-3, section 1.1.3.1).
    """
    match = re.search(rb"HasExtendedXMP[^<]{0,200}?([0-9A-Fa-f]{32})", packet)
    return match[1] if match else None


def combined_keywords(flat: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Add hierarchical keywords to flat keywords, except those whose last level is already a flat keyword."""
    found = dict.fromkeys(flat)
    return list(found) + [
        path for path in dict.fromkeys(paths) if path not in found and _last_level(path) not in found
    ]


def _last_level(path: str) -> str:
    return re.split(r"[|/]", path)[-1].strip()


def _text(found: Properties, *names: str) -> str | None:
    """Return the text of the first of the given properties that has text.

    If the property is an array, return the first text in the array.
    """
    for name in names:
        value = found.get(name)
        if isinstance(value, str):
            if value:
                return value
        elif value is not None:
            for text in _texts(value):
                return text
    return None


def _own_text(found: Properties, *names: str) -> str | None:
    """Return the first text of the given properties that was written by a person, not by a camera."""
    return next((text for name in names if (text := without_default(_text(found, name)))), None)


def _texts(value: Value | None) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, list):
        for member in value:
            if isinstance(member, str) and member:
                yield member


def _structures(value: Value | None) -> Iterator[Properties]:
    """Yield an XMP structure, or the structures that an XMP array contains."""
    for member in value if isinstance(value, list) else (value,):
        if isinstance(member, dict):
            yield member


def _all_structures(value: Value | None) -> Iterator[Properties]:
    """Yield the XMP structures at every nesting depth of a value. The parser limits the depth."""
    for structure in _structures(value):
        yield structure
        for member in structure.values():
            yield from _all_structures(member)


def _keywords(found: Properties) -> tuple[list[str], list[str]]:
    flat = dict.fromkeys(text for name in _FLAT_KEYWORDS for text in _flat_keywords(found.get(name)))
    paths = dict.fromkeys(text for name in _KEYWORD_PATHS for text in _texts(found.get(name)))
    for structure in _structures(found.get("mwg-kw:Keywords")):
        paths |= dict.fromkeys(_keyword_tree(structure.get("mwg-kw:Hierarchy"), ""))
    paths |= dict.fromkeys(_acdsee_categories(_text(found, "acdsee:categories") or ""))
    return list(flat)[:_MAX_KEYWORDS], list(paths)[:_MAX_KEYWORDS]


def _flat_keywords(value: Value | None) -> Iterator[str]:
    """Yield the keywords of an array, or those in a text in which commas or semicolons separate them."""
    if not isinstance(value, str):
        yield from _texts(value)
        return
    for part in _KEYWORD_SEPARATOR.split(value):
        if part.strip():
            yield part.strip()


def _keyword_tree(value: Value | None, above: str, level: int = 0) -> Iterator[str]:
    """Yield the paths of the keywords in a hierarchy that apply to the file.

    In a hierarchy (Metadata Working Group 2.0, 5.9.3), a keyword with children applies only if it is marked
    as applied.
    """
    for structure in _structures(value):
        keyword = _text(structure, "mwg-kw:Keyword")
        if keyword is None or level >= _MAX_LEVELS:
            continue
        path = f"{above}|{keyword}" if above else keyword
        children = list(_keyword_tree(structure.get("mwg-kw:Children"), path, level + 1))
        yield from children
        if not children or (_text(structure, "mwg-kw:Applied") or "").lower() == "true":
            yield path


def _acdsee_categories(text: str) -> Iterator[str]:
    """Yield the paths of the assigned categories in ACDSee's property, which contains XML as text."""
    path: list[str] = []
    for match in _CATEGORY.finditer(text):
        if match[1] is None:
            path = path[:-1]
        else:
            path = [*path, html.unescape(match[2]).strip()]
            if match[1] == "1" and len(path) <= _MAX_LEVELS:
                yield "|".join(path)


def _people(found: Properties) -> list[str]:
    """Return the names of people in PersonInImage (IPTC Extension) and in the face regions of all schemas."""
    names = dict.fromkeys(_texts(found.get("Iptc4xmpExt:PersonInImage")))
    for person in _structures(found.get("Iptc4xmpExt:PersonInImageWDetails")):
        names |= dict.fromkeys(_texts(person.get("Iptc4xmpExt:PersonName")))
    for region in _all_structures(found.get("Iptc4xmpExt:ImageRegion")):
        names |= dict.fromkeys(_texts(region.get("Iptc4xmpExt:PersonInImage")))
    for prefix in ("mwg-rs", "acdsee-rs"):
        for region in _all_structures(found.get(f"{prefix}:Regions")):
            # Only face regions are used, because regions of the types Pet, Focus and BarCode do not contain
            # names of people.
            if (_text(region, f"{prefix}:Type") or "Face").lower() == "face":
                names |= dict.fromkeys(_texts(region.get(f"{prefix}:Name")))
    for region in _all_structures(found.get("MP:RegionInfo")):
        names |= dict.fromkeys(_texts(region.get("MPReg:PersonDisplayName")))
    names |= dict.fromkeys(_texts(found.get("mediapro:People")))
    return list(names)


def _rating(found: Properties) -> ratings.Stars | None:
    rating = ratings.stars(ratings.number(_text(found, "xmp:Rating")))
    if rating is not None:
        return rating
    percent = ratings.from_percent(ratings.number(_text(found, "MicrosoftPhoto:Rating")))
    return percent or ratings.stars(ratings.number(_text(found, "acdsee:rating")))


def _place(found: Properties) -> str | None:
    parts = [_text(found, name) for name in _PLACE]
    if not any(parts):
        for name in ("Iptc4xmpExt:LocationShown", "Iptc4xmpExt:LocationCreated"):
            for place in _structures(found.get(name)):
                parts = (
                    parts if any(parts) else [_text(place, f"Iptc4xmpExt:{part}") for part in _PLACE_FIELDS]
                )
    return ", ".join(dict.fromkeys(part for part in parts if part)) or None


def _dates(found: Properties) -> tuple[StatedDate, ...]:
    """Return the dates in XMP: when the image was taken, digitized and created, and the time from GPS."""
    properties = {
        "xmp original": ("exif:DateTimeOriginal", "xmpDM:shotDate"),
        "xmp digitized": ("exif:DateTimeDigitized",),
        "xmp DateCreated": ("photoshop:DateCreated",),
        CREATE_DATE: ("xmp:CreateDate",),
        "xmp date": ("dc:date",),
        "gps": ("exif:GPSTimeStamp",),
    }
    parsed = {
        field: next(filter(None, (parse_date(_text(found, name)) for name in names)), None)
        for field, names in properties.items()
    }
    return tuple(StatedDate(field, *date) for field, date in parsed.items() if date is not None)


def _fraction(text: str | None) -> float | None:
    """Parse a rational number such as ``"28/10"``, or a decimal number."""
    top, _, bottom = (text or "").partition("/")
    try:
        return float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        return None


def _lens(found: Properties) -> str | None:
    names = (exposure.lens_text(_text(found, name)) for name in ("aux:Lens", "exifEX:LensModel"))
    return next(filter(None, names), None) or _lens_specification(found)


def _lens_specification(found: Properties) -> str | None:
    """Return the name of a lens by its focal lengths and apertures, such as ``"24/1 70/1 28/10 28/10"``."""
    value = found.get("exifEX:LensSpecification")
    texts = list(_texts(value)) if isinstance(value, list) else (_text(found, "aux:LensInfo") or "").split()
    numbers = tuple(_fraction(text) or 0.0 for text in texts)
    return exposure.lens_from_specification(numbers)


def _location(found: Properties) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees, or None if one of them or its hemisphere is missing.

    A GPSCoordinate is ``"DDD,MM,SSk"`` or ``"DDD,MM.mmk"`` (ISO 16684-2, section 4.3). Some programs write
    decimal degrees, and the hemisphere as in EXIF in a property of its own.
    """
    names = ("exif:GPSLatitudeRef", "exif:GPSLatitude", "exif:GPSLongitudeRef", "exif:GPSLongitude")
    north, latitude, east, longitude = (_text(found, name) for name in names)
    if latitude is None or longitude is None:
        return None
    if not north and not east and latitude[0] == longitude[0] == "+":
        north, east = "N", "E"
    stated = enumerate((north, latitude, east, longitude), start=1)
    return exif.location({tag: text for tag, text in stated if text is not None})


def _drone_location(found: Properties) -> tuple[float, float] | None:
    """Return the location that DJI's drones write in signed decimal degrees.

    Older drones misspell the longitude's property as ``GpsLongtitude``.
    """
    latitude = _text(found, "drone-dji:GpsLatitude")
    longitude = _text(found, "drone-dji:GpsLongitude", "drone-dji:GpsLongtitude")
    try:
        return float(latitude or ""), float(longitude or "")
    except ValueError:
        return None
