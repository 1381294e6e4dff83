"""Sample aspect ratios of H.264 streams in containers that do not state them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.h264_aspect import h264_aspect_ratio
from mfkit.scan.extract.registry import Metadata


def write_video(path: Path, aspect: Fraction | None, size: tuple[int, int], **options: str) -> bytes:
    """Write three frames of H.264 video, and return the stream's parameter sets."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", **options})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        frame = av.VideoFrame(*size, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for number in range(3):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    # FFmpeg does not recognise a transport stream of three frames without its name.
    with av.open(str(path), format="mpegts" if path.suffix == ".ts" else None) as written:
        return bytes(written.streams.video[0].codec_context.extradata or b"")


@pytest.mark.parametrize("name", ["a.ts", "a.h264", "a.mp4"])
@pytest.mark.parametrize(
    ("aspect", "width"), [(Fraction(4, 3), 96), (Fraction(64, 45), 102), (Fraction(8, 9), 64), (None, 72)]
)
def test_the_displayed_width(
    tmp_path: Path, metadata_of: Callable[[Path], Metadata], name: str, aspect: Fraction | None, width: int
) -> None:
    """Ratios of the table, ratios of two numbers, and square pixels. Camcorders record 1440 x 1080."""
    write_video(tmp_path / name, aspect, (72, 48))
    found = metadata_of(tmp_path / name)
    assert (found["width"], found["height"]) == (width, 48)


@pytest.mark.parametrize("name", ["a.ts", "a.mp4"])
@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
def test_all_profiles(tmp_path: Path, name: str, profile: str) -> None:
    """High profiles have more fields before the ratio; both forms of the parameter sets are read."""
    options = {"profile": profile, "preset": "medium"}
    configuration = write_video(tmp_path / name, Fraction(16, 11), (72, 48), **options)
    assert configuration
    assert h264_aspect_ratio(configuration) == Fraction(16, 11)


def test_scaling_matrices_and_interlaced_frames(tmp_path: Path) -> None:
    """A parameter set with scaling lists and fields has its ratio behind them."""
    options = {"preset": "medium", "x264-params": "cqm=jvt:interlaced=1:8x8dct=1"}
    configuration = write_video(tmp_path / "a.ts", Fraction(12, 11), (72, 64), **options)
    assert h264_aspect_ratio(configuration) == Fraction(12, 11)


@pytest.mark.parametrize("data", [None, b"", b"\x00\x00\x01\x67", b"\x01\x64\x00\x1f\xff\xe1\x00\x19"])
def test_truncated_parameter_sets(data: bytes | None) -> None:
    """No ratio is read from a parameter set that ends early."""
    assert h264_aspect_ratio(data) is None


@given(st.binary(max_size=64))
def test_damaged_parameter_sets_raise_nothing(noise: bytes) -> None:
    """Any bytes give a ratio above zero or none."""
    found = h264_aspect_ratio(b"\x00\x00\x00\x01\x67" + noise)
    assert found is None or found > 0
