"""Movie headers built box by box: durations, dates, rotations and locations."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mfkit.scan.extract import exif, mp4_boxes
from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.capture_time import with_capture_time
from mfkit.scan.extract.hdr_metadata import DolbyVision, Hdr
from mfkit.scan.extract.quicktime import Movie, movie_header, sample_description_hdr
from tests.hdr_video import LIGHT, MASTERING, box, dolby_vision

ONE = 1 << 16
IDENTITY = (ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30)
MATRICES = {
    0: IDENTITY,
    90: (0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30),
    180: (-ONE, 0, 0, 0, -ONE, 0, 0, 0, 1 << 30),
    270: (0, -ONE, 0, ONE, 0, 0, 0, 0, 1 << 30),
}


def mvhd(created: int, scale: int, length: int, *, version: int = 0) -> bytes:
    """Return a movie header."""
    start = struct.pack(">QQIQ" if version else ">4I", created, 0, scale, length)
    return box(
        b"mvhd", bytes([version, 0, 0, 0]) + start + bytes(16) + struct.pack(">9i", *IDENTITY) + bytes(28)
    )


def trak(number: int, rotation: int, created: int = 0) -> bytes:
    """Return a video track with a rotation."""
    header = bytes(4) + struct.pack(">5I", created, 0, number, 0, 0) + bytes(16)
    header += struct.pack(">9i", *MATRICES[rotation]) + struct.pack(">2I", 1920 << 16, 1080 << 16)
    media = box(b"mdia", box(b"hdlr", bytes(8) + b"vide" + bytes(12)))
    return box(b"trak", box(b"tkhd", header) + media)


def read(*boxes: bytes) -> Movie:
    """Return what a movie box states."""
    return movie_header(mp4_boxes.boxes(bytes_reader(b"".join(boxes))))


def meta(**values: str) -> bytes:
    """Return QuickTime metadata with Apple's keys."""
    names = [f"com.apple.quicktime.{name.replace('_', '.')}".encode() for name in values]
    keys = bytes(4) + struct.pack(">I", len(names)) + b"".join(box(b"mdta", name) for name in names)
    items = b"".join(
        box(struct.pack(">I", index), box(b"data", struct.pack(">II", 1, 0) + text.encode()))
        for index, text in enumerate(values.values(), 1)
    )
    return box(b"meta", box(b"hdlr", bytes(24)) + box(b"keys", keys) + box(b"ilst", items))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation_is_clockwise(rotation: int) -> None:
    """The matrix (0, 1, -1, 0) rotates by 90 degrees clockwise, its inverse by 270."""
    movie = read(mvhd(0, 1, 1), trak(1, rotation), trak(2, 0))
    assert {number: track.rotation for number, track in movie.tracks.items()} == {1: rotation, 2: 0}


@pytest.mark.parametrize("version", [0, 1])
def test_duration_and_creation_time(version: int) -> None:
    """The duration is in units of the time scale; dates count seconds since 1904 in UTC."""
    movie = read(mvhd(3_798_793_815, 600, 90_300, version=version))
    assert movie.metadata["duration"] == 150.5
    assert with_capture_time(movie.metadata)["taken_at"] == datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)


def test_extended_language_of_a_track() -> None:
    """The box "elng" has a tag of BCP 47, for languages and countries without a code of three letters."""
    extended = box(b"elng", bytes(4) + b"de-AT\0")
    track = bytearray(trak(1, 0))
    at = track.index(b"mdia")
    for start in (0, at - 4):
        track[start : start + 4] = (int.from_bytes(track[start : start + 4], "big") + len(extended)).to_bytes(
            4, "big"
        )
    movie = read(mvhd(0, 1, 1), bytes(track) + extended, trak(2, 0))
    assert {number: one.language for number, one in movie.tracks.items()} == {1: "de-AT", 2: None}


def test_date_of_a_track_and_offset_of_a_phone() -> None:
    """The date of a track stands in for a movie header without a date; Samsung states the UTC offset."""
    movie = read(mvhd(0, 600, 90_300), trak(1, 0), trak(2, 0, 3_798_793_815), meta())
    assert with_capture_time(movie.metadata)["taken_at"] == datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)
    keys = meta(utc_offset="+0530").replace(
        b"com.apple.quicktime.utc.offset", b"com.samsung.android.utc_offset"
    )
    movie = read(mvhd(3_798_793_815, 600, 90_300), trak(1, 0, 3_798_000_000), keys)
    taken = with_capture_time(movie.metadata)["taken_at"]
    assert taken is not None and taken.isoformat() == "2024-05-17T18:00:15+05:30"


@pytest.mark.parametrize(("scale", "length"), [(0, 5), (600, 0), (600, 2**32 - 1)])
def test_unknown_duration(scale: int, length: int) -> None:
    """A scale of 0, a length of 0 and the largest number mean that the duration is not known."""
    metadata = read(mvhd(0, scale, length)).metadata
    assert "duration" not in metadata and "dates" not in metadata


