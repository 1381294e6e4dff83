"""Sequence parameter sets of H.264: pixel format, colours, and data that is not valid."""

import shutil
import subprocess
from pathlib import Path

import av
import pytest

from mfkit.scan.extract.h264_parameters import h264_parameters
from tests.requirements import require


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
        b"\x00\x00\x01\x67" + b"\x00" * 99,
    ):
        assert h264_parameters(data) is None
