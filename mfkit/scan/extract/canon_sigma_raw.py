"""Extractor for RAW formats not based on TIFF: Canon CR3 (boxes), Canon CRW (CIFF), Sigma X3F (sections).

CR3 stores each EXIF directory as a separate TIFF structure in the boxes ``CMT1`` to ``CMT4``. X3F follows
Sigma's file format description of 2003.
"""

import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from mfkit.scan.extract import canon_ciff, jpeg
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.camera_boxes import CANON_UUID, canon_directories
from mfkit.scan.extract.mp4_boxes import child, contents
from mfkit.scan.extract.schema import ExtractionError, Metadata, apply_orientation, from_origin, merge
from mfkit.scan.extract.text_decoding import whole_number
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_ENTRIES = 256


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read the size and the camera metadata of a CR3, CRW or X3F image.

    Raises:
        ExtractionError: The structure that contains the metadata is missing or damaged.
    """
    with open_source(source) as stream:
        return apply_orientation(_EXTRACTORS[file_format.format](file_reader(stream)))


def _cr3(reader: BoundedReader) -> Metadata:
    canon = child(reader, b"moov", CANON_UUID)
    metadata, directories = canon_directories(contents(canon)) if canon else ({}, [])
    if not directories:
        raise ExtractionError("the cr3 image has no camera metadata")
    main = directories[0].tags
    width, height = main.get(0x0100), main.get(0x0101)
    if not isinstance(width, int) or not isinstance(height, int):
        raise ExtractionError("the cr3 image states no width and height")
    return merge(from_origin("container", {"width": width, "height": height}), metadata)


def _crw(reader: BoundedReader) -> Metadata:
    metadata = canon_ciff.extract(reader)
    if not metadata.get("width"):
        raise ExtractionError("the crw image states no width and height")
    return metadata


def _x3f(reader: BoundedReader) -> Metadata:
    head = reader.read(0, 40)
    if len(head) < 40:
        raise ExtractionError("the x3f image ends within its header")
    width, height, rotation = struct.unpack_from("<3I", head, 28)
    extra: dict[str, Any] = {"orientation": {90: 6, 180: 3, 270: 8}.get(rotation, 1)}
    found = [from_origin("container", {"width": width, "height": height, "extra": extra})]
    directory = int.from_bytes(reader.read(reader.size - 4, 4), "little")
    count = int.from_bytes(reader.read(directory + 8, 4), "little")
    for index in range(min(count, _MAX_ENTRIES)):
        entry = reader.read(directory + 12 + 12 * index, 12)
        if len(entry) < 12:
            break
        offset, size = struct.unpack_from("<II", entry)
        section = reader.part(offset, size)
        if entry[8:12] == b"PROP":
            found.append(_properties(section))
        elif entry[8:12] in (b"IMA2", b"IMAG") and section.read(28, 2) == b"\xff\xd8":
            preview = jpeg.read_segments(section.part(28, size))[0]
            preview.get("extra", {}).pop("bits_per_pixel", None)
            found.append(preview)
    return merge(*found)


def _properties(section: BoundedReader) -> Metadata:
    """Read the names and values in an X3F file's PROP section: pairs of offsets, then UTF-16 text."""
    head = section.read(0, 24)
    count = min(int.from_bytes(head[8:12], "little"), _MAX_ENTRIES)
    start = 24 + 8 * int.from_bytes(head[8:12], "little")
    texts = section.read(start, 65_536)
    named: dict[str, str] = {}
    for index in range(count):
        pair = section.read(24 + 8 * index, 8)
        if len(pair) == 8:
            key, value = (
                texts[2 * at : 2 * at + 400].decode("utf-16-le", "replace").split("\x00", 1)[0]
                for at in struct.unpack("<II", pair)
            )
            named[key] = value
    seconds = whole_number(named.get("TIME"))
    metadata: Metadata = {
        "camera_make": named.get("CAMMANUF"),
        "camera_model": named.get("CAMMODEL"),
        "iso": whole_number(named.get("ISO")),
        "aperture": _decimal(named.get("APERTURE")),
        "focal_length": _decimal(named.get("FLENGTH")),
        "shutter_speed": _shutter(named.get("SH_DESC")),
        "taken_at": datetime(1970, 1, 1) + timedelta(seconds=seconds) if seconds else None,
    }
    return from_origin("x3f", metadata)


def _decimal(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _shutter(text: str | None) -> str | None:
    top, slash, bottom = (text or "").partition("/")
    return text if slash and top.isdigit() and bottom.isdigit() else None


_EXTRACTORS: dict[str, Callable[[BoundedReader], Metadata]] = {"cr3": _cr3, "crw": _crw, "x3f": _x3f}
