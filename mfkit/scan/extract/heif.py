"""Extractor for HEIC, HEIF and AVIF images (ISO/IEC 23008-12; ISO/IEC 14496-12, section 8.11).

The displayed size is the primary item's ``ispe``, cropped by ``clap`` and rotated by ``irot``. The EXIF
orientation is stored but not applied, because only these properties count (ISO/IEC 23008-12, section 6.5.10),
and files with both state the same rotation twice.
"""

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from mfkit.scan.extract import motion_photo, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader, file_reader
from mfkit.scan.extract.embedded_metadata import Blocks
from mfkit.scan.extract.mp4_boxes import Box, boxes, child, contents
from mfkit.scan.extract.quicktime import movie_header
from mfkit.scan.extract.schema import ExtractionError, Metadata, animation, from_origin, merge
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_ITEMS, _MAX_TIMES = 2_048, 1 << 20
_SEQUENCE_BRANDS = (b"avis", b"msf1", b"hevc", b"hevx", b"hevm", b"hevs")
"""Major brands of files that are shown as image sequences (ISO/IEC 23008-12, section 10)."""


_MAX_JOINED = 1 << 20
"""Maximum number of bytes of one item that are read from several extents."""


class _Item(NamedTuple):
    item_type: bytes
    content_type: bytes


class _Extent(NamedTuple):
    offset: int
    length: int
    section: BoundedReader


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read the width, height, EXIF and XMP of the primary item of a HEIF or AVIF image.

    Raises:
        ExtractionError: No item states a size, or the file ends before the primary item's data.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        parts = contents(reader)
        if b"meta" in parts:
            return _still(reader, parts, file_format)
        return _sequence(parts.get(b"moov"), file_format)


def _still(
    reader: BoundedReader, file_parts: dict[bytes, BoundedReader], file_format: FileFormat
) -> Metadata:
    meta = file_parts[b"meta"]
    parts = {box.name: box.content for box in boxes(meta, 4)}
    primary = _primary_item(parts.get(b"pitm"))
    properties = _properties(parts.get(b"iprp"), primary)
    frame = _image_size(properties)
    items, extents = _items(parts.get(b"iinf")), _extents(parts.get(b"iloc"), parts.get(b"idat"), reader)
    blocks = Blocks()
    packets = b""
    for number, item in items.items():
        item_extents = extents.get(number, ())
        if not item_extents or len(blocks.exif) + len(blocks.xmp) > 8:
            continue
        if item.item_type == b"Exif":
            data = _joined(item_extents)
            # The first four bytes of EXIF data state the distance to the TIFF header (ISO/IEC 23008-12, annex
            # A.2.1).
            skip = int.from_bytes(data.read(0, 4), "big")
            blocks.add_exif(data.part(4 + skip, data.size - 4 - skip))
        elif item.item_type == b"mime" and item.content_type.startswith(b"application/rdf+xml"):
            packet = _joined(item_extents).read(0, xmp.MAX_PACKET)
            packets += packet
            blocks.add_xmp(packet)
    movie = file_parts.get(b"moov")
    after: list[Metadata] = []
    # A HEIF file with a movie box also contains a burst or a Live Photo. The dates in this box are read too.
    if movie is not None:
        after.append({"dates": movie_header(boxes(movie)).metadata.get("dates", ())})
        if reader.read(8, 4) in _SEQUENCE_BRANDS:
            after.append(_motion(movie))
    metadata = blocks.merged(from_origin("container", frame or {}), after=after)
    if video := motion_photo.embedded_video(reader.with_full_budget(), packets, file_parts.get(b"mpvd")):
        metadata = merge(metadata, video)
    if frame is None:
        raise ExtractionError(
            f"the primary item of the {file_format.format} image states no width and height", metadata
        )
    if any(
        section is reader and start + length > reader.size
        for start, length, section in extents.get(primary, ())
    ):
        raise ExtractionError(
            f"the {file_format.format} image is truncated: the file ends before its image data is complete",
            metadata,
        )
    return metadata


