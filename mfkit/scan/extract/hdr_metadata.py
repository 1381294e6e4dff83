"""HDR metadata of a video stream, and the classification of streams as SDR, HDR10, HLG or Dolby Vision.

Containers and bitstreams use the same records: the mastering display's luminance (SMPTE ST 2086), the content
light level (CTA-861.3), dynamic metadata (HDR10+, SMPTE ST 2094-40) and Dolby Vision's configuration. The bit
depth says nothing about HDR, because SDR video can also have ten bits.
"""

import struct
from functools import reduce
from typing import NamedTuple

PQ, HLG = 16, 18
"""Codes of the transfer characteristics of HDR video (ITU-T H.273, table 3): SMPTE ST 2084 and HLG."""
UNSPECIFIED = 2
"""Code of transfer characteristics that are not known (ITU-T H.273, table 3)."""
_MAX_LUMINANCE = 10_000
"""Highest luminance in cd/m² that the PQ transfer can represent (SMPTE ST 2084)."""
_MAX_LIGHT = 0xFFFF
_MAX_PROFILE, _MAX_LEVEL, _MAX_VERSION = 20, 13, 3
_RECORD_WITH_COMPATIBILITY = 24


class DolbyVision(NamedTuple):
    """Dolby Vision configuration of a video stream. A field is None if the file does not state it.

    Attributes:
        profile: Profile, such as 5, 7 or 8.
        level: Level, from 1 to 13.
        compatibility: Code of the format that a player without Dolby Vision shows: 0 none, 1 HDR10, 2 SDR,
            4 HLG, 6 HDR10 of a Blu-ray disc.
    """

    profile: int | None = None
    level: int | None = None
    compatibility: int | None = None


class Hdr(NamedTuple):
    """HDR metadata of one video stream. A field is None if the stream does not state it.

    Attributes:
        transfer: Code of the transfer characteristics (ITU-T H.273, table 3).
        mastering_min_luminance: Lowest luminance of the mastering display in cd/m².
        mastering_max_luminance: Highest luminance of the mastering display in cd/m².
        max_cll: Luminance of the brightest pixel (MaxCLL) in cd/m².
        max_fall: Highest average luminance of a frame (MaxFALL) in cd/m².
        dolby_vision: Dolby Vision configuration, or None if the stream is not Dolby Vision.
        is_hdr10_plus: Whether the stream has HDR10+ metadata.
    """

    transfer: int | None = None
    mastering_min_luminance: float | None = None
    mastering_max_luminance: float | None = None
    max_cll: int | None = None
    max_fall: int | None = None
    dolby_vision: DolbyVision | None = None
    is_hdr10_plus: bool = False

    @property
    def has_static_metadata(self) -> bool:
        """Whether the mastering display or the content light level is known."""
        return self.mastering_max_luminance is not None or self.max_cll is not None


_UNKNOWN = Hdr()


def hdr_class(hdr: Hdr) -> str:
    """Classify a video stream by its transfer characteristics and its HDR metadata.

    Players show a video whose transfer is not stated as SDR, so it counts as SDR.

    Returns:
        ``Dolby Vision``, ``HDR10+``, ``HDR10``, ``PQ`` (the transfer of HDR10, without its metadata),
        ``HLG`` or ``SDR``.
    """
    if hdr.dolby_vision is not None:
        return "Dolby Vision"
    if hdr.transfer == HLG:
        return "HLG"
    if hdr.transfer != PQ:
        return "SDR"
    if hdr.is_hdr10_plus:
        return "HDR10+"
    return "HDR10" if hdr.has_static_metadata else "PQ"


def combine(*sources: Hdr) -> Hdr:
    """Combine HDR metadata from several places in a file.

    The first source that states a value has priority.
    """
    return reduce(_combine_two, sources, _UNKNOWN)


def _combine_two(first: Hdr, second: Hdr) -> Hdr:
    if second == _UNKNOWN:
        return first if first.transfer != UNSPECIFIED else first._replace(transfer=None)
    # The two luminances of a display are taken from the same source, and so are the two content light levels.
    mastering = first if first.mastering_max_luminance is not None else second
    light = first if first.max_cll is not None or first.max_fall is not None else second
    return Hdr(
        first.transfer if first.transfer not in (None, UNSPECIFIED) else second.transfer,
        mastering.mastering_min_luminance,
        mastering.mastering_max_luminance,
        light.max_cll,
        light.max_fall,
        _known_profile(first.dolby_vision, second.dolby_vision),
        first.is_hdr10_plus or second.is_hdr10_plus,
    )


