"""Music tags: ID3, APE, Vorbis comments, RIFF, AIFF and MP4, in any encoding and with several values."""

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract import mp4_tags, music_tags
from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader
from mfkit.scan.extract.camera_boxes import camera_metadata
from mfkit.scan.extract.id3 import read_id3v2
from mfkit.scan.extract.id3_genres import GENRES, genre_names
from mfkit.scan.extract.mp4_boxes import boxes
from mfkit.scan.extract.registry import Metadata
from mfkit.scan.extract.tag_fields import number_text, tag_metadata
from mfkit.scan.extract.vorbis_and_ape_tags import ape_items, flac_comments, ogg_comments
from mfkit.scan.formats.identify import FORMATS
from tests.unit.scan.extract.test_xmp import array, packet
from tests.unit.scan.heif_files import box

Reader = Callable[[Path], Metadata]
SILENCE = (b"\xff\xfb\x90\x00" + bytes(413)) * 40
"""MPEG-1 layer III frames of 128 kbit/s at 44.1 kHz."""


def seven_bit(size: int) -> bytes:
    """Return a size as ID3v2 stores it."""
    return bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))


def frame(name: str, content: bytes, version: int = 3, flags: int = 0, *, plain: bool = False) -> bytes:
    """Return an ID3v2 frame."""
    if version == 2:
        return name.encode() + struct.pack(">I", len(content))[1:] + content
    size = seven_bit(len(content)) if version == 4 and not plain else struct.pack(">I", len(content))
    return name.encode() + size + bytes((0, flags)) + content


def tag(*frames: bytes, version: int = 3, flags: int = 0, padding: int = 0) -> bytes:
    """Return an ID3v2 tag."""
    body = b"".join(frames) + bytes(padding)
    return b"ID3" + bytes((version, 0, flags)) + seven_bit(len(body)) + body


def latin(text: str, encoding: str = "latin-1") -> bytes:
    """Return a frame's content that declares Latin-1."""
    return b"\0" + text.encode(encoding)


def id3v1(title: bytes, artist: bytes, genre: int = 17, track: int = 0) -> bytes:
    """Return an ID3v1.1 tag of the year 1999."""
    comment = bytes(28) + bytes((0, track)) if track else bytes(30)
    return (
        b"TAG"
        + title.ljust(30, b"\0")
        + artist.ljust(30, b"\0")
        + bytes(30)
        + b"1999"
        + comment
        + bytes((genre,))
    )


def ape(*items: tuple[str, bytes]) -> bytes:
    """Return an APEv2 tag without a header."""
    body = b"".join(struct.pack("<II", len(value), 0) + key.encode() + b"\0" + value for key, value in items)
    return body + b"APETAGEX" + struct.pack("<IIII", 2000, len(body) + 32, len(items), 0) + bytes(8)


def comments(*values: str) -> bytes:
    """Return a Vorbis comment block."""
    raw = [value.encode() for value in values]
    return (
        struct.pack("<I", 6) + b"writer" + struct.pack("<I", len(raw))
        + b"".join(struct.pack("<I", len(value)) + value for value in raw)
    )  # fmt: skip


@pytest.fixture
def song(tmp_path: Path) -> Callable[..., Metadata]:
    """Write a file of bytes, and read its tags."""

    def read(data: bytes, format_name: str = "mp3") -> Metadata:
        path = tmp_path / f"song.{format_name}"
        path.write_bytes(data)
        return music_tags.extract(str(path), FORMATS[format_name])

    return read


def test_latin1_frames_in_other_encodings(song: Callable[..., Metadata]) -> None:
    """UTF-8, Cyrillic and Chinese in frames that declare Latin-1 are recognised over all frames."""
    assert song(tag(frame("TIT2", latin("Café Müller"))))["title"] == "Café Müller"
    assert song(tag(frame("TIT2", latin("Je čas metat kamení", "utf-8"))))["title"] == "Je čas metat kamení"
    metadata = song(
        tag(frame("TIT2", latin("Танцевальный рай", "cp1251")), frame("TPE1", latin("ДДТ", "cp1251")))
    )
    assert (metadata["title"], metadata["artist"]) == ("Танцевальный рай", "ДДТ")
    assert metadata["extra"]["text_encoding"] == "cp1251"
    assert song(tag(frame("TIT2", latin("爱你一万年", "gbk"))))["title"] == "爱你一万年"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\1\xff\xfe" + "Größe".encode("utf-16-le"), "Größe"),
        (b"\1\xfe\xff" + "Ωmega".encode("utf-16-be"), "Ωmega"),
        (b"\2" + "Größe".encode("utf-16-be"), "Größe"),
        (b"\1" + "Größe".encode("utf-16-be"), "Größe"),
        (b"\1" + "Größe".encode("utf-16-le"), "Größe"),
        (b"\3" + "Größe".encode() + b"\0", "Größe"),
        (b"\3Gr\xf6\xdfe", "Größe"),
        (b"No encoding", "No encoding"),
    ],
)
def test_declared_encodings(content: bytes, expected: str, song: Callable[..., Metadata]) -> None:
    """All encodings of ID3v2 are read, and UTF-8 that is none is Windows-1252."""
    assert song(tag(frame("TIT2", content, 4), version=4))["title"] == expected


