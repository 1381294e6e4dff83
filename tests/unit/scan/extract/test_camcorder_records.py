"""Recording dates of AVI and AVCHD camcorders."""

import struct
from pathlib import Path

import pytest

from mfkit.scan.extract.camcorder_records import avchd_metadata, avi_metadata, dv_metadata
from tests.unit.scan.extract.test_xmp import packet

_UUID = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66")


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a RIFF chunk."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def avi(*lists: bytes) -> bytes:
    """Return an AVI file of some chunks."""
    return chunk(b"RIFF", b"AVI " + b"".join(lists) + chunk(b"LIST", b"movi" + bytes(64)))


def stated(metadata: object) -> str | None:
    """Return the only date, its field and its precision."""
    dates = metadata.get("dates", ())  # type: ignore[attr-defined]
    assert len(dates) <= 1
    return f"{dates[0].field} {dates[0].value.isoformat()} {dates[0].precision}" if dates else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"Mon Mar 10 15:04:43 2003\n\0", "riff 2003-03-10T15:04:43 second"),
        (b"MON MAR 10 15:04:43 2003", "riff 2003-03-10T15:04:43 second"),
        (b"2001/ 1/27  1:42PM\0", "riff 2001-01-27T13:42:00 minute"),
        (b"2002/12/16/ 15:35/", "riff 2002-12-16T15:35:00 minute"),
        (b"2005:11:28 09:19", "riff 2005-11-28T09:19:00 minute"),
        (b"2005-11-28 09:19:11", "riff 2005-11-28T09:19:11 second"),
        (b"0000:00:00 00:00:00", None),
        (b"Thu Jan 01 00:00:00 1970", None),
        (b"\xff\xfe garbage", None),
        (b"2005", None),
    ],
)
def test_spellings_of_idit(tmp_path: Path, text: bytes, expected: str | None) -> None:
    """Cameras write the date of an AVI in many forms."""
    path = tmp_path / "a.avi"
    path.write_bytes(avi(chunk(b"LIST", b"hdrl" + chunk(b"avih", bytes(56)) + chunk(b"IDIT", text))))
    assert stated(avi_metadata(str(path))) == expected


def test_the_day_of_the_info_list(tmp_path: Path) -> None:
    """ICRD is used where there is no IDIT, before or after the frames."""
    path = tmp_path / "a.avi"
    information = chunk(b"LIST", b"INFO" + chunk(b"ICRD", b"2013-04-06"))
    path.write_bytes(avi(information))
    assert stated(avi_metadata(str(path))) == "riff 2013-04-06T00:00:00 day"
    path.write_bytes(avi() + information + chunk(b"_PMX", packet('q:Rating="4"')))
    metadata = avi_metadata(str(path))
    assert stated(metadata) == "riff 2013-04-06T00:00:00 day"
    assert metadata["extra"]["rating"] == 4


def test_cameras_in_avi_files(tmp_path: Path) -> None:
    """Exif's RIFF list has the camera and the time of the day in ICRD; Nikon has a list of its own."""
    path = tmp_path / "a.avi"
    exif = chunk(b"ecor", b"FUJIFILM\0") + chunk(b"emdl", b"FinePix S5000\0") + chunk(b"etim", b"10:11:12\0")
    information = chunk(b"LIST", b"INFO" + chunk(b"ICRD", b"2013-04-06"))
    path.write_bytes(avi(information, chunk(b"LIST", b"exif" + exif)))
    metadata = avi_metadata(str(path))
    assert stated(metadata) == "riff 2013-04-06T10:11:12 second"
    assert (metadata["camera_make"], metadata["camera_model"]) == ("FUJIFILM", "FinePix S5000")
    tags = ((3, b"NIKON\0"), (4, b"E5700\0"), (6, b"\1"), (0x13, b"2003:04:05 06:07:08\0"))
    nikon = b"".join(struct.pack("<HH", number, len(text)) + text for number, text in tags)
    path.write_bytes(avi(chunk(b"LIST", b"ncdt" + chunk(b"nctg", nikon))))
    metadata = avi_metadata(str(path))
    assert stated(metadata) == "exif original 2003-04-05T06:07:08 second"
    assert (metadata["camera_make"], metadata["camera_model"]) == ("NIKON", "E5700")


