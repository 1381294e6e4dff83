"""Durations of Ogg, Matroska, FLAC and WAV files that state none, or only that of a part."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.flac_wav_duration import count_aiff, count_flac, count_wav
from mfkit.scan.extract.matroska import average_frame_rate, count_blocks, read_matroska
from mfkit.scan.extract.ogg_pages import count_pages
from mfkit.scan.extract.registry import Metadata

Reader = Callable[[Path], Metadata]
VideoMaker = Callable[..., Path]


def _sound(path: Path, codec: str, seconds: float, form: str | None = None, rate: int = 48_000) -> bytes:
    with av.open(str(path), "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="stereo")
        stream.codec_context.open(strict=False)
        size = stream.codec_context.frame_size or 1024
        for index in range(int(seconds * rate / size)):
            samples = av.AudioFrame(stream.codec_context.format.name, "stereo", size)
            for plane in samples.planes:
                plane.update(bytes(plane.buffer_size))
            samples.pts, samples.rate, samples.time_base = index * size, rate, Fraction(1, rate)
            container.mux(stream.encode(samples))
        container.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize(("codec", "name"), [("libopus", "a.opus"), ("flac", "a.oga")])
def test_chained_ogg_streams_play_one_after_the_other(
    codec: str, name: str, tmp_path: Path, metadata_of: Reader
) -> None:
    """Three seconds and six are nine; one link alone keeps FFmpeg's duration."""
    form = "ogg" if codec == "flac" else None
    one = _sound(tmp_path / name, codec, 3, form)
    assert metadata_of(tmp_path / name)["duration"] == pytest.approx(3, abs=0.1)
    assert metadata_of(tmp_path / name)["extra"]["origins"]["duration"] == "container"
    two = _sound(tmp_path / f"2{name}", codec, 6, form)
    (tmp_path / name).write_bytes(one + two)
    metadata = metadata_of(tmp_path / name)
    assert metadata["duration"] == pytest.approx(9, abs=0.2)
    assert metadata["extra"]["origins"]["duration"] == "counted"
    assert metadata["bitrate"] == round(8 * len(one + two) / metadata["duration"])