def test_several_values(song: Callable[..., Metadata]) -> None:
    """ID3v2.4 separates values by NULs, in UTF-16 by two; ID3v2.3 by slashes, except within names."""
    utf16 = b"\1\xff\xfe" + "Ann\0\ufeffBob".encode("utf-16-le")
    metadata = song(tag(frame("TPE1", utf16, 4), frame("TCON", b"\3Rock\0Pop\x0017", 4), version=4))
    assert (metadata["artist"], metadata["genre"]) == ("Ann; Bob", "Rock; Pop")
    assert (metadata["extra"]["artists"], metadata["extra"]["genres"]) == (["Ann", "Bob"], ["Rock", "Pop"])
    assert song(tag(frame("TPE1", latin("Simon/Garfunkel"))))["extra"]["artists"] == ["Simon", "Garfunkel"]
    assert song(tag(frame("TPE1", latin("AC/DC"))))["artist"] == "AC/DC"
    assert song(tag(frame("TCON", latin("Hip-Hop/Rap"))))["genre"] == "Hip-Hop/Rap"
    assert song(tag(frame("TPE1", b"\3Ann/Bob", 4), version=4))["artist"] == "Ann/Bob"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["80s"], ["80s"]),
        (["90's"], ["90's"]),
        (["2000s Pop"], ["2000s Pop"]),
        (["(17)"], ["Rock"]),
        (["17"], ["Rock"]),
        (["(17)Rock"], ["Rock"]),
        (["(4)Eurodisco"], ["Disco", "Eurodisco"]),
        (["(51)(39)"], ["Techno-Industrial", "Noise"]),
        (["(RX)"], ["Remix"]),
        (["CR"], ["Cover"]),
        (["((Foo) bar"], ["(Foo) bar"]),
        (["(0)"], ["Blues"]),
        (["0"], ["Blues"]),
        (["(155)"], ["Downtempo"]),
        (["191"], ["Psybient"]),
        (["192"], ["192"]),
        (["(255)", "255"], []),
        (["(200)Skiffle"], ["Skiffle"]),
        (["Rock", "Pop", "17"], ["Rock", "Pop"]),
        (["", " "], []),
    ],
)
def test_genres(values: list[str], expected: list[str]) -> None:
    """Only whole numbers and numbers in parentheses are references."""
    assert genre_names(values) == expected
    assert len(GENRES) == 192


def test_numbers_and_flags(song: Callable[..., Metadata]) -> None:
    """Album artist, track, disc, compilation, composer, comment and rating are read."""
    metadata = song(
        tag(
            frame("TPE2", latin("Various Artists")),
            frame("TRCK", latin("03/12")),
            frame("TPOS", latin("2/2")),
            frame("TCMP", latin("1")),
            frame("TCOM", latin("Someone")),
            frame("COMM", b"\0engiTunSMPB\0 00000000"),
            frame("COMM", b"\0eng\0a remark"),
            frame("POPM", b"no@email\0\x80\0\0\0\1"),
            frame("TXXX", b"\0FMPS_Rating\x000.2"),
            frame("APIC", bytes(70_000)),
            frame("TYER", latin("1999")),
        )
    )
    assert metadata["year"] == "1999"
    assert metadata["extra"] == {
        "album_artist": "Various Artists", "track": "3/12", "disc": "2/2", "compilation": True,
        "composer": "Someone", "comment": "a remark", "rating": 3, "origins": {"year": "tag"},
    }  # fmt: skip


def test_old_and_new_versions(song: Callable[..., Metadata]) -> None:
    """ID3v2.2, its names in ID3v2.3, extended headers, unsynchronised and compressed frames are read."""
    assert song(tag(frame("TT2", latin("Two"), 2), version=2))["title"] == "Two"
    assert song(tag(frame("TT2\0", latin("iTunes"))))["title"] == "iTunes"
    extended = struct.pack(">IHI", 6, 0, 0)
    assert song(tag(extended, frame("TIT2", latin("Extended")), flags=0x40))["title"] == "Extended"
    whole = b"TIT2" + struct.pack(">I", 7) + bytes(2) + b"\1\xff\x00\xfeA\0\xe9\0"
    assert song(tag(whole, flags=0x80))["title"] == "Aé"
    packed = zlib.compress(latin("Compressed"))
    content = seven_bit(11) + packed
    assert song(tag(frame("TIT2", content, 4, 0x09), version=4))["title"] == "Compressed"
    content = struct.pack(">I", 11) + packed
    assert song(tag(frame("TIT2", content, 3, 0x80)))["title"] == "Compressed"
    assert "title" not in song(tag(frame("TIT2", b"\0secret", 3, 0x40)))


