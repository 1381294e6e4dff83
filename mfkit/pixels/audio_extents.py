"""Detection of truncated audio files: their headers, frames or tags state a larger size than the file has.

Each check raises :class:`~mfkit.pixels.container_extents.DamageError` if the file is shorter than stated.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

from mfkit.pixels.container_extents import DamageError, check_stated, read_at, truncated

_MAX_PARTS = 1_000_000
"""Maximum number of blocks or packets that are read per file."""
_APE_TAG, _APE_HEADER = b"APETAGEX", 1 << 29
"""Signature of an APEv2 tag's header and footer, and the flag that marks the header."""


def appended_tags(stream: BinaryIO, size: int, at: int) -> None:
    """Check that the tags after the audio are complete: ID3v1, ID3v2, APEv2 and Lyrics3 tags.

    Args:
        stream: The audio file.
        size: Size of the file in bytes.
        at: Offset where the audio ends.
    """
    for _ in range(64):
        head = read_at(stream, at, 32)
        if head and any(name.startswith(head) for name in (_APE_TAG, b"TAG", b"ID3", b"LYRICSBEGIN")):
            raise DamageError("The file is truncated: the tag at its end is incomplete.", size)
        if head.startswith(_APE_TAG):
            length, _, flags = struct.unpack_from("<12xIII", head.ljust(32, b"\0"))
            end = at + 32 + (length if flags & _APE_HEADER else 0)
        elif head.startswith(b"TAG+"):  # An extended tag, which precedes the ID3v1 tag.
            end = at + 227
        elif head.startswith(b"TAG"):
            end = at + 128
        elif head.startswith(b"ID3"):
            end = at + max(10, id3v2_length(head))
        elif head.startswith(b"LYRICSBEGIN"):
            rest = read_at(stream, at, _MAX_LYRICS)
            found = max(rest.find(b"LYRICS200"), rest.find(b"LYRICSEND"))
            if found < 0 and len(rest) < _MAX_LYRICS:
                raise DamageError("The file is truncated: the lyrics at its end are incomplete.", size)
            end = at + (found + 9 if found >= 0 else len(rest))
        else:
            return
        if end > size:
            raise truncated(size, end)
        at = end


_MAX_LYRICS = 1 << 20
"""Maximum size of a Lyrics3 tag, which states its size in six digits."""


def id3v2_length(head: bytes) -> int:
    """Return the length of an ID3v2 tag from its header of ten bytes, or 0 if ``head`` is no such header."""
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    length = sum((byte & 127) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return 10 + length + (10 if head[5] & 0x10 else 0)


def aiff(stream: BinaryIO, size: int) -> None:
    """Check the size of the FORM chunk of an AIFF file."""
    check_stated(size, read_at(stream, 4, 4), ">I", 8)


def dff(stream: BinaryIO, size: int) -> None:
    """Check the size of the FRM8 chunk of a DSDIFF file."""
    check_stated(size, read_at(stream, 4, 8), ">Q", 12)


def dsf(stream: BinaryIO, size: int) -> None:
    """Compare a DSF file's size with the file size that its first chunk states."""
    check_stated(size, read_at(stream, 12, 8), "<Q", 0)


def au(stream: BinaryIO, size: int) -> None:
    """Check the data size in the header of a Sun or NeXT audio file."""
    start = int.from_bytes(read_at(stream, 4, 4))
    check_stated(size, read_at(stream, 8, 4), ">I", start)


def wavpack(stream: BinaryIO, size: int) -> None:
    """Check the sizes of the blocks of a WavPack file."""
    at = 0
    for _ in range(_MAX_PARTS):
        head = read_at(stream, at, 8)
        if len(head) < 8 or head[:4] != b"wvpk":
            # After the last block, the file ends or continues with a metadata tag.
            appended_tags(stream, size, at)
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
    appended_tags(stream, size, end)


def musepack(stream: BinaryIO, size: int) -> None:
    """Check the frames or packets of a Musepack file (SV7 or SV8), and the tags after the audio."""
    start = id3v2_length(read_at(stream, 0, 10))
    head = read_at(stream, start, 8)
    if head[:4] == b"MPCK":
        end = _end_of_packets(stream, size, start + 4)
    elif head[:3] == b"MP+" and len(head) == 8 and head[3] & 15 == 7:
        end = _end_of_frames(stream, size, start + 24, int.from_bytes(head[4:], "little"))
    else:
        return
    appended_tags(stream, size, end)


def _end_of_packets(stream: BinaryIO, size: int, at: int) -> int:
    """Return the offset after the packet "stream end" (Musepack SV8 specification, "Packets")."""
    while True:
        head = read_at(stream, at, 12)
        length, width = 0, 2
        for byte in head[2:]:
            length, width = length << 7 | byte & 127, width + 1
            if byte < 128:
                break
        else:
            raise DamageError("The audio is truncated: its last packet is missing.", size)
        if length < width:
            raise DamageError("A packet of the audio has an impossible size.", at)
        if at + length > size:
            raise truncated(size, at + length)
        at += length
        if head[:2] == b"SE":
            return at


def _end_of_frames(stream: BinaryIO, size: int, start: int, count: int) -> int:
    """Return the offset after the last frame of a Musepack SV7 file.

    Each frame begins with its length in 20 bits. The bits are stored in little-endian words of 32 bits, as in
    FFmpeg's demuxer (libavformat/mpc.c).
    """
    bit = 8
    for _ in range(count):
        place = start + bit // 32 * 4
        if place >= size:
            raise truncated(size, place + 4)
        low, high = struct.unpack("<II", read_at(stream, place, 8).ljust(8, b"\0"))
        bit += 20 + ((low << 32 | high) >> 44 - bit % 32 & 0xFFFFF)
    end = start + (bit + 31) // 32 * 4
    if end > size:
        raise truncated(size, end)
    return end


def true_audio(stream: BinaryIO, size: int) -> None:
    """Check the frame lengths in the seek table of a TTA file, and the tags after the audio."""
    start = id3v2_length(read_at(stream, 0, 10))
    head = read_at(stream, start, 22)
    if len(head) < 22 or head[:4] != b"TTA1":
        return
    rate, samples = struct.unpack_from("<10xII", head)
    frames = -(-samples * 245 // (256 * rate)) if rate else 0
    table = read_at(stream, start + 22, 4 * frames)
    end = start + 26 + 4 * frames + sum(struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4]))
    if end > size:
        raise truncated(size, end)
    appended_tags(stream, size, end)


CHECKS: dict[str, Callable[[BinaryIO, int], None]] = {
    "aiff": aiff,
    "au": au,
    "dff": dff,
    "dsf": dsf,
    "wv": wavpack,
    "ape": monkeys_audio,
    "mpc": musepack,
    "tta": true_audio,
}
"""Audio format -> function that checks the sizes stated in the file's headers."""
