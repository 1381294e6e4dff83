"""HDR metadata records, and the classification of video streams by their transfer and metadata."""

from __future__ import annotations

import struct

import pytest

from mfkit.scan.extract.hdr_metadata import (
    DolbyVision,
    Hdr,
    combine,
    content_light_record,
    dolby_vision_record,
    fixed_point_mastering_display,
    hdr_class,
    mastering_display_record,
    t35_metadata,
)
from tests.hdr_video import HDR10_PLUS, LIGHT, MASTERING, dolby_vision

STATIC = Hdr(mastering_min_luminance=0.005, mastering_max_luminance=1000.0)


@pytest.mark.parametrize(
    ("hdr", "expected"),
    [
        (Hdr(), "SDR"),
        (Hdr(transfer=1), "SDR"),
        (Hdr(transfer=14), "SDR"),
        (STATIC._replace(transfer=1), "SDR"),
        (Hdr(transfer=1, is_hdr10_plus=True), "SDR"),
        (Hdr(transfer=16), "PQ"),
        (Hdr(transfer=16, max_fall=400), "PQ"),
        (Hdr(transfer=16, max_cll=1000), "HDR10"),
        (STATIC._replace(transfer=16), "HDR10"),
        (Hdr(transfer=16, is_hdr10_plus=True), "HDR10+"),
        (Hdr(transfer=18), "HLG"),
        (Hdr(transfer=18, max_cll=1000), "HLG"),
        (Hdr(transfer=16, is_hdr10_plus=True, dolby_vision=DolbyVision(8, 6, 1)), "Dolby Vision"),
        (Hdr(dolby_vision=DolbyVision()), "Dolby Vision"),
    ],
)
def test_class(hdr: Hdr, expected: str) -> None:
    """The transfer decides; metadata only distinguishes the kinds of PQ, and Dolby Vision."""
    assert hdr_class(hdr) == expected


def test_mastering_display_units() -> None:
    """HEVC and MP4 count in 0.0001 cd/m², AV1 in fixed-point numbers with 8 and 14 fractional bits."""
    assert mastering_display_record(MASTERING) == STATIC
    fixed = MASTERING[:16] + struct.pack(">II", 1000 << 8, 82)
    assert fixed_point_mastering_display(fixed) == Hdr(
        mastering_min_luminance=82 / 16384, mastering_max_luminance=1000.0
    )


@pytest.mark.parametrize(
    ("high", "low", "is_known"),
    [
        (100_000_000, 50, True),
        (100_000_001, 50, False),
        (0, 0, False),
        (50, 50, False),
        (51, 50, True),
        (2**32 - 1, 0, False),
    ],
)
def test_impossible_luminances_are_ignored(high: int, low: int, is_known: bool) -> None:
    """A display is at most as bright as PQ allows (10,000 cd/m²), and brighter than its black."""
    hdr = mastering_display_record(MASTERING[:16] + struct.pack(">II", high, low))
    assert (hdr != Hdr()) is is_known


def test_content_light_of_zero_is_not_known() -> None:
    """A content light level of 0 means that it is not known (CTA-861.3)."""
    assert content_light_record(LIGHT) == Hdr(max_cll=1000, max_fall=400)
    assert content_light_record(struct.pack(">HH", 0, 400)) == Hdr(max_fall=400)
    assert content_light_record(bytes(4)) == Hdr()


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (dolby_vision(5, 6, 0), DolbyVision(5, 6, 0)),
        (dolby_vision(7, 6, 6), DolbyVision(7, 6, 6)),
        (dolby_vision(8, 9, 1), DolbyVision(8, 9, 1)),
        (dolby_vision(8, 4, 4), DolbyVision(8, 4, 4)),
        (dolby_vision(20, 13, 0), DolbyVision(20, 13, 0)),
        (dolby_vision(8, 14, 2), DolbyVision(8, None, 2)),
        (dolby_vision(8, 6, 1, size=4), DolbyVision(8, 6, None)),
        (dolby_vision(21, 6, 0), None),
        (dolby_vision(8, 6, 1, size=3), None),
        (bytes(24), None),
    ],
)
def test_dolby_vision_record(record: bytes, expected: DolbyVision | None) -> None:
    """A record states profile, level and compatibility; a record of zeros is not Dolby Vision."""
    assert dolby_vision_record(record) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (HDR10_PLUS, Hdr(is_hdr10_plus=True)),
        (HDR10_PLUS[:6] + b"\x00", Hdr(is_hdr10_plus=True)),
        (HDR10_PLUS[:6] + b"\x02", Hdr()),
        (HDR10_PLUS[:6], Hdr()),
        (b"\xb5\x00\x31GA94\x03captions", Hdr()),
        (b"\x26" + HDR10_PLUS[1:], Hdr()),
        (bytes.fromhex("b5003b00000800") + bytes(8), Hdr(dolby_vision=DolbyVision())),
    ],
)
def test_registered_messages(data: bytes, expected: Hdr) -> None:
    """HDR10+ and Dolby Vision are recognised; captions and other countries' messages are not."""
    assert t35_metadata(data) == expected


@pytest.mark.parametrize("size", [0, 3, 23])
def test_truncated_records_are_empty(size: int) -> None:
    """A record that is cut off states nothing."""
    assert mastering_display_record(MASTERING[:size]) == Hdr()
    assert fixed_point_mastering_display(MASTERING[:size]) == Hdr()
    assert content_light_record(LIGHT[: min(size, 3)]) == Hdr()


def test_first_statement_has_priority() -> None:
    """The first source with a value has priority; a known Dolby Vision profile replaces an unknown one."""
    first = Hdr(transfer=2, max_fall=300, dolby_vision=DolbyVision())
    second = STATIC._replace(transfer=16, max_cll=1000, max_fall=400, dolby_vision=DolbyVision(8, 6, 1))
    assert combine(first, second) == STATIC._replace(
        transfer=16, max_fall=300, dolby_vision=DolbyVision(8, 6, 1)
    )
    assert combine(Hdr(transfer=16), Hdr(transfer=18)).transfer == 16
