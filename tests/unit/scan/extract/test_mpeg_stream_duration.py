"""Durations of joined transport and program streams."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from mfkit.scan.extract import mpeg_stream_duration
from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.mpeg_stream_duration import clock_jumps
from mfkit.scan.extract.registry import Metadata

Reader = Callable[[Path], Metadata]


def _stream(path: Path, form: str, frames: int, options: dict[str, str] | None = None) -> bytes:
    with av.open(str(path), "w", format=form, options=options or {}) as container:
        video: Any = container.add_stream("mpeg2video", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for index in range(frames):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "form", "options"),
    [("a.ts", "mpegts", {}), ("a.m2ts", "mpegts", {"mpegts_m2ts_mode": "1"}), ("a.vob", "vob", {})],
)
@pytest.mark.parametrize("frames", [(75,), (75, 125), (125, 75), (50, 50, 50)])
def test_joined_streams_play_one_after_the_other(
    name: str,
    form: str,
    options: dict[str, str],
    frames: tuple[int, ...],
    tmp_path: Path,
    metadata_of: Reader,
) -> None:
    """The timestamps of each part start again."""
    parts = [_stream(tmp_path / name, form, count, options) for count in frames]
    (tmp_path / name).write_bytes(b"".join(parts))
    metadata = metadata_of(tmp_path / name)
    assert metadata["duration"] == pytest.approx(sum(frames) / 25, abs=0.05)
    # Of small program streams FFmpeg's estimate is too short, so that they are always counted.
    origin = "container" if len(frames) == 1 and form == "mpegts" else "counted"
    assert metadata["extra"]["origins"]["duration"] == origin
    if origin == "counted":
        assert metadata["bitrate"] == round(8 * sum(map(len, parts)) / metadata["duration"])


def _packets(start: float, seconds: float, *, padding: int = 0) -> bytes:
    """Return transport packets with a clock reference every 40 ms, each followed by padding packets."""
    out = bytearray()
    for index in range(round(seconds * 25)):
        base = round((start + index / 25) * 90_000) % 2**33
        clock = (base << 7).to_bytes(5, "big") + b"\0"
        out += b"\x47\x01\x00\x30\x07\x10" + clock + b"\xff" * 176
        out += (b"\x47\x1f\xff\x10" + b"\xff" * 184) * padding
    return bytes(out)


_WRAP = 2**33 / 90_000


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (_packets(0, 20), None),
        (_packets(_WRAP - 10, 20), None),
        (_packets(0, 20) + _packets(0, 20), 40.0),
        (_packets(0, 20) + _packets(5000, 20), 40.0),
        (_packets(0, 20) + _packets(20.5, 20), None),
        (b"", None),
        (b"\x47" * 600, None),
    ],
)
def test_only_jumps_of_the_clock_are_counted(data: bytes, seconds: float | None) -> None:
    """Neither the wrap after 26.5 hours nor a short gap is a jump."""
    count = clock_jumps(bytes_reader(data), "ts")
    assert (None if count is None else count.seconds) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("parts", "seconds"),
    [([(0, 2000)], None), ([(0, 500), (0, 1500)], 2000), ([(90_000, 900), (7, 900), (7, 700)], 2500)],
)
def test_jumps_in_a_large_file_are_narrowed_down(parts: list[tuple[int, int]], seconds: int | None) -> None:
    """At most 80 blocks of 64 KiB are read."""
    data = b"".join(_packets(start, length, padding=1) for start, length in parts)
    assert len(data) > mpeg_stream_duration.LIMIT
    count = clock_jumps(bytes_reader(data), "ts")
    if seconds is None:
        assert count is None
    else:
        assert count is not None and count.is_exact
        assert count.seconds == pytest.approx(seconds, rel=0.02)


@pytest.mark.parametrize("is_first_version", [False, True])
def test_system_clock_references(is_first_version: bool) -> None:
    """Pack headers of MPEG-1 and MPEG-2."""

    def pack(seconds: float) -> bytes:
        base = round(seconds * 90_000)
        if is_first_version:
            bits = 0x21 | (base >> 30) << 1, base >> 22 & 0xFF, 1 | (base >> 15 & 0x7F) << 1
            return b"\0\0\1\xba" + bytes((*bits, base >> 7 & 0xFF, 1 | (base & 0x7F) << 1)) + b"\0" * 3
        high = 0x44 | (base >> 30) << 3 | base >> 28 & 3, base >> 20 & 0xFF
        middle = (base >> 15 & 31) << 3 | 4 | base >> 13 & 3, base >> 5 & 0xFF
        return (
            b"\0\0\1\xba"
            + bytes((*high, *middle, (base & 31) << 3 | 4))
            + b"\1"
            + struct.pack(">I", 0x03FFFFF8)
        )

    part = b"".join(pack(70_000 + index / 2) + b"x" * 100 for index in range(20))
    assert clock_jumps(bytes_reader(part), "mpeg") is None
    count = clock_jumps(bytes_reader(part + part), "mpeg")
    assert count is not None and count.seconds == pytest.approx(20)