def _page(serial: int, position: int, body: bytes, flags: int = 0) -> bytes:
    lengths = bytes([255] * (len(body) // 255) + [len(body) % 255])
    head = struct.pack("<4sBBQIII", b"OggS", 0, flags, position, serial, 0, 0)
    return head + bytes((len(lengths),)) + lengths + body


def _vorbis(serial: int, *positions: int) -> bytes:
    first = b"\x01vorbis" + struct.pack("<IBI", 0, 2, 1000).ljust(23, b"\0")
    data = _page(serial, 0, first, flags=2)
    return data + b"".join(_page(serial, position, b"x" * 300) for position in positions)


_NONE = 2**64 - 1


@pytest.mark.parametrize(
    ("data", "seconds", "links"),
    [
        (_vorbis(1, 1000, 2000, 3000), 3.0, 1),
        (_vorbis(1, 1000, 3000, _NONE), 3.0, 1),
        (_vorbis(1, 1000, 3000) + _vorbis(2, 500, 6000), 9.0, 2),
        (_vorbis(1, 1000, 3000) + _vorbis(1, 500, 6000), 9.0, 2),
        (_vorbis(1, 1000, 3000) + b"junk" * 9 + _vorbis(2, 500, 6000), 9.0, 2),
        (_vorbis(1, 3_600_000, 3_601_000, 3_604_000), 5.0, 1),
        (_vorbis(1, 9_000, 10_000), 10.0, 1),
    ],
)
def test_positions_of_ogg_pages(data: bytes, seconds: float, links: int) -> None:
    """Position -1 states nothing, equal serial numbers are new links, a late start is no duration."""
    count, found = count_pages(bytes_reader(data))
    assert count is not None and (count.seconds, count.is_exact, found) == (seconds, True, links)


def test_ogg_streams_beside_each_other_are_one_link() -> None:
    """All first pages come before the data; the longest stream counts."""
    first = b"\x01vorbis" + struct.pack("<IBI", 0, 2, 1000).ljust(23, b"\0")
    data = _page(1, 0, first, 2) + _page(2, 0, first, 2) + _page(1, 5000, b"x") + _page(2, 7000, b"x")
    count, links = count_pages(bytes_reader(data))
    assert count is not None and (count.seconds, links) == (7.0, 1)
    assert count_pages(bytes_reader(b"OggS")) == (None, 0)


def _without_duration(data: bytes) -> bytes:
    """Replace a Matroska file's Duration element by a void one."""
    at = data.index(b"\x44\x89\x88")
    return data[:at] + b"\xec\x89" + data[at + 2 :]


@pytest.mark.parametrize("name", ["a.mkv", "a.webm"])
def test_matroska_without_duration(name: str, tmp_path: Path, metadata_of: Reader) -> None:
    """The blocks of the last cluster tell."""
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("libvpx" if name == "a.webm" else "mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for index in range(30):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    path.write_bytes(_without_duration(path.read_bytes()))
    metadata = metadata_of(path)
    assert metadata["duration"] == pytest.approx(3, abs=0.01)
    assert metadata["extra"]["origins"]["duration"] == metadata["extra"]["origins"]["bitrate"] == "counted"
    assert metadata["bitrate"] == round(8 * path.stat().st_size / metadata["duration"])
    assert metadata["fps"] == 10.0


def _size(value: int) -> bytes:
    return (value | 1 << 56).to_bytes(8, "big")


def _element(identifier: str, data: bytes) -> bytes:
    return bytes.fromhex(identifier) + _size(len(data)) + data


def _unsigned(identifier: str, value: int) -> bytes:
    return _element(identifier, value.to_bytes(8, "big"))


def _matroska(
    clusters: list[tuple[int, list[int]]],
    interval: int | None = None,
    roll: float = 0.0,
    tail: bytes = b"",
    moved: bool = False,
    scale: int = 1_000_000,
) -> bytes:
    """Return a live recording: clusters of unknown size with the times of their blocks.

    With ``moved``, the tracks are at the end, where a seek head refers to them.
    """
    projection = _element("7670", _element("7675", struct.pack(">f", roll)))
    crop = _unsigned("54aa", 8) + _unsigned("54bb", 4) + _unsigned("54cc", 2)
    video = _element("e0", _unsigned("b0", 64) + _unsigned("ba", 48) + crop + projection)
    track = _unsigned("d7", 1) + _unsigned("83", 1) + video
    if interval is not None:
        track += _unsigned("23e383", interval)
    tracks = _element("1654ae6b", _element("ae", track))
    information = _element("1549a966", _unsigned("2ad7b1", scale))
    body = b""
    for time, offsets in clusters:
        body += bytes.fromhex("1f43b675") + b"\x01" + b"\xff" * 7 + _unsigned("e7", time)
        for offset in offsets:
            body += _element("a3", b"\x81" + struct.pack(">h", offset) + b"\x80" + b"x" * 50)
    if moved:
        seek_id = _element("53ab", bytes.fromhex("1654ae6b"))
        size = len(_element("114d9b74", _element("4dbb", seek_id + _unsigned("53ac", 0))))
        position = size + len(information) + len(body)
        head = _element("114d9b74", _element("4dbb", seek_id + _unsigned("53ac", position)))
        content = head + information + body + tracks
    else:
        content = information + tracks + body
    start = (
        _element("1a45dfa3", _element("4282", b"webm")) + bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7
    )
    return start + content + tail


_OTHER_TRACK = _element("a3", b"\x82" + struct.pack(">h", 50) + b"\x80" + b"x" * 50)
_BLOCK_WITH_DURATION = _element(
    "a0", _element("a1", b"\x81" + struct.pack(">h", 300) + b"\x80" + b"x" * 50) + _unsigned("9b", 500)
)


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (_matroska([(0, [0, 100, 200])], tail=_OTHER_TRACK), 0.3),
        (_matroska([(0, [0, 100, 200])], tail=_BLOCK_WITH_DURATION), 0.8),
        (_matroska([(500, [-200, -100, 0])]), 0.3),
        (_matroska([(500, [-200, -100, 0])], scale=500_000), 0.15),
        (_matroska([(500, [-200, -100, 0])], scale=500_000, interval=40_000_000), 0.14),
        (_matroska([(0, [0, 100, 200]), (1000, [0, 100, 900])]), 2.7),
        (_matroska([(0, [0, 100]), (1000, [0, 100, 900])], interval=40_000_000), 1.94),
        (_matroska([(5000, [0, 100]), (6000, [0, 100, 200])]), 1.3),
        (_matroska([(0, [0, 100, 200]), (1000, [100, 0])]), 1.2),
        (_matroska([(0, [0, 100]), (1000, [0, 100])], tail=b"\xa3\x82\x81"), 1.2),
        (_matroska([(0, [0, 100]), (1000, [0, 100]), (2000, [])]), 1.2),
        (_matroska([(0, [0])]), None),
        (_matroska([]), None),
    ],
)
def test_last_block_of_a_live_recording(data: bytes, seconds: float | None) -> None:
    """It ends after its track's interval, or after the distance to the block before it."""
    reader = bytes_reader(data)
    header = read_matroska(reader)
    count = count_blocks(reader, header) if header is not None else None
    assert (None if count is None else count.seconds) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("roll", [0.0, 90.0, -90.0, 180.0, 45.0])
def test_matroska_rotation(roll: float) -> None:
    """ProjectionPoseRoll in degrees; only right angles swap sides."""
    header = read_matroska(bytes_reader(_matroska([(0, [0])], roll=roll)))
    assert header is not None
    assert header.tracks[1].crop == (2, 12)
    assert header.tracks[1].rotation == {0.0: 0, 90.0: 270, -90.0: 90, 180.0: 180, 45.0: 0}[roll]


def test_tracks_that_an_editor_moved_are_found() -> None:
    """The seek head says where; the clusters do not change."""
    data = _matroska([(0, [0, 100])], roll=90.0, moved=True)
    header = read_matroska(bytes_reader(data))
    assert header is not None and header.tracks[1].rotation == 270
    assert data[header.clusters :].startswith(bytes.fromhex("1f43b675"))


@pytest.mark.parametrize(
    ("times", "interval", "rate"),
    [
        ([0, 33, 67, 100, 133, 167, 200], 33_333_333, None),
        ([0, 67, 33, 133, 100, 167, 200], 33_333_333, None),
        ([0, 33, 67, 100, 200, 300, 400], 33_333_333, 15.0),
        ([0, 100, 200, 300, 400], None, 10.0),
        ([0, 100], None, None),
    ],
)
def test_average_of_a_variable_frame_rate(times: list[int], interval: int | None, rate: float | None) -> None:
    """The stated interval is used if the blocks have it, in any order."""
    reader = bytes_reader(_matroska([(0, times)], interval=interval))
    header = read_matroska(reader)
    assert header is not None
    found = average_frame_rate(reader, header, 1)
    assert found == (None if rate is None else pytest.approx(rate))


@pytest.mark.parametrize("seconds", [0.5, 3.0, 40.0])
def test_flac_from_a_pipe(seconds: float, tmp_path: Path, metadata_of: Reader) -> None:
    """The number of the last frame tells if STREAMINFO states no samples."""
    data = bytearray(_sound(tmp_path / "a.flac", "flac", seconds, rate=44_100))
    expected = metadata_of(tmp_path / "a.flac")["duration"]
    assert count_flac(bytes_reader(bytes(data))) is None
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(data)
    metadata = metadata_of(tmp_path / "a.flac")
    assert metadata["duration"] == pytest.approx(expected, abs=1e-6)
    assert metadata["extra"]["origins"]["duration"] == "counted"


def _crc8(data: bytes) -> int:
    value = 0
    for bit in (byte >> place & 1 for byte in data for place in range(7, -1, -1)):
        value = value << 1 & 0xFF ^ (0x07 if value >> 7 ^ bit else 0)
    return value


@pytest.mark.parametrize(("sync", "number"), [(0xF8, 20), (0xF9, 84_104)])
def test_flac_frames_count_frames_or_samples(sync: int, number: int) -> None:
    """A frame states its own number if all blocks have one size, otherwise that of its first sample."""
    info = struct.pack(">HH6xQ16x", 4_200, 4_200, 44_100 << 44)
    last = bytes((0xFF, sync, 0xC9, 0x18)) + chr(number).encode()
    data = b"fLaC\x80\0\0\x22" + info + bytes(9_000) + last + bytes((_crc8(last),)) + bytes(500)
    found = count_flac(bytes_reader(data))
    samples = {20: 20 * 4_200 + 4_096, 84_104: 88_200}[number]
    assert found is not None and found.seconds == samples / 44_100


def _wav(stated: int, seconds: float, tail: bytes = b"") -> bytes:
    samples = bytes(round(seconds * 44_100) * 4)
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 2, 44_100, 176_400, 4, 16)
    body = b"WAVE" + head + b"LIST" + struct.pack("<I", 4) + b"INFO" + b"data" + struct.pack("<I", stated)
    return b"RIFF" + struct.pack("<I", stated) + body + samples + tail