def test_itunes_sizes(song: Callable[..., Metadata]) -> None:
    """iTunes wrote plain sizes into ID3v2.4; what follows a frame shows which of the two it is."""
    for plain in (True, False):
        frames = (
            frame("TIT2", b"\3" + b"x" * 300, 4, plain=plain),
            frame("TPE1", b"\3After", 4, plain=plain),
        )
        for padding in (0, 64):
            metadata = song(tag(*frames, version=4, padding=padding))
            assert (metadata["title"], metadata["artist"]) == ("x" * 300, "After")


def test_id3v1_fills_in(song: Callable[..., Metadata]) -> None:
    """ID3v2 has priority, then APE, then ID3v1, which is decoded like the others."""
    v1 = id3v1("Café".encode("latin-1"), "Müller".encode("latin-1"), track=7)
    metadata = song(SILENCE + v1)
    assert (metadata["title"], metadata["artist"], metadata["genre"]) == ("Café", "Müller", "Rock")
    assert (metadata["year"], metadata["extra"]["track"]) == ("1999", "7")
    both = song(tag(frame("TIT2", latin("Two"))) + SILENCE + ape(("Album", b"Ape"), ("Title", b"no")) + v1)
    assert (both["title"], both["album"], both["artist"]) == ("Two", "Ape", "Müller")
    cyrillic = id3v1("Танцевальный рай".encode("cp1251"), "Русский".encode("cp1251"), genre=255)
    assert song(SILENCE + cyrillic)["title"] == "Танцевальный рай"


def test_ape_items(song: Callable[..., Metadata]) -> None:
    """Values are separated by NULs."""
    data = SILENCE + ape(
        ("Artist", b"Ann\0Bob"), ("Track", b"3/9"), ("Album Artist", b"V"), ("Rating", b"80")
    )
    metadata = song(data)
    assert (metadata["artist"], metadata["extra"]["artists"]) == ("Ann; Bob", ["Ann", "Bob"])
    assert (metadata["extra"]["track"], metadata["extra"]["album_artist"], metadata["extra"]["rating"]) == (
        "3/9",
        "V",
        4,
    )


VALUES = ("ARTIST=Ann", "artist=Bob", "GENRE=Rock", "GENRE=Pop", "GENRE=Rock", "DATE=2001", "DATE=2002",
          "TRACKNUMBER=3", "TRACKTOTAL=12", "DISCNUMBER=1", "ALBUMARTIST=V", "COMPILATION=1",
          "FMPS_RATING=0.8", "METADATA_BLOCK_PICTURE=" + "A" * 70_000, "TITLE=Größe")  # fmt: skip


def flac(block: bytes) -> bytes:
    """Return the metadata blocks of a FLAC file."""
    return b"fLaC\0\0\0\x22" + bytes(34) + b"\x84" + struct.pack(">I", len(block))[1:] + block


