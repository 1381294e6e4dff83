"""Detection of truncated images: their headers or directories state a larger size than the file has.

Each check raises :class:`~mfkit.pixels.container_extents.DamageError` if the file is shorter than stated.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

from mfkit.pixels.container_extents import (
    MAX_IN_MEMORY,
    DamageError,
    check_stated,
    read_at,
    top_boxes,
    truncated,
)


def bmp(stream: BinaryIO, size: int) -> None:
    """Check the file size in the header of a BMP file."""
    check_stated(size, read_at(stream, 2, 4), "<I", 0)


def apple_icon(stream: BinaryIO, size: int) -> None:
    """Check the file size in the header of an ICNS file."""
    check_stated(size, read_at(stream, 4, 4), ">I", 0)


_MAX_DIRECTORIES = 256
_TIFF_SIZES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip
"""Type of a field -> size of one value in bytes (TIFF 6.0, section 2; BigTIFF)."""
_TIFF_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
"""Type of a field with offsets or lengths -> code of this type in the module ``struct``."""
_TIFF_DATA = {0x0111: 0x0117, 0x0144: 0x0145, 0x0201: 0x0202}
"""Tag with offsets -> tag with lengths, for strips, tiles, and an embedded JPEG (TIFF 6.0)."""
_SUB_DIRECTORIES, _EXIF, _GPS = 0x014A, 0x8769, 0x8825
_TIFF_READ = frozenset((_SUB_DIRECTORIES, _EXIF, _GPS, *_TIFF_DATA, *_TIFF_DATA.values()))


def tiff(stream: BinaryIO, size: int) -> None:
    """Check directories and their fields, strips, tiles and embedded JPEG files in TIFF files (TIFF 6.0)."""
    _tiff(stream, size, all_fields=True)


def tiff_based_raw(stream: BinaryIO, size: int) -> None:
    """Check directories, image data and embedded JPEG files in RAW files that are based on TIFF.

    Other fields are not checked, because cameras store fields with wrong offsets.
    """
    _tiff(stream, size, all_fields=False)


def _tiff(stream: BinaryIO, size: int, *, all_fields: bool) -> None:
    head = read_at(stream, 0, 16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 16:
        return
    is_big = head[2:4] in (b"\x2b\0", b"\0\x2b")
    queue = [struct.unpack_from(order + ("Q" if is_big else "I"), head, 8 if is_big else 4)[0]]
    seen: set[int] = set()
    while queue and len(seen) < _MAX_DIRECTORIES:
        at = queue.pop()
        if not at or at in seen:
            continue
        seen.add(at)
        values, following = _tiff_directory(stream, size, order, is_big, at, all_fields=all_fields)
        queue += [following, *values.get(_SUB_DIRECTORIES, ())]
        if all_fields:
            queue += [*values.get(_EXIF, ()), *values.get(_GPS, ())]
        for offsets, lengths in _TIFF_DATA.items():
            ends = map(sum, zip(values.get(offsets, ()), values.get(lengths, ()), strict=False))
            if (end := max(ends, default=0)) > size:
                raise truncated(size, end)


def _tiff_directory(
    stream: BinaryIO, size: int, order: str, is_big: bool, at: int, *, all_fields: bool
) -> tuple[dict[int, tuple[int, ...]], int]:
    """Return the data offsets and lengths in a TIFF directory, and the offset of the next directory."""
    counted, entry_size, pointer = ("Q", 20, "Q") if is_big else ("H", 12, "I")
    width, inline = struct.calcsize(counted), struct.calcsize(pointer)
    data = read_at(stream, at, width)
    if len(data) < width:
        raise truncated(size, at + width)
    count = struct.unpack(order + counted, data)[0]
    if count > 65_535:
        raise DamageError("A TIFF directory (IFD) has an impossible number of entries.", at)
    block = stream.read(count * entry_size + inline)
    if len(block) < count * entry_size:
        raise truncated(size, at + width + count * entry_size)
    values: dict[int, tuple[int, ...]] = {}
    for place in range(0, count * entry_size, entry_size):
        tag, kind, number = struct.unpack_from(order + "HH" + pointer, block, place)
        if kind not in _TIFF_SIZES or not (all_fields or tag in _TIFF_READ):
            continue
        length = number * _TIFF_SIZES[kind]
        start = at + width + place + entry_size - inline
        if length > inline:
            start = struct.unpack_from(order + pointer, block, place + entry_size - inline)[0]
        if start + length > size:
            raise truncated(size, start + length)
        if tag in _TIFF_READ and kind in _TIFF_NUMBERS:
            code = f"{order}{number}{_TIFF_NUMBERS[kind]}"
            values[tag] = struct.unpack(code, read_at(stream, start, length))
    following = block[count * entry_size :]
    return values, struct.unpack(order + pointer, following)[0] if len(following) == inline else 0


def fuji(stream: BinaryIO, size: int) -> None:
    """Check the offsets and lengths of preview, header and sensor data in a Fujifilm RAF file."""
    head = read_at(stream, 84, 24)
    if len(head) < 24:
        raise truncated(size, 108)
    numbers = struct.unpack(">6I", head)
    end = max(start + length for start, length in zip(numbers[::2], numbers[1::2], strict=True))
    if end > size:
        raise truncated(size, end)


_TGA_FOOTER, _TGA_SIGNATURE = 26, b"TRUEVISION-XFILE.\0"
_TGA_EXTENSION = (495).to_bytes(2, "little")
"""First bytes of the extension area: its size."""


def targa(stream: BinaryIO, size: int) -> None:
    """Check the pixels of a TGA file, and the footer after the pixels (Truevision TGA 2.0)."""
    head = read_at(stream, 0, 18)
    if len(head) < 18:
        raise truncated(size, 18)
    colors, color_bits, width, height, bits = struct.unpack_from("<5xHB4xHHB", head)
    start = 18 + head[0] + (colors * ((color_bits + 7) // 8) if head[1] else 0)
    pixel, count = (bits + 7) // 8, width * height
    end = _end_of_runs(stream, size, start, pixel, count) if head[2] & 8 else start + pixel * count
    if end > size:
        raise truncated(size, end)
    if size - end >= _TGA_FOOTER and read_at(stream, size - 18, 18) == _TGA_SIGNATURE:
        return
    # A file of version 1 has no footer. Up to three bytes after its pixels are regarded as padding.
    rest = read_at(stream, end, _TGA_FOOTER)
    if rest.startswith(_TGA_EXTENSION) or 4 <= len(rest) < _TGA_FOOTER:
        raise DamageError("The file is truncated: its footer is incomplete.", size)


def _end_of_runs(stream: BinaryIO, size: int, start: int, pixel: int, count: int) -> int:
    """Return the offset where the run-length encoded pixels end, which may be beyond the end of the file."""
    data = read_at(stream, start, min(size - start, MAX_IN_MEMORY))
    at = 0
    while count > 0:
        if at >= MAX_IN_MEMORY:  # The pixels after this point are not checked.
            return size
        if at >= len(data):
            return start + at + 1
        run = (data[at] & 127) + 1
        at += 1 + pixel * (1 if data[at] & 128 else run)
        count -= run
    return start + at


def icon(stream: BinaryIO, size: int) -> None:
    """Check the offsets and lengths of the images in an ICO or CUR file."""
    count = int.from_bytes(read_at(stream, 4, 2), "little")
    entries = read_at(stream, 6, 16 * count)
    if len(entries) < 16 * count:
        raise truncated(size, 6 + 16 * count)
    end = max((length + start for length, start in struct.iter_unpack("<8xII", entries)), default=0)
    if end > size:
        raise truncated(size, end)


_START_OF_TILE_PART, _START_OF_DATA, _END_OF_CODESTREAM = 0xFF90, 0xFF93, 0xFFD9


def jpeg_2000(stream: BinaryIO, size: int) -> None:
    """Check the boxes of a JP2 or JPX file, and its codestreams (ISO/IEC 15444-1, annex I)."""
    names = set()
    for name, start, end in top_boxes(stream, size):
        names.add(name)
        if name == b"jp2c":
            _codestream(stream, size, start, end)
    # The codestream of a JPX file may consist of fragments, which a table lists.
    if not names & {b"jp2c", b"ftbl", b"moov", b"moof"}:
        raise DamageError("The file is truncated: it has no codestream.", size)


def codestream(stream: BinaryIO, size: int) -> None:
    """Check the tile-parts and the end marker of a JPEG 2000 codestream without a container."""
    _codestream(stream, size, 0, size)


def _codestream(stream: BinaryIO, size: int, start: int, end: int) -> None:
    """Check the tile-parts of a codestream up to its end marker (ISO/IEC 15444-1, annex A)."""
    at = start + 2
    while at < end:
        head = read_at(stream, at, 12)
        marker = int.from_bytes(head[:2])
        if marker == _END_OF_CODESTREAM and len(head) >= 2:
            return
        if marker < 0xFF00 or len(head) < 4:
            break
        length = 2 + int.from_bytes(head[2:4])
        if marker == _START_OF_TILE_PART and len(head) == 12:
            length = int.from_bytes(head[6:10])
            if length == 0:  # The last tile-part extends to the end marker.
                at = max(at + 12, end - 2)
                continue
        if at + length > size:
            raise truncated(size, at + length)
        if length < 4:
            raise DamageError("A part of the codestream has an impossible size.", at)
        at += length
    raise DamageError("The image is truncated: the end marker of its codestream is missing.", size)


CHECKS: dict[str, Callable[[BinaryIO, int], None]] = {
    **dict.fromkeys(("tiff", "dng"), tiff),
    **dict.fromkeys(
        "nef nrw cr2 arw sr2 srf orf rw2 raw rwl iiq pef srw 3fr fff erf mef mos kdc dcr".split(),
        tiff_based_raw,
    ),
    **dict.fromkeys(("ico", "cur"), icon),
    **dict.fromkeys(("jp2", "jpx"), jpeg_2000),
    "j2k": codestream,
    "icns": apple_icon,
    "raf": fuji,
    "tga": targa,
    "bmp": bmp,
}
"""Image format -> function that checks the sizes stated in the file's headers."""
