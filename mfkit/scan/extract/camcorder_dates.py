"""Reader of recording dates that camcorders write into AVI files (IDIT) and AVCHD video streams (MDPM).

IDIT is in the main header list of the file (OpenDML AVI 1.02); cameras write it in many formats. MDPM is an
unregistered user data SEI message (ITU-T H.264, section D.1.7) with packs as in IEC 61834; tag numbers follow
exiftool's H264 module.
"""

from datetime import timedelta, timezone

from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.date_parser import ParsedDate, parse_date
from mfkit.scan.extract.schema import Metadata, StatedDate
from mfkit.scan.media_source import Source, open_source

_MAX_CHUNKS, _MAX_DATE = 256, 64
_DATE_CHUNKS = (b"IDIT", b"ICRD")
_MDPM = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_TS_HEAD = 1 << 19
_SYNC, _PACKET = 0x47, 188
_MAX_PROGRAMS, _PACK = 8, 5
_ZONE_AND_MONTH, _DAY_AND_TIME = 0x18, 0x19


def avi_dates(source: Source) -> Metadata:
    """Return the recording date in the header of an AVI file."""
    with open_source(source) as stream:
        reader = file_reader(stream)
        return _listed(_riff_date(reader.part(12, reader.size - 12)), "riff")


def avchd_dates(source: Source) -> Metadata:
    """Return the recording date in the first 512 KiB of a camcorder's MPEG transport stream."""
    with open_source(source) as stream:
        data = file_reader(stream).read(0, _TS_HEAD)
    # Most transport streams contain no recording date, and this fast search avoids parsing them. It looks for
    # two parts of the date message, because a packet boundary may split one of them.
    if b"MDPM" not in data and b"\x17\xee\x8c\x60" not in data:
        return {}
    found = (_mdpm_date(payload) for payload in _payloads(data))
    return _listed(next((date for date in found if date is not None), None), "h264 sei")


def _listed(date: ParsedDate | None, field: str) -> Metadata:
    return {} if date is None else {"dates": (StatedDate(field, *date),)}


def _riff_date(chunks: BoundedReader, depth: int = 0) -> ParsedDate | None:
    """Search the RIFF lists before the video frames (``movi``) for a date chunk, and return its date."""
    at = 0
    for _ in range(_MAX_CHUNKS):
        head = chunks.read(at, 12)
        if len(head) < 8 or head[8:12] == b"movi":
            return None
        size = int.from_bytes(head[4:8], "little")
        if head[:4] in _DATE_CHUNKS:
            text = chunks.read(at + 8, min(size, _MAX_DATE)).decode("latin-1")
            if (found := parse_date(text)) is not None and found.precision in ("day", "minute", "second"):
                return found
        elif head[:4] == b"LIST" and depth < 2 and head[8:12] in (b"hdrl", b"INFO"):
            if (found := _riff_date(chunks.part(at + 12, size - 4), depth + 1)) is not None:
                return found
        at += 8 + size + size % 2
    return None


def _payloads(data: bytes) -> list[bytes]:
    """Join the payloads of transport stream packets with the same identifier (ISO/IEC 13818-1, 2.4.3)."""
    for stride, start in ((192, 4), (188, 0), (204, 0)):
        if all(
            data[at : at + 1] == bytes((_SYNC,)) for at in range(start, min(len(data), 5 * stride), stride)
        ):
            break
    else:
        return []
    programs: dict[int, bytearray] = {}
    for at in range(start, len(data) - _PACKET + 1, stride):
        packet = data[at : at + _PACKET]
        program = int.from_bytes(packet[1:3], "big") & 0x1FFF
        begin = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        if packet[0] != _SYNC or not packet[3] & 0x10 or begin >= _PACKET:
            continue
        if program in programs or len(programs) < _MAX_PROGRAMS:
            programs.setdefault(program, bytearray()).extend(packet[begin:])
    return [bytes(payload) for payload in programs.values()]


def _mdpm_date(payload: bytes) -> ParsedDate | None:
    # H.264 inserts the byte 3 after two zero bytes within a NAL unit (ITU-T H.264, section 7.4.1), so this
    # byte is removed before the message is parsed.
    plain = payload.replace(b"\x00\x00\x03", b"\x00\x00")
    at = plain.find(_MDPM)
    if at < 0:
        return None
    at += len(_MDPM)
    count = plain[at] if at < len(plain) else 0
    packs = {
        plain[start]: plain[start + 1 : start + _PACK]
        for start in range(at + 1, at + 1 + count * _PACK, _PACK)
        if start + _PACK <= len(plain)
    }
    month, day = packs.get(_ZONE_AND_MONTH), packs.get(_DAY_AND_TIME)
    if month is None or day is None:
        return None
    century, year, number = (f"{part:02x}" for part in month[1:4])
    found = parse_date("{}{}:{}:{} {}:{}:{}".format(century, year, number, *(f"{part:02x}" for part in day)))
    if found is None or found.precision != "second":
        return found
    offset = _offset(month[0])
    return found if offset is None else found._replace(value=found.value.replace(tzinfo=timezone(offset)))


def _offset(code: int) -> timedelta | None:
    """Decode a camcorder's UTC offset: sign, hours and half hour of the zone, and daylight saving time."""
    hours = code >> 1 & 0x0F
    if code & 0x80 or hours > 14:
        return None
    zone = timedelta(hours=hours, minutes=30 * (code & 1))
    return (-zone if code & 0x20 else zone) + timedelta(hours=code >> 6 & 1)