def test_apple_keys() -> None:
    """Apple's creation date has the camera's offset and comes before the header's; the location has signs."""
    movie = read(
        mvhd(3_798_790_000, 1, 1),
        meta(creationdate="2024-05-17T18:00:15+0530", location_ISO6709="-33.8568+151.2153+004.500/"),
    )
    zone = timezone(timedelta(hours=5, minutes=30))
    taken_at = with_capture_time(movie.metadata)["taken_at"]
    assert taken_at == datetime(2024, 5, 17, 18, 0, 15, tzinfo=zone)
    assert taken_at is not None and taken_at.utcoffset() == timedelta(hours=5, minutes=30)
    assert (movie.metadata["latitude"], movie.metadata["longitude"]) == (-33.8568, 151.2153)
    assert movie.metadata["extra"]["altitude"] == 4.5


def test_user_data() -> None:
    """©xyz is a location as text; loci has the longitude first."""
    text = b"+38.7223-009.1393/"
    xyz = box(b"\xa9xyz", struct.pack(">HH", len(text), 0) + text)
    assert read(box(b"udta", xyz)).metadata["longitude"] == -9.1393
    place = bytes(6) + b"Lisbon\0" + b"\0" + struct.pack(">3i", int(-9.25 * ONE), int(38.5 * ONE), 0)
    metadata = read(box(b"udta", box(b"loci", place))).metadata
    assert (metadata["latitude"], metadata["longitude"], metadata["location_name"]) == (38.5, -9.25, "Lisbon")


def test_fragments() -> None:
    """A movie with mvex has fragments, whose duration the header does not state."""
    assert not read(mvhd(0, 1, 1)).is_fragmented and read(mvhd(0, 1, 1), box(b"mvex", b"")).is_fragmented


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (3_798_793_815, datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)),
        (1_715_949_015, datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)),  # counted from 1970
        (2_745_532_800, datetime(1991, 1, 1, tzinfo=UTC)),
        (2_745_532_799, None),  # before QuickTime existed
        (0, None),
        (2**32 - 1, None),
    ],
)
def test_creation_time(created: int, expected: datetime | None) -> None:
    """Programs count from 1904 or from 1970; a clock that was not set states no date."""
    assert with_capture_time(read(mvhd(created, 1, 1)).metadata).get("taken_at") == expected


@pytest.mark.parametrize("version", [0, 1])
def test_date_of_the_media(version: int) -> None:
    """Programs that clear the dates of movie and track leave the date of the media header."""
    date = struct.pack(">QQ" if version else ">II", 3_798_793_815, 0)
    media = box(b"mdia", box(b"mdhd", bytes([version, 0, 0, 0]) + date + bytes(24)))
    track = box(b"trak", box(b"tkhd", bytes(12) + struct.pack(">I", 1) + bytes(80)) + media)
    found = with_capture_time(read(mvhd(0, 1, 1), track).metadata)
    assert found["taken_at"] == datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)


def test_apple_location_comes_before_the_older_atom() -> None:
    """Apple's key is more exact than the text of user data."""
    text = b"+01.0000+002.0000/"
    older = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(text), 0) + text))
    keys = meta(location_ISO6709="-33.8568-151.2153/")
    for boxes in ((older, keys), (keys, older)):
        metadata = read(*boxes).metadata
        assert (metadata["latitude"], metadata["longitude"]) == (-33.8568, -151.2153)


def test_location_of_zeros_hides_no_other() -> None:
    """A receiver without a signal writes zeros; another field or block may state the location."""
    text = b"-33.8568+151.2153/"
    older = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(text), 0) + text))
    movie = read(meta(location_ISO6709="+00.0000+000.0000/"), older)
    assert (movie.metadata["latitude"], movie.metadata["longitude"]) == (-33.8568, 151.2153)
    zeros = (0.0, 0.0, 0.0)
    assert exif.location({1: "N", 2: zeros, 3: "E", 4: zeros}) is None
    assert exif.location({1: "N", 2: zeros, 3: "E", 4: (1.0, 0.0, 0.0)}) == (0.0, 1.0)


