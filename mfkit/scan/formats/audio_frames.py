"""Parsers for the frame headers of audio streams without a container: MPEG, ADTS, AC-3, E-AC-3, DTS.

Each function returns the frame that starts at an offset, or None if there is no frame header at the offset. A
header states the size of its frame, so frames can be counted without decoding.
"""

from functools import lru_cache
from typing import NamedTuple


class Frame(NamedTuple):
    """Header of one audio frame.

    Attributes:
        size: Size of the frame in bytes, including the header.
        samples: Samples per channel; 0 if the frame only extends another frame.
        rate: Sample rate in hertz.
        kind: Short name of the format; equal for all frames of one stream.
    """

    size: int
    samples: int
    rate: int
    kind: str


# The keys are pairs (is MPEG-1, layer), and the values are bit rates in kbit/s by index (ISO/IEC 11172-3,
# section 2.4.2.3; 13818-3).
_BITRATES = {
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def mpeg_audio(data: bytes, at: int = 0) -> Frame | None:
    """Read an MPEG audio frame header of any layer (ISO/IEC 11172-3, section 2.4.1.3)."""
    return _mpeg_audio(data[at : at + 3])


@lru_cache(maxsize=4_096)  # Results are cached, because most frames of a file have equal headers.
def _mpeg_audio(head: bytes) -> Frame | None:
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = (head[1] >> 3) & 3, 4 - ((head[1] >> 1) & 3)
    bitrate, rate = head[2] >> 4, (head[2] >> 2) & 3
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    is_first = version == 3
    hertz = (44100, 48000, 32000)[rate] // (1 if is_first else 2 if version == 2 else 4)
    kilobits = _BITRATES[is_first, layer][bitrate]
    padding = (head[2] >> 1) & 1
    samples = 384 if layer == 1 else 1152 if is_first or layer == 2 else 576
    if layer == 1:
        size = (12000 * kilobits // hertz + padding) * 4
    else:
        size = samples * 125 * kilobits // hertz + padding
    return Frame(size, samples, hertz, "mp3" if layer == 3 else "mp2")


_ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def adts(data: bytes, at: int = 0) -> Frame | None:
    """Read an ADTS frame header of AAC audio, with one to four data blocks (ISO/IEC 14496-3, 1.A.3)."""
    if len(data) < at + 7 or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return None
    rate = (data[at + 2] >> 2) & 0x0F
    size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    if rate > 12 or size < 7:
        return None
    return Frame(size, 1024 * ((data[at + 6] & 3) + 1), _ADTS_RATES[rate], "aac")


_AC3_RATES = (48000, 44100, 32000)
_AC3_KILOBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def ac3(data: bytes, at: int = 0) -> Frame | None:
    """Read an AC-3 or E-AC-3 header (ATSC A/52:2018, section 5.3 and annex E.1.2)."""
    if data[at : at + 2] != b"\x0b\x77" or len(data) < at + 6:
        return None
    rate, version = data[at + 4] >> 6, data[at + 5] >> 3
    if version > 16:
        return None
    if version > 10:
        return _eac3(data, at, rate)
    code = data[at + 4] & 0x3F
    if rate == 3 or code >= 2 * len(_AC3_KILOBITS):
        return None
    kilobits = _AC3_KILOBITS[code >> 1]
    words = (2 * kilobits, 320 * kilobits // 147 + (code & 1), 3 * kilobits)[rate]
    return Frame(2 * words, 1536, _AC3_RATES[rate] >> max(version - 8, 0), "ac3")


def _eac3(data: bytes, at: int, rate: int) -> Frame | None:
    stream_type, substream = data[at + 2] >> 6, data[at + 2] >> 3 & 7
    size = 2 * (((data[at + 2] & 7) << 8 | data[at + 3]) + 1)
    code = data[at + 4] >> 4 & 3
    if stream_type == 3 or rate == 3 and code == 3:
        return None
    hertz = _AC3_RATES[code] // 2 if rate == 3 else _AC3_RATES[rate]
    blocks = 6 if rate == 3 else (1, 2, 3, 6)[code]
    # Dependent substreams of E-AC-3 add channels, and further independent substreams are other programs.
    # Neither kind of substream adds to the duration.
    is_main = stream_type != 1 and substream == 0
    return Frame(size, 256 * blocks if is_main else 0, hertz, "eac3")


_DTS_RATES = (0, 8000, 16000, 32000, 0, 0, 11025, 22050, 44100, 0, 0, 12000, 24000, 48000, 96000, 192000)
_DTS_CORE, _DTS_EXTENSION = b"\x7f\xfe\x80\x01", b"\x64\x58\x20\x25"
DTS_SYNC_WORDS = (_DTS_CORE, b"\xfe\x7f\x01\x80", b"\x1f\xff\xe8\x00", b"\xff\x1f\x00\xe8")
"""Sync words of DTS core frames: 16-bit and 14-bit words, each in both byte orders."""


def dts(data: bytes, at: int = 0) -> Frame | None:
    """Read a DTS core or extension header (ETSI TS 102 114, sections 5.3 and 7.4)."""
    sync = data[at : at + 4]
    if sync == _DTS_EXTENSION:
        return _dts_extension(data[at : at + 12])
    if sync not in DTS_SYNC_WORDS:
        return None
    head = data[at : at + 16]
    if sync[0] in (0xFE, 0xFF):
        head = b"".join(head[pair : pair + 2][::-1] for pair in range(0, 16, 2))
    if len(head) < 16:
        return None
    if has_14_bits := sync[:1] in (b"\x1f", b"\xff"):
        words = "".join(
            f"{int.from_bytes(head[pair : pair + 2], 'big') & 0x3FFF:014b}" for pair in range(0, 16, 2)
        )
        head = int(words, 2).to_bytes(14, "big")
    bits = int.from_bytes(head[4:12], "big")
    blocks, size, rate = (bits >> 50 & 0x7F) + 1, (bits >> 36 & 0x3FFF) + 1, _DTS_RATES[bits >> 26 & 15]
    if blocks < 6 or size < 96 or not rate:
        return None
    return Frame(size * 16 // 14 if has_14_bits else size, 32 * blocks, rate, "dts")


def _dts_extension(head: bytes) -> Frame | None:
    if len(head) < 12:
        return None
    bits = int.from_bytes(head[4:12], "big")
    size = (bits >> 21 & 0xFFFFF if bits >> 53 & 1 else bits >> 29 & 0xFFFF) + 1
    return Frame(size, 0, 48_000, "dts") if size > 10 else None
