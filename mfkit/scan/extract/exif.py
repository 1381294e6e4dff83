"""Extractor for EXIF metadata (CIPA DC-008-2019, Exif 2.32, sections 4.6.4 to 4.6.8).

JPEG (APP1), PNG (eXIf), WebP (EXIF), HEIF items, TIFF files and most camera RAW formats contain the same
directories.
"""

from collections.abc import Mapping
from typing import Any

from mfkit.scan.extract import exif_texts, exposure, tiff_directories
from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.date_parser import ParsedDate, parse_date
from mfkit.scan.extract.exif_gps import altitude, gps_date, location
from mfkit.scan.extract.exif_texts import tag_text
from mfkit.scan.extract.schema import Metadata, StatedDate, from_origin
from mfkit.scan.extract.tiff_directories import Directory, Value

# fmt: off
_MAIN = frozenset((
    0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x010F, 0x0110, 0x0111, 0x0112, 0x0115, 0x0117, 0x0131, 0x0132,
    0x0144, 0x0145, 0x02BC, 0x83BB, 0x8649, 0x829A, 0x829D, 0x8827, 0x882A, 0x9003, 0x920A, 0xC614, 0xC630,
))
_RW2 = frozenset((0x0004, 0x0005, 0x0006, 0x0007, 0x0017))
_EXIF = frozenset((
    0x829A, 0x829D, 0x8827, 0x882A, 0x8831, 0x8832, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9201, 0x9202,
    0x8833, 0x920A, 0x9290, 0x9291, 0x9292, 0xA002, 0xA003, 0xA405, 0xA432, 0xA433, 0xA434,
))
# fmt: on
_GPS = frozenset((*range(1, 8), 0x001D))
_SIZES = frozenset((0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x0115, 0x829A, 0x829D, 0x8827, 0x9003, 0x920A))
WANTED: Mapping[str, frozenset[int]] = {
    "main": _MAIN | _RW2 | exif_texts.MAIN_TAGS,
    "next": _SIZES,
    "sub": _SIZES,
    "exif": _EXIF | exif_texts.EXIF_TAGS,
    "gps": _GPS,
    "canon": frozenset((1, 4)),
    "apple": frozenset((0x0011,)),
}

LENS_SPECIFICATION = "lens_specification"
"""Key in ``extra`` of a lens that is known only by its focal lengths and f-numbers."""


def extract(reader: BoundedReader, *more: tuple[BoundedReader, str]) -> tuple[Metadata, list[Directory]]:
    """Read the EXIF metadata in a TIFF structure.

    Args:
        reader: Starts at the byte-order mark.
        more: Further structures of the same image, each with the name of its first directory.

    Returns:
        Metadata of origin ``"exif"`` without the image size, and the directories, because the meaning of
        their sizes depends on the format. DateTime, which image editors also set, is in ``extra`` as
        ``changed_at``, because another source may state the capture time.
    """
    found = list(tiff_directories.directories(reader, WANTED))
    for other, name in more:
        found += tiff_directories.directories(other, WANTED, name)
    tags: dict[str, dict[int, Value]] = {"main": {}, "exif": {}, "gps": {}, "canon": {}, "apple": {}}
    for directory in found:
        if directory.name in tags:
            tags[directory.name] = directory.tags | tags[directory.name]
    main, exif = tags["main"], tags["exif"]
    # TIFF/EP (ISO 12234-2) and some phones store camera metadata in the first TIFF directory instead of the
    # EXIF directory.
    camera = {tag: value for tag, value in main.items() if tag >= 0x829A} | exif
    changed = _date(main, camera, 0x0132, 0x9010, 0x9290)
    metadata: Metadata = {
        "camera_make": tag_text(main.get(0x010F)),
        "camera_model": tag_text(main.get(0x0110)) or tag_text(main.get(0xC614)),
        "iso": exposure.iso(camera) or exposure.whole(main.get(0x0017)) or exposure.canon_iso(tags["canon"]),
        "aperture": exposure.aperture(camera),
        "shutter_speed": exposure.shutter_speed(exposure.exposure_seconds(camera)),
        "focal_length": exposure.positive(camera.get(0x920A)),
        "dates": _dates(camera, tags["gps"], changed),
    }
    point = location(tags["gps"])
    if point is not None:
        metadata["latitude"], metadata["longitude"] = point
    metadata["title"], texts = exif_texts.text_fields(main, exif)
    orientation = exposure.whole(main.get(0x0112))
    extra: dict[str, Any] = texts | {
        "orientation": orientation if orientation in range(1, 9) else None,
        "lens": exposure.lens_text(tag_text(exif.get(0xA434))),
        LENS_SPECIFICATION: exposure.lens_from_specification(exif.get(0xA432) or main.get(0xC630)),
        "lens_make": tag_text(exif.get(0xA433)),
        "software": tag_text(main.get(0x0131)),
        "changed_at": changed.value if changed else None,
        "focal_length_35mm": exposure.whole(exif.get(0xA405)) or None,
        "altitude": altitude(tags["gps"]),
        # Apple writes the same identifier into the image and the video of a Live Photo.
        "content_identifier": tag_text(tags["apple"].get(0x0011)),
    }
    metadata["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("exif", metadata), found


def _dates(
    camera: Mapping[int, Value], gps: Mapping[int, Value], changed: ParsedDate | None
) -> tuple[StatedDate, ...]:
    """Return EXIF's capture, digitization, modification and GPS dates (sections 4.6.4 D, 4.6.5 F, 4.6.6)."""
    stated = {
        "exif original": _date(camera, camera, 0x9003, 0x9011, 0x9291),
        "exif digitized": _date(camera, camera, 0x9004, 0x9012, 0x9292),
        "exif DateTime": changed,
        "gps": gps_date(tag_text(gps.get(0x001D)), gps.get(0x0007)),
    }
    return tuple(StatedDate(name, *date) for name, date in stated.items() if date is not None)


def _date(
    directory: Mapping[int, Value], camera: Mapping[int, Value], tag: int, offset: int, fraction: int
) -> ParsedDate | None:
    text = tag_text(directory.get(tag))
    if text is None:
        return None
    zone = tag_text(camera.get(offset))
    if tag == 0x9003 and zone is None and (hours := exposure.whole(camera.get(0x882A))) is not None:
        # TimeZoneOffset (ISO 12234-2) states whole hours. It is older than the offset tags of Exif 2.31.
        zone = f"{hours:+03}:00"
    return parse_date(text, zone, tag_text(camera.get(fraction)))