def _known_profile(first: DolbyVision | None, second: DolbyVision | None) -> DolbyVision | None:
    if first is None or first.profile is None and second is not None:
        return second
    return first


def mastering_display(low: float, high: float) -> Hdr:
    """Return the luminances of a mastering display in cd/m² as HDR metadata, without impossible values.

    A highest luminance of 0 means that the luminances are not known.
    """
    if not (0 < high <= _MAX_LUMINANCE and 0 <= low < high):
        return Hdr()
    return Hdr(mastering_min_luminance=low, mastering_max_luminance=high)


def content_light(max_cll: int, max_fall: int) -> Hdr:
    """Return the content light levels in cd/m² as HDR metadata. A level of 0 means unknown (CTA-861.3)."""
    return Hdr(
        max_cll=max_cll if 0 < max_cll <= _MAX_LIGHT else None,
        max_fall=max_fall if 0 < max_fall <= _MAX_LIGHT else None,
    )


def mastering_display_record(data: bytes) -> Hdr:
    """Parse the 24 bytes that describe a mastering display in HEVC, H.264 and MP4.

    ITU-T H.265, section D.2.28: three primaries and the white point, then the highest and the lowest
    luminance in units of 0.0001 cd/m².
    """
    if len(data) < 24:
        return Hdr()
    high, low = struct.unpack_from(">II", data, 16)
    return mastering_display(low / 10_000, high / 10_000)


def fixed_point_mastering_display(data: bytes) -> Hdr:
    """Parse the 24 bytes that describe a mastering display in AV1, and in MP4 files with VP9.

    AV1 Bitstream & Decoding Process Specification, section 6.7.4: the highest luminance is a fixed-point
    number with 8 fractional bits, and the lowest luminance is a fixed-point number with 14 fractional bits.
    """
    if len(data) < 24:
        return Hdr()
    high, low = struct.unpack_from(">II", data, 16)
    return mastering_display(low / 2**14, high / 2**8)


def content_light_record(data: bytes) -> Hdr:
    """Parse the two 16-bit content light levels, which have the same layout in all containers and codecs."""
    return content_light(*struct.unpack_from(">HH", data)) if len(data) >= 4 else Hdr()


def dolby_vision_record(data: bytes) -> DolbyVision | None:
    """Parse a Dolby Vision decoder configuration record, which has the same layout in MP4 and Matroska.

    "Dolby Vision Streams Within the ISO Base Media File Format", section 3.2.

    Returns:
        The configuration, or None if the data is not a plausible record.
    """
    if len(data) < 4 or not 1 <= data[0] <= _MAX_VERSION:
        return None
    bits = int.from_bytes(data[2:4], "big")
    profile, level = bits >> 9, bits >> 3 & 0x3F
    if profile > _MAX_PROFILE:
        return None
    compatibility = data[4] >> 4 if len(data) >= _RECORD_WITH_COMPATIBILITY else None
    return DolbyVision(profile, level if 0 < level <= _MAX_LEVEL else None, compatibility)


def t35_metadata(data: bytes) -> Hdr:
    """Return whether a message contains HDR10+ or Dolby Vision metadata, by its ITU-T T.35 codes.

    HDR10+ has the country code of the United States, a provider code 0x003C, a provider-oriented code 1 and
    the application 4 (SMPTE ST 2094-40, annex A; CTA-861-H, annex S). AV1 stores Dolby Vision's metadata with
    the provider code 0x003B and the provider-oriented code 0x800.
    """
    if data[:6] == b"\xb5\x00\x3c\x00\x01\x04" and len(data) > 6 and data[6] <= 1:
        return Hdr(is_hdr10_plus=True)
    if data[:7] == b"\xb5\x00\x3b\x00\x00\x08\x00":
        return Hdr(dolby_vision=DolbyVision())
    return Hdr()
