"""HDR metadata in Matroska tracks, built element by element."""

from __future__ import annotations

import struct

import pytest

from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.ebml_elements import read_element
from mfkit.scan.extract.hdr_metadata import DolbyVision, Hdr
from mfkit.scan.extract.matroska import block_addition_hdr, colour_hdr
from tests.hdr_video import dolby_vision, element


def colour(data: bytes) -> Hdr:
    """Return the HDR metadata of a ``Colour`` element."""
    reader = bytes_reader(element(0x55B0, data))
    found = read_element(reader, 0)
    assert found is not None
    return colour_hdr(reader, found)


def mapping(*parts: bytes) -> Hdr:
    """Return the HDR metadata of a ``BlockAdditionMapping`` element."""
    reader = bytes_reader(element(0x41E4, b"".join(parts)))
    found = read_element(reader, 0)
    assert found is not None
    return block_addition_hdr(reader, found)


MASTERING = element(0x55D9, struct.pack(">d", 1000.0)) + element(0x55DA, struct.pack(">f", 0.5))


def test_colour() -> None:
    """Transfer, mastering display and content light are read, with numbers of any size."""
    data = element(0x55BA, b"\x10") + element(0x55BC, b"\x03\xe8") + element(0x55BD, b"\0\0\x01\x90")
    assert colour(data + element(0x55D0, MASTERING)) == Hdr(16, 0.5, 1000.0, 1000, 400)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 0.0, 10_001.0, 1e30])
def test_impossible_luminance(value: float) -> None:
    """A luminance that no display has is ignored."""
    assert colour(element(0x55D0, element(0x55D9, struct.pack(">d", value)))) == Hdr()


def test_impossible_content_light() -> None:
    """A content light level above 65,535 cd/m² is ignored."""
    assert colour(element(0x55BC, b"\xff\xff")).max_cll == 65_535
    assert colour(element(0x55BC, b"\x01\0\0")).max_cll is None


@pytest.mark.parametrize("name", [b"dvcC", b"dvvC", b"dvwC"])
def test_dolby_vision(name: bytes) -> None:
    """A block addition of a Dolby Vision type contains the configuration record."""
    record = element(0x41ED, dolby_vision(7, 6, 6))
    assert mapping(element(0x41E7, name), record).dolby_vision == DolbyVision(7, 6, 6)
    assert mapping(record, element(0x41E7, name)).dolby_vision == DolbyVision(7, 6, 6)


def test_other_block_additions() -> None:
    """A block addition of another type, such as ITU-T T.35 (4), is no Dolby Vision configuration."""
    assert mapping(element(0x41E7, b"\x04"), element(0x41ED, dolby_vision(7, 6, 6))) == Hdr()
    assert mapping(element(0x41E7, b"dvcC"), element(0x41ED, b"")) == Hdr()


@pytest.mark.parametrize("cut", range(0, 60, 5))
def test_truncated(cut: int) -> None:
    """A truncated element states only what is complete."""
    data = element(0x55B0, element(0x55BA, b"\x10") + element(0x55D0, MASTERING))
    reader = bytes_reader(data[:cut])
    found = read_element(reader, 0)
    if found is not None:
        assert colour_hdr(reader, found).transfer in (None, 0, 16)