def ogg(*packets: bytes, serial: int = 7) -> bytes:
    """Return an Ogg stream with one page for each 255 segments."""
    lacing = b"".join(b"\xff" * (len(one) // 255) + bytes((len(one) % 255,)) for one in packets)
    data = b"".join(packets)
    pages, at = b"", 0
    for start in range(0, len(lacing), 255):
        part = lacing[start : start + 255]
        size = sum(part)
        pages += b"OggS\0\0" + bytes(8) + struct.pack("<III", serial, start, 0) + bytes((len(part),)) + part
        pages += data[at : at + size]
        at += size
    return pages


@pytest.mark.parametrize("container", ["flac", "id3+flac", "vorbis", "opus", "speex", "oggflac"])
def test_vorbis_comments(container: str, song: Callable[..., Metadata]) -> None:
    """Repeated names are several values, in FLAC and in the second packet of every Ogg stream."""
    block = comments(*VALUES)
    data, name = {
        "flac": (flac(block), "flac"),
        "id3+flac": (tag(frame("TIT2", latin("no"))) + flac(block), "flac"),
        "vorbis": (ogg(b"\x01vorbis" + bytes(23), b"\x03vorbis" + block + b"\1", b"\x05vorbis"), "ogg"),
        "opus": (ogg(b"OpusHead" + bytes(11), b"OpusTags" + block), "opus"),
        "speex": (ogg(b"Speex   " + bytes(72), block), "spx"),
        "oggflac": (ogg(b"\x7fFLAC" + bytes(46), b"\x04" + struct.pack(">I", len(block))[1:] + block), "ogg"),
    }[container]
    metadata = song(data, name)
    assert (metadata["title"], metadata["artist"], metadata["genre"]) == ("Größe", "Ann; Bob", "Rock; Pop")
    extra = metadata["extra"]
    assert (metadata["year"], extra["track"], extra["disc"]) == ("2001", "3/12", "1")
    assert (extra["album_artist"], extra["compilation"], extra["rating"]) == ("V", True, 4)


def test_wav_and_aiff(song: Callable[..., Metadata]) -> None:
    """RIFF INFO has priority over a WAV's ID3 tag, ID3 over AIFF's text chunks."""

    def riff(name: bytes, data: bytes, order: str = "<") -> bytes:
        return name + struct.pack(order + "I", len(data)) + data + b"\0" * (len(data) % 2)

    info = riff(b"LIST", b"INFO" + riff(b"INAM", b"Caf\xe9\0") + riff(b"IPRD", b"Album\0"))
    more = tag(frame("TIT2", latin("no")), frame("TPE1", latin("Ann")))
    wav = riff(b"RIFF", b"WAVE" + info + riff(b"id3 ", more) + riff(b"_PMX", packet('q:Rating="4"')))
    metadata = song(wav, "wav")
    assert metadata["extra"]["rating"] == 4
    assert (metadata["title"], metadata["album"], metadata["artist"]) == ("Café", "Album", "Ann")
    aiff = riff(
        b"FORM",
        b"AIFF" + riff(b"NAME", b"no", ">") + riff(b"AUTH", b"Bob", ">") + riff(b"ID3 ", more, ">"),
        ">",
    )
    metadata = song(aiff, "aiff")
    assert (metadata["title"], metadata["artist"]) == ("no", "Ann")


def test_xmp_in_a_private_frame(song: Callable[..., Metadata]) -> None:
    """Adobe's programs write XMP into MP3 files."""
    content = b"XMP\0" + packet(body=array("dc:subject", "podcast"))
    assert song(tag(frame("PRIV", content)))["extra"]["keywords"] == ["podcast"]


def item(name: bytes, kind: int, *values: bytes) -> bytes:
    """Return an entry of an MP4 item list."""
    return box(name, *(box(b"data", struct.pack(">II", kind, 0), value) for value in values))


def test_mp4_items() -> None:
    """Numbers, flags, numeric genres, ratings, repeated values and free-form names are read."""
    free = box(b"----", box(b"mean", bytes(4), b"com.apple.iTunes"), box(b"name", bytes(4), b"ARTISTS"),
               *(box(b"data", struct.pack(">II", 1, 0), name) for name in (b"Ann", b"Bob")))  # fmt: skip
    items = box(
        b"ilst", item(b"\xa9ART", 1, b"Ann & Bob"), free, item(b"\xa9gen", 1, b"Rock", b"Pop"),
        item(b"aART", 1, b"V"), item(b"trkn", 0, struct.pack(">HHHH", 0, 3, 12, 0)),
        item(b"disk", 0, struct.pack(">HHH", 0, 1, 0)), item(b"cpil", 21, b"\1"), item(b"rate", 1, b"80"),
        item(b"\xa9day", 1, b"2001-02-03"),
    )  # fmt: skip
    handler = box(b"hdlr", bytes(25))
    movie = box(b"udta", box(b"meta", bytes(4), handler, items))
    metadata = mp4_tags.item_list(list(boxes(bytes_reader(movie))))
    assert (metadata["artist"], metadata["genre"], metadata["year"]) == (
        "Ann & Bob",
        "Rock; Pop",
        "2001-02-03",
    )
    assert metadata["extra"] == {
        "album_artist": "V", "track": "3/12", "disc": "1", "compilation": True, "rating": 4,
        "artists": ["Ann", "Bob"], "genres": ["Rock", "Pop"],
        "origins": {"artist": "tag", "genre": "tag", "year": "tag"},
    }  # fmt: skip
    empty = box(b"udta", box(b"meta", bytes(4), handler, box(b"ilst")))
    both = mp4_tags.item_list(list(boxes(bytes_reader(empty + movie))))
    assert (both["artist"], both["extra"]["artists"]) == ("Ann & Bob", ["Ann", "Bob"])
    numeric = box(b"udta", box(b"meta", bytes(4), handler, box(b"ilst", item(b"gnre", 0, b"\0\x12"))))
    assert mp4_tags.item_list(list(boxes(bytes_reader(numeric))))["genre"] == "Rock"


@pytest.mark.parametrize(("place", "name"), [("uuid", "a.mp4"), ("udta", "a.mov"), ("moov uuid", "a.mp4")])
def test_xmp_of_movies(place: str, name: str, video_file: Callable[..., Path], metadata_of: Reader) -> None:
    """A packet beside the movie header or in it is read; iTunes' advisory for parents is no rating."""
    path = video_file(name)
    data = bytearray(path.read_bytes())
    xmp_box = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), packet('q:Rating="4"'))
    if place == "uuid":
        data += xmp_box
    else:
        handler = box(b"hdlr", bytes(8), b"mdirappl", bytes(9))
        advisory = box(b"meta", bytes(4), handler, box(b"ilst", item(b"rtng", 21, b"\1")))
        user_data = box(b"udta", box(b"XMP_", packet('q:Rating="4"')), advisory)
        more = xmp_box if place == "moov uuid" else user_data
        at = data.index(b"moov") - 4
        size = int.from_bytes(data[at : at + 4], "big")
        assert at + size == len(data)
        data[at : at + 4] = struct.pack(">I", size + len(more))
        data += more
    path.write_bytes(data)
    assert metadata_of(path)["extra"]["rating"] == 4


