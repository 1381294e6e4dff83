"""HEIC, HEIF and AVIF: ISO/IEC 23008-12 (items, properties) over 14496-12 section 8.11 (meta box).

The size shown is the primary item's `ispe`, cut by `clap` and turned by `irot`. An EXIF orientation is
kept as a fact but not applied: section 6.5.10 makes the transformative properties the only rule, and
files that have both state the same turn twice.
"""

import struct
from typing import Any, NamedTuple

from mfkit.scan.extract import exif, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.mp4_boxes import Box, boxes, child
from mfkit.scan.extract.quicktime import movie_header
from mfkit.scan.extract.schema import ExtractionError, Metadata, from_origin, merge
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_ITEMS = 2_048
_MAX_XMP = 262_144


class _Item(NamedTuple):
    kind: bytes
    content_type: bytes


def read(source: Source, kind: FileFormat) -> Metadata:
    """Read size, EXIF and XMP of the primary item.

    Raises:
        ProbeError: There is no meta box, or no item in it with a size; or the file ends before the
            primary item's data does.
    """
    with open_source(source) as stream:
        window = file_reader(stream)
        meta = child(window, b"meta")
        if meta is None:
            return _sequence(window, kind)
        return _still(window, meta, kind)


def _still(window: BoundedReader, meta: BoundedReader, kind: FileFormat) -> Metadata:
    parts = {box.name: box.content for box in boxes(meta, 4)}
    primary = _primary(parts.get(b"pitm"))
    properties = _properties(parts.get(b"iprp"), primary)
    frame = _size(properties)
    if frame is None:
        raise ExtractionError(f"the {kind.format} picture's primary item states no size")
    items, places = _items(parts.get(b"iinf")), _places(parts.get(b"iloc"), parts.get(b"idat"), window)
    for start, length, source in places.get(primary, ()):
        if source is window and start + length > window.size:
            raise ExtractionError(
                f"the {kind.format} picture is cut off: its data lies beyond the file's end"
            )
    found = [from_origin("container", frame)]
    for number, item in items.items():
        place = places.get(number, ())
        if not place or len(found) > 8:
            continue
        start, length, source = place[0]
        if item.kind == b"Exif":
            # ISO/IEC 23008-12 annex A.2.1: four bytes say how far behind them the TIFF header is.
            skip = int.from_bytes(source.read(start, 4), "big")
            found.append(exif.read(source.part(start + 4 + skip, length - 4 - skip))[0])
        elif item.kind == b"mime" and item.content_type.startswith(b"application/rdf+xml"):
            found.append(xmp.read(source.read(start, min(length, _MAX_XMP))))
    movie = child(window, b"moov")
    if movie is not None:  # a burst or live picture beside the still
        found.append(from_origin("container", {"taken_at": movie_header(movie).facts.get("taken_at")}))
    return merge(*found)


def _sequence(window: BoundedReader, kind: FileFormat) -> Metadata:
    """An image sequence without a still: its track's header has the size (14496-12 section 8.3.2)."""
    movie = child(window, b"moov")
    for box in boxes(movie) if movie else ():
        header = child(box.content, b"tkhd") if box.name == b"trak" else None
        data = header.read(header.size - 8, 8) if header else b""
        if len(data) == 8 and int.from_bytes(data[:4], "big") >> 16:
            width, height = (side >> 16 for side in struct.unpack(">II", data))
            return from_origin("container", {"width": width, "height": height})
    raise ExtractionError(f"the {kind.format} file holds no picture")


def _primary(box: BoundedReader | None) -> int:
    data = box.read(0, 8) if box else b""
    return int.from_bytes(data[4:6] if data[:1] == b"\x00" else data[4:8], "big")


