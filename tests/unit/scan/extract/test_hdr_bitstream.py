"""HDR metadata in the bitstreams of HEVC, H.264 and AV1, built unit by unit."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.hdr_bitstream import av1_hdr, h264_hdr, hevc_hdr
from mfkit.scan.extract.hdr_metadata import DolbyVision, Hdr
from tests.hdr_video import HDR10_PLUS, LIGHT, MASTERING, av1_metadata, hevc_sei, hevc_unit, sei_message

STATIC = Hdr(None, 0.005, 1000.0, 1000, 400)
SEI = hevc_sei(sei_message(137, MASTERING), sei_message(144, LIGHT))
DYNAMIC = hevc_sei(sei_message(4, HDR10_PLUS))
SLICE = hevc_unit(19, bytes(range(100)))


def configuration(length_size: int, *units: bytes) -> bytes:
    """Return an HEVC decoder configuration record with SEI units."""
    arrays = b"".join(
        bytes([39]) + struct.pack(">H", 1) + struct.pack(">H", len(unit)) + unit for unit in units
    )
    return b"\x01" + bytes(20) + bytes([0xFC | length_size - 1, len(units)]) + arrays


def with_start_codes(*units: bytes) -> bytes:
    """Return units with start codes of three and four bytes."""
    return b"".join((b"\0\0\0\1" if number % 2 else b"\0\0\1") + unit for number, unit in enumerate(units))


@pytest.mark.parametrize("length_size", [1, 2, 4])
def test_hevc_with_sizes(length_size: int) -> None:
    """Units have a size of one to four bytes in MP4 and Matroska."""
    units = b"".join(len(unit).to_bytes(length_size, "big") + unit for unit in (SEI, DYNAMIC, SLICE))
    assert hevc_hdr(units, configuration(length_size)) == STATIC._replace(is_hdr10_plus=True)


def test_hevc_with_start_codes() -> None:
    """Units begin with a start code in transport streams; zeros in a message are escaped."""
    assert b"\0\0\3" in SEI
    data = with_start_codes(hevc_unit(35, b"\x10"), SEI, SLICE, DYNAMIC)
    assert hevc_hdr(data, b"") == STATIC._replace(is_hdr10_plus=True)


def test_hevc_configuration() -> None:
    """The container's decoder configuration can contain the messages of all frames."""
    assert hevc_hdr(b"", configuration(4, SEI)) == STATIC


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (hevc_unit(62, b"\x19\x08\x09"), DolbyVision()),
        (hevc_unit(62, b"\x18\x08\x09"), None),
        (hevc_unit(61, b"\x19\x08\x09"), None),
        (bytes([62 << 1 | 1, 1]) + b"\x19", None),
    ],
)
def test_dolby_vision_unit(unit: bytes, expected: DolbyVision | None) -> None:
    """Dolby Vision's metadata of a frame is a unit of type 62 in the base layer that begins with 0x19."""
    assert hevc_hdr(with_start_codes(SLICE, unit), b"").dolby_vision == expected


def test_alternative_transfer() -> None:
    """HLG broadcasts state HLG as the alternative transfer."""
    assert hevc_hdr(with_start_codes(hevc_sei(sei_message(147, b"\x12"))), b"").transfer == 18


def test_long_messages() -> None:
    """Types and sizes of 255 and more take several bytes, and other messages are skipped."""
    unit = hevc_sei(sei_message(300, bytes(1000)), sei_message(4, HDR10_PLUS + bytes(250)))
    assert hevc_hdr(with_start_codes(unit), b"").is_hdr10_plus


def test_h264() -> None:
    """H.264 has the same messages in units with a header of one byte."""
    unit = b"\x06" + SEI[2:]
    assert h264_hdr(with_start_codes(b"\x67\x64", unit), b"") == STATIC
    record = b"\x01\x64\x00\x28\xff\xe0\x00"
    assert h264_hdr(struct.pack(">I", len(unit)) + unit, record) == STATIC
    assert h264_hdr(with_start_codes(b"\x65" + SEI[2:]), b"") == Hdr()


def test_av1() -> None:
    """AV1 has metadata OBUs, also in the container's configuration record."""
    fixed = MASTERING[:16] + struct.pack(">II", 1000 << 8, 1 << 14)
    light, display = av1_metadata(1, LIGHT), av1_metadata(2, fixed)
    expected = Hdr(None, 1.0, 1000.0, 1000, 400)
    assert av1_hdr(b"\x12\x00" + light + display, b"") == expected
    assert av1_hdr(b"\x12\x00" + display, b"\x81\x08\x0c\x00" + light) == expected
    assert av1_hdr(av1_metadata(4, HDR10_PLUS), b"") == Hdr(is_hdr10_plus=True)
    without_size = b"\x12\x00" + bytes([5 << 3, 1]) + LIGHT
    assert av1_hdr(without_size, b"") == Hdr(max_cll=1000, max_fall=400)
    with_extension = bytes([5 << 3 | 6, 0, 6, 1]) + LIGHT + b"\x80"
    assert av1_hdr(with_extension, b"") == Hdr(max_cll=1000, max_fall=400)


@pytest.mark.parametrize("parse", [hevc_hdr, h264_hdr, av1_hdr])
@pytest.mark.parametrize(
    "record", [b"", configuration(4, SEI), b"\x01" + b"\xff" * 40, b"\x81\xff\xff\xff\xff"]
)
def test_every_truncation_is_safe(parse: Callable[[bytes, bytes], Hdr], record: bytes) -> None:
    """Data that is cut off anywhere raises no error."""
    data = with_start_codes(SEI, DYNAMIC) + av1_metadata(1, LIGHT)
    for end in range(len(data)):
        parse(data[:end], record)
        parse(data, record[: end % (len(record) + 1)])


@given(data=st.binary(max_size=400), record=st.binary(max_size=60))
def test_any_data_is_safe(data: bytes, record: bytes) -> None:
    """Arbitrary data raises no error."""
    for parse in (hevc_hdr, h264_hdr, av1_hdr):
        parse(data, record)
        parse(data, b"\x01" + record)


def test_number_of_units_is_limited() -> None:
    """Metadata after thousands of empty units is not found, so that a file cannot cause much work."""
    assert hevc_hdr(with_start_codes(*[b"\x4e"] * 1_990, SEI), b"") == STATIC
    assert hevc_hdr(with_start_codes(*[b"\x4e"] * 2_010, SEI), b"") == Hdr()
    assert av1_hdr(b"\x12\x00" * 2_010 + av1_metadata(1, LIGHT), b"") == Hdr()
