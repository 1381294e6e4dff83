"""Detection of truncated container files: their headers state a larger size than the file has.

Each check raises :class:`DamageError` if the file is shorter than its headers state.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

_MAX_PARTS = 1_000_000
"""Maximum number of chunks, boxes or tags that are read per file."""


class DamageError(Exception):
    """Exception that is raised if a file is damaged.

    Attributes:
        position: Offset in bytes at which the damage was detected; None if unknown.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        """Create an error with a full sentence that describes the damage."""
        super().__init__(message)
        self.position = position


def truncated(size: int, stated: int) -> DamageError:
    """Return the error for a file that has ``size`` bytes but should have ``stated`` bytes."""
    return DamageError(f"The file is truncated: it has {size:,} of {stated:,} bytes.", size)


def read_at(stream: BinaryIO, position: int, length: int) -> bytes:
    """Read ``length`` bytes at an offset, or fewer bytes if the file ends before."""
    stream.seek(position)
    return stream.read(length)


def boxes(stream: BinaryIO, size: int, start: int = 0) -> None:
    """Check the top-level boxes of MP4, MOV, HEIC and AVIF files (ISO/IEC 14496-12, section 4.2)."""
    at, names = start, set()
    for _ in range(_MAX_PARTS):
        head = read_at(stream, at, 16)
        if len(head) < 8:
            if head.strip(b"\0"):
                raise truncated(size, at + 8)
            break
        length, name = struct.unpack_from(">I4s", head)
        if length == 1 and len(head) == 16:
            length = struct.unpack_from(">Q", head, 8)[0]
        names.add(name)
        if length == 0:  # A box of size 0 extends to the end of the file.
            break
        if length < 8:
            raise DamageError("A box of the container has an impossible size.", at)
        if at + length > size:
            raise truncated(size, at + length)
        at += length
    if not names & {b"moov", b"meta", b"moof"}:
        raise DamageError("The file has no index of its content (moov or meta).", size)


def riff(stream: BinaryIO, size: int) -> None:
    """Check the RIFF chunks of WAV, AVI and WebP files, and RF64 files (EBU Tech 3306)."""
    at = 0
    while at + 8 <= size:
        name, length = struct.unpack("<4sI", read_at(stream, at, 8))
        if name == b"RF64":
            length = struct.unpack("<Q", read_at(stream, 20, 8).ljust(8, b"\0"))[0]
        elif name != b"RIFF" or length in (0, 0xFFFFFFFF):
            # The check ends here: either there are no more RIFF chunks, or the recording program did not
            # store the size of this chunk.
            return
        if at + 8 + length > size:
            raise truncated(size, at + 8 + length)
        at += 8 + length + length % 2


def aiff(stream: BinaryIO, size: int) -> None:
    """Check the size of the FORM chunk of an AIFF file."""
    _stated(size, read_at(stream, 4, 4), ">I", 8)


def dff(stream: BinaryIO, size: int) -> None:
    """Check the size of the FRM8 chunk of a DSDIFF file."""
    _stated(size, read_at(stream, 4, 8), ">Q", 12)


def dsf(stream: BinaryIO, size: int) -> None:
    """Compare a DSF file's size with the file size that its first chunk states."""
    _stated(size, read_at(stream, 12, 8), "<Q", 0)


def bmp(stream: BinaryIO, size: int) -> None:
    """Check the file size in the header of a BMP file."""
    _stated(size, read_at(stream, 2, 4), "<I", 0)


def au(stream: BinaryIO, size: int) -> None:
    """Check the data size in the header of a Sun or NeXT audio file."""
    start = int.from_bytes(read_at(stream, 4, 4))
    _stated(size, read_at(stream, 8, 4), ">I", start)


def _stated(size: int, data: bytes, code: str, header: int) -> None:
    if len(data) < struct.calcsize(code):
        raise truncated(size, header + struct.calcsize(code))
    stated: int = struct.unpack(code, data)[0]
    if stated + header > size and stated not in (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF):
        raise truncated(size, stated + header)


def matroska(stream: BinaryIO, size: int) -> None:
    """Check the segment size of a Matroska or WebM file (RFC 8794, section 6; RFC 9559, section 5)."""
    at = 0
    for _ in range(64):
        head = read_at(stream, at, 12)
        if len(head) < 2:
            return
        id_length = 9 - head[0].bit_length() if head[0] else 9
        if id_length > 4 or len(head) <= id_length:
            return
        first = head[id_length]
        width = 9 - first.bit_length() if first else 9
        if width > 8 or len(head) < id_length + width:
            return
        value = int.from_bytes(head[id_length : id_length + width]) & ((1 << 7 * width) - 1)
        if value == (1 << 7 * width) - 1:
            # The size in the header is "unknown", which is normal in live recordings, so there is nothing to
            # check.
            return
        end = at + id_length + width + value
        if end > size:
            raise truncated(size, end)
        at = end


def asf(stream: BinaryIO, size: int) -> None:
    """Check the top-level objects of a WMV or WMA file (ASF specification, section 2)."""
    at = 0
    for _ in range(_MAX_PARTS):
        head = read_at(stream, at, 24)
        if not head:
            return
        if len(head) < 24:
            raise truncated(size, at + 24)
        length = struct.unpack_from("<Q", head, 16)[0]
        if length < 24:
            return
        if at + length > size:
            raise truncated(size, at + length)
        at += length


