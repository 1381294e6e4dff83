"""Reader of HDR metadata in the bitstreams of HEVC, H.264 and AV1.

HEVC and H.264 store the metadata in messages of supplemental enhancement information, called SEI (ITU-T
H.265 and H.264, section 7.3.2 and annex D). AV1 stores it in metadata OBUs, where OBU means open bitstream
unit (AV1 Bitstream & Decoding Process Specification, section 5.8). Stated sizes cannot be trusted, so units
are cut off at the end of the data, and their number is limited.
"""

from collections.abc import Iterator
from itertools import islice

from mfkit.scan.extract.hdr_metadata import (
    DolbyVision,
    Hdr,
    combine,
    content_light_record,
    fixed_point_mastering_display,
    mastering_display_record,
    t35_metadata,
)

_MAX_UNITS, _MAX_MESSAGES, _MAX_MESSAGE_BYTES = 2_000, 100, 1 << 16
_START_CODE = b"\0\0\1"
_HEVC_SEI, _H264_SEI = (39, 40), 6
_T35, _MASTERING, _LIGHT, _ALTERNATIVE_TRANSFER = 4, 137, 144, 147
_DOLBY_UNIT, _DOLBY_PREFIX = 62, 0x19
"""HEVC unit that holds Dolby Vision's metadata of a frame, and the first byte of the metadata."""
_METADATA_OBU, _OBU_LIGHT, _OBU_MASTERING, _OBU_T35 = 5, 1, 2, 4


def hevc_hdr(data: bytes, configuration: bytes) -> Hdr:
    """Return the HDR metadata in one or more frames of HEVC video.

    Args:
        data: The frames, as the container stores them.
        configuration: Decoder configuration of the container (ISO/IEC 14496-15, section 8.3.3), or an empty
            or any other value if units are separated by start codes.
    """
    is_record = len(configuration) > 22 and configuration[0] == 1
    length_size = (configuration[21] & 3) + 1 if is_record else None
    stated = _configuration_units(configuration) if is_record else _units(configuration, None)
    found = Hdr()
    for unit in (*stated, *_units(data, length_size)):
        if len(unit) < 3:
            continue
        kind, layer = unit[0] >> 1 & 0x3F, (unit[0] & 1) << 5 | unit[1] >> 3
        if kind in _HEVC_SEI:
            found = combine(found, _messages(unit[2:]))
        elif kind == _DOLBY_UNIT and not layer and unit[2] == _DOLBY_PREFIX:
            found = combine(found, Hdr(dolby_vision=DolbyVision()))
    return found


def h264_hdr(data: bytes, configuration: bytes) -> Hdr:
    """Return the HDR metadata in one or more frames of H.264 video.

    Args:
        data: The frames, as the container stores them.
        configuration: Decoder configuration of the container (ISO/IEC 14496-15, section 5.3.3), or an empty
            or any other value if units are separated by start codes.
    """
    is_record = len(configuration) > 6 and configuration[0] == 1
    length_size = (configuration[4] & 3) + 1 if is_record else None
    found = Hdr()
    for unit in _units(data, length_size):
        if unit and unit[0] & 0x1F == _H264_SEI:
            found = combine(found, _messages(unit[1:]))
    return found


def av1_hdr(data: bytes, configuration: bytes) -> Hdr:
    """Return the HDR metadata in one or more frames of AV1 video.

    Args:
        data: The frames, as the container stores them.
        configuration: Decoder configuration of the container (AV1 Codec ISO Media File Format Binding,
            section 2.3), or an empty value.
    """
    is_record = configuration[:1] == b"\x81"
    found = Hdr()
    for content in (
        *_metadata_obus(configuration[4:] if is_record else configuration),
        *_metadata_obus(data),
    ):
        kind, length = _leb128(content, 0)
        record = content[length:]
        if kind == _OBU_LIGHT:
            found = combine(found, content_light_record(record))
        elif kind == _OBU_MASTERING:
            found = combine(found, fixed_point_mastering_display(record))
        elif kind == _OBU_T35:
            found = combine(found, t35_metadata(record))
    return found


def _configuration_units(record: bytes) -> Iterator[bytes]:
    """Yield the NAL units in an HEVC decoder configuration, which can also contain SEI messages."""
    at, seen = 23, 0
    for _ in range(record[22]):
        count = int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            seen += 1
            if not size or at + 2 + size > len(record) or seen > _MAX_UNITS:
                return
            yield record[at + 2 : at + 2 + size]
            at += 2 + size


def _units(data: bytes, length_size: int | None) -> Iterator[bytes]:
    """Yield the NAL units of an HEVC or H.264 frame, each truncated to the maximum length of an SEI message.

    Args:
        data: The frame.
        length_size: Number of bytes of the size before each unit, or None if units begin with a start code.
    """
    at = 0 if length_size else data.find(_START_CODE)
    for _ in range(_MAX_UNITS):
        if at < 0 or at >= len(data):
            return
        if length_size:
            start = at + length_size
            size = int.from_bytes(data[at:start], "big")
            at = start + size
            yield data[start : min(at, start + _MAX_MESSAGE_BYTES)]
        else:
            start = at + len(_START_CODE)
            at = data.find(_START_CODE, start)
            end = len(data) if at < 0 else at
            yield data[start : min(end, start + _MAX_MESSAGE_BYTES)]


def _messages(unit: bytes) -> Hdr:
    """Combine the HDR metadata of a NAL unit's SEI messages (ITU-T H.265, section 7.3.5)."""
    # The byte 0x03 that encoders insert after two zero bytes, to avoid start codes in a NAL unit, is removed
    # (section 7.4.2).
    data = unit.replace(b"\0\0\3", b"\0\0")
    found = Hdr()
    at = 0
    for _ in range(_MAX_MESSAGES):
        kind, at = _summed_bytes(data, at)
        size, at = _summed_bytes(data, at)
        content = data[at : at + size]
        if not content:
            break
        if kind == _MASTERING:
            found = combine(found, mastering_display_record(content))
        elif kind == _LIGHT:
            found = combine(found, content_light_record(content))
        elif kind == _T35:
            found = combine(found, t35_metadata(content))
        elif kind == _ALTERNATIVE_TRANSFER:
            found = combine(found, Hdr(transfer=content[0]))
        at += size
    return found


def _summed_bytes(data: bytes, at: int) -> tuple[int, int]:
    """Read a number that is the sum of its bytes: any number of bytes 0xFF, then one smaller byte.

    Returns:
        The number and the offset after it.
    """
    end = at
    while end < len(data) and data[end] == 0xFF:
        end += 1
    last = data[end] if end < len(data) else 0
    return 255 * (end - at) + last, end + 1


def _metadata_obus(data: bytes) -> Iterator[bytes]:
    """Yield the contents of a frame's metadata OBUs (AV1 specification, section 5.3)."""
    return islice(_contents(data), _MAX_MESSAGES)


def _contents(data: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(_MAX_UNITS):
        if at >= len(data):
            return
        head = data[at]
        at += 2 if head & 4 else 1
        size, length = _leb128(data, at) if head & 2 else (len(data) - at, 0)
        if head & 2 and not length:
            return
        at += length
        if head >> 3 & 0xF == _METADATA_OBU:
            yield data[at : at + min(size, _MAX_MESSAGE_BYTES)]
        at += size


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """Read a little-endian number with seven bits per byte, and return it with its length.

    The length is 0 if the number is invalid. Source: AV1 specification, section 4.10.5.
    """
    value = 0
    for index, byte in enumerate(data[at : at + 8]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, index + 1
    return 0, 0
