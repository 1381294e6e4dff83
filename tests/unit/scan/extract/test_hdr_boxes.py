"""HDR metadata in sample entries of MP4 files, built box by box."""

from __future__ import annotations

import struct

import pytest

from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.hdr_boxes import sample_description_hdr
from mfkit.scan.extract.hdr_metadata import DolbyVision, Hdr
from tests.hdr_video import LIGHT, MASTERING, box, dolby_vision


def description(*entries: bytes, name: bytes = b"hvc1") -> bytes:
    """Return the content of an ``stsd`` box with visual sample entries that contain boxes."""
    return bytes(8) + b"".join(box(name, bytes(78) + boxes) for boxes in entries)


def read(*entries: bytes) -> Hdr:
    """Return the HDR metadata of sample entries."""
    return sample_description_hdr(bytes_reader(description(*entries)))


def test_all_boxes() -> None:
    """Transfer, mastering display, content light and Dolby Vision are read."""
    colour = box(b"colr", b"nclx" + struct.pack(">HHHB", 9, 16, 9, 0))
    boxes = colour + box(b"mdcv", MASTERING) + box(b"clli", LIGHT) + box(b"dvvC", dolby_vision(8, 6, 1))
    assert read(box(b"hvcC", bytes(40)) + boxes) == Hdr(
        16, 0.005, 1000.0, 1000, 400, DolbyVision(8, 6, 1), False
    )


@pytest.mark.parametrize(
    ("colour", "transfer"),
    [
        (b"nclx" + struct.pack(">HHHB", 9, 18, 9, 0), 18),
        (b"nclc" + struct.pack(">HHH", 9, 16, 9), 16),
        (b"prof" + struct.pack(">HHH", 9, 16, 9), None),
        (b"nclx" + struct.pack(">H", 9), None),
    ],
)
def test_transfer(colour: bytes, transfer: int | None) -> None:
    """The transfer is the second number of an ``nclx`` or ``nclc`` box; an ICC profile has none."""
    assert read(box(b"colr", colour)).transfer == transfer


@pytest.mark.parametrize(
    ("name", "profile"), [(b"dvcC", 5), (b"dvcC", 7), (b"dvvC", 8), (b"dvvC", 10), (b"dvwC", 20)]
)
def test_dolby_vision_boxes(name: bytes, profile: int) -> None:
    """The name of the Dolby Vision box depends on the profile."""
    assert read(box(name, dolby_vision(profile, 6, 0))).dolby_vision == DolbyVision(profile, 6, 0)


def test_vp9_boxes() -> None:
    """VP9 has boxes of its own, with version and flags before the values."""
    fixed = MASTERING[:16] + struct.pack(">II", 4000 << 8, 1 << 14)
    assert read(box(b"SmDm", bytes(4) + fixed) + box(b"CoLL", bytes(4) + LIGHT)) == Hdr(
        None, 1.0, 4000.0, 1000, 400
    )


def test_second_entry_supplements_the_first() -> None:
    """The sample entries of a track describe the same video, and the first has priority."""
    first, second = box(b"clli", LIGHT), box(b"clli", bytes(4)) + box(b"mdcv", MASTERING)
    assert read(first, second) == Hdr(None, 0.005, 1000.0, 1000, 400)


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_truncated_entries(cut: int) -> None:
    """A truncated sample entry states only what is complete."""
    whole = description(box(b"mdcv", MASTERING) + box(b"clli", LIGHT) + box(b"dvcC", dolby_vision(7, 6, 6)))
    found = sample_description_hdr(bytes_reader(whole[:cut]))
    assert found.max_cll in (None, 1000) and found.mastering_max_luminance in (None, 1000.0)
    assert found.dolby_vision is None or found.dolby_vision.profile == 7


def test_hostile_sizes() -> None:
    """Boxes that state sizes of 0, 1 or 4 GB end with their entry."""
    for size in (0, 1, 7, 2**32 - 1):
        entry = bytes(78) + struct.pack(">I4s", size, b"mdcv") + MASTERING
        found = sample_description_hdr(bytes_reader(bytes(8) + box(b"hvc1", entry)))
        assert found.mastering_max_luminance in (None, 1000.0)
    many = box(b"free", b"") * 100 + box(b"clli", LIGHT)
    assert read(many) == Hdr()