@pytest.mark.parametrize("stated", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_wav_from_a_pipe(stated: int, tmp_path: Path, metadata_of: Reader) -> None:
    """The file's size tells if the data chunk states 0 or the largest number."""
    (tmp_path / "a.wav").write_bytes(_wav(stated, 2.5))
    metadata = metadata_of(tmp_path / "a.wav")
    assert metadata["duration"] == pytest.approx(2.5, abs=1e-6)
    assert metadata["bitrate"] == 1_411_200


@pytest.mark.parametrize(
    "data", [_wav(441_000, 2.5), _wav(0, 0), _wav(0, 0, b"LIST\4\0\0\0INFO"), b"RIFF", b""]
)
def test_wav_with_a_size_is_not_counted(data: bytes) -> None:
    """Also not an empty one, with or without further chunks."""
    assert count_wav(bytes_reader(data)) is None


def _bare_video(path: Path, codec: str, form: str) -> Path:
    with av.open(str(path), "w", format=form) as container:
        video: Any = container.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for index in range(30):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "form"),
    [("a.264", "libx264", "h264"), ("a.265", "libx265", "hevc"), ("a.wmv", "wmv2", "asf")],
)
def test_packets_are_counted_where_nothing_states_a_duration(
    name: str, codec: str, form: str, tmp_path: Path, metadata_of: Reader
) -> None:
    """Bare video streams have the rate of their headers; ASF from a pipe has no duration."""
    path = _bare_video(tmp_path / name, codec, form)
    data = bytearray(path.read_bytes())
    if form == "asf":
        properties = data.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
        data[properties + 64 : properties + 80] = bytes(16)
        path.write_bytes(data)
    metadata = metadata_of(path)
    assert metadata["duration"] == pytest.approx(3.0, abs=0.1)
    assert metadata["fps"] == 10.0
    assert metadata["extra"]["origins"]["duration"] == "counted"


