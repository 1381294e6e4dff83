"""Sample aspect ratio in the sequence parameter set of an H.264 stream.

FFmpeg learns the ratio of a stream in MPEG-TS only when it decodes a frame, which a scan does not. Sources:
ITU-T H.264, sections 7.3.2.1.1 (sequence parameter set), 9.1 (Exp-Golomb codes), E.1.1 and table E-1 (aspect
ratio); ISO/IEC 14496-15, section 5.3.3.1 (decoder configuration record).
"""

import re
from fractions import Fraction
from functools import lru_cache

_MAX_SIZE = 4_096
_PARAMETER_SET, _EXTENDED_RATIO = 7, 255
# In these profiles, the parameter set states the chroma format and scaling matrices.
_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))
_RATIOS = {
    1: (1, 1), 2: (12, 11), 3: (10, 11), 4: (16, 11), 5: (40, 33), 6: (24, 11), 7: (20, 11), 8: (32, 11),
    9: (80, 33), 10: (18, 11), 11: (15, 11), 12: (64, 33), 13: (160, 99), 14: (4, 3), 15: (3, 2), 16: (2, 1),
}  # fmt: skip


class _Bits:
    """Reader of single bits and Exp-Golomb codes. Beyond the end of the data, an IndexError is raised."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def bit(self) -> int:
        value = self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
        self._at += 1
        return value

    def number(self, size: int) -> int:
        value = 0
        for _ in range(size):
            value = value << 1 | self.bit()
        return value

    def code(self) -> int:
        """Return an unsigned Exp-Golomb code."""
        zeros = 0
        while not self.bit():
            zeros += 1
            if zeros > 32:
                raise IndexError("the H.264 parameter set contains an Exp-Golomb code that is too long")
        return (1 << zeros) - 1 + self.number(zeros)

    def signed_code(self) -> int:
        """Return a signed Exp-Golomb code."""
        code = self.code()
        return (code + 1) // 2 if code & 1 else -(code // 2)


@lru_cache(maxsize=64)  # Results are cached, because the videos of one camera have equal parameter sets.
def h264_aspect_ratio(configuration: bytes | None) -> Fraction | None:
    """Return the sample aspect ratio that an H.264 stream states, or None if it states none.

    Args:
        configuration: The stream's parameter sets, with start codes or as a decoder configuration record.
    """
    unit = _parameter_set((configuration or b"")[:_MAX_SIZE])
    if unit is None:
        return None
    # In a NAL unit, the byte 0x03 after two zero bytes is not data, so it is removed (section 7.4.1).
    try:
        return _ratio(_Bits(unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")))
    except IndexError:
        return None


def _parameter_set(data: bytes) -> bytes | None:
    if data[:1] == b"\x01":
        size = int.from_bytes(data[6:8], "big")
        unit = data[8 : 8 + size]
        return unit if len(data) > 8 and unit and unit[0] & 0x1F == _PARAMETER_SET else None
    for unit in re.split(rb"\x00\x00\x01", data)[1:]:
        if unit and unit[0] & 0x1F == _PARAMETER_SET:
            return unit
    return None


def _ratio(bits: _Bits) -> Fraction | None:
    profile = bits.number(8)
    bits.number(16)
    bits.code()
    if profile in _HIGH_PROFILES:
        _skip_high_profile(bits)
    bits.code()
    order = bits.code()
    if order == 0:
        bits.code()
    elif order == 1:
        bits.bit()
        for _ in range(2):
            bits.signed_code()
        for _ in range(min(bits.code(), 255)):
            bits.signed_code()
    bits.code()
    bits.bit()
    for _ in range(2):  # Skip the width and the height in macroblocks.
        bits.code()
    if not bits.bit():
        bits.bit()
    bits.bit()
    if bits.bit():
        for _ in range(4):  # Skip the offsets of the four cropped edges.
            bits.code()
    if not (bits.bit() and bits.bit()):
        return None
    kind = bits.number(8)
    width, height = (
        (bits.number(16), bits.number(16)) if kind == _EXTENDED_RATIO else _RATIOS.get(kind, (0, 0))
    )
    return Fraction(width, height) if width and height else None


def _skip_high_profile(bits: _Bits) -> None:
    chroma = bits.code()
    if chroma == 3:
        bits.bit()
    for _ in range(2):
        bits.code()
    bits.bit()
    if bits.bit():
        for index in range(12 if chroma == 3 else 8):
            if bits.bit():
                _skip_scaling_list(bits, 16 if index < 6 else 64)


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last, following = 8, 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_code()) % 256
        last = following or last
