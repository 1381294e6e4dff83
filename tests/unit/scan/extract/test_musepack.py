"""Musepack audio of stream version 7: duration, sample rate and tags."""

import struct
from pathlib import Path

import pytest

from mfkit.scan.extract.musepack import extract
from mfkit.scan.extract.schema import ExtractionError
from mfkit.scan.formats.identify import identify

ID3V2 = b"ID3\3\0\0" + bytes((0, 0, 1, 2)) + bytes(130)


def header(frames: int, rate: int, version: int = 0x17) -> bytes:
    """Return a header with a number of frames and the number of a sample rate."""
    return b"MP+" + struct.pack("<BIHBB", version, frames, 0, 0xFC | rate, 0)


@pytest.mark.parametrize(("rate", "hertz"), [(0, 44_100), (1, 48_000), (2, 37_800), (3, 32_000)])
def test_duration_by_sample_rate(tmp_path: Path, rate: int, hertz: int) -> None:
    """The header of 1,000 frames follows an ID3v2 tag, and ID3v1 is the end of the file."""
    path = tmp_path / "a.mpc"
    id3v1 = b"TAG" + b"Title".ljust(30, b"\0") + b"Artist".ljust(30, b" ") + bytes(30) + b"1999" + bytes(31)
    path.write_bytes(ID3V2 + header(1_000, rate) + bytes(30_000) + id3v1)
    metadata = extract(path, identify(path.read_bytes(), path.name))
    assert (metadata["sample_rate"], metadata["channels"]) == (hertz, 2)
    assert metadata["duration"] == 1_152_000 / hertz
    assert metadata["bitrate"] == round(8 * path.stat().st_size * hertz / 1_152_000)
    tags = [metadata.get(name) for name in ("title", "artist", "album", "year")]
    assert tags == ["Title", "Artist", None, "1999"]


def test_other_stream_versions_are_refused(tmp_path: Path) -> None:
    """The low four bits of the version byte are the stream version."""
    path = tmp_path / "a.mpc"
    path.write_bytes(header(1, 0, 0x18) + bytes(99))
    with pytest.raises(ExtractionError, match="no header of stream version 7"):
        extract(path, identify(path.read_bytes(), path.name))
