"""Durations of audio streams without a container, computed by counting frames.

A file of up to `LIMIT` bytes is read completely. Of a larger file, evenly spaced parts are read. If they all
have the same bit rate, the duration can be computed exactly from the file size; otherwise it is an estimate.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.formats.audio_frames import Frame, ac3, adts, dts, mpeg_audio

LIMIT = 7 << 20
_PARTS, _PART_SIZE = 32, 7 << 15
_CONSTANT = 1.002
"""Maximum ratio between the bit rates of parts if the bit rate is constant; padding causes differences."""
_MAX_TAGS, _MAX_CANDIDATES = 16, 200_000

_PARSERS: dict[str, Callable[[bytes, int], Frame | None]] = {
    "mp3": mpeg_audio,
    "mp2": mpeg_audio,
    "aac": adts,
    "ac3": ac3,
    "eac3": ac3,
    "dts": dts,
}
_SYNC_BYTES: dict[Callable[[bytes, int], Frame | None], tuple[bytes, ...]] = {
    mpeg_audio: (b"\xff",),
    adts: (b"\xff",),
    ac3: (b"\x0b\x77",),
    dts: (b"\x7f", b"\xfe", b"\x1f", b"\xff"),
}

# Format name -> first bytes of a file, and sizes of frames in bytes by frame type (3GPP TS 26.101 and 26.201,
# annex A). Unused frame types have the size 0.
_AMR = {
    "amr": (b"#!AMR\n", (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)),
    "awb": (b"#!AMR-WB\n", (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)),
}


class Count(NamedTuple):
    """Counted or estimated duration of a file.

    Attributes:
        seconds: The duration in seconds.
        bytes: Number of bytes with this duration, to compute the bit rate.
        is_exact: Whether the duration is exact; otherwise it is an estimate.
    """

    seconds: float
    bytes: int
    is_exact: bool = True


def count_frames(reader: BoundedReader, format_name: str) -> Count | None:
    """Count the audio frames of a file, and return their duration.

    Returns:
        The duration, or None if the file has no frames, or if its first frame states their number (Xing,
        VBRI) and the file is not longer than stated.
    """
    parse = _PARSERS[format_name]
    start, end = audio_range(reader)
    if parse is mpeg_audio and _states_frame_count(reader.read(start, 4_096), end - start):
        return None
    if end - start <= LIMIT:
        walk = _Walk(parse, reader.read(start, end - start))
        seconds = walk.seconds()
        # Bytes between the audio frames are excluded from the bit rate. Tags before and after the audio are
        # included, as in FFmpeg.
        return Count(seconds, reader.size - (end - start - walk.bytes)) if seconds else None
    step = (end - start - _PART_SIZE) // (_PARTS - 1)
    walks = [_Walk(parse, reader.read(start + part * step, _PART_SIZE)) for part in range(_PARTS)]
    rates = [walk.bytes / walk.seconds() for walk in walks if walk.seconds() and walk.bytes]
    total = sum(walk.seconds() for walk in walks)
    if not rates or not total:
        return None
    seconds = (end - start) * total / sum(walk.bytes for walk in walks)
    return Count(seconds, reader.size, max(rates) <= _CONSTANT * min(rates))


def count_amr(reader: BoundedReader, format_name: str) -> Count | None:
    """Count the frames of an AMR or AMR-WB recording, each of which lasts 20 ms (RFC 4867, section 5).

    FFmpeg computes the duration from the bit rate, which does not count the first byte of each frame.
    """
    magic, sizes = _AMR[format_name]
    if reader.read(0, len(magic)) != magic:
        return None  # AMR files with several channels begin with other bytes. They are not counted.
    data = reader.read(len(magic), LIMIT)
    at = frames = 0
    while at < len(data) and (size := sizes[data[at] >> 3 & 15]):
        at += size
        frames += at <= len(data)
    if not frames:
        return None
    is_exact = len(data) < LIMIT
    share = 1.0 if is_exact else len(data) / (reader.size - len(magic))
    return Count(frames * 0.02 / share, reader.size, is_exact)


class _Walk:
    """Scan of the audio frames in a part of a file. Bytes between two frames are skipped.

    Attributes:
        bytes: Number of bytes of the frames.
    """

    def __init__(self, parse: Callable[[bytes, int], Frame | None], data: bytes) -> None:
        self._parse, self._data = parse, data
        self._samples: Counter[int] = Counter()
        self.bytes = self._candidates = 0
        self._walk()

    def seconds(self) -> float:
        """Return the total duration of the frames in seconds."""
        return sum(samples / rate for rate, samples in self._samples.items())

    def _walk(self) -> None:
        data, parse, samples, end = self._data, self._parse, self._samples, len(self._data)
        at, previous = 0, None
        while at < end:
            frame = parse(data, at)
            if frame is None or frame[2:] != previous and not self._is_followed(at, frame):
                following = self._next_frame(at)
                if following is None:
                    return
                at = following
                continue
            size, count, rate, _ = frame
            if at + size > end:
                return  # The last frame is incomplete, so it is not counted.
            samples[rate] += count
            self.bytes += size
            at += size
            previous = frame[2:]

    def _is_followed(self, at: int, frame: Frame) -> bool:
        """Return whether a frame is followed by another frame or a tag.

        A frame at the start may also be followed by the end of the data.
        """
        end = at + frame.size
        following = self._parse(self._data, end)
        if following is not None:
            return following.kind == frame.kind
        return not at and end >= len(self._data) - 16 or self._data[end : end + 3] in (b"ID3", b"TAG", b"APE")

    def _next_frame(self, at: int) -> int | None:
        """Return the offset of the next audio frame after bytes that are not a frame, such as a tag."""
        data = self._data
        if data[at : at + 3] == b"ID3" and (size := _id3_size(data[at : at + 10])):
            return at + size
        while self._candidates < _MAX_CANDIDATES:
            self._candidates += 1
            found = [one for sync in _SYNC_BYTES[self._parse] if (one := data.find(sync, at + 1)) >= 0]
            if not found:
                return None
            at = min(found)
            frame = self._parse(data, at)
            if frame is not None and self._is_followed(at, frame):
                return at
        return None


def audio_range(reader: BoundedReader) -> tuple[int, int]:
    """Return the start and end offset of a file's audio data, without the tags before and after the audio.

    The tags are ID3v2.4.0 (sections 3.1 and 3.4), ID3v1, APE and Lyrics3 2.00.
    """
    start, end = 0, reader.size
    for _ in range(_MAX_TAGS):
        size = _id3_size(reader.read(start, 10))
        if not size:
            break
        start += size
    for _ in range(_MAX_TAGS):
        tail = reader.read(end - 128, 128) if end >= 128 else b""
        if tail[:3] == b"TAG":
            end -= 128
        elif tail[-32:-24] == b"APETAGEX":
            has_header = tail[-9] & 0x80
            end -= int.from_bytes(tail[-20:-16], "little") + (32 if has_header else 0)
        elif tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
            end -= int(tail[-15:-9]) + 15
        elif tail[-10:-7] == b"3DI":
            end -= _id3_size(b"ID3" + tail[-7:])
        else:
            break
    return (start, end) if start < end else (start, max(reader.size, start))


def _id3_size(head: bytes) -> int:
    """Return the size in bytes of an ID3v2 tag with its header and footer, or 0 if there is no tag."""
    if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 127:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return size + (20 if head[5] & 0x10 else 10)


def _states_frame_count(data: bytes, size: int) -> bool:
    """Return whether the first audio frame states the number of all frames in the file.

    Xing, Info and VBRI headers state it ("MPEG Audio Frame Header" by Konrad Windszus, section 2.3).
    """
    start = data.find(b"\xff")
    frame = mpeg_audio(data, start) if 0 <= start < 2_048 else None
    if frame is None:
        return False
    found = [at for name in (b"Xing", b"Info") if 0 <= (at := data.find(name, start, start + 64))]
    if found:
        at = found[0]
        flags, frames, stated = (
            int.from_bytes(data[at + part : at + part + 4], "big") for part in (4, 8, 12)
        )
        if not flags & 1 or not frames:
            return False
        return not flags & 2 or _stated_size_fits(stated, size)
    at = start + 36
    if data[at : at + 4] != b"VBRI":
        return False
    stated, frames = (int.from_bytes(data[at + part : at + part + 4], "big") for part in (10, 14))
    return bool(frames) and _stated_size_fits(stated, size)


def _stated_size_fits(stated: int, size: int) -> bool:
    """Return whether a file is at most slightly larger than its first audio frame states.

    A longer file was joined from several files, so its frames must be counted. For a truncated file, players
    show the stated duration.
    """
    return size - stated <= max(4_096, size // 50)
