"""Extractor for TIFF images and for the camera RAW formats based on TIFF.

Sources: TIFF 6.0; TIFF/EP (ISO 12234-2) and DNG 1.7 (SubIFDs, NewSubfileType); Panasonic RW2, whose sensor
borders give the size; Fujifilm RAF (an embedded JPEG and its own directory); Minolta MRW (PRD and TTW
blocks).
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mfkit.scan.extract import exif, exif_texts, jpeg
from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader, file_reader
from mfkit.scan.extract.embedded_metadata import Blocks
from mfkit.scan.extract.schema import ExtractionError, Metadata, apply_orientation, from_origin, merge
from mfkit.scan.extract.tiff_directories import Directory, Value
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_UNCOMPRESSED = 1  # The TIFF tag Compression has the value 1 if the image data is not compressed.

# This temporary key in ``extra`` marks a truncated file until the image size has been checked.
_TRUNCATED = "is_truncated"
_REDUCED = 1  # Bit 0 of the tag NewSubfileType marks a smaller version of another image in the file.


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read the size and camera metadata of a TIFF-based, RAF or MRW image.

    Raises:
        ExtractionError: No directory states a size.
    """
    with open_source(source) as stream:
        metadata = _EXTRACTORS.get(file_format.format, _tiff)(file_reader(stream), file_format)
    is_truncated = metadata.get("extra", {}).pop(_TRUNCATED, False)
    metadata = apply_orientation(metadata)
    if not metadata.get("width") or not metadata.get("height"):
        raise ExtractionError(f"the {file_format.format} image states no width and height", metadata)
    if is_truncated:
        raise ExtractionError(
            f"the {file_format.format} image is truncated: the file ends before its image data is complete",
            metadata,
        )
    return metadata


def _tiff(reader: BoundedReader, file_format: FileFormat) -> Metadata:
    metadata, directories = exif.extract(reader)
    if not directories:
        raise ExtractionError(f"the {file_format.format} image has no readable TIFF directory (IFD)")
    main = directories[0].tags
    blocks = Blocks(exif=[metadata])
    packet, record, resources = (exif_texts.tag_bytes(main.get(tag)) for tag in (0x02BC, 0x83BB, 0x8649))
    if packet:
        blocks.add_xmp(packet)
    if record:
        blocks.add_iptc(record)
    if resources:
        blocks.add_resources(bytes_reader(resources))
    after: list[Metadata] = []
    if file_format.format == "tiff" and _data_end(main) > reader.size:
        after.append({"extra": {_TRUNCATED: True}})
    return blocks.merged(_image_size(directories, file_format), after=after)


def _data_end(main: Mapping[int, Value]) -> int:
    """Return the end offset of the last strip or tile of the first page (TIFF 6.0, section 8)."""
    ends = [0]
    for offsets_tag, sizes_tag in ((0x0111, 0x0117), (0x0144, 0x0145)):
        offsets, sizes = (
            value if isinstance(value, tuple) else (value,)
            for value in (main.get(offsets_tag), main.get(sizes_tag))
        )
        ends += [
            offset + size
            for offset, size in zip(offsets, sizes)
            if isinstance(offset, int) and isinstance(size, int)
        ]
    return max(ends)


def _integer(value: Value | None) -> int:
    if isinstance(value, tuple):
        value = value[0]
    return value if isinstance(value, int) else 0


def _image_size(directories: Sequence[Directory], file_format: FileFormat) -> Metadata:
    """Return the size of a RAW file's largest image, or of a TIFF's first page."""
    sized = [
        entry.tags
        for entry in directories
        if entry.name in ("main", "next", "sub")
        and _integer(entry.tags.get(0x0100))
        and _integer(entry.tags.get(0x0101))
    ]
    full_size = [tags for tags in sized if not _integer(tags.get(0x00FE)) & _REDUCED] or sized
    if file_format.format == "tiff":
        full_size = full_size[:1]
    best = max(full_size, key=lambda tags: _integer(tags[0x0100]) * _integer(tags[0x0101]), default={})
    width, height = _integer(best.get(0x0100)), _integer(best.get(0x0101))
    main = directories[0].tags
    if file_format.format in ("rw2", "raw", "rwl") and 0x0007 in main:
        top, left, bottom, right = (_integer(main.get(tag)) for tag in (4, 5, 6, 7))
        width, height = right - left, bottom - top
    if file_format.format in ("cr2", "iiq"):
        # The TIFF directories of CR2 and IIQ files describe previews. EXIF states the size of the developed
        # image.
        for entry in directories:
            if entry.name == "exif" and _integer(entry.tags.get(0xA002)) * _integer(entry.tags.get(0xA003)):
                sides = _integer(entry.tags.get(0xA002)), _integer(entry.tags.get(0xA003))
                width, height = max((width, height), sides, key=lambda pair: pair[0] * pair[1])
    bits = best.get(0x0102)
    samples = _integer(best.get(0x0115)) or 1
    extra: dict[str, Any] = {
        "bits_per_pixel": sum(map(int, bits)) if isinstance(bits, tuple) else _integer(bits) * samples or None
    }
    metadata: Metadata = {"width": width, "height": height, "extra": extra}
    if file_format.format == "tiff":
        metadata["is_compressed"] = _integer(best.get(0x0103)) not in (0, _UNCOMPRESSED)
    return from_origin("container", metadata) if width > 0 and height > 0 else {}


def _raf(reader: BoundedReader, file_format: FileFormat) -> Metadata:
    """Read a Fujifilm RAF image, which contains a JPEG image and a directory.

    The big-endian offsets of the JPEG and the directory are at the bytes 84 and 92.
    """
    head = reader.read(84, 16)
    if len(head) < 16:
        raise ExtractionError("the raf image ends within its header")
    preview_at, preview_size, directory_at, directory_size = struct.unpack(">4I", head)
    preview = jpeg.read_segments(reader.part(preview_at, preview_size))[0]
    sides: dict[int, tuple[int, int]] = {}
    directory = reader.part(directory_at, directory_size)
    at = 4
    for _ in range(min(int.from_bytes(directory.read(0, 4), "big"), 256)):
        entry = directory.read(at, 8)
        if len(entry) < 8:
            break
        tag, size, height, width = struct.unpack(">4H", entry)
        sides[tag] = (width, height)
        at += 4 + size
    tag_bytes: Metadata = {}
    for tag in (0x0111, 0x0100):  # The size after cropping is preferred to the size of the full sensor.
        if tag in sides and all(sides[tag]):
            tag_bytes = from_origin("container", {"width": sides[tag][0], "height": sides[tag][1]})
            break
    return merge(tag_bytes, preview)


def _mrw(reader: BoundedReader, file_format: FileFormat) -> Metadata:
    """Read a Minolta MRW image: the size in its block PRD, and the TIFF structure in its block TTW.

    The blocks start at byte 8.
    """
    size: Metadata = {}
    camera: Metadata = {}
    at = 8
    for _ in range(64):
        head = reader.read(at, 8)
        if len(head) < 8 or head[:1] != b"\x00":
            break
        name, length = head[:4], int.from_bytes(head[4:8], "big")
        if name == b"\x00PRD":
            data = reader.read(at + 16, 8)
            height, width = struct.unpack_from(">2H", data, 4) if len(data) == 8 else (0, 0)
            size = from_origin("container", {"width": width, "height": height})
        elif name == b"\x00TTW":
            camera = exif.extract(reader.part(at + 8, length))[0]
        at += 8 + length
    return merge(size, camera)


_EXTRACTORS: dict[str, Callable[[BoundedReader, FileFormat], Metadata]] = {"raf": _raf, "mrw": _mrw}