def flv(stream: BinaryIO, size: int) -> None:
    """Check the tags of an FLV file (Adobe Flash Video File Format Specification 10.1, annex E)."""
    head = read_at(stream, 0, 9)
    if len(head) < 9:
        raise truncated(size, 9)
    at = int.from_bytes(head[5:9]) + 4
    for _ in range(_MAX_PARTS):
        if at >= size:
            return
        tag = read_at(stream, at, 11)
        end = at + 15 + int.from_bytes(tag[1:4])
        if len(tag) < 11 or end > size:
            raise truncated(size, end)
        at = end


def wavpack(stream: BinaryIO, size: int) -> None:
    """Check the sizes of the blocks of a WavPack file."""
    at = 0
    for _ in range(_MAX_PARTS):
        head = read_at(stream, at, 8)
        if len(head) < 8 or head[:4] != b"wvpk":
            # After the last block, the file ends or continues with a metadata tag.
            return
        end = at + 8 + struct.unpack_from("<I", head, 4)[0]
        if end > size:
            raise truncated(size, end)
        at = end


def monkeys_audio(stream: BinaryIO, size: int) -> None:
    """Check the lengths in the descriptor of a Monkey's Audio file, version 3.98 or later."""
    head = read_at(stream, 0, 36)
    if len(head) < 36 or struct.unpack_from("<H", head, 4)[0] < 3980:
        return
    descriptor, header, seek_table, wav_header, low, high, wav_end = struct.unpack_from("<7I", head, 8)
    end = descriptor + header + seek_table + wav_header + (high << 32 | low) + wav_end
    if end > size:
        raise truncated(size, end)


def transport_stream(stream: BinaryIO, size: int) -> None:
    """Check that an MPEG transport stream consists of whole packets, each of 188 or 192 bytes."""
    head = read_at(stream, 0, 197)
    length = 192 if head[4:5] == b"G" and head[196:197] == b"G" else 188
    if size % length:
        raise truncated(size, size + length - size % length)


_TAIL = 1 << 18
_PACK, _PROGRAM_END = 0xBA, 0xB9


def program_stream(stream: BinaryIO, size: int) -> None:
    """Check that the last packets of an MPEG program stream are complete (ISO/IEC 13818-1, section 2.5.3).

    A file that was truncated between two packets is not detected, because its end code is optional.
    """
    start = max(0, size - _TAIL)
    data = read_at(stream, start, size - start)
    at = data.rfind(b"\0\0\1\xba")
    while 0 <= at < len(data):
        head = data[at : at + 14].ljust(14, b"\0")
        if not b"\0\0\1".startswith(data[at : at + 3]) or head[3] == _PROGRAM_END:
            return
        if head[3] == _PACK:
            end = at + (14 + (head[13] & 7) if head[4] >> 6 == 1 else 12)
        else:
            end = at + 6 + int.from_bytes(head[4:6])
        if end > len(data):
            raise truncated(size, start + end)
        at = end


_MAX_DIRECTORIES = 256
_TIFF_SIZES = {1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8}
_TIFF_DATA = {0x0111: 0x0117, 0x0144: 0x0145, 0x0201: 0x0202}
"""Tag with offsets -> tag with lengths, for strips, tiles, and an embedded JPEG (TIFF 6.0)."""


def tiff(stream: BinaryIO, size: int) -> None:
    """Check directories, strips, tiles and embedded JPEG files in TIFF files and TIFF-based RAW files."""
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
        values, following = _tiff_directory(stream, size, order, is_big, at)
        queue += [following, *values.get(0x014A, ())]
        for offsets, lengths in _TIFF_DATA.items():
            ends = map(sum, zip(values.get(offsets, ()), values.get(lengths, ()), strict=False))
            if (end := max(ends, default=0)) > size:
                raise truncated(size, end)


def _tiff_directory(
    stream: BinaryIO, size: int, order: str, is_big: bool, at: int
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
        if tag not in (0x014A, *_TIFF_DATA, *_TIFF_DATA.values()) or kind not in _TIFF_SIZES:
            continue
        length = number * _TIFF_SIZES[kind]
        where = place + entry_size - inline
        if length > inline:
            start = struct.unpack_from(order + pointer, block, where)[0]
            if start + length > size:
                raise truncated(size, start + length)
            field = read_at(stream, start, length)
        else:
            field = block[where : where + length]
        code = {1: "B", 2: "H", 4: "I", 8: "Q"}[_TIFF_SIZES[kind]]
        values[tag] = struct.unpack(f"{order}{number}{code}", field)
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


CHECKS: dict[str, Callable[[BinaryIO, int], None]] = {
    **dict.fromkeys("mp4 m4v mov 3gp 3g2 f4v m4a m4b heic heif avif cr3".split(), boxes),
    **dict.fromkeys(("wav", "avi", "webp"), riff),
    **dict.fromkeys(("mkv", "webm", "mka", "weba"), matroska),
    **dict.fromkeys(("wmv", "asf", "wma"), asf),
    **dict.fromkeys(("ts", "m2ts"), transport_stream),
    **dict.fromkeys(
        "tiff nef nrw dng cr2 arw sr2 srf orf rw2 raw rwl iiq pef srw 3fr fff erf mef mos kdc dcr".split(),
        tiff,
    ),
    "raf": fuji,
    "mpeg": program_stream,
    "aiff": aiff,
    "au": au,
    "dff": dff,
    "dsf": dsf,
    "bmp": bmp,
    "flv": flv,
    "wv": wavpack,
    "ape": monkeys_audio,
}
"""File format -> function that checks the sizes stated in the file's headers."""
