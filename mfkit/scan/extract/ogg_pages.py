"""Durations of Ogg files, computed from the granule positions of their pages (RFC 3533).

The durations of chained streams are added, because they are played one after the other, such as the parts of
a radio recording. Only page headers are read. The last position of each stream is used, with or without an
end-of-stream flag. The position -1 means that a page has no position.
"""

import struct
from typing import NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.frame_count import Count

_MAX_PAGES, _MAX_LINKS = 25_000, 5_000
_MAX_PAGE = 65_307
_NO_POSITION = 2**64 - 1
LATE_START = 10
"""Start time in seconds above which a recording is assumed to be cut out of a longer stream."""
_FIRST_PAGE, _CONTINUED = 2, 1


class _Clock(NamedTuple):
    """Conversion of an Ogg stream's granule positions to seconds.

    The fields are the positions per second, the number of positions to skip at the start, and the number of
    bits of the frame offset in a position.
    """

    rate: float
    skip: int = 0
    shift: int = 0

    def seconds(self, position: int) -> float:
        if self.shift:
            position = (position >> self.shift) + (position & (1 << self.shift) - 1)
        return max(position - self.skip, 0) / self.rate


class _Stream:
    __slots__ = ("clock", "first", "last", "second")

    def __init__(self, clock: _Clock | None) -> None:
        self.clock = clock
        self.first: int | None = None
        self.last: int | None = None
        self.second: int | None = None

    def seconds(self) -> float:
        if self.clock is None or self.last is None or self.first is None:
            return 0.0
        start, end = self.clock.seconds(self.first), self.clock.seconds(self.last)
        if start <= LATE_START:
            return end
        # ``start`` is the end of the first page. Its duration, about that of the second page, is added.
        second = start if self.second is None else self.clock.seconds(self.second)
        return end - start + max(second - start, 0)


def count_pages(reader: BoundedReader) -> tuple[Count | None, int]:
    """Add up the durations of an Ogg file's chained streams, which are played one after the other.

    Returns:
        The duration, which is an estimate if the file has more pages than are read, and the number of
        chained streams.
    """
    at, links, seconds = 0, 0, 0.0
    streams: dict[int, _Stream] = {}
    has_data = False
    for _ in range(_MAX_PAGES):
        head = reader.read(at, 27 + 255)
        if head[:4] != b"OggS":
            at = _next_page(reader, at)
            if at < 0:
                break
            continue
        if len(head) < 27 or len(head) < 27 + head[26]:
            break
        flags, position, serial = struct.unpack_from("<BQI", head, 5)
        header_size = 27 + head[26]
        if flags & _FIRST_PAGE:
            if has_data and links < _MAX_LINKS:
                seconds += _longest(streams)
                streams, has_data = {}, False
            if not streams:
                links += 1
            first_packet = head[header_size : header_size + 64]
            streams[serial] = _Stream(_clock(first_packet.ljust(64, b"\0")))
            if len(first_packet) < 64:
                streams[serial].clock = _clock(reader.read(at + header_size, 64).ljust(64, b"\0"))
        else:
            has_data = True
            stream = streams.get(serial)
            if stream is not None and position not in (0, _NO_POSITION):
                if stream.first is None:
                    stream.first = position
                elif stream.second is None:
                    stream.second = position
                stream.last = max(position, stream.last or 0)
        at += header_size + sum(head[27:header_size])
        if at >= reader.size:
            break
    seconds += _longest(streams)
    if not seconds:
        return None, links
    is_exact = at < 0 or at >= reader.size
    return Count(seconds if is_exact else seconds * reader.size / at, reader.size, is_exact), links


def _longest(streams: dict[int, _Stream]) -> float:
    return max((stream.seconds() for stream in streams.values()), default=0.0)


def _next_page(reader: BoundedReader, at: int) -> int:
    """Return the offset of the next Ogg page after damaged data.

    Return -1 if there is no page within the maximum size of one page.
    """
    found = reader.read(at + 1, _MAX_PAGE).find(b"OggS")
    return at + 1 + found if found >= 0 else -1


def _clock(packet: bytes) -> _Clock | None:
    """Return the conversion of an Ogg stream's positions to seconds, or None if the codec is unknown.

    The stream's first packet contains the parameters of the conversion.

    Vorbis I, section 4.2.2; RFC 7845, section 5.1 (Opus); Ogg FLAC mapping; Speex; Theora, section 6.2.
    """
    if packet[:7] == b"\x01vorbis":
        rate = int.from_bytes(packet[12:16], "little")
        return _Clock(rate) if rate else None
    if packet[:8] == b"OpusHead":
        return _Clock(48_000, int.from_bytes(packet[10:12], "little"))
    if packet[:5] == b"\x7fFLAC":
        rate = int.from_bytes(packet[27:30], "big") >> 4
        return _Clock(rate) if rate else None
    if packet[:8] == b"Speex   ":
        rate = int.from_bytes(packet[36:40], "little")
        return _Clock(rate) if rate else None
    if packet[:7] == b"\x80theora":
        top, bottom = struct.unpack_from(">II", packet, 22)
        shift = int.from_bytes(packet[40:42], "big") >> 5 & 31
        return _Clock(top / bottom, 0, shift) if top and bottom and shift else None
    return None
