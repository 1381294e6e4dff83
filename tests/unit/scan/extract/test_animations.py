"""Durations of animated images, counted by the delays of their frames."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mfkit.scan.extract.registry import ExtractionError, Metadata

Reader = Callable[[Path], Metadata]

FRAMES = [Image.new("RGB", (20, 10), (index * 40, 0, 0)) for index in range(5)]


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.avif"])
def test_duration_is_the_sum_of_the_delays(name: str, tmp_path: Path, metadata_of: Reader) -> None:
    """Five frames of different length."""
    delays = [200, 100, 300, 250, 400]
    FRAMES[0].save(tmp_path / name, save_all=True, append_images=FRAMES[1:], duration=delays)
    metadata = metadata_of(tmp_path / name)
    assert metadata["duration"] == pytest.approx(1.25, abs=1e-9)
    assert metadata["extra"]["frames"] == 5
    assert metadata["extra"]["origins"]["duration"] == "counted"
    assert (metadata["width"], metadata["height"]) == (20, 10)
    assert "media_type" not in metadata


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.avif"])
def test_still_image_has_no_duration(name: str, tmp_path: Path, metadata_of: Reader) -> None:
    """One frame is not an animation."""
    FRAMES[0].save(tmp_path / name)
    metadata = metadata_of(tmp_path / name)
    assert "duration" not in metadata and "frames" not in metadata["extra"]


def _gif(delays: list[int | None]) -> bytes:
    out = b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0x80, 0, 0) + b"\0" * 6
    for delay in delays:
        if delay is not None:
            out += b"\x21\xf9\x04\0" + struct.pack("<H", delay) + b"\0\0"
        out += b"\x2c" + struct.pack("<4HB", 0, 0, 2, 2, 0) + b"\x02\x02\x44\x0a\0"
    return out + b";"


@pytest.mark.parametrize(
    ("delays", "seconds"),
    [
        ([0, 0], 0.2),
        ([1, 1], 0.2),
        ([2, 2], 0.04),
        ([None, None], 0.2),
        ([7, None], 0.17),
        ([65_535, 65_535], 1310.7),
    ],
)
def test_short_gif_delays_are_shown_for_a_tenth_of_a_second(
    delays: list[int | None], seconds: float, tmp_path: Path, metadata_of: Reader
) -> None:
    """Browsers and FFmpeg do so below two hundredths."""
    (tmp_path / "a.gif").write_bytes(_gif(delays))
    assert metadata_of(tmp_path / "a.gif")["duration"] == pytest.approx(seconds)


def test_truncated_gif_counts_the_complete_frames(tmp_path: Path, metadata_of: Reader) -> None:
    """The file is a failure."""
    (tmp_path / "a.gif").write_bytes(_gif([20, 20, 20])[:-3])
    with pytest.raises(ExtractionError, match="truncated") as caught:
        metadata_of(tmp_path / "a.gif")
    assert caught.value.partial["duration"] == pytest.approx(0.4)


def test_long_gif_has_an_estimated_duration(tmp_path: Path, metadata_of: Reader) -> None:
    """Past 6 MiB the rest is taken to be like the beginning, and the duration says so."""
    frame = b"\x21\xf9\x04\0" + struct.pack("<H", 5) + b"\0\0\x2c" + struct.pack("<4HB", 0, 0, 2, 2, 0)
    frame += b"\x02" + (b"\xff" + b"\0" * 255) * 400 + b"\0"
    head = b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0, 0, 0)
    (tmp_path / "a.gif").write_bytes(head + frame * 200 + b";")
    metadata = metadata_of(tmp_path / "a.gif")
    assert metadata["duration"] == pytest.approx(10.0, rel=0.02)
    assert metadata["extra"]["origins"]["duration"] == "estimate"
    assert "frames" not in metadata["extra"]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize(
    ("delays", "seconds"), [([(1, 10), (1, 4)], 0.35), ([(5, 0), (7, 0)], 0.12), ([(0, 1), (0, 1)], None)]
)
def test_apng_delays_are_fractions(
    delays: list[tuple[int, int]], seconds: float | None, tmp_path: Path, metadata_of: Reader
) -> None:
    """A denominator of zero means hundredths of a second; zero delays state no duration."""
    frames = b"".join(
        _chunk(b"fcTL", struct.pack(">5IHHBB", 0, 1, 1, 0, 0, top, bottom, 0, 0)) for top, bottom in delays
    )
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    data = header + _chunk(b"acTL", struct.pack(">II", len(delays), 0)) + frames
    data += _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    metadata = metadata_of(tmp_path / "a.png")
    assert metadata.get("duration") == (None if seconds is None else pytest.approx(seconds))
    assert metadata["extra"]["frames"] == 2
