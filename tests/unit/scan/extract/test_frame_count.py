"""Durations counted by the headers of audio frames."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.frame_count import audio_range, count_amr, count_frames
from mfkit.scan.extract.registry import Metadata
from mfkit.scan.formats.audio_frames import ac3, adts, dts, mpeg_audio

Reader = Callable[[Path], Metadata]

_KILOBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_SECONDS_PER_FRAME = 1152 / 44100


def _mp3(count: int, kilobits: int) -> bytes:
    """Return silent frames of MPEG-1 layer III at 44.1 kHz."""
    size = 144_000 * kilobits // 44_100
    head = bytes((0xFF, 0xFB, _KILOBITS.index(kilobits) << 4, 0))
    return (head + b"\0" * (size - 4)) * count


def _cbr(count: int) -> bytes:
    """Return frames of 128 kbit/s with the padding that keeps the rate exact."""
    out, rest = bytearray(), 0
    for _ in range(count):
        rest += 144 * 128_000 % 44_100
        padding, rest = divmod(rest, 44_100)
        out += bytes((0xFF, 0xFB, 0x90 | padding << 1, 0)) + b"\0" * (413 + padding)
    return bytes(out)


def _seconds(data: bytes, name: str = "mp3") -> tuple[float, bool]:
    count = count_frames(bytes_reader(data), name)
    assert count is not None
    return count.seconds, count.is_exact


def _id3(size: int = 300) -> bytes:
    return b"ID3\x04\0\0" + bytes((0, 0, size >> 7, size & 127)) + b"\xff\xfb\x90\0" * (size // 4)


_APE = b"A" * 40 + b"APETAGEX" + struct.pack("<4I8x", 2000, 72, 1, 0)
_LYRICS = b"LYRICSBEGIN" + b"x" * 20 + b"000031LYRICS200"
_ID3V1 = b"TAG" + b"\0" * 125


@pytest.mark.parametrize(
    "data",
    [
        _mp3(100, 320) + _mp3(300, 32),
        _id3() + _mp3(100, 320) + _mp3(300, 32) + _ID3V1,
        _id3() + _id3() + _mp3(400, 64) + _APE + _ID3V1,
        _mp3(400, 64) + _LYRICS + _ID3V1,
        _mp3(200, 64) + _id3() + _mp3(200, 64),
        _mp3(200, 64) + b"\xff" * 700 + _mp3(200, 64),
        b"\0" * 500 + _mp3(400, 64) + b"garbage \xff\xfb" * 100,
        _mp3(400, 64) + _mp3(1, 320)[:500],
    ],
    ids="rates id3 ape lyrics middle gap garbage cut".split(),
)
def test_every_frame_of_an_mp3_counts_once(data: bytes) -> None:
    """Tags before, between and after the frames, gaps and a last frame that is cut off do not count."""
    assert _seconds(data) == (pytest.approx(400 * _SECONDS_PER_FRAME), True)


def test_constant_bit_rate_is_exact(tmp_path: Path, metadata_of: Reader) -> None:
    """Also in a file with tags and of more bytes than are read."""
    (tmp_path / "a.mp3").write_bytes(_id3() + _cbr(383) + _ID3V1)
    metadata = metadata_of(tmp_path / "a.mp3")
    assert metadata["duration"] == pytest.approx(383 * _SECONDS_PER_FRAME, abs=1e-6)
    assert metadata["extra"]["origins"]["duration"] == "counted"
    assert metadata["bitrate"] == pytest.approx(128_000, rel=0.005)
    frames = 25_000
    seconds, is_exact = _seconds(_cbr(frames))
    assert seconds == pytest.approx(frames * _SECONDS_PER_FRAME, rel=1e-4) and is_exact


def test_large_file_of_variable_rate_is_estimated(tmp_path: Path, metadata_of: Reader) -> None:
    """Parts at equal distances are read, and the origin says that the rest is an estimate."""
    data = (_mp3(400, 320) + _mp3(1200, 64) + _mp3(300, 160)) * 22
    assert len(data) > 8 << 20
    (tmp_path / "a.mp3").write_bytes(data)
    metadata = metadata_of(tmp_path / "a.mp3")
    assert metadata["duration"] == pytest.approx(22 * 1900 * _SECONDS_PER_FRAME, rel=0.15)
    assert metadata["extra"]["origins"]["duration"] == metadata["extra"]["origins"]["bitrate"] == "estimate"


def _xing(frames: int, size: int) -> bytes:
    first = bytearray(_mp3(1, 128))
    first[36:52] = b"Xing" + struct.pack(">III", 3, frames, size)
    return bytes(first)


def test_stated_number_of_frames_is_used() -> None:
    """A Xing header states it, unless the file is longer than it says: then files were joined."""
    body = _mp3(400, 128)
    described = _xing(400, 401 * 417) + body
    assert count_frames(bytes_reader(described), "mp3") is None
    assert count_frames(bytes_reader(described[:-5000]), "mp3") is None
    joined = described + described
    assert _seconds(joined)[0] == pytest.approx(802 * _SECONDS_PER_FRAME)
    unstated = bytearray(described)
    unstated[40:44] = bytes(4)
    assert _seconds(bytes(unstated))[0] == pytest.approx(401 * _SECONDS_PER_FRAME)


def test_file_without_frames_has_no_count() -> None:
    """Neither random bytes nor sync bytes without frames take long."""
    assert count_frames(bytes_reader(b"\xff" * 3_000_000), "mp3") is None
    assert count_frames(bytes_reader(b"\xff\xfb\x90\0" * 100_000), "mp3") is None
    assert count_frames(bytes_reader(b""), "aac") is None


def _encoded(path: Path, codec: str, form: str, rate: int, seconds: float) -> Path:
    with av.open(str(path), "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="stereo")
        stream.bit_rate = 192_000
        stream.codec_context.open(strict=False)
        size = stream.codec_context.frame_size
        for index in range(round(seconds * rate / size)):
            samples = av.AudioFrame(stream.codec_context.format.name, "stereo", size)
            for plane in samples.planes:
                # Noise in the first tenth, then silence, so that a guess by the first bit rate is wrong.
                noise = bytes((index * 7 + at * at * 31) % 256 for at in range(plane.buffer_size // 8)) * 8
                plane.update(
                    noise
                    if index < seconds * rate / size / 10 and "flt" not in samples.format.name
                    else bytes(plane.buffer_size)
                )
            samples.pts, samples.rate, samples.time_base = index * size, rate, Fraction(1, rate)
            container.mux(stream.encode(samples))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("codec", "form", "name", "rate"),
    [
        ("aac", "adts", "a.aac", 48_000),
        ("aac", "adts", "a.aac", 22_050),
        ("ac3", "ac3", "a.ac3", 48_000),
        ("ac3", "ac3", "a.ac3", 44_100),
        ("eac3", "eac3", "a.eac3", 48_000),
        ("mp2", "mp2", "a.mp2", 44_100),
    ],
)
def test_frames_of_each_format_are_counted(
    codec: str, form: str, name: str, rate: int, tmp_path: Path, metadata_of: Reader
) -> None:
    """The encoders' frames, whatever their bit rate."""
    metadata = metadata_of(_encoded(tmp_path / name, codec, form, rate, 12))
    assert metadata["duration"] == pytest.approx(12, abs=0.12)
    assert metadata["extra"]["origins"]["duration"] == "counted"
    assert metadata["sample_rate"] == rate


