"""Reader of dates, cameras and places that camcorders write into AVI files and AVCHD video streams.

In AVI files, the date ``IDIT`` is in the main header list (OpenDML AVI 1.02); cameras write it in many
formats. Other cameras write the list ``exif`` (Exif 2.32, section 5.5) or Nikon's list ``ncdt``. In AVCHD
streams, the records are in MDPM, an unregistered user data SEI message (ITU-T H.264, section D.1.7). It
consists of packs, which are records of four bytes as in IEC 61834. The numbers of tags and packs are those in
exiftool's modules RIFF, Nikon and H264.
"""

import struct
from collections.abc import Iterator, Mapping
from datetime import timedelta, timezone

from mfkit.scan.extract import exif, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.date_parser import ParsedDate, parse_date
from mfkit.scan.extract.exif_texts import tag_text
from mfkit.scan.extract.schema import Metadata, StatedDate, from_origin, merge
from mfkit.scan.media_source import Source, open_source

_MAX_CHUNKS, _MAX_TEXT, _MAX_TAGS = 256, 64, 65_536
_LISTS = (b"hdrl", b"INFO", b"exif", b"ncdt")
_DATES = (b"IDIT", b"ICRD")
_TEXTS = (b"ecor", b"emdl", b"etim")
_NIKON_MAKE, _NIKON_MODEL, _NIKON_ORIGINAL = 0x03, 0x04, 0x13
_MDPM = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_TS_HEAD = 1 << 19
_SYNC, _PACKET = 0x47, 188
_MAX_PROGRAMS, _PACK = 8, 5
_DV_HEAD, _DV_BLOCK, _DV_VAUX, _DV_DATE, _DV_TIME = 12_000, 80, 2, 0x62, 0x63
_DV_CENTURY, _DV_FIRST_YEAR = 1900, 75
"""A DV date has two digits for the year. They stand for 1975 to 2074."""
_ZONE_AND_MONTH, _DAY_AND_TIME, _MAKER = 0x18, 0x19, 0xE0
_MAKERS = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}
_LATITUDE, _LONGITUDE = 0xB1, 0xB5
"""Numbers of the packs with a hemisphere letter. The next three packs are degrees, minutes and seconds."""


def avi_metadata(source: Source) -> Metadata:
    """Return the recording date and the camera in the header of an AVI file."""
    with open_source(source) as stream:
        reader = file_reader(stream)
        found = _Avi()
        found.read(reader.part(12, reader.size - 12))
    return found.metadata()


def avchd_metadata(source: Source) -> Metadata:
    """Return the recording date, camera and place in the first 512 KiB of a camcorder's transport stream."""
    with open_source(source) as stream:
        data = file_reader(stream).read(0, _TS_HEAD)
    # Most transport streams contain no such records, and this fast search avoids parsing them. It looks for
    # two parts of the MDPM message, because a packet boundary may split one of them.
    if b"MDPM" not in data and b"\x17\xee\x8c\x60" not in data:
        return {}
    found = (_mdpm_packs(payload) for payload in _payloads(data))
    return _mdpm_metadata(next((packs for packs in found if packs), {}))


def dv_metadata(source: Source) -> Metadata:
    """Return the recording date in the first sequences of a DV file (IEC 61834-4, packs 0x62 and 0x63)."""
    with open_source(source) as stream:
        data = file_reader(stream).read(0, _DV_HEAD)
    packs = {
        data[at]: data[at + 1 : at + _PACK]
        for block in range(0, len(data) - _DV_BLOCK + 1, _DV_BLOCK)
        if data[block] >> 5 == _DV_VAUX
        for at in range(block + 3, block + 3 + 15 * _PACK, _PACK)
        if data[at] in (_DV_DATE, _DV_TIME)
    }
    day, time = packs.get(_DV_DATE), packs.get(_DV_TIME)
    if day is None:
        return {}
    year = int(f"{day[3]:02x}") if f"{day[3]:02x}".isdigit() else -1
    text = f"{_DV_CENTURY + year + 100 * (year < _DV_FIRST_YEAR)}:{day[2] & 0x1F:02x}:{day[1] & 0x3F:02x}"
    if year < 0 or time is None:
        return _listed(parse_date(text) if year >= 0 else None, "recorded")
    clock = f"{time[3] & 0x3F:02x}:{time[2] & 0x7F:02x}:{time[1] & 0x7F:02x}"
    return _listed(parse_date(f"{text} {clock}") or parse_date(text), "recorded")


