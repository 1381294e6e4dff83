"""Tags of ASF files, with headers that the tests build."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.asf_tags import extract, read_tags
from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.registry import Metadata
from mfkit.scan.formats.identify import FORMATS
from tests.unit.scan.extract.test_xmp import packet

HEADER = "75B22630-668E-11CF-A6D9-00AA0062CE6C"
EXTENSION = "5FBF03B5-A92E-11CF-8EE3-00C00C205365"
DESCRIPTION = "75B22633-668E-11CF-A6D9-00AA0062CE6C"
MORE_DESCRIPTION = "D2D0A440-E307-11D2-97F0-00A0C95EA850"
PROPERTIES = "8CABDCA1-A947-11CF-8EE4-00C00C205365"
LIBRARY = "44231C94-9498-49D1-A141-1D134E457054"


def text(value: str) -> bytes:
    """Return a text as ASF stores it."""
    return value.encode("utf-16-le") + b"\0\0"


def asf_object(identifier: str, content: bytes) -> bytes:
    """Return an object with its identifier and size."""
    return UUID(identifier).bytes_le + struct.pack("<Q", 24 + len(content)) + content


def header(*objects: bytes) -> bytes:
    """Return the header of a file with the given objects."""
    return asf_object(HEADER, struct.pack("<I2B", len(objects), 1, 2) + b"".join(objects))


def description(*texts: str) -> bytes:
    """Return a content description with title, author, copyright and description."""
    values = [text(one) for one in (*texts, "", "", "", "", "")[:5]]
    return asf_object(DESCRIPTION, struct.pack("<5H", *map(len, values)) + b"".join(values))


def descriptors(*values: tuple[str, int, bytes]) -> bytes:
    """Return an extended content description."""
    parts = [
        struct.pack("<H", len(text(name))) + text(name) + struct.pack("<2H", kind, len(data)) + data
        for name, kind, data in values
    ]
    return asf_object(MORE_DESCRIPTION, struct.pack("<H", len(parts)) + b"".join(parts))


def library(*values: tuple[int, str, str]) -> bytes:
    """Return a header extension with a metadata library of texts, each of a stream."""
    parts = [
        struct.pack("<4HI", 0, stream, len(text(name)), 0, len(text(value))) + text(name) + text(value)
        for stream, name, value in values
    ]
    content = asf_object(LIBRARY, struct.pack("<H", len(parts)) + b"".join(parts))
    return asf_object(EXTENSION, bytes(18) + struct.pack("<I", len(content)) + content)


def read(*objects: bytes) -> Metadata:
    """Read the tags of a header."""
    return read_tags(bytes_reader(header(*objects)))


@pytest.mark.parametrize(
    ("name", "ticks", "expected"),
    [
        ("wmv", 132_366_894_720_000_000, datetime(2020, 6, 15, 10, 11, 12, tzinfo=UTC)),
        ("wma", 132_366_894_720_000_000, None),  # the date of a rip
        ("wmv", 0, None),
        ("wmv", 116_444_736_000_000_000, None),  # the start of 1970
        ("wmv", 2**64 - 1, None),
    ],
)
def test_creation_date(name: str, ticks: int, expected: datetime | None, tmp_path: Path) -> None:
    """The file properties of a video count from 1601."""
    properties = asf_object(PROPERTIES, bytes(24) + struct.pack("<Q", ticks) + bytes(48))
    path = tmp_path / f"a.{name}"
    path.write_bytes(header(description("x"), properties))
    dates = extract(path, FORMATS[name]).get("dates", ())
    assert [date.value for date in dates] == ([] if expected is None else [expected])


def test_the_first_description() -> None:
    """Title, author, copyright and description have fixed places."""
    found = read(description("Größe", "東京", "© A", "said"))
    assert (found["title"], found["artist"]) == ("Größe", "東京")
    assert (found["extra"]["copyright"], found["extra"]["comment"]) == ("© A", "said")


def test_named_values_of_all_types() -> None:
    """Numbers are stored in two, four or eight bytes, and truth values in four."""
    found = read(
        descriptors(
            ("WM/AlbumTitle", 0, text("Album")),
            ("WM/AlbumArtist", 0, text("All")),
            ("WM/Year", 0, text("2003")),
            ("WM/TrackNumber", 3, struct.pack("<I", 3)),
            ("WM/PartOfSet", 0, text("1/2")),
            ("WM/SharedUserRating", 5, struct.pack("<H", 75)),
            ("WM/IsCompilation", 2, struct.pack("<I", 1)),
            ("WM/Picture", 1, b"\xff\xd8\xff"),
        )
    )
    assert (found["album"], found["year"]) == ("Album", "2003")
    extra = found["extra"]
    assert (extra["album_artist"], extra["track"], extra["disc"]) == ("All", "3", "1/2")
    assert (extra["rating"], extra["compilation"]) == (4, True)


def test_the_older_track_number_starts_at_zero() -> None:
    """WM/Track 4 is the fifth track; WM/TrackNumber is preferred."""
    older = ("WM/Track", 3, struct.pack("<I", 4))
    assert read(descriptors(older))["extra"]["track"] == "5"
    newer = ("WM/TrackNumber", 0, text("7"))
    assert read(descriptors(newer, older))["extra"]["track"] == "7"


def test_several_values_in_all_objects() -> None:
    """Players write further artists into the metadata library, where stream 0 is the file."""
    found = read(
        description("", "One"),
        descriptors(("WM/Genre", 0, text("Rock")), ("WM/Genre", 0, text("Pop"))),
        library((0, "Author", "Two"), (1, "Author", "a stream")),
    )
    assert (found["artist"], found["genre"]) == ("One; Two", "Rock; Pop")
    assert found["extra"]["artists"] == ["One", "Two"]
    assert read(library((0, "Author", "Two")), description("", "One"))["artist"] == "One; Two"


def test_xmp_after_the_data(tmp_path: Path) -> None:
    """Adobe's programs append an object with an XMP packet."""
    path = tmp_path / "a.wma"
    path.write_bytes(
        header(description("Song"))
        + asf_object("75B22636-668E-11CF-A6D9-00AA0062CE6C", bytes(26))
        + asf_object("BE7ACFCB-97A9-42E8-9C71-999491E3AFAC", packet('q:Rating="4"'))
    )
    metadata = extract(str(path), FORMATS["wma"])
    assert (metadata["title"], metadata["extra"]["rating"]) == ("Song", 4)


def test_a_real_file(tmp_path: Path, metadata_of: Callable[[Path], Metadata]) -> None:
    """FFmpeg's tags are read, and the properties of the stream still come from FFmpeg."""
    path = tmp_path / "a.wma"
    with av.open(str(path), "w", format="asf") as container:
        container.metadata.update({"title": "Größe", "artist": "東京", "album": "Album"})
        stream = container.add_stream("wmav2", rate=44_100, layout="stereo", bit_rate=128_000)
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=2_048)
        frame.sample_rate = 44_100
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    found = metadata_of(path)
    assert (found["title"], found["artist"], found["album"]) == ("Größe", "東京", "Album")
    assert found["audio_codec"] == "wmav2" and found["sample_rate"] == 44_100


@given(st.binary(max_size=64), st.integers(0, 400))
def test_damaged_headers_raise_nothing(noise: bytes, at: int) -> None:
    """Sizes that do not fit end the reading."""
    data = header(description("a", "b"), descriptors(("WM/Genre", 0, text("Rock"))), library((0, "A", "b")))
    read_tags(bytes_reader(data[:at] + noise + data[at:]))
    read_tags(bytes_reader(data[:at] + noise))
