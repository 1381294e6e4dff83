"""JPEG previews in camera RAW files, from which thumbnails and fingerprints are computed.

RAW files contain finished JPEG images in several sizes: as strips or as a JPEG interchange stream of a TIFF
directory (TIFF/EP, ISO 12234-2; DNG 1.7, "Preview Images"), or at an offset in the header of a Fujifilm RAF
file. The sensor data itself is never decoded. This module runs only in worker processes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.schema import ExtractionError
from mfkit.scan.extract.tiff_directories import Value, directories
from mfkit.scan.formats.containers import TIFF_RAW

_ORIENTATION = 0x0112
_PLACES = ((0x0201, 0x0202), (0x0111, 0x0117))
"""Tags with the offset and the length of a JPEG: interchange stream, and strips."""
_WANTED = dict.fromkeys(
    ("main", "next", "sub"), frozenset((_ORIENTATION, *(tag for pair in _PLACES for tag in pair)))
)
_RAF_PREVIEW = 84
"""Offset at which a Fujifilm RAF file states the offset and the length of its JPEG."""
_JPEG_START = b"\xff\xd8\xff"
_HEAD = 1 << 18
"""Number of bytes at the start of a preview in which its size is stated."""
_MAX_BYTES = 64 << 20
"""Maximum size of a preview in bytes, which is read into memory."""


def open_preview(file: BinaryIO, name: str, side: int) -> Image.Image | None:
    """Open the smallest preview that is large enough, or else the largest one, without decoding it.

    Args:
        file: The RAW file.
        name: File format, such as ``dng``.
        side: Width or height in pixels that is large enough.

    Returns:
        The preview with the orientation that the RAW file states; None if the format is not a RAW format, or
        the file contains no preview that can be opened.
    """
    if name not in TIFF_RAW and name != "raf":
        return None
    reader = file_reader(file)
    try:
        places, orientation = _raf_preview(reader) if name == "raf" else _tiff_previews(reader)
    except ExtractionError:
        return None
    sizes = [(size, at, length) for at, length in set(places) if (size := _jpeg_size(file, at, length))]
    sizes.sort()
    chosen = next((one for one in sizes if one[0] >= side), sizes[-1] if sizes else None)
    if chosen is None:
        return None
    _, at, length = chosen
    file.seek(at)
    image = Image.open(BytesIO(file.read(length)), formats=["JPEG"])
    if orientation and _ORIENTATION not in image.getexif():
        image.getexif()[_ORIENTATION] = orientation
    return image


def _raf_preview(reader: BoundedReader) -> tuple[list[tuple[int, int]], int]:
    head = reader.read(_RAF_PREVIEW, 8)
    return ([struct.unpack(">2I", head)] if len(head) == 8 else []), 0


def _tiff_previews(reader: BoundedReader) -> tuple[list[tuple[int, int]], int]:
    """Return the offset and length of everything that may be a JPEG, and the orientation of the RAW file."""
    places: list[tuple[int, int]] = []
    orientation = 0
    for entry in directories(reader, _WANTED):
        stated = entry.tags.get(_ORIENTATION)
        if entry.name == "main" and isinstance(stated, int) and 1 <= stated <= 8:
            orientation = stated
        for offsets, lengths in _PLACES:
            places += zip(
                _integers(entry.tags.get(offsets)), _integers(entry.tags.get(lengths)), strict=False
            )
    return places, orientation


def _integers(value: Value | None) -> Iterator[int]:
    """Yield a tag's number, or nothing if the tag has several.

    Several numbers describe a JPEG in strips or tiles, which is sensor data and not a preview.
    """
    if isinstance(value, int):
        yield value


def _jpeg_size(file: BinaryIO, at: int, length: int) -> int:
    """Return the larger of a JPEG's width and height in pixels, or 0 if there is no JPEG to decode."""
    if not len(_JPEG_START) < length <= _MAX_BYTES:
        return 0
    file.seek(at)
    head = file.read(min(length, _HEAD))
    if not head.startswith(_JPEG_START):
        return 0
    try:
        # Pillow refuses lossless JPEG data of a sensor, because its samples have more than 8 bits.
        return max(Image.open(BytesIO(head), formats=["JPEG"]).size)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return 0
