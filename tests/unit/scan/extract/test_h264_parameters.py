"""Sequence parameter sets of H.264: pixel format, colours, size, pixel shape, and data that is not valid."""

import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.h264_parameters import h264_parameters
from mfkit.scan.extract.registry import Metadata
from tests.requirements import require


def write_video(
    path: Path, aspect: Fraction | None, size: tuple[int, int], pixel_format: str = "yuv420p", **options: str
) -> bytes:
    """Write three frames of H.264 video, and return the stream's parameter sets."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", **options})
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        frame = av.VideoFrame(*size, pixel_format)
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
    (stream,) = found["streams"] or []
    stated = None if aspect is None else f"{aspect.numerator}:{aspect.denominator}"
    assert (stream["width"], stream.get("sample_aspect_ratio")) == (72, stated)


@pytest.mark.parametrize("name", ["a.ts", "a.mp4"])
@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
def test_all_profiles(tmp_path: Path, name: str, profile: str) -> None:
    """High profiles have more fields before the ratio; both forms of the parameter sets are read."""
    options = {"profile": profile, "preset": "medium"}
    found = h264_parameters(write_video(tmp_path / name, Fraction(16, 11), (72, 48), **options))
    assert found is not None
    assert (found.width, found.height, found.aspect) == (72, 48, Fraction(16, 11))


@pytest.mark.parametrize(
    ("size", "pixel_format", "options"),
    [
        ((71, 49), "yuv444p", {}),
        ((72, 49), "yuv422p", {}),
        ((72, 44), "yuv420p", {"x264-params": "interlaced=1"}),
        ((72, 46), "yuv422p", {"x264-params": "interlaced=1"}),
        ((71, 46), "gray", {}),
    ],
)
def test_size_after_cropping(
    tmp_path: Path, size: tuple[int, int], pixel_format: str, options: dict[str, str]
) -> None:
    """The unit of the cropping depends on the chroma format and on interlacing."""
    found = h264_parameters(write_video(tmp_path / "a.mp4", None, size, pixel_format, **options))
    assert found is not None and (found.width, found.height) == size


def test_scaling_matrices_and_interlaced_frames(tmp_path: Path) -> None:
    """A parameter set with scaling lists and fields has its ratio behind them."""
    options = {"preset": "medium", "x264-params": "cqm=jvt:interlaced=1:8x8dct=1"}
    found = h264_parameters(write_video(tmp_path / "a.ts", Fraction(12, 11), (72, 64), **options))
    assert found is not None and found.aspect == Fraction(12, 11)


@given(st.binary(max_size=64))
def test_damaged_parameter_sets_raise_nothing(noise: bytes) -> None:
    """Any bytes give a size and a ratio above zero, or nothing."""
    found = h264_parameters(b"\x00\x00\x00\x01\x67" + noise)
    assert found is None or found.width > 0 < found.height and (found.aspect is None or found.aspect > 0)


def _configuration(path: Path, pixel_format: str, *options: str) -> bytes:
    require(shutil.which("ffmpeg"), "ffmpeg", "ffmpeg")
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=64x48:d=0.2:r=25"]
    command += ["-c:v", "libx264", "-pix_fmt", pixel_format, *options, str(path)]
    subprocess.run(command, check=True)
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.extradata or b""


@pytest.mark.parametrize("name", ["a.mp4", "a.ts"])
@pytest.mark.parametrize(
    ("pixel_format", "bits"),
    [
        ("yuv420p", 8),
        ("yuvj420p", 8),
        ("yuv422p", 8),
        ("yuv444p", 8),
        ("yuv420p10le", 10),
        ("yuv422p10le", 10),
        ("gray", 8),
    ],
)
def test_pixel_format(name: str, pixel_format: str, bits: int, tmp_path: Path) -> None:
    """The format is the one that FFmpeg decodes, in MP4 files and with start codes."""
    found = h264_parameters(_configuration(tmp_path / name, pixel_format))
    assert found is not None and (found.pixel_format, found.bit_depth) == (pixel_format, bits)


def test_colors(tmp_path: Path) -> None:
    """The codes of the colours are those of the video usability information, also after a pixel shape."""
    options = "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -color_range tv".split()
    found = h264_parameters(_configuration(tmp_path / "a.mp4", "yuv420p", *options, "-vf", "setsar=64/45"))
    assert found is not None
    assert (found.primaries, found.transfer, found.matrix, found.is_full_range) == (9, 16, 9, False)


def test_interlaced_video(tmp_path: Path) -> None:
    """The parameter set of interlaced video has one more flag before the colours."""
    options = "-flags +ilme+ildct -x264-params interlaced=1 -color_primaries bt709 -color_trc bt709".split()
    found = h264_parameters(_configuration(tmp_path / "a.mp4", "yuv420p", *options))
    assert found is not None and (found.primaries, found.transfer) == (1, 1)


def test_damaged_data_gives_nothing(tmp_path: Path) -> None:
    """Every truncation of a configuration gives a result or None, and other data None."""
    whole = _configuration(tmp_path / "a.mp4", "yuv420p10le")
    results = [h264_parameters(whole[:size]) for size in range(len(whole))]
    assert results[:12] == [None] * 12
    for data in (
        b"",
        b"\x01",
        b"\x00" * 64,
        b"\xff" * 64,
        b"\x01" * 5000,
        b"\x00\x00\x01\x67",
        b"\x00\x00\x01\x67" + b"\x00" * 99,
        b"\x01\x64\x00\x1f\xff\xe1\x00\x19",
    ):
        assert h264_parameters(data) is None
