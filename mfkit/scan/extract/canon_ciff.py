"""Reader of Canon CIFF 1.0 metadata, in CRW files and in the APP0 segment of JPEGs that predate EXIF."""

import struct
from datetime import datetime, timedelta

from mfkit.scan.extract import exposure
from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader
from mfkit.scan.extract.schema import Metadata, from_origin

_MAX_ENTRIES, _MAX_DEPTH = 256, 4


def extract(reader: BoundedReader) -> Metadata:
    """Read size, camera, capture time and exposure from CIFF metadata.

    Args:
        reader: Starts at the byte-order mark; cameras write only the little-endian order.
    """
    metadata: Metadata = {"extra": {}}
    _heap(reader.part(int.from_bytes(reader.read(2, 4), "little"), reader.size), metadata, 0)
    return from_origin("ciff", metadata)


def _heap(heap: BoundedReader, metadata: Metadata, depth: int) -> None:
    """Read a CIFF heap (a data block that ends with the offset of its directory) and the heaps inside it."""
    at = int.from_bytes(heap.read(heap.size - 4, 4), "little")
    count = int.from_bytes(heap.read(at, 2), "little")
    for index in range(min(count, _MAX_ENTRIES)):
        entry = heap.read(at + 2 + 10 * index, 10)
        if len(entry) < 10:
            return
        tag, size, offset = struct.unpack("<HII", entry)
        content = heap.part(offset, size)
        # This directory entry contains the value itself in place of the value's size and offset.
        if tag & 0xC000 == 0x4000:
            content, size = bytes_reader(entry[2:]), 8
        if tag & 0x3800 in (0x2800, 0x3000) and not tag & 0x4000 and depth < _MAX_DEPTH:
            _heap(content, metadata, depth + 1)
        elif tag == 0x080A:
            names = content.read(0, 128).decode("ascii", "replace").split("\x00")
            metadata["camera_make"], metadata["camera_model"] = names[0], names[1] if len(names) > 1 else None
        elif tag == 0x1810 and size >= 16:
            width, height, _, rotation = struct.unpack("<IIfi", content.read(0, 16).ljust(16, b"\0"))
            metadata["width"], metadata["height"] = width, height
            metadata["extra"]["orientation"] = {90: 6, 180: 3, 270: 8, -90: 8}.get(rotation, 1)
        elif tag & 0x3FFF == 0x180E:
            seconds = int.from_bytes(content.read(0, 4), "little")
            metadata["taken_at"] = datetime(1970, 1, 1) + timedelta(seconds=seconds) if seconds else None
        elif tag == 0x102A:
            metadata["iso"] = exposure.canon_iso(
                {4: struct.unpack("<3H", content.read(0, 6).ljust(6, b"\0"))}
            )
        elif tag == 0x1818 and size >= 12:
            _, speed, aperture = struct.unpack("<3f", content.read(0, 12).ljust(12, b"\0"))
            metadata["shutter_speed"] = (
                exposure.shutter_speed(2**-speed) if -20 < speed < 30 and speed else None
            )
            metadata["aperture"] = round(2 ** (aperture / 2), 2) if 0 < aperture < 20 else None
