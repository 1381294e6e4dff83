"""HDR classes of real videos in several containers, which an encoder or the test gives their HDR metadata."""

from __future__ import annotations

import shutil
import struct
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mfkit.scan.extract.audio_video import extract, open_container
from mfkit.scan.extract.hdr_streams import stream_hdr
from mfkit.scan.formats.identify import FileFormat
from tests.hdr_video import (
    HDR10_PLUS,
    LIGHT,
    MASTERING,
    X265,
    add_to_sample_entry,
    av1_metadata,
    box,
    dolby_vision,
    ffmpeg,
    hevc_sei,
    hevc_unit,
    hevc_video,
    sei_message,
)

NOTHING = dict.fromkeys(
    (
        "dv_profile",
        "dv_level",
        "dv_compatibility",
        "mastering_min_luminance",
        "mastering_max_luminance",
        "max_cll",
        "max_fall",
    )
)
STATIC = {
    "mastering_min_luminance": 0.005,
    "mastering_max_luminance": 1000.0,
    "max_cll": 1000,
    "max_fall": 400,
}


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return an MP4 video of each kind that `X265` names."""
    folder = tmp_path_factory.mktemp("encoded")
    return {kind: hevc_video(folder / f"{kind}.mp4", kind) for kind in X265}


def stored(source: Path, folder: Path, suffix: str) -> Path:
    """Return a copy of a video in another container."""
    path = folder / f"video.{suffix}"
    ffmpeg("-i", source, "-c", "copy", "-strict", "unofficial", path)
    return path


def read(path: Path) -> dict[int, dict[str, Any]]:
    """Return the HDR class and HDR metadata of a file's video streams by index."""
    streams = extract(path, FileFormat(path.suffix[1:], "video/x", "video"))["streams"]
    assert streams is not None
    names = ("hdr", *NOTHING)
    return {
        row["stream_index"]: {name: row[name] for name in names} for row in streams if row["kind"] == "video"
    }


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts", "hevc"])
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sdr", {"hdr": "SDR"}),
        ("unstated", {"hdr": "SDR"}),
        ("pq", {"hdr": "PQ"}),
        ("hdr10", {"hdr": "HDR10"} | STATIC),
        ("hlg", {"hdr": "HLG"}),
        ("hlg broadcast", {"hdr": "HLG"}),
    ],
)
def test_encoded_video(
    tmp_path: Path, encoded: dict[str, Path], kind: str, expected: dict[str, Any], suffix: str
) -> None:
    """All videos have ten bits per sample, but only their transfer and metadata decide."""
    path = stored(encoded[kind], tmp_path, suffix)
    assert read(path) == {0: NOTHING | expected}


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts", "hevc"])
@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (hevc_sei(sei_message(4, HDR10_PLUS)), {"hdr": "HDR10+"}),
        (hevc_unit(62, b"\x19\x08\x09\x80"), {"hdr": "Dolby Vision"}),
    ],
    ids=["HDR10+", "Dolby Vision"],
)
def test_metadata_in_frames(
    tmp_path: Path, encoded: dict[str, Path], unit: bytes, expected: dict[str, Any], suffix: str
) -> None:
    """HDR10+ and Dolby Vision without a configuration are found in the first frames of each container."""
    stream = stored(encoded["hdr10"], tmp_path, "hevc")
    data = stream.read_bytes()
    slice_at = data.index(
        b"\0\0\1" + bytes([20 << 1])
    )  # The first frame is an IDR frame without leading frames.
    end = data.find(b"\0\0\1", slice_at + 3)
    at = slice_at if unit[0] >> 1 == 39 else end
    stream.write_bytes(data[:at] + b"\0\0\1" + unit + data[at:])
    timed = tmp_path / "timed.mp4"  # Other containers need timestamps, which the stream alone does not have.
    ffmpeg("-f", "hevc", "-i", stream, "-c", "copy", timed)
    path = stored(timed, tmp_path, suffix)
    assert read(path) == {0: NOTHING | STATIC | expected}


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        ("unstated", b"dvcC", (5, 6, 0)),
        ("hdr10", b"dvcC", (7, 6, 6)),
        ("hdr10", b"dvvC", (8, 6, 1)),
        ("hlg", b"dvvC", (8, 4, 4)),
    ],
)
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_dolby_vision(
    tmp_path: Path,
    encoded: dict[str, Path],
    kind: str,
    name: bytes,
    values: tuple[int, int, int],
    suffix: str,
) -> None:
    """The container's configuration states Dolby Vision's profile, level and compatibility."""
    path = tmp_path / "vision.mp4"
    shutil.copy(encoded[kind], path)
    add_to_sample_entry(path, box(name, dolby_vision(*values)))
    if suffix == "mkv":
        path = stored(path, tmp_path, suffix)
    profile, level, compatibility = values
    stated = {"dv_profile": profile, "dv_level": level, "dv_compatibility": compatibility}
    static = STATIC if kind == "hdr10" else {}
    assert read(path) == {0: NOTHING | static | {"hdr": "Dolby Vision"} | stated}