class _Avi:
    """Collector of the chunks with metadata before and after the video frames of an AVI file."""

    def __init__(self) -> None:
        self._date: ParsedDate | None = None
        self._texts: dict[bytes, str | None] = {}
        self._nikon: Metadata = {}
        self._packet = b""

    def read(self, chunks: BoundedReader, depth: int = 0) -> None:
        """Read chunks and the lists in them, without the list of the video frames."""
        at = 0
        for _ in range(_MAX_CHUNKS):
            head = chunks.read(at, 12)
            if len(head) < 8:
                return
            name, size = head[:4], int.from_bytes(head[4:8], "little")
            if name == b"LIST" and head[8:12] in _LISTS and depth < 2:
                self.read(chunks.part(at + 12, size - 4), depth + 1)
            elif name == b"_PMX" and not self._packet:
                self._packet = chunks.read(at + 8, min(size, xmp.MAX_PACKET))
            elif name in _DATES and self._date is None:
                text = chunks.read(at + 8, min(size, _MAX_TEXT)).decode("latin-1")
                found = parse_date(text)
                if found is not None and found.precision in ("day", "minute", "second"):
                    self._date = found
            elif name in _TEXTS:
                self._texts[name] = tag_text(chunks.read(at + 8, min(size, _MAX_TEXT)))
            elif name == b"nctg":
                self._nikon = _nikon(chunks.read(at + 8, min(size, _MAX_TAGS)))
            at += 8 + size + size % 2

    def metadata(self) -> Metadata:
        """Return the collected metadata."""
        date, time = self._date, self._texts.get(b"etim")
        if date is not None and date.precision == "day" and time:
            date = parse_date(f"{date.value:%Y-%m-%d} {time}") or date
        camera: Metadata = {"camera_make": self._texts.get(b"ecor"), "camera_model": self._texts.get(b"emdl")}
        packet = xmp.extract(self._packet) if self._packet else {}
        return merge(_listed(date, "riff"), from_origin("riff", camera), self._nikon, packet)


def _nikon(data: bytes) -> Metadata:
    """Read make, model and date in the tags of a Nikon AVI file: tag and size in 16 bits, then the value."""
    texts: dict[int, str | None] = {}
    at = 0
    while at + 4 <= len(data):
        tag, size = struct.unpack_from("<HH", data, at)
        if tag in (_NIKON_MAKE, _NIKON_MODEL, _NIKON_ORIGINAL):
            texts[tag] = tag_text(data[at + 4 : at + 4 + size])
        at += 4 + size
    camera: Metadata = {"camera_make": texts.get(_NIKON_MAKE), "camera_model": texts.get(_NIKON_MODEL)}
    return merge(
        _listed(parse_date(texts.get(_NIKON_ORIGINAL)), "exif original"), from_origin("exif", camera)
    )


def _listed(date: ParsedDate | None, field: str) -> Metadata:
    return {} if date is None else {"dates": (StatedDate(field, *date),)}


def _payloads(data: bytes) -> Iterator[bytes]:
    """Join the payloads of transport stream packets with the same identifier (ISO/IEC 13818-1, 2.4.3)."""
    for stride, start in ((192, 4), (188, 0), (204, 0)):
        if all(
            data[at : at + 1] == bytes((_SYNC,)) for at in range(start, min(len(data), 5 * stride), stride)
        ):
            break
    else:
        return
    programs: dict[int, bytearray] = {}
    for at in range(start, len(data) - _PACKET + 1, stride):
        packet = data[at : at + _PACKET]
        program = int.from_bytes(packet[1:3], "big") & 0x1FFF
        begin = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        if packet[0] != _SYNC or not packet[3] & 0x10 or begin >= _PACKET:
            continue
        if program in programs or len(programs) < _MAX_PROGRAMS:
            programs.setdefault(program, bytearray()).extend(packet[begin:])
    yield from map(bytes, programs.values())


def _mdpm_packs(payload: bytes) -> Mapping[int, bytes]:
    """Return the packs (records of four bytes) of the first MDPM message, by their number."""
    # H.264 inserts the byte 3 after two zero bytes within a NAL unit (ITU-T H.264, section 7.4.1), so this
    # byte is removed before the message is parsed.
    plain = payload.replace(b"\x00\x00\x03", b"\x00\x00")
    at = plain.find(_MDPM)
    if at < 0:
        return {}
    at += len(_MDPM)
    count = plain[at] if at < len(plain) else 0
    return {
        plain[start]: plain[start + 1 : start + _PACK]
        for start in range(at + 1, at + 1 + count * _PACK, _PACK)
        if start + _PACK <= len(plain)
    }


def _mdpm_metadata(packs: Mapping[int, bytes]) -> Metadata:
    maker = packs.get(_MAKER, b"")[:2]
    camera: Metadata = {"camera_make": _MAKERS.get(int.from_bytes(maker, "big"))}
    if _LATITUDE in packs and _LONGITUDE in packs:
        point = exif.location(
            {
                1: packs[_LATITUDE].decode("latin-1"),
                2: _degrees(packs, _LATITUDE),
                3: packs[_LONGITUDE].decode("latin-1"),
                4: _degrees(packs, _LONGITUDE),
            }
        )
        if point is not None:
            camera["latitude"], camera["longitude"] = point
    return merge(_listed(_mdpm_date(packs), "h264 sei"), from_origin("h264 sei", camera))


def _degrees(packs: Mapping[int, bytes], letter: int) -> tuple[float, ...]:
    """Return degrees, minutes and seconds, which are fractions of two 16-bit numbers."""
    pairs = (struct.unpack(">HH", packs.get(letter + part, b"\0\0\0\0")) for part in (1, 2, 3))
    return tuple(top / bottom if bottom else float("nan") for top, bottom in pairs)


def _mdpm_date(packs: Mapping[int, bytes]) -> ParsedDate | None:
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
