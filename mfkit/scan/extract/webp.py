"""Extractor for WebP images (RFC 9649, section 2.7): VP8X, VP8 and VP8L headers, EXIF and XMP chunks."""

import struct

from mfkit.scan.extract import xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.embedded_metadata import Blocks
from mfkit.scan.extract.schema import (
    ExtractionError,
    Metadata,
    animation,
    apply_orientation,
    from_origin,
    merge,
)
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_CHUNKS = 10_000


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read a WebP image's size, EXIF and XMP, and the duration of an animation.

    Raises:
        ExtractionError: No chunk states a size, or the file is truncated.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        metadata = apply_orientation(_chunks(reader))
        if int.from_bytes(reader.read(4, 4), "little") + 8 > reader.size + 1:
            raise ExtractionError(
                "the WebP file is truncated: it is shorter than its header states", metadata
            )
    if not metadata.get("width"):
        raise ExtractionError("the WebP file contains no image", metadata)
    return metadata


def _chunks(reader: BoundedReader) -> Metadata:
    frame: Metadata = {}
    blocks = Blocks()
    frames, milliseconds = 0, 0
    at = 12
    for _ in range(_MAX_CHUNKS):
        head = reader.read(at, 8)
        if len(head) < 8:
            break
        name, size = struct.unpack("<4sI", head)
        content = reader.part(at + 8, size)
        if name in (b"VP8X", b"VP8 ", b"VP8L"):
            frame = frame or _frame(name, content)
        # The fifth 24-bit number in an animation frame is its duration in milliseconds.
        elif name == b"ANMF":
            frames += 1
            milliseconds += int.from_bytes(content.read(12, 3), "little")
        elif name == b"EXIF" and not blocks.exif:
            blocks.add_exif(content)
        elif name.rstrip(b" \x00") == b"XMP" and not blocks.xmp:
            blocks.add_xmp(content.read(0, xmp.MAX_PACKET))
        at += 8 + size + size % 2
    return blocks.merged(merge(frame, animation(frames, milliseconds / 1000)))


def _frame(name: bytes, content: BoundedReader) -> Metadata:
    data = content.read(0, 10)
    if len(data) < (5 if name == b"VP8L" else 10):
        return {}
    has_alpha = False
    if name == b"VP8X":
        has_alpha = bool(data[0] & 0x10)
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7))
    # In lossless WebP, width and height have 14 bits each and precede the alpha bit (RFC 9649, section 3.4).
    elif name == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        width, height, has_alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    else:  # In lossy WebP, width and height follow the frame tag and the start code (RFC 6386, section 9.1).
        width, height = (side & 0x3FFF for side in struct.unpack_from("<2H", data, 6))
    return from_origin(
        "container", {"width": width, "height": height, "extra": {"bits_per_pixel": 32 if has_alpha else 24}}
    )