def test_boxes_without_messages(tmp_path: Path, encoded: dict[str, Path]) -> None:
    """An MP4 file can state the metadata in boxes alone, which have priority over the frames."""
    path = tmp_path / "video.mp4"
    shutil.copy(encoded["pq"], path)
    add_to_sample_entry(path, box(b"mdcv", MASTERING) + box(b"clli", LIGHT))
    assert read(path) == {0: NOTHING | STATIC | {"hdr": "HDR10"}}


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ivf"])
def test_av1(tmp_path: Path, suffix: str) -> None:
    """AV1 states HDR10+ and the mastering display in metadata OBUs."""
    stream = tmp_path / "stream.obu"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10", "-frames:v", "2", "-pix_fmt", "yuv420p10le"),
        *("-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"),
        *("-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", stream),
    )
    fixed = MASTERING[:16] + struct.pack(">II", 1000 << 8, 1 << 14)
    data = stream.read_bytes()
    assert data[:2] == b"\x12\x00"
    stream.write_bytes(data[:2] + av1_metadata(2, fixed) + av1_metadata(4, HDR10_PLUS) + data[2:])
    path = tmp_path / f"video.{suffix}"
    ffmpeg("-f", "obu", "-i", stream, "-c", "copy", path)
    display = {"mastering_min_luminance": 1.0, "mastering_max_luminance": 1000.0}
    assert read(path) == {0: NOTHING | display | {"hdr": "HDR10+"}}


def test_streams_are_told_apart(tmp_path: Path, encoded: dict[str, Path]) -> None:
    """Each video stream has its own class, and audio and covers have none."""
    path = tmp_path / "both.mkv"
    ffmpeg(
        *("-i", encoded["hdr10"], "-f", "lavfi", "-t", "0.3", "-i", "sine", "-i", encoded["sdr"]),
        *("-map", "0", "-map", "1", "-map", "2", "-c:v", "copy", "-c:a", "flac", path),
    )
    assert read(path) == {0: NOTHING | STATIC | {"hdr": "HDR10"}, 2: NOTHING | {"hdr": "SDR"}}
    cover, audio = tmp_path / "cover.png", tmp_path / "song.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=size=32x32", "-frames:v", "1", cover)
    ffmpeg(
        *("-f", "lavfi", "-t", "0.3", "-i", "sine", "-i", cover, "-map", "0", "-map", "1", "-c:a", "aac"),
        *("-c:v", "copy", "-disposition:v", "attached_pic", audio),
    )
    assert read(audio) == {}


def test_colours_of_a_transport_stream(tmp_path: Path, encoded: dict[str, Path]) -> None:
    """A transport stream has no header with the sequence header of HEVC, which is read all the same."""
    streams = extract(stored(encoded["hdr10"], tmp_path, "ts"), FileFormat("ts", "video/x", "video"))[
        "streams"
    ]
    assert streams is not None
    names = ("pixel_format", "bit_depth", "color_primaries", "color_transfer", "color_matrix")
    assert [streams[0][name] for name in names] == ["yuv420p10le", 10, "bt2020", "smpte2084", "bt2020nc"]


def test_container_starts_again(tmp_path: Path, encoded: dict[str, Path]) -> None:
    """After the frames were read, the container's first packet is read again."""
    path = stored(encoded["hdr10"], tmp_path, "mkv")
    with ExitStack() as stack:
        container = open_container(path, FileFormat("mkv", "video/x", "video"), stack)
        stream_hdr(container, {})
        assert [packet.pts for packet in container.demux() if packet.size] == [0, 200, 100]
