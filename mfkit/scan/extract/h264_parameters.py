"""Reader of the pixel format, colours, size and pixel shape of H.264 video that decodes no frame.

They are in the first sequence parameter set (ITU-T H.264, sections 7.3.2.1 and E.1.1), which containers store
in the decoder configuration (ISO/IEC 14496-15, section 5.3.3.1), or as a unit with a start code (annex B).
"""

from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

_SEQUENCE_PARAMETERS = 7
_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))
_EXPLICIT_ASPECT = 255
# The keys are the codes of the sample aspect ratio in table E-1.
_ASPECTS = {
    1: (1, 1), 2: (12, 11), 3: (10, 11), 4: (16, 11), 5: (40, 33), 6: (24, 11), 7: (20, 11), 8: (32, 11),
    9: (80, 33), 10: (18, 11), 11: (15, 11), 12: (64, 33), 13: (160, 99), 14: (4, 3), 15: (3, 2), 16: (2, 1),
}  # fmt: skip
_MAX_SIZE = 4_096
_CHROMA = ("gray", "yuv420p", "yuv422p", "yuv444p")
# Chroma format → columns and rows that one step of the cropping removes (table 6-1).
_CROP_STEPS = ((1, 1), (2, 2), (2, 1), (1, 1))


class H264Parameters(NamedTuple):
    """Properties of an H.264 stream, as its parameter set states them.

    Attributes:
        pixel_format: FFmpeg's name of the pixel format.
        bit_depth: Bits per luma sample.
        width: Width of the pictures in pixels, after cropping.
        height: Height of the pictures in pixels, after cropping.
        aspect: Sample aspect ratio; None if not stated.
        primaries: Code of the colour primaries (ITU-T H.273); None if not stated, as for the other codes.
        transfer: Code of the transfer characteristics.
        matrix: Code of the matrix coefficients.
        is_full_range: Whether the samples use the full range of values; None if not stated.
    """

    pixel_format: str
    bit_depth: int
    width: int
    height: int
    aspect: Fraction | None
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
    width, height = _picture_size(bits, chroma)
    aspect = primaries = transfer = matrix = is_full_range = None
    if bits.read(1):
        aspect = _aspect(bits)
        if bits.read(1):
            bits.read(1)
        if bits.read(1):
            bits.read(3)
            is_full_range = bool(bits.read(1))
            if bits.read(1):
                primaries, transfer, matrix = bits.read(8), bits.read(8), bits.read(8)
    name = _pixel_format(chroma, luma_bits, matrix, is_full_range=bool(is_full_range))
    return H264Parameters(name, luma_bits, width, height, aspect, primaries, transfer, matrix, is_full_range)


def _aspect(bits: _Bits) -> Fraction | None:
    """Read the sample aspect ratio in the video usability information of H.264."""
    if not bits.read(1):
        return None
    code = bits.read(8)
    ratio = (bits.read(16), bits.read(16)) if code == _EXPLICIT_ASPECT else _ASPECTS.get(code, (0, 0))
    return Fraction(*ratio) if all(ratio) else None


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _picture_size(bits: _Bits, chroma: int) -> tuple[int, int]:
    """Read the frame numbering, the picture size and the cropping in an H.264 sequence parameter set.

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
    width, height = 16 * (bits.unsigned() + 1), 16 * (bits.unsigned() + 1)
    fields = 1
    if not bits.read(1):  # The height and the cropping are those of one field of interlaced video.
        fields = 2
        bits.read(1)
    bits.read(1)
    height *= fields
    if bits.read(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        across, down = _CROP_STEPS[chroma]
        width, height = width - across * (left + right), height - down * fields * (top + bottom)
    if width <= 0 or height <= 0:
        raise ValueError("the H.264 parameter set states a cropping that leaves no picture")
    return width, height


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
