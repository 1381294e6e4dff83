"""Durations of FLAC and WAV files whose headers state no size, because an encoder wrote to a pipe."""

import struct

from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.frame_count import Count, audio_range

_TAILS = (1 << 16, 1 << 20)
_MAX_CHUNKS, _MAX_BLOCKS = 1_000, 1_000
_UNKNOWN = 0xFFFFFFFF
_UNCOMPRESSED_AIFF = (b"", b"SSND", b"NONE", b"sowt", b"twos")
_TRAILING_CHUNKS = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"fact", b"cue ", b"smpl", b"iXML", b"_PMX", b"JUNK")
_BLOCK_SIZES = {
    1: 192,
    **{code: 576 << code - 2 for code in range(2, 6)},
    **{code: 256 << code - 8 for code in range(8, 16)},
}


def count_flac(reader: BoundedReader) -> Count | None:
    """Compute a FLAC file's duration from the frame number of its last frame (RFC 9639, section 9.1).

    Returns:
        The duration, or None if STREAMINFO states the number of samples, or if no frame is found.
    """
    start, end = audio_range(reader)
    if reader.read(start, 4) != b"fLaC":
        return None
    info = reader.read(start + 8, 34)
    if len(info) < 34 or reader.read(start + 4, 1)[0] & 0x7F:
        return None
    fields = int.from_bytes(info[10:18], "big")
    rate, total = fields >> 44, fields & (1 << 36) - 1
    if total or not rate:
        return None
    block_size = int.from_bytes(info[2:4], "big")
    at = start + 4
    for _ in range(_MAX_BLOCKS):
        head = reader.read(at, 4)
        if len(head) < 4:
            return None
        at += 4 + int.from_bytes(head[1:], "big")
        if head[0] & 0x80:
            break
    for size in _TAILS:
        # The header parser needs 16 bytes, so zeros are appended in case the last frame is shorter.
        tail = reader.read(max(at, end - size), min(size, end - at)) + b"\0" * 16
        position = tail.rfind(b"\xff")
        while position >= 0:
            if samples := _samples_until_end(tail[position : position + 16], block_size):
                return Count(samples / rate, end - at)
            position = tail.rfind(b"\xff", 0, position)
    return None


def _samples_until_end(head: bytes, block_size: int) -> int:
    """Return the number of samples from the start of a FLAC file to the end of one of its frames.

    Args:
        head: The first 16 bytes of the frame. If they do not start with a frame header, the result is 0.
        block_size: Number of samples per frame, if this number is constant.
    """
    if len(head) < 16 or head[1] not in (0xF8, 0xF9) or head[3] & 1:
        return 0
    size_code, rate_code = head[2] >> 4, head[2] & 15
    leading = f"{head[4]:08b}".find("0")
    length = 1 if leading == 0 else leading
    if not size_code or rate_code == 15 or leading in (-1, 1) or leading > 7:
        return 0
    number = head[4] & 0x7F if length == 1 else head[4] & (1 << 7 - length) - 1
    for byte in head[5 : 4 + length]:
        if byte & 0xC0 != 0x80:
            return 0
        number = number << 6 | byte & 0x3F
    at = 4 + length
    samples = _BLOCK_SIZES.get(size_code, 0)
    if size_code in (6, 7):
        width = size_code - 5
        samples = int.from_bytes(head[at : at + width], "big") + 1
        at += width
    at += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if at >= len(head) or _crc8(head[:at]) != head[at]:
        return 0
    return (number if head[1] & 1 else number * block_size) + samples


def _crc8(data: bytes) -> int:
    """Return the CRC-8 checksum of a FLAC frame header (polynomial x^8 + x^2 + x + 1)."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07 if value & 0x80 else value << 1) & 0xFF
    return value


def count_wav(reader: BoundedReader) -> Count | None:
    """Compute a WAV file's duration from the file size if the data chunk states no size (RIFF, "WAVE form").

    Returns:
        The duration, or None if the data chunk states a size, or if the bit rate is not constant.
    """
    if reader.read(0, 4) != b"RIFF":
        return None
    at, byte_rate = 12, 0
    for _ in range(_MAX_CHUNKS):
        head = reader.read(at, 8)
        if len(head) < 8:
            return None
        name, size = struct.unpack("<4sI", head)
        if name == b"fmt ":
            byte_rate = int.from_bytes(reader.read(at + 16, 4), "little")
        elif name == b"data":
            rest = reader.size - at - 8
            if size == 0 and reader.read(at + 8, 4) in _TRAILING_CHUNKS:
                # Another chunk follows the header of the data chunk directly, so the data chunk is empty.
                return None
            is_unknown = size in (0, _UNKNOWN) or size >= 0x7FFFF000 and size > rest
            return Count(rest / byte_rate, rest) if is_unknown and byte_rate and rest > 0 else None
        at += 8 + size + size % 2
    return None


def count_aiff(reader: BoundedReader) -> Count | None:
    """Compute an AIFF file's duration from the file size if the header states no number of samples.

    Programs that write to a pipe cannot fill in the number of sample frames in the chunk ``COMM`` (Audio
    Interchange File Format 1.3, "Common chunk").
    """
    if reader.read(0, 4) != b"FORM":
        return None
    at, byte_rate = 12, 0.0
    for _ in range(_MAX_CHUNKS):
        head = reader.read(at, 8)
        if len(head) < 8:
            return None
        name, size = struct.unpack(">4sI", head)
        if name == b"COMM":
            common = reader.read(at + 8, 22)
            channels, frames, bits, exponent, mantissa = struct.unpack(">HIHHQ", common[:18].ljust(18, b"\0"))
            if frames or common[18:22] not in _UNCOMPRESSED_AIFF:
                return None
            # The sample rate is an 80-bit number: an exponent, and a mantissa of 64 bits.
            rate = mantissa * 2.0 ** ((exponent & 0x7FFF) - 16_446) if 16_383 <= exponent < 16_415 else 0.0
            byte_rate = rate * channels * ((bits + 7) // 8)
        elif name == b"SSND":
            rest = reader.size - at - 16
            return Count(rest / byte_rate, rest) if byte_rate > 0 and rest > 0 else None
        at += 8 + size + size % 2
    return None