def _properties(box: BoundedReader | None, item: int) -> list[Box]:
    """The item's properties in the order of their association, which is that of their effect."""
    if box is None:
        return []
    container = child(box, b"ipco")
    available = list(boxes(container)) if container else []
    chosen: list[Box] = []
    for association in (part.content for part in boxes(box) if part.name == b"ipma"):
        data = association.read(0, 1 << 18)
        if len(data) < 8:
            continue
        version, is_wide = data[0], bool(data[3] & 1)
        count, at = int.from_bytes(data[4:8], "big"), 8
        id_size, step = (4 if version else 2), (2 if is_wide else 1)
        for _ in range(min(count, _MAX_ITEMS)):
            if at + id_size >= len(data):
                break
            number, links = int.from_bytes(data[at : at + id_size], "big"), data[at + id_size]
            at += id_size + 1
            if number == item:
                for place in range(at, at + links * step, step):
                    index = int.from_bytes(data[place : place + step], "big") & (0x7FFF if is_wide else 0x7F)
                    if 0 < index <= len(available):
                        chosen.append(available[index - 1])
            at += links * step
    return chosen


def _size(properties: list[Box]) -> Metadata | None:
    width = height = 0
    extra: dict[str, Any] = {}
    for name, content in properties:
        if name == b"ispe":
            data = content.read(4, 8)
            width, height = struct.unpack(">II", data) if len(data) == 8 else (0, 0)
        elif name == b"clap":
            data = content.read(0, 16)
            sides = struct.unpack(">4I", data) if len(data) == 16 else (0, 1, 0, 1)
            cut = [sides[at] / sides[at + 1] if sides[at + 1] else 0 for at in (0, 2)]
            if 1 <= cut[0] <= width and 1 <= cut[1] <= height:
                extra |= {"coded_width": width, "coded_height": height}
                width, height = round(cut[0]), round(cut[1])
        elif name == b"irot":
            turns = content.read(0, 1)[0] & 3 if content.size else 0
            extra["rotation"] = turns * 90
            if turns % 2:
                width, height = height, width
        elif name == b"pixi":
            data = content.read(4, 16)
            extra["bits_per_pixel"] = sum(data[1 : 1 + data[0]]) if data else None
    return {"width": width, "height": height, "extra": extra} if width and height else None


def _items(box: BoundedReader | None) -> dict[int, _Item]:
    """14496-12 section 8.11.6: item number → type, and content type for ``mime`` items."""
    found: dict[int, _Item] = {}
    if box is None:
        return found
    for index, entry in enumerate(boxes(box, 6 if box.read(0, 1) == b"\x00" else 8)):
        data = entry.content.read(0, 128)
        if entry.name != b"infe" or len(data) < 12 or index >= _MAX_ITEMS:
            continue
        if data[0] in (2, 3):
            id_size = 2 if data[0] == 2 else 4
            number, at = int.from_bytes(data[4 : 4 + id_size], "big"), 4 + id_size + 2
            names = data[at + 4 :].split(b"\x00")
            found[number] = _Item(data[at : at + 4], names[1] if len(names) > 1 else b"")
    return found


def _places(
    box: BoundedReader | None, idat: BoundedReader | None, window: BoundedReader
) -> dict[int, list[tuple[int, int, BoundedReader]]]:
    """14496-12 section 8.11.3: item number → extents (offset, length, the window they lie in)."""
    found: dict[int, list[tuple[int, int, BoundedReader]]] = {}
    data = box.read(0, 1 << 18) if box else b""
    if len(data) < 8 or data[0] > 2:
        return found
    version = data[0]
    offset_size, length_size, base_size, index_size = data[4] >> 4, data[4] & 15, data[5] >> 4, data[5] & 15
    at = 6

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(data[at - size : at], "big")

    for _ in range(min(number(4 if version == 2 else 2), _MAX_ITEMS)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version else 0
        number(2)
        base = number(base_size)
        extents: list[tuple[int, int, BoundedReader]] = []
        for _ in range(min(number(2), _MAX_ITEMS)):
            if version and index_size:
                number(index_size)
            start, length = base + number(offset_size), number(length_size)
            source = idat if method == 1 and idat is not None else window
            if method in (0, 1):
                extents.append((start, length or source.size - start, source))
        if at > len(data):
            break
        found[item] = extents
    return found
