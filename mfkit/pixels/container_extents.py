"""Detection of truncated containers, such as MP4 files: their headers state a larger size than the file has.

Each check raises :class:`DamageError` if the file is shorter than its headers state. Formats of audio alone
are checked in :mod:`mfkit.pixels.audio_extents`, and formats of images in :mod:`mfkit.pixels.image_extents`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

_MAX_PARTS = 1_000_000
"""Maximum number of chunks, boxes or tags that are read per file."""
MAX_IN_MEMORY = 512 << 20
"""Maximum number of bytes of a file that a check loads into memory."""


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


def check_stated(size: int, data: bytes, code: str, header: int) -> None:
    """Compare a file's size with the size that its header states.

    Args:
        size: Size of the file in bytes.
        data: Field of the header with the stated size.
        code: Type of this field, as in the module ``struct``.
        header: Number of bytes that the stated size does not include.

    Raises:
        DamageError: The file is shorter than stated.
    """
    if len(data) < struct.calcsize(code):
        raise truncated(size, header + struct.calcsize(code))
    stated: int = struct.unpack(code, data)[0]
    if stated + header > size and stated not in (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF):
        raise truncated(size, stated + header)


def boxes(stream: BinaryIO, size: int, start: int = 0) -> None:
    """Check the top-level boxes of MP4, MOV, HEIC and AVIF files (ISO/IEC 14496-12, section 4.2)."""
    if not {name for name, _, _ in top_boxes(stream, size, start)} & {b"moov", b"meta", b"moof"}:
        raise DamageError("The file has no index of its content (moov or meta).", size)


def top_boxes(stream: BinaryIO, size: int, start: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Yield the type of each top-level box, and the offsets where its data start and end.

    Raises:
        DamageError: A box extends beyond the end of the file.
    """
    at = start
    for _ in range(_MAX_PARTS):
        head = read_at(stream, at, 16)
        if len(head) < 8:
            if head.strip(b"\0"):
                raise truncated(size, at + 8)
            return
        length, name = struct.unpack_from(">I4s", head)
        data = at + 8
        if length == 1 and len(head) == 16:
            length, data = struct.unpack_from(">Q", head, 8)[0], at + 16
        if length == 0:  # A box of size 0 extends to the end of the file.
            yield name, data, size
            return
        if length < 8:
            raise DamageError("A box of the container has an impossible size.", at)
        if at + length > size:
            raise truncated(size, at + length)
        yield name, data, at + length
        at += length


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


CHECKS: dict[str, Callable[[BinaryIO, int], None]] = {
    **dict.fromkeys("mp4 m4v mov 3gp 3g2 f4v m4a m4b heic heif avif cr3".split(), boxes),
    **dict.fromkeys(("wav", "avi", "webp"), riff),
    **dict.fromkeys(("mkv", "webm", "mka", "weba"), matroska),
    **dict.fromkeys(("wmv", "asf", "wma"), asf),
    **dict.fromkeys(("ts", "m2ts"), transport_stream),
    "mpeg": program_stream,
    "flv": flv,
}
"""File format -> function that checks the sizes stated in the file's headers."""