def test_android_cameras(video_file: Callable[..., Path], metadata_of: Reader, tmp_path: Path) -> None:
    """Android's keys name manufacturer and model."""
    tags = {"com.android.manufacturer": "Google", "com.android.model": "Pixel 6"}
    source = video_file("a.mp4")
    path = tmp_path / "b.mp4"
    with (
        av.open(str(source)) as given,
        av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as made,
    ):
        made.metadata.update(tags)
        streams = {stream.index: made.add_stream_from_template(stream) for stream in given.streams}
        for part in given.demux():
            if part.dts is not None:
                part.stream = streams[part.stream.index]
                made.mux(part)
    metadata = metadata_of(path)
    assert (metadata["camera_make"], metadata["camera_model"]) == ("Google", "Pixel 6")


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_chapters(suffix: str, video_file: Callable[..., Path], metadata_of: Reader, tmp_path: Path) -> None:
    """Chapters have a title, a start and an end in seconds."""
    source = video_file("a.mp4")
    path = tmp_path / f"b.{suffix}"
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        streams = {stream.index: made.add_stream_from_template(stream) for stream in given.streams}
        made.set_chapters(
            [
                {
                    "id": 1,
                    "start": 0,
                    "end": 400,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": "Größe"},
                },
                {
                    "id": 2,
                    "start": 400,
                    "end": 900,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": "Two"},
                },
            ]
        )
        for part in given.demux():
            if part.dts is not None:
                part.stream = streams[part.stream.index]
                made.mux(part)
    assert metadata_of(path)["extra"]["chapters"] == [
        {"title": "Größe", "start": 0.0, "end": 0.4},
        {"title": "Two", "start": 0.4, "end": 0.9},
    ]


@pytest.mark.parametrize(
    ("numbers", "totals", "expected"),
    [
        (["3"], [], "3"),
        (["03/12"], [], "3/12"),
        (["3"], ["12"], "3/12"),
        (["3/"], [], None),
        (["3 of 12"], [], "3/12"),
        (["0/12"], [], None),
        (["A1"], [], None),
        (["3/0"], [], "3"),
        (["1 - Live"], [], "1"),
        (["2/3: Bonus tracks"], [], "2/3"),
        (["1 - 2"], [], None),
        ([], ["12"], None),
    ],
)
def test_track_numbers(numbers: list[str], totals: list[str], expected: str | None) -> None:
    """A number and a total, in one text or two."""
    assert number_text(numbers, totals) == expected


def test_album_artist_stands_in(tmp_path: Path, metadata_of: Reader) -> None:
    """A track without an artist gets the album's."""
    path = tmp_path / "a.mp3"
    path.write_bytes(tag(frame("TPE2", latin("Only Album Artist"))) + SILENCE)
    assert metadata_of(path)["artist"] == "Only Album Artist"


def test_named_tags_without_repeats() -> None:
    """Values that are empty or repeated are ignored, and a list of artists beats a joined one."""
    metadata = tag_metadata({"artist": ["Ann", "", "Ann"], "genre": ["  "], "artists": ["Ann", "Bob"]})
    assert metadata["artist"] == "Ann" and "genre" not in metadata
    assert metadata["extra"]["artists"] == ["Ann", "Bob"]


@given(st.binary(max_size=300), st.integers(0, 400), st.sampled_from([2, 3, 4]))
def test_damaged_tags_raise_nothing(noise: bytes, at: int, version: int) -> None:
    """Any bytes in a tag give texts or none, and bytes after a tag do not change its texts."""
    name = "TT2" if version == 2 else "TIT2"
    data = tag(*(frame(name, latin("x" * 20), version) for _ in range(5)), version=version)
    read_id3v2(bytes_reader(data[:at] + noise + data[at:]))
    read_id3v2(bytes_reader(data[:at] + noise))
    found = read_id3v2(bytes_reader(data + noise))
    assert found is not None and [text.data for text in found.texts] == [b"x" * 20] * 5


def test_flac_comments_longer_than_their_block() -> None:
    """Some programs state too short a block; the comments' own lengths and their number count."""
    data = flac(comments(*VALUES[:6]))
    expected = flac_comments(bytes_reader(data))
    assert list(expected) == ["artist", "genre", "date"]
    head = data.index(b"fLaC") + 4
    while data[head] & 0x7F != 4:
        head += 4 + int.from_bytes(data[head + 1 : head + 4], "big")
    short = data[: head + 1] + b"\0\0\x08" + data[head + 4 :]
    assert flac_comments(bytes_reader(short + b"\x05\0\0\0\xe9=abc")) == expected