@pytest.mark.parametrize("version", [0, 1])
def test_audio_that_ffmpeg_cannot_decode(version: int) -> None:
    """The sample entry states codec, channels and rate; the header's version moves the track's number."""
    times = struct.pack(">QQ" if version else ">II", 0, 0)
    header = bytes([version, 0, 0, 7]) + times + struct.pack(">II", 5, 0) + bytes(8 if version else 4)
    header += bytes(16) + struct.pack(">9i", *MATRICES[90]) + bytes(8)
    entry = bytes(16) + struct.pack(">4H", 6, 16, 0, 0) + struct.pack(">HH", 48_000, 0)
    table = box(b"stsd", bytes(4) + struct.pack(">I", 1) + box(b"mha1", entry))
    handler = box(b"hdlr", bytes(8) + b"soun" + bytes(12))
    media = box(b"mdia", handler + box(b"minf", box(b"stbl", table)))
    track = read(box(b"trak", box(b"tkhd", header) + media)).tracks[5]
    assert (track.codec, track.channels, track.sample_rate) == ("mpegh_3d_audio", 6, 48_000)
    assert track.rotation == 90


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_names_of_places(encoding: str) -> None:
    """3GPP allows UTF-16 with a byte-order mark."""
    wide = encoding != "utf-8"
    name = ("\ufeff" * wide + "Lisbon\0").encode(encoding)
    place = bytes(6) + name + b"\0" + struct.pack(">3i", int(9.25 * ONE), int(-38.5 * ONE), 0)
    metadata = read(box(b"udta", box(b"loci", place))).metadata
    assert (metadata["latitude"], metadata["longitude"]) == (-38.5, 9.25)
    assert metadata["location_name"] == "Lisbon"
    unnamed = read(box(b"udta", box(b"loci", place.replace(name, b"(none)\0")))).metadata
    assert "location_name" not in unnamed and unnamed["latitude"] == -38.5


def description(*entries: bytes, name: bytes = b"hvc1") -> bytes:
    """Return the content of an ``stsd`` box with visual sample entries that contain boxes."""
    return bytes(8) + b"".join(box(name, bytes(78) + boxes) for boxes in entries)


def read_entries(*entries: bytes) -> Hdr:
    """Return the HDR metadata of sample entries."""
    return sample_description_hdr(bytes_reader(description(*entries)))


def test_all_boxes() -> None:
    """Transfer, mastering display, content light and Dolby Vision are read."""
    colour = box(b"colr", b"nclx" + struct.pack(">HHHB", 9, 16, 9, 0))
    boxes = colour + box(b"mdcv", MASTERING) + box(b"clli", LIGHT) + box(b"dvvC", dolby_vision(8, 6, 1))
    assert read_entries(box(b"hvcC", bytes(40)) + boxes) == Hdr(
        16, 0.005, 1000.0, 1000, 400, DolbyVision(8, 6, 1), False
    )


@pytest.mark.parametrize(
    ("colour", "transfer"),
    [
        (b"nclx" + struct.pack(">HHHB", 9, 18, 9, 0), 18),
        (b"nclc" + struct.pack(">HHH", 9, 16, 9), 16),
        (b"prof" + struct.pack(">HHH", 9, 16, 9), None),
        (b"nclx" + struct.pack(">H", 9), None),
    ],
)
def test_transfer(colour: bytes, transfer: int | None) -> None:
    """The transfer is the second number of an ``nclx`` or ``nclc`` box; an ICC profile has none."""
    assert read_entries(box(b"colr", colour)).transfer == transfer


@pytest.mark.parametrize(
    ("name", "profile"), [(b"dvcC", 5), (b"dvcC", 7), (b"dvvC", 8), (b"dvvC", 10), (b"dvwC", 20)]
)
def test_dolby_vision_boxes(name: bytes, profile: int) -> None:
    """The name of the Dolby Vision box depends on the profile."""
    assert read_entries(box(name, dolby_vision(profile, 6, 0))).dolby_vision == DolbyVision(profile, 6, 0)


def test_vp9_boxes() -> None:
    """VP9 has boxes of its own, with version and flags before the values."""
    fixed = MASTERING[:16] + struct.pack(">II", 4000 << 8, 1 << 14)
    assert read_entries(box(b"SmDm", bytes(4) + fixed) + box(b"CoLL", bytes(4) + LIGHT)) == Hdr(
        None, 1.0, 4000.0, 1000, 400
    )


def test_second_entry_supplements_the_first() -> None:
    """The sample entries of a track describe the same video, and the first has priority."""
    first, second = box(b"clli", LIGHT), box(b"clli", bytes(4)) + box(b"mdcv", MASTERING)
    assert read_entries(first, second) == Hdr(None, 0.005, 1000.0, 1000, 400)


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_truncated_entries(cut: int) -> None:
    """A truncated sample entry states only what is complete."""
    whole = description(box(b"mdcv", MASTERING) + box(b"clli", LIGHT) + box(b"dvcC", dolby_vision(7, 6, 6)))
    found = sample_description_hdr(bytes_reader(whole[:cut]))
    assert found.max_cll in (None, 1000) and found.mastering_max_luminance in (None, 1000.0)
    assert found.dolby_vision is None or found.dolby_vision.profile == 7


def test_hostile_sizes() -> None:
    """Boxes that state sizes of 0, 1 or 4 GB end with their entry."""
    for size in (0, 1, 7, 2**32 - 1):
        entry = bytes(78) + struct.pack(">I4s", size, b"mdcv") + MASTERING
        found = sample_description_hdr(bytes_reader(bytes(8) + box(b"hvc1", entry)))
        assert found.mastering_max_luminance in (None, 1000.0)
    many = box(b"free", b"") * 100 + box(b"clli", LIGHT)
    assert read_entries(many) == Hdr()
