"""Extractors for BMP images (Windows GDI, "Bitmap Storage") and PSD images (Adobe Photoshop file formats).

Headers are parsed here, because Pillow rejects files whose pixels it cannot decode: unusual bit fields, CMYK
with more than four channels, 16 and 32 bits per channel.
"""

import struct
from typing import Any

from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.image_blocks import psd_metadata
from mfkit.scan.extract.schema import ExtractionError, Metadata, from_origin
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_RGB, _BIT_FIELDS, _ALPHA_BIT_FIELDS = 0, 3, 6
_MAX_ROWS = 1 << 20
_COLOR_MODES = {
    0: "bitmap",
    1: "grayscale",
    2: "indexed",
    3: "rgb",
    4: "cmyk",
    7: "multichannel",
    8: "duotone",
    9: "lab",
}


def extract_bmp(source: Source, file_format: FileFormat) -> Metadata:
    """Read a BMP image's size. A negative height means that rows are stored from top to bottom.

    Raises:
        ExtractionError: The file ends within its header or its pixels.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        head = reader.read(0, 34)
        header_size = int.from_bytes(head[14:18], "little")
        if len(head) < (26 if header_size == 12 else 34):
            raise ExtractionError("the BMP ends within its header")
        if header_size == 12:  # A BMP header of 12 bytes (OS/2 1.x) has 16-bit sizes.
            width, height, _, bits = struct.unpack_from("<4H", head, 18)
            compression = _RGB
        else:
            width, height, _, bits, compression = struct.unpack_from("<iiHHI", head, 18)
            height = abs(height)
    extra: dict[str, Any] = {"bits_per_pixel": bits or None}
    metadata: Metadata = {"width": width, "height": height, "extra": extra}
    metadata["is_compressed"] = compression not in (_RGB, _BIT_FIELDS, _ALPHA_BIT_FIELDS)
    metadata = from_origin("container", metadata)
    if width <= 0 or height <= 0:
        raise ExtractionError("the BMP header states no image size", metadata)
    pixels = int.from_bytes(head[10:14], "little") + (width * bits + 31) // 32 * 4 * height
    if not metadata["is_compressed"] and pixels > reader.size:
        raise ExtractionError(
            "the BMP is truncated: the file ends before its pixel data is complete", metadata
        )
    return metadata


def extract_psd(source: Source, file_format: FileFormat) -> Metadata:
    """Read a PSD or PSB image's size, color mode, bit depth, EXIF, XMP and IPTC.

    Raises:
        ExtractionError: The file ends within its header, its sections or its merged image.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        head = reader.read(0, 26)
        if len(head) < 26:
            raise ExtractionError("the PSD ends within its header")
        channels, height, width, depth, mode = struct.unpack_from(">HIIHH", head, 12)
        extra = {"bits_per_pixel": channels * depth, "color_mode": _COLOR_MODES.get(mode)}
        metadata = psd_metadata(
            reader, from_origin("container", {"width": width, "height": height, "extra": extra})
        )
        row_size = (width * depth + 7) // 8
        if _psd_end(reader, head[5] == 2, channels * height, row_size) > reader.size:
            raise ExtractionError(
                "the PSD is truncated: the file ends before its image data is complete", metadata
            )
    return metadata


def _psd_end(reader: BoundedReader, is_large: bool, rows: int, row_size: int) -> int:
    """Return the end offset of a PSD file's merged image, which follows three sections of variable size."""
    at = 26
    # The color mode data, the image resources and the layers each start with a size field of this length.
    for length_size in (4, 4, 8 if is_large else 4):
        at += length_size + int.from_bytes(reader.read(at, length_size), "big")
    compression = reader.read(at, 2)
    if compression == b"\x00\x00":
        return at + 2 + rows * row_size
    if compression == b"\x00\x01":  # A table with the size of each row precedes the run-length encoded rows.
        entry_size = 4 if is_large else 2
        table = reader.read(at + 2, min(rows, _MAX_ROWS) * entry_size)
        sizes = struct.unpack(f">{len(table) // entry_size}{'I' if is_large else 'H'}", table)
        end: int = at + 2 + rows * entry_size + sum(sizes)
        return end
    return at + 2