@given(st.binary(max_size=200), st.integers(0, 300))
def test_damaged_comments_raise_nothing(noise: bytes, at: int) -> None:
    """Any bytes in Ogg, FLAC, APE and MP4 structures give tags or none."""

    def item_list(reader: BoundedReader) -> Metadata:
        return mp4_tags.item_list(list(boxes(reader)))

    for data, read in (
        (flac(comments(*VALUES[:5])), flac_comments),
        (ogg(b"OpusHead" + bytes(11), b"OpusTags" + comments(*VALUES[:5])), ogg_comments),
        (ape(("Artist", b"Ann\0Bob"), ("Track", b"3")), ape_items),
        (box(b"udta", box(b"meta", bytes(4), box(b"ilst", item(b"trkn", 0, b"\0")))), item_list),
    ):
        found: Any = read(bytes_reader(data[:at] + noise + data[at:]))
        assert isinstance(found, dict)


def test_id3v1_comment_and_track(song: Callable[..., Metadata]) -> None:
    """A comment of 30 bytes leaves no room for a track; text after a NUL is not part of a field."""
    v1 = bytearray(id3v1(b"Title\0rest", b"Ann"))
    v1[97:127] = b"a comment of exactly 30 bytes!"
    metadata = song(SILENCE + v1)
    assert (metadata["title"], metadata["extra"]["comment"]) == ("Title", "a comment of exactly 30 bytes!")
    assert "track" not in metadata["extra"]
    v1[97:127] = b"28 bytes and a track number!\0\x0c"
    extra = song(SILENCE + v1)["extra"]
    assert (extra["comment"], extra["track"]) == ("28 bytes and a track number!", "12")


@pytest.mark.parametrize(("genre", "name"), [(0, "Blues"), (17, "Rock"), (191, "Psybient"), (192, None)])
def test_id3v1_genres(genre: int, name: str | None, song: Callable[..., Metadata]) -> None:
    """The number counts from 0."""
    assert song(SILENCE + id3v1(b"T", b"A", genre)).get("genre") == name


@pytest.mark.parametrize("format_name", ["ape", "wv", "mpc"])
def test_formats_with_native_ape_tags(format_name: str, song: Callable[..., Metadata]) -> None:
    """Their APE tag comes before ID3v2 and ID3v1."""
    more = ape(("Title", b"Ape")) + id3v1(b"One", b"Ann")
    data = tag(frame("TIT2", latin("Two")), frame("TALB", latin("Album"))) + b"data" + more
    metadata = song(data, format_name)
    assert (metadata["title"], metadata["album"], metadata["artist"]) == ("Ape", "Album", "Ann")


def test_ape_items_with_binary_content(song: Callable[..., Metadata]) -> None:
    """Covers are binary items, and links are not text."""
    body = b"".join(
        struct.pack("<II", len(value), flags << 1) + key + b"\0" + value
        for key, flags, value in ((b"Title", 1, b"no"), (b"Artist", 2, b"no"), (b"Album", 0, b"Yes"))
    )
    data = SILENCE + body + b"APETAGEX" + struct.pack("<IIII", 2000, len(body) + 32, 3, 0) + bytes(8)
    metadata = song(data)
    assert metadata["album"] == "Yes" and "title" not in metadata and "artist" not in metadata


def test_flac_after_an_id3_tag_with_a_footer(song: Callable[..., Metadata]) -> None:
    """A footer of ten bytes follows the tag if a flag says so."""
    block = flac(comments("TITLE=Flac"))
    two = frame("TIT2", b"\3Two", 4)
    assert song(tag(two, version=4) + block, "flac")["title"] == "Flac"
    footed = tag(two, version=4, flags=0x10) + b"3DI" + bytes(7)
    assert song(footed + block, "flac")["title"] == "Flac"


def test_flac_comments_between_other_blocks(song: Callable[..., Metadata]) -> None:
    """The comments are one of several blocks, and not always the last one."""
    block = comments("TITLE=Flac")
    data = b"fLaC\0\0\0\x22" + bytes(34) + b"\1" + struct.pack(">I", 5)[1:] + bytes(5)
    data += b"\4" + struct.pack(">I", len(block))[1:] + block + b"\x81" + struct.pack(">I", 3)[1:] + bytes(3)
    assert song(data, "flac")["title"] == "Flac"
    ended = b"fLaC\x80\0\0\x22" + bytes(34) + b"\4" + struct.pack(">I", len(block))[1:] + block
    assert "title" not in song(ended, "flac")


def test_dsf(song: Callable[..., Metadata]) -> None:
    """The header states the offset of the ID3 tag."""
    more = tag(frame("TIT2", latin("Dsf")))
    head = b"DSD " + struct.pack("<QQQ", 28, 28 + 50 + len(more), 28 + 50)
    assert song(head + bytes(50) + more, "dsf")["title"] == "Dsf"
    assert "title" not in song(head[:20] + bytes(8) + bytes(50) + more, "dsf")


