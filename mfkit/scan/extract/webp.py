"""WebP: RFC 9649 section 2.7: the extended header's canvas, VP8 and VP8L frames, EXIF and XMP chunks."""

import struct

from mfkit.scan.extract import exif, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.schema import ExtractionError, Metadata, displayed, from_origin, merge
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_CHUNKS, _MAX_XMP = 10_000, 262_144


def read(source: Source, kind: FileFormat) -> Metadata:
    """Read size, EXIF and XMP.

    Raises:
        ProbeError: No chunk states a size, or the file ends before its chunks do.
    """
    with open_source(source) as stream:
        window = file_reader(stream)
        if int.from_bytes(window.read(4, 4), "little") + 8 > window.size + 1:
            raise ExtractionError("the WebP file is cut off: it is shorter than its header says")
        frame: Metadata = {}
        found: dict[bytes, Metadata] = {}
        at = 12
        for _ in range(_MAX_CHUNKS):
            head = window.read(at, 8)
            if len(head) < 8:
                break
            name, size = struct.unpack("<4sI", head)
            content = window.part(at + 8, size)
            if name in (b"VP8X", b"VP8 ", b"VP8L"):
                frame = frame or _frame(name, content)
            elif name == b"EXIF" and name not in found:
                skip = 6 if content.read(0, 6) == b"Exif\x00\x00" else 0
                found[name] = exif.read(content.part(skip, size))[0]
            elif name == b"XMP " and name not in found:
                found[name] = xmp.read(content.read(0, _MAX_XMP))
            at += 8 + size + size % 2
        if not frame:
            raise ExtractionError("the WebP file holds no picture")
        return displayed(merge(frame, found.get(b"EXIF", {}), found.get(b"XMP ", {})))


def _frame(name: bytes, content: BoundedReader) -> Metadata:
    data = content.read(0, 10)
    if len(data) < (5 if name == b"VP8L" else 10):
        return {}
    has_alpha = False
    if name == b"VP8X":
        has_alpha = bool(data[0] & 0x10)
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7))
    elif name == b"VP8L":  # RFC 9649 section 3.4: 14 bits each, then the alpha bit
        packed = int.from_bytes(data[1:5], "little")
        width, height, has_alpha = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1, bool(packed >> 28 & 1)
    else:  # RFC 6386 section 9.1: three bytes of frame tag, the start code, 14 bits each
        width, height = (side & 0x3FFF for side in struct.unpack_from("<2H", data, 6))
    return from_origin(
        "container", {"width": width, "height": height, "extra": {"bits_per_pixel": 32 if has_alpha else 24}}
    )