def mdpm(zone: int, *digits: int, more: bytes = b"") -> bytes:
    """Return an MDPM message: zone, century, year, month | day, hour, minute, second, as BCD."""
    packs = bytes((2 + len(more) // 5, 0x18, zone, *digits[:3], 0x19, *digits[3:])) + more
    return b"\x00\x00\x00\x01\x06\x05" + bytes((16 + 4 + len(packs),)) + _UUID + b"MDPM" + packs + b"\x80"


def escaped(message: bytes) -> bytes:
    """Insert the 3 that the standard requires after two zeros, but for the start code."""
    body = message[4:]
    out, zeros = bytearray(), 0
    for byte in body:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if not byte else 0
    return message[:4] + bytes(out)


def transport_stream(payload: bytes, stride: int, program: int = 0x1011) -> bytes:
    """Divide a payload into packets, every second one with four bytes of adaptation field."""
    payload = payload.ljust(184 * 6, b"\xaa")
    packets, at = [], 0
    while at < len(payload):
        field = b"\x03\x00\xff\xff" if len(packets) % 2 else b""
        part = payload[at : at + 184 - len(field)].ljust(184 - len(field), b"\xaa")
        head = bytes((0x47, program >> 8, program & 0xFF, 0x30 if field else 0x10))
        packets.append(bytes(stride - 188) + head + field + part)
        at += len(part)
    return b"".join(packets)


DATE = (0x20, 0x12, 0x07, 0x14, 0x18, 0x55, 0x30)


@pytest.mark.parametrize("stride", [188, 192])
@pytest.mark.parametrize("before", [0, 100, 150, 170])
def test_the_date_in_the_stream(tmp_path: Path, stride: int, before: int) -> None:
    """It is found wherever packets divide it."""
    path = tmp_path / "00001.MTS"
    path.write_bytes(transport_stream(b"\xee" * before + escaped(mdpm(0x02, *DATE)), stride))
    assert stated(avchd_metadata(str(path))) == "h264 sei 2012-07-14T18:55:30+01:00 second"


@pytest.mark.parametrize(("letters", "sign"), [(b"NE", 1), (b"SW", -1), (b"XX", 0)])
def test_camera_and_place_in_the_stream(tmp_path: Path, letters: bytes, sign: int) -> None:
    """A pack names the maker; others have letter, degrees, minutes and seconds of latitude and longitude."""
    numbers = ((0xB2, 35, 1), (0xB3, 59, 2), (0xB4, 300, 10), (0xB6, 139, 1), (0xB7, 15, 1), (0xB8, 0, 1))
    packs = b"".join(bytes((pack,)) + struct.pack(">HH", *fraction) for pack, *fraction in numbers)
    packs += b"\xb1" + letters[:1] + bytes(3) + b"\xb5" + letters[1:] + bytes(3) + b"\xe0\x01\x08\0\0"
    path = tmp_path / "00001.MTS"
    path.write_bytes(transport_stream(escaped(mdpm(0x02, *DATE, more=packs)), 192))
    metadata = avchd_metadata(str(path))
    assert metadata["camera_make"] == "Sony"
    place = (metadata.get("latitude"), metadata.get("longitude"))
    assert place == ((sign * 35.5, sign * 139.25) if sign else (None, None))


@pytest.mark.parametrize(
    ("zone", "offset"),
    [(0x00, "+00:00"), (0x23, "-01:30"), (0x42, "+02:00"), (0x70, "-07:00"), (0x12, "+09:00"), (0xFF, "")],
)
def test_the_zone_of_the_camera(tmp_path: Path, zone: int, offset: str) -> None:
    """Sign, hours, half an hour and an hour of summer time; all bits set means unknown."""
    path = tmp_path / "a.mts"
    path.write_bytes(transport_stream(escaped(mdpm(zone, *DATE)), 192))
    assert stated(avchd_metadata(str(path))) == f"h264 sei 2012-07-14T18:55:30{offset} second"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x47",
        transport_stream(b"nothing", 188),
        transport_stream(escaped(mdpm(0, 0, 0, 0, 0, 0, 0, 0)), 192),
        transport_stream(escaped(mdpm(0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)), 192),
        transport_stream(_UUID + b"MDPM" + b"\xff\x18", 188),
        _UUID + b"MDPM",
    ],
)
def test_other_streams_have_no_date(tmp_path: Path, content: bytes) -> None:
    """Zeros, invalid digits, truncated messages and other files give nothing."""
    path = tmp_path / "a.ts"
    path.write_bytes(content)
    assert stated(avchd_metadata(str(path))) is None


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("62ffd50620", "63ff9291d0", "recorded 2020-06-15T10:11:12 second"),
        ("62ff310299", "63ff595923", None),  # 31 February
        ("62ff310799", "63ff595923", "recorded 1999-07-31T23:59:59 second"),
        ("62ff310799", "63ffffffff", "recorded 1999-07-31T00:00:00 day"),
        ("62ff310799", "0000000000", "recorded 1999-07-31T00:00:00 day"),
        ("62ffffffff", "63ffffffff", None),
        ("ffffffffff", "63ff9291d0", None),
    ],
)
def test_the_date_on_a_tape(day: str, time: str, expected: str | None, tmp_path: Path) -> None:
    """DV has the date and the time in packs of binary-coded decimals, with flags in the upper bits."""
    video = b"\x90" + bytes.fromhex("6263") * 39 + b"\0"
    auxiliary = b"\x56\x07\x00" + bytes.fromhex("ff" * 10 + day + time) + b"\xff" * 57
    path = tmp_path / "a.dv"
    path.write_bytes(b"\x1f\x07\x00" + bytes(77) + auxiliary[:80].ljust(80, b"\xff") + video)
    assert stated(dv_metadata(path)) == expected
