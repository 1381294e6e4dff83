"""Truncated audio files are reported by their headers, frames and tags, and whole files are not."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence

import pytest

from mfkit.pixels import audio_extents, stream_structure
from mfkit.pixels.container_extents import DamageError


def check(format_: str, data: bytes) -> None:
    """Check the structure of an audio file."""
    if format_ in stream_structure.CHECKS:
        stream_structure.CHECKS[format_](io.BytesIO(data), len(data), lambda: None)
    else:
        audio_extents.CHECKS[format_](io.BytesIO(data), len(data))


def accepted(format_: str, data: bytes) -> list[int]:
    """Return which lengths from half of a file to the whole file are accepted."""
    found = []
    for length in range(len(data) // 2, len(data) + 1):
        try:
            check(format_, data[:length])
        except DamageError:
            continue
        found.append(length)
    return found


def musepack_7(lengths: Sequence[int]) -> bytes:
    """Return a Musepack file of stream version 7 whose frames have the given lengths in bits."""
    bits = "0" * 8 + "".join(f"{length:020b}" + "1" * length for length in lengths)
    bits += "0" * (-len(bits) % 32)
    words = (int(bits[place : place + 32], 2) for place in range(0, len(bits), 32))
    return struct.pack("<3sBI16x", b"MP+", 7, len(lengths)) + b"".join(
        struct.pack("<I", one) for one in words
    )


def musepack_8(sizes: Sequence[int]) -> bytes:
    """Return a Musepack file of stream version 8 whose audio packets have the given sizes."""
    packets = b"".join(b"AP" + bytes((size >> 7 | 128, size & 127)) + bytes(size - 4) for size in sizes)
    return b"MPCK" + packets + b"SE\x03"


def monkeys_audio(size: int) -> bytes:
    """Return a Monkey's Audio file of version 3.99 with some bytes of audio."""
    return struct.pack("<4sH2x7I", b"MAC ", 3990, 52, 24, 0, 0, size, 0, 0).ljust(76 + size, b"\1")


def true_audio(sizes: Sequence[int]) -> bytes:
    """Return a TTA file whose frames have the given sizes."""
    samples = 256 * 44_100 // 245 * len(sizes)
    head = struct.pack("<4sHHHIII", b"TTA1", 1, 2, 16, 44_100, samples, 0)
    return head + struct.pack(f"<{len(sizes)}I", *sizes) + bytes(4) + b"\1" * sum(sizes)


def wavpack(size: int) -> bytes:
    """Return a WavPack file of two blocks."""
    return 2 * (b"wvpk" + struct.pack("<I", size) + bytes(size))


def adts(size: int) -> bytes:
    """Return an AAC file of eight frames of 44.1 kHz."""
    head = bytes((0xFF, 0xF1, 0x50, 0x80 | size >> 11, size >> 3 & 255, (size & 7) << 5 | 31, 0xFC))
    return 8 * (head + bytes(size - 7))


def mp3() -> bytes:
    """Return an MP3 file of four frames, each of 417 bytes."""
    return 4 * b"\xff\xfb\x90\x00".ljust(417, b"\0")


FILES: dict[str, Callable[[], bytes]] = {
    "mpc": lambda: musepack_7([300, 411, 7, 250]),
    "ape": lambda: monkeys_audio(200),
    "tta": lambda: true_audio([90, 120, 55]),
}


@pytest.mark.parametrize("format_", FILES)
def test_every_missing_byte_is_reported(format_: str) -> None:
    """The headers and frames of these formats state where the audio ends."""
    data = FILES[format_]()
    assert accepted(format_, data) == [len(data)]


def test_a_musepack_8_file_needs_its_last_packet() -> None:
    """The packet "stream end" is mandatory, so a file that ends with another whole packet is truncated."""
    data = musepack_8([150, 20, 90])
    assert accepted("mpc", data) == [len(data)]
    with pytest.raises(DamageError, match="its last packet is missing"):
        check("mpc", data[:-3])


@pytest.mark.parametrize(("format_", "size"), [("aac", 50), ("mp3", 417)])
def test_frames_without_their_end_are_reported(format_: str, size: int) -> None:
    """A file that ends with a whole frame is complete; one that ends within a header is not."""
    data = adts(50) if format_ == "aac" else mp3()
    assert accepted(format_, data) == list(range(len(data) // 2, len(data) + 1, size))


def test_bytes_like_a_header_after_foreign_bytes_are_accepted() -> None:
    """Only bytes that follow a frame can belong to the next frame's header."""
    check("aac", adts(50) + b"foreign" + b"\xff\xf1\x50")
    check("mp3", mp3() + bytes(20) + b"\xff\xff\xff")


APE_TAG = struct.pack("<8sIIII8x", b"APETAGEX", 2000, 72, 1, 0xA0000000) + b"\1" * 40
APE_TAG += struct.pack("<8sIIII8x", b"APETAGEX", 2000, 72, 1, 0x80000000)
ID3V1 = b"TAG".ljust(128, b"\0")
ID3V2 = b"ID3\4\0\x10\0\0\0\x32".ljust(60, b"\0") + b"3DI\4\0\x10\0\0\0\x32"
LYRICS = b"LYRICSBEGIN" + b"IND0000200" + b"000021LYRICS200"


@pytest.mark.parametrize("format_", ["mpc", "ape", "tta", "wv", "mp3", "aac"])
@pytest.mark.parametrize(
    "tags",
    [APE_TAG, ID3V1, ID3V2, APE_TAG + ID3V1, LYRICS + ID3V1],
    ids="ape id3v1 id3v2 both lyrics".split(),
)
def test_tags_after_the_audio_without_their_end_are_reported(format_: str, tags: bytes) -> None:
    """A file that ends between two tags is complete; one that ends within a tag is not."""
    others: dict[str, Callable[[], bytes]] = {"wv": lambda: wavpack(60), "mp3": mp3, "aac": lambda: adts(50)}
    audio = {**FILES, **others}[format_]()
    check(format_, audio + tags)
    ends = [length for length in accepted(format_, audio + tags) if length > len(audio)]
    between = [len(audio + tags) - len(ID3V1)] if len(tags) > len(ID3V1) and tags.endswith(ID3V1) else []
    assert ends == [*between, len(audio + tags)]