def test_flags_of_frames(song: Callable[..., Metadata]) -> None:
    """A grouped frame has one more byte, and a data length four; an encrypted frame is not read."""
    assert song(tag(frame("TIT2", b"\7" + latin("Group"), 3, 0x20)))["title"] == "Group"
    assert song(tag(frame("TIT2", b"\7" + latin("Group"), 4, 0x40), version=4))["title"] == "Group"
    length = seven_bit(7) + latin("Length")
    assert song(tag(frame("TIT2", length, 4, 0x01), version=4))["title"] == "Length"
    assert "title" not in song(tag(frame("TIT2", latin("Secret"), 4, 0x04), version=4))
    stuffed = b"\1\xff\0\xfeA\0\xe9\0"
    assert song(tag(frame("TIT2", stuffed, 4, 0x02), version=4))["title"] == "Aé"
    assert song(tag(frame("TIT2", stuffed, 4), version=4, flags=0x80))["title"] == "Aé"


def test_extended_header_of_version_4(song: Callable[..., Metadata]) -> None:
    """Its size includes itself and is a 7-bit number."""
    extended = seven_bit(6) + b"\1\0"
    data = tag(extended, frame("TIT2", b"\3Four", 4), version=4, flags=0x40)
    assert song(data)["title"] == "Four"


def test_several_values_of_one_name(song: Callable[..., Metadata]) -> None:
    """A user-defined text has several values; the first rating counts."""
    metadata = song(
        tag(
            frame("TXXX", b"\3ARTISTS\0Ann\0Bob\0Cy", 4),
            frame("POPM", b"no@email\0\xff\0\0\0\1", 4),
            frame("POPM", b"other@email\0\x01\0\0\0\1", 4),
            version=4,
        )
    )
    assert metadata["extra"]["artists"] == ["Ann", "Bob", "Cy"]
    assert metadata["extra"]["rating"] == 5


def test_byte_order_of_further_values(song: Callable[..., Metadata]) -> None:
    """The mark of the first value applies to values without one."""
    big = b"\1\xfe\xff" + "Ann\0Bob".encode("utf-16-be")
    assert song(tag(frame("TPE1", big, 4), version=4))["extra"]["artists"] == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("text", "artists"),
    [("Ann/Bob", ["Ann", "Bob"]), ("Ab/Bob", None), ("R.E.M./U2", None), ("GZA/Genius", None)],
)
def test_slashes(text: str, artists: list[str] | None, song: Callable[..., Metadata]) -> None:
    """Parts of one or two letters, and known names, are not separate artists."""
    metadata = song(tag(frame("TPE1", latin(text))))
    assert metadata.get("extra", {}).get("artists") == artists


def test_riff_chunks_have_even_sizes(song: Callable[..., Metadata]) -> None:
    """A chunk of odd size is followed by a byte of padding, in WAV and in AIFF."""
    info = b"INFO" + b"INAM" + struct.pack("<I", 3) + b"Odd\0" + b"IPRD" + struct.pack("<I", 4) + b"Even"
    wav = b"RIFF" + bytes(4) + b"WAVE" + b"junk" + struct.pack("<I", 1) + b"x\0"
    metadata = song(wav + b"LIST" + struct.pack("<I", len(info)) + info, "wav")
    assert (metadata["title"], metadata["album"]) == ("Odd", "Even")
    aiff = b"FORM" + bytes(4) + b"AIFF" + b"NAME" + struct.pack(">I", 3) + b"Odd\0"
    metadata = song(aiff + b"AUTH" + struct.pack(">I", 3) + b"Ann\0", "aiff")
    assert (metadata["title"], metadata["artist"]) == ("Odd", "Ann")


@pytest.mark.parametrize("is_quicktime", [True, False])
@pytest.mark.parametrize(
    ("content", "field", "expected"),
    [
        (item(b"cpil", 21, b"\0"), "compilation", None),
        (item(b"cpil", 21, b"\1"), "compilation", True),
        (item(b"desc", 1, b"A text"), "description", "A text"),
        (item(b"\xa9cmt", 1, b"A remark"), "comment", "A remark"),
        (item(b"cprt", 1, b"(c) Ann"), "copyright", "(c) Ann"),
        (item(b"\xa9wrt", 1, b"Bob"), "composer", "Bob"),
        (item(b"\xa9nam", 2, "Größe".encode("utf-16-be")), "title", "Größe"),
        (item(b"\xa9nam", 1, "Größe".encode()), "title", "Größe"),
        (item(b"disk", 0, struct.pack(">HHH", 0, 2, 3)), "disc", "2/3"),
        (item(b"rate", 21, b"\x3c"), "rating", 3),
        (item(b"rate", 1, b"100"), "rating", 5),
        (item(b"gnre", 0, b"\0\1"), "genre", "Blues"),
    ],
)
def test_each_mp4_item(is_quicktime: bool, content: bytes, field: str, expected: object) -> None:
    """The item list is the same after a full box and after QuickTime's plain one."""
    meta = box(b"meta", b"" if is_quicktime else bytes(4), box(b"hdlr", bytes(25)), box(b"ilst", content))
    metadata = mp4_tags.item_list(list(boxes(bytes_reader(box(b"udta", meta)))))
    assert {**metadata.get("extra", {}), **metadata}.get(field) == expected