def test_dts_frames() -> None:
    """Core frames in both byte orders; an extension adds no time."""
    core = bytes.fromhex("7ffe8001fc3c75b0b6c001380003ef7f").ljust(1884, b"\0")
    frame = dts(core)
    assert frame is not None and frame[:3] == (1884, 512, 48_000)
    swapped = b"".join(core[at : at + 2][::-1] for at in range(0, len(core), 2))
    assert dts(swapped) == frame
    bits = "".join(f"{byte:08b}" for byte in core[:14])
    words = [int(bits[at] * 2 + bits[at : at + 14], 2).to_bytes(2, "big") for at in range(0, 112, 14)]
    packed = dts(b"".join(words))
    assert packed is not None and packed[:3] == (1884 * 16 // 14, 512, 48_000)
    extension = b"\x64\x58\x20\x25" + (99 << 29).to_bytes(8, "big") + b"\0" * 88
    assert _seconds(core * 50, "dts") == (pytest.approx(50 * 512 / 48_000), True)
    assert _seconds((core + extension) * 50, "dts")[0] == pytest.approx(50 * 512 / 48_000)


@pytest.mark.parametrize(
    ("head", "size", "samples", "rate"),
    [
        ("fffb9000", 417, 1152, 44_100),
        ("fffb9200", 418, 1152, 44_100),
        ("fff39400", 240, 576, 24_000),
        ("ffe34000", 208, 576, 11_025),
        ("fffd8404", 384, 1152, 48_000),
        ("ffffa800", 480, 384, 32_000),
    ],
)
def test_mpeg_audio_headers(head: str, size: int, samples: int, rate: int) -> None:
    """MPEG-1, 2 and 2.5, layers I to III, with padding."""
    frame = mpeg_audio(bytes.fromhex(head))
    assert frame is not None and frame[:3] == (size, samples, rate)


@pytest.mark.parametrize(
    "head", ["fffb0000", "fffbf000", "fffb9c00", "ffeb9000", "fff99000", "fe9b9000", "fffb"]
)
def test_other_bytes_are_no_mpeg_header(head: str) -> None:
    """Free format, reserved values, missing sync bits and too few bytes."""
    assert mpeg_audio(bytes.fromhex(head)) is None


@pytest.mark.parametrize(
    ("head", "size", "samples", "rate"),
    [
        ("0b7700001440", 768, 1536, 48_000),
        ("0b7700005440", 834, 1536, 44_100),
        ("0b7700005540", 836, 1536, 44_100),
        ("0b7700009440", 1152, 1536, 32_000),
        ("0b7701ff3f80", 1024, 1536, 48_000),
        ("0b7701ff0f80", 1024, 256, 48_000),
        ("0b7741ff3f80", 1024, 0, 48_000),
        ("0b7709ff3f80", 1024, 0, 48_000),
        ("0b7701ffdf80", 1024, 1536, 22_050),
    ],
)
def test_ac3_headers(head: str, size: int, samples: int, rate: int) -> None:
    """AC-3 at each rate; E-AC-3 with one or six blocks; dependent and further substreams add no time."""
    frame = ac3(bytes.fromhex(head))
    assert frame is not None and frame[:3] == (size, samples, rate)


def test_adts_header_with_four_blocks() -> None:
    """The last two bits state the number of blocks minus one."""
    frame = adts(bytes.fromhex("fff14c80200fff"))
    assert frame is not None and frame[:3] == (256, 4096, 48_000)
    assert adts(bytes.fromhex("fff17c80200fff")) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x" * 500, (0, 500)),
        (_id3() + b"x" * 500, (310, 810)),
        (b"x" * 500 + _APE + _ID3V1, (0, 500)),
        (b"x" * 500 + _ID3V1, (0, 500)),
        (b"x" * 500 + _LYRICS + _ID3V1, (0, 500)),
    ],
)
def test_audio_lies_between_the_tags(data: bytes, expected: tuple[int, int]) -> None:
    """ID3v2 in front; APE, Lyrics3 and ID3v1 behind."""
    assert audio_range(bytes_reader(data)) == expected


@pytest.mark.parametrize(
    ("name", "magic", "kind", "size"), [("amr", b"#!AMR\n", 0x3C, 32), ("awb", b"#!AMR-WB\n", 0x44, 61)]
)
def test_amr_frames_last_20_ms(name: str, magic: bytes, kind: int, size: int) -> None:
    """Frames of any type are counted, a pause in one byte too; an incomplete last frame is not."""
    frame = bytes((kind,)).ljust(size, b"x")
    count = count_amr(bytes_reader(magic + 9 * frame + b"\x7c" + frame[:-1]), name)
    assert count is not None and (count.seconds, count.is_exact) == (pytest.approx(0.2), True)
    assert count_amr(bytes_reader(magic), name) is None
    assert count_amr(bytes_reader(b"#!AMR_MC1.0\n" + frame), name) is None