@pytest.mark.parametrize("unknown", [bytes(4), b"\xff" * 4])
def test_avi_from_a_pipe(unknown: bytes, tmp_path: Path, metadata_of: Reader) -> None:
    """A file without a size states a wrong number of frames."""
    path = _bare_video(tmp_path / "a.avi", "mpeg4", "avi")
    data = bytearray(path.read_bytes())
    data[4:8] = unknown
    length_at = data.index(b"strh") + 8 + 32
    assert int.from_bytes(data[length_at : length_at + 4], "little") == 30
    data[length_at : length_at + 4] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(data)
    assert metadata_of(path)["duration"] == pytest.approx(3.0)


def _aiff(frames: int, channels: int = 2, bits: int = 24, end: bytes = b"") -> bytes:
    """Return an AIFF file of 44.1 kHz with 44,100 sample frames, whose header states a number of frames."""
    rate = struct.pack(">HQ", 16_383 + 15, 44_100 << 48)
    common = struct.pack(">HIH", channels, frames, bits) + rate + end
    samples = bytes(44_100 * channels * bits // 8)
    chunks = b"COMM" + struct.pack(">I", len(common)) + common + b"SSND" + bytes(12) + samples
    return b"FORM" + bytes(4) + (b"AIFC" if end else b"AIFF") + chunks


@pytest.mark.parametrize(("channels", "bits"), [(1, 16), (2, 24)])
def test_aiff_from_a_pipe(channels: int, bits: int, tmp_path: Path, metadata_of: Reader) -> None:
    """A file without a number of sample frames is as long as its data."""
    path = tmp_path / "a.aiff"
    path.write_bytes(_aiff(0, channels, bits))
    metadata = metadata_of(path)
    assert metadata["duration"] == 1.0 and metadata["bitrate"] == 44_100 * channels * bits
    assert metadata["extra"]["origins"]["duration"] == "counted"


def test_aiff_with_a_length_or_compression_is_not_counted() -> None:
    """A stated number of frames is trusted, and the size of compressed data says nothing."""
    assert count_aiff(bytes_reader(_aiff(44_100))) is None
    assert count_aiff(bytes_reader(_aiff(0, end=b"ima4\0\0"))) is None
    assert count_aiff(bytes_reader(_aiff(0, end=b"sowt\0\0"))) is not None
    assert count_aiff(bytes_reader(_aiff(0)[:40])) is None