def test_rating_and_keywords_of_windows_explorer() -> None:
    """Explorer writes them into a box of its own; damaged sizes end the reading."""

    def entry(name: bytes, *values: tuple[int, bytes]) -> bytes:
        body = b"".join(struct.pack(">IH", len(value) + 6, kind) + value for kind, value in values)
        return (
            struct.pack(">II", len(name) + len(body) + 12, len(name))
            + name
            + struct.pack(">I", len(values))
            + body
        )

    rated = entry(b"WM/SharedUserRating", (19, struct.pack("<Q", 75)))
    words = entry(b"WM/Category", *((8, f"{word}\0".encode("utf-16-le")) for word in ("Alps", "Été")))
    movie = box(b"udta", box(b"Xtra", entry(b"WM/Other", (72, bytes(16))), rated, words))
    extra = camera_metadata([], list(boxes(bytes_reader(movie))))["extra"]
    assert (extra["rating"], extra["keywords"]) == (4, ["Alps", "Été"])
    for damaged in (rated[:-3], struct.pack(">II", 9, 2**32 - 1), b"\0\0", b"\xff" * 40):
        assert "rating" not in mp4_tags.explorer_tags(bytes_reader(damaged)).get("extra", {})


def test_items_with_named_keys_are_no_item_list() -> None:
    """Apple's keys have numbers instead of names."""
    meta = box(b"meta", box(b"hdlr", bytes(25)), box(b"keys", bytes(8)), box(b"ilst", item(b"aART", 1, b"V")))
    assert mp4_tags.item_list(list(boxes(bytes_reader(box(b"udta", meta))))) == {}


@pytest.mark.parametrize(
    ("tags", "field", "expected"),
    [
        ({"date": ["2005"], "originaldate": ["1975"]}, "year", "2005"),
        ({"year": ["2005"], "originaldate": ["1975"]}, "year", "2005"),
        ({"originaldate": ["1975"], "originalyear": ["1976"]}, "year", "1975"),
        ({"keywords": ["Alps, snow;Alps"]}, "keywords", ["Alps", "snow"]),
        ({"genre": ["(255)"]}, "genre", None),
        ({"date": ["0000"], "releasedate": ["2004-01-02"]}, "year", "2004-01-02"),
        ({"album artist": ["V"]}, "album_artist", "V"),
        ({"albumartist": ["V"], "album artist": ["W"]}, "album_artist", "V"),
        ({"author": ["Ann"]}, "artist", "Ann"),
        ({"artist": ["Ann & Bob"], "artists": ["Ann", "Bob"]}, "artists", ["Ann", "Bob"]),
        ({"artist": ["Ann", "Bob"], "artists": ["Cy"]}, "artists", ["Ann", "Bob"]),
        ({"compilation": ["0"]}, "compilation", None),
        ({"compilation": ["TRUE"]}, "compilation", True),
        ({"wm/shareduserrating": ["75"]}, "rating", 4),
        ({"rating": ["60"]}, "rating", 3),
        ({"tracknumber": ["3"], "totaltracks": ["12"]}, "track", "3/12"),
        ({"discnumber": ["1"], "totaldiscs": ["2"]}, "disc", "1/2"),
        ({"composer": ["Ann", "Bob"]}, "composer", "Ann; Bob"),
        ({"composer": ["Ann", "Bob"]}, "composers", ["Ann", "Bob"]),
        ({"synopsis": ["A text"], "comment": ["A remark"]}, "description", "A text"),
    ],
)
def test_names_of_fields(tags: dict[str, list[str]], field: str, expected: object) -> None:
    """Programs use several names for a field, in an order of priority."""
    metadata = tag_metadata(tags)
    assert {**metadata, **metadata["extra"]}.get(field) == expected


def test_rating_of_the_format_comes_first() -> None:
    """A popularimeter is more exact than a named text."""
    assert tag_metadata({"rating": ["20"]}, 4.5)["extra"]["rating"] == 4.5
    assert tag_metadata({"rating": ["20"]})["extra"]["rating"] == 1


def test_an_appended_id3v2_tag(tmp_path: Path, metadata_of: Reader) -> None:
    """ID3v2.4 allows a tag with a footer after the audio, also before an ID3v1 tag."""
    appended = tag(frame("TIT2", latin("Late"), 4), version=4, flags=0x10)
    footer = b"3DI" + appended[3:10]
    for end in (b"", id3v1(b"Early", b"Nobody")):
        path = tmp_path / f"{len(end)}.mp3"
        path.write_bytes(SILENCE + appended + footer + end)
        assert metadata_of(path)["title"] == "Late"


def test_the_release_date_of_matroska_is_the_year(tmp_path: Path) -> None:
    """A release date is less exact than a recording date, and better than the first release."""
    assert tag_metadata({"date_released": ["2003-05-01"], "originaldate": ["1970"]})["year"] == "2003-05-01"
