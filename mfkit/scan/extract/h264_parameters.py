"""Pixel format and colours of H.264 video, which FFmpeg determines only by decoding a frame.

They are in the first sequence parameter set (ITU-T H.264, sections 7.3.2.1 and E.1.1), which containers store
in the decoder configuration (ISO/IEC 14496-15, section 5.3.3.1), or as a unit with a start code (annex B).
"""

from functools import lru_cache
from typing import NamedTuple

_SEQUENCE_PARAMETERS = 7
_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))
_EXPLICIT_ASPECT = 255
_MAX_SIZE = 4_096
_CHROMA = ("gray", "yuv420p", "yuv422p", "yuv444p")


class H264Parameters(NamedTuple):
    """Pixel format and colours of an H.264 stream, as its parameter set states them.

    Attributes:
        pixel_format: FFmpeg's name of the pixel format.
        bit_depth: Bits per luma sample.
        primaries: Code of the colour primaries (ITU-T H.273); None if not stated, as for the other codes.
        transfer: Code of the transfer characteristics.
        matrix: Code of the matrix coefficients.
        is_full_range: Whether the samples use the full range of values; None if not stated.
    """

    pixel_format: str
    bit_depth: int
    primaries: int | None
    transfer: int | None
    matrix: int | None
    is_full_range: bool | None


@lru_cache(maxsize=64)  # Results are cached, because the videos of one camera have equal parameter sets.
def h264_parameters(configuration: bytes) -> H264Parameters | None:
    """Return the properties in an H.264 decoder configuration, or None if it has no valid parameter set."""
    unit = _parameter_set(configuration[: 4 * _MAX_SIZE])
    if unit is None:
        return None
    try:
        return _read(_Bits(unit[1:_MAX_SIZE].replace(b"\x00\x00\x03", b"\x00\x00")))
    except (IndexError, ValueError):
        return None


def _parameter_set(data: bytes) -> bytes | None:
    """Return the first H.264 sequence parameter set, including the byte with the type of the NAL unit."""
    if data[:1] == b"\x01" and len(data) > 8:
        size = int.from_bytes(data[6:8], "big")
        unit = data[8 : 8 + size]
        return unit if data[5] & 31 and unit and unit[0] & 31 == _SEQUENCE_PARAMETERS else None
    at = data.find(b"\x00\x00\x01")
    while 0 <= at < len(data) - 4:
        if data[at + 3] & 31 == _SEQUENCE_PARAMETERS:
            end = data.find(b"\x00\x00\x01", at + 3)
            return data[at + 3 : end if end >= 0 else None]
        at = data.find(b"\x00\x00\x01", at + 3)
    return None


class _Bits:
    """Reader of the bits of an H.264 parameter set, with the most significant bit of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def unsigned(self) -> int:
        """Read an unsigned Exp-Golomb code (ITU-T H.264, section 9.1)."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("the H.264 parameter set contains an invalid Exp-Golomb code")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        """Read a signed Exp-Golomb code (section 9.1.1)."""
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def _read(bits: _Bits) -> H264Parameters:
    profile = bits.read(8)
    bits.read(16)
    bits.unsigned()
    chroma, luma_bits = 1, 8
    if profile in _HIGH_PROFILES:
        chroma = bits.unsigned()
        if chroma == 3:
            bits.read(1)
        luma_bits = 8 + bits.unsigned()
        bits.unsigned()
        bits.read(1)
        if bits.read(1):
            for place in range(8 if chroma != 3 else 12):
                if bits.read(1):
                    _skip_scaling_list(bits, 16 if place < 6 else 64)
    if chroma >= len(_CHROMA) or luma_bits > 14:
        raise ValueError("the H.264 parameter set states an unknown chroma format")
    _skip_picture_size(bits)
    primaries = transfer = matrix = is_full_range = None
    if bits.read(1):
        if bits.read(1) and bits.read(8) == _EXPLICIT_ASPECT:
            bits.read(32)
        if bits.read(1):
            bits.read(1)
        if bits.read(1):
            bits.read(3)
            is_full_range = bool(bits.read(1))
            if bits.read(1):
                primaries, transfer, matrix = bits.read(8), bits.read(8), bits.read(8)
    name = _pixel_format(chroma, luma_bits, matrix, is_full_range=bool(is_full_range))
    return H264Parameters(name, luma_bits, primaries, transfer, matrix, is_full_range)


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_picture_size(bits: _Bits) -> None:
    """Skip the frame numbering, the picture size and the cropping in an H.264 sequence parameter set.

    The next bit states whether video usability information follows, which can state the colours.
    """
    bits.unsigned()
    order_type = bits.unsigned()
    if order_type == 0:
        bits.unsigned()
    elif order_type == 1:
        bits.read(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()
    bits.unsigned()
    bits.read(1)
    bits.unsigned()
    bits.unsigned()
    if not bits.read(1):
        bits.read(1)
    bits.read(1)
    if bits.read(1):
        for _ in range(4):
            bits.unsigned()


def _pixel_format(chroma: int, luma_bits: int, matrix: int | None, *, is_full_range: bool) -> str:
    """Return FFmpeg's name of a pixel format, such as "yuv420p10le" or "yuvj420p"."""
    name = _CHROMA[chroma]
    if chroma == 3 and matrix == 0:
        name = "gbrp"
    elif luma_bits == 8 and chroma and is_full_range:
        name = name.replace("yuv", "yuvj")
    if luma_bits == 8:
        return name
    return f"{name}{luma_bits}le"