def _motion(movie: BoundedReader) -> Metadata:
    """Return an image sequence's duration from its picture track (ISO/IEC 14496-12, 8.4.2 and 8.6.1.2)."""
    for media in (child(box.content, b"mdia") for box in boxes(movie) if box.name == b"trak"):
        handler, header = (child(media, name) if media else None for name in (b"hdlr", b"mdhd"))
        times = child(media, b"minf", b"stbl", b"stts") if media else None
        if handler is None or header is None or times is None or handler.read(8, 4) != b"pict":
            continue
        head = header.read(0, 24)
        scale = int.from_bytes(head[20:24] if head[:1] == b"\x01" else head[12:16], "big")
        entries = times.read(8, min(8 * int.from_bytes(times.read(4, 4), "big"), _MAX_TIMES))
        pairs = list(struct.iter_unpack(">II", entries[: len(entries) // 8 * 8]))
        ticks = sum(count * length for count, length in pairs)
        return animation(sum(count for count, _ in pairs), ticks / scale if scale else 0.0)
    return {}


def _sequence(movie: BoundedReader | None, file_format: FileFormat) -> Metadata:
    """Read the size of an image sequence from its track header (ISO/IEC 14496-12, section 8.3.2)."""
    for box in boxes(movie) if movie else ():
        header = child(box.content, b"tkhd") if box.name == b"trak" else None
        data = header.read(header.size - 8, 8) if header else b""
        if len(data) == 8 and int.from_bytes(data[:4], "big") >> 16:
            width, height = (side >> 16 for side in struct.unpack(">II", data))
            size: Metadata = {"width": width, "height": height}
            return merge(from_origin("container", size), _motion(movie) if movie else {})
    raise ExtractionError(f"the {file_format.format} file contains no image")


def _primary_item(box: BoundedReader | None) -> int:
    data = box.read(0, 8) if box else b""
    return int.from_bytes(data[4:6] if data[:1] == b"\x00" else data[4:8], "big")


def _properties(box: BoundedReader | None, item: int) -> list[Box]:
    """Return the properties of an image in a HEIF file, in the order in which they must be applied."""
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
                for link in range(at, at + links * step, step):
                    index = int.from_bytes(data[link : link + step], "big") & (0x7FFF if is_wide else 0x7F)
                    if 0 < index <= len(available):
                        chosen.append(available[index - 1])
            at += links * step
    return chosen


def _image_size(properties: list[Box]) -> Metadata | None:
    width = height = 0
    extra: dict[str, Any] = {}
    for name, content in properties:
        if name == b"ispe":
            data = content.read(4, 8)
            width, height = struct.unpack(">II", data) if len(data) == 8 else (0, 0)
        elif name == b"clap":
            data = content.read(0, 16)
            sides = struct.unpack(">4I", data) if len(data) == 16 else (0, 1, 0, 1)
            crop = [sides[at] / sides[at + 1] if sides[at + 1] else 0 for at in (0, 2)]
            if 1 <= crop[0] <= width and 1 <= crop[1] <= height:
                extra |= {"coded_width": width, "coded_height": height}
                width, height = round(crop[0]), round(crop[1])
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
    """Return the type and content type of each HEIF item, by item number (ISO/IEC 14496-12, 8.11.6)."""
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


def _joined(extents: Sequence[_Extent]) -> BoundedReader:
    """Return a reader for an item's data. Data in several extents are read into memory, up to a limit."""
    if len(extents) == 1:
        start, length, section = extents[0]
        return section.part(start, length)
    data = b""
    for start, length, section in extents:
        data += section.read(start, min(length, _MAX_JOINED - len(data)))
    return bytes_reader(data)


def _extents(
    box: BoundedReader | None, idat: BoundedReader | None, reader: BoundedReader
) -> dict[int, list[_Extent]]:
    """Return the location of each HEIF item's data, by item number (ISO/IEC 14496-12, section 8.11.3).

    A location consists of one or more extents, in the order of their data.
    """
    found: dict[int, list[_Extent]] = {}
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
        extents: list[_Extent] = []
        for _ in range(min(number(2), _MAX_ITEMS)):
            if version and index_size:
                number(index_size)
            start, length = base + number(offset_size), number(length_size)
            section = idat if method == 1 and idat is not None else reader
            if method in (0, 1):
                extents.append(_Extent(start, length or section.size - start, section))
        if at > len(data):
            break
        found[item] = extents
    return found
