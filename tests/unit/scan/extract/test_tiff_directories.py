"""TIFF directories of both byte orders, BigTIFF, and the maker notes of Canon and Apple."""

from __future__ import annotations

import struct

import pytest

from mfkit.scan.extract import exif
from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.tiff_directories import Value, directories
from tests.unit.scan.tiff_files import Field, Tags, directory, longs, rationals, shorts, text, tiff

BIAS, MAKE, MODEL, NOTE = 0x9204, 0x010F, 0x0110, 0x927C
WANTED = {
    "main": frozenset((BIAS, MAKE, MODEL, 0x0100)),
    "next": frozenset((0x0100,)),
    "sub": frozenset((0x0100,)),
    "gps": frozenset((2, 4)),
}


def found(data: bytes) -> list[tuple[str, dict[int, Value]]]:
    """Return the names of the directories, and their tags without pointers to other directories."""
    return [
        (one.name, {tag: value for tag, value in one.tags.items() if tag not in (0x8825, 0x014A)})
        for one in directories(bytes_reader(data), WANTED)
    ]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        (shorts(513), 513),
        (longs(66_051), 66_051),
        ((9, (-5,)), -5),
        (rationals(1, 3), 1 / 3),
        ((10, (-1, 3)), -1 / 3),
        ((10, (-1, 3, 2, 3)), (-1 / 3, 2 / 3)),
        (shorts(1, 2), (1, 2)),
        (shorts(1, 2, 3), (1, 2, 3)),
    ],
)
def test_numbers_of_both_byte_orders(order: str, field: Field, value: object) -> None:
    """Signed and unsigned numbers, in the entry itself or behind an offset."""
    assert found(tiff({BIAS: field}, order=order)) == [("main", {BIAS: value})]


@pytest.mark.parametrize("name", ["abc", "abcd", "Nikon"])
def test_texts_in_and_behind_the_entry(name: str) -> None:
    """A text of four bytes with its NUL is in the entry, a longer one behind its offset."""
    assert found(tiff({MAKE: text(name)})) == [("main", {MAKE: name + "\0"})]
    assert exif.extract(bytes_reader(tiff({MAKE: text(name)})))[0]["camera_make"] == name


def test_order_of_directories() -> None:
    """The chain of pages, then the directories to which the first page refers, each with its name."""
    data = tiff(
        {0x0100: shorts(1)},
        {0x0100: shorts(2)},
        {0x0100: shorts(3)},
        gps={2: rationals(5, 1)},
        subs=[{0x0100: shorts(6)}, {0x0100: shorts(7)}],
    )
    names = [(name, tags.get(0x0100, tags.get(2))) for name, tags in found(data)]
    assert names == [("main", 1), ("gps", 5), ("sub", 6), ("sub", 7), ("next", 2), ("next", 3)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_big_tiff(order: str) -> None:
    """BigTIFF has entries of 20 bytes with 64-bit offsets; eight bytes fit into an entry."""
    entries = struct.pack(order + "HHQ", 0x0100, 4, 1) + struct.pack(order + "IHH", 70_000, 0, 0)
    entries += struct.pack(order + "HHQ", MAKE, 2, 9) + struct.pack(order + "Q", 16 + 8 + 40 + 8)
    mark = b"II" if order == "<" else b"MM"
    data = mark + struct.pack(order + "HHHQ", 43, 8, 0, 16) + struct.pack(order + "Q", 2) + entries
    assert found(data + bytes(8) + b"Phase One") == [("main", {0x0100: 70_000, MAKE: "Phase One"})]


def test_negative_coordinates() -> None:
    """A numerator beyond 2^31 is negative if the number would be impossible otherwise."""
    gps = {2: rationals(2**32 - 33, 1, 51, 1), 4: rationals(2**31 + 100, 2**31, 3, 0)}
    ((_, _), (name, tags)) = found(tiff({0x0100: shorts(1)}, gps=gps))
    assert name == "gps" and tags[2] == (-33.0, 51.0)
    longitude = tags[4]
    assert isinstance(longitude, tuple) and longitude[0] == pytest.approx(1 + 100 / 2**31)
    assert longitude[1] != longitude[1]  # The second number is 3/0, which is not a number.


def with_canon_notes(notes: Tags, moved: int) -> bytes:
    """Return EXIF with Canon's maker notes, which an editor moved by some bytes without correcting them."""
    placeholder = bytes(range(1, 200))
    data = tiff({MAKE: text("Canon")}, exif={NOTE: (7, placeholder)}, after=bytes(200))
    at = data.index(placeholder)
    return data[:at] + directory(notes, at - moved) + data[at:]


@pytest.mark.parametrize("moved", [0, 100, -60, 2])
@pytest.mark.parametrize(
    ("notes", "iso"),
    [
        ({1: shorts(*[9] * 16, 0x4000 | 640, 0, 0)}, 640),
        ({1: shorts(*[9] * 16, 18, 0, 0)}, 200),
        ({1: shorts(*[9] * 16, 0x7FFF, 0, 0), 4: shorts(8, 160, 64, 0)}, 400),
        ({4: shorts(8, 160, 32, 0)}, 200),
    ],
)
def test_iso_in_canon_notes(moved: int, notes: Tags, iso: int) -> None:
    """Offsets in moved maker notes are corrected by the distance of the first value."""
    assert exif.extract(bytes_reader(with_canon_notes(notes, moved)))[0]["iso"] == iso


@pytest.mark.parametrize("order", ["<", ">"])
def test_identifier_in_apple_notes(order: str) -> None:
    """Offsets are relative to the signature of the notes, which have a byte order of their own."""
    mark = b"II" if order == "<" else b"MM"
    notes = b"Apple iOS\0\0\1" + mark + directory({0x0011: text("ABCD-1234")}, 14, 0, order)
    data = tiff({MAKE: text("Apple")}, exif={NOTE: (7, notes)})
    assert exif.extract(bytes_reader(data))[0]["extra"]["content_identifier"] == "ABCD-1234"
    other = tiff({MAKE: text("Nikon")}, exif={NOTE: (7, notes)})
    assert "content_identifier" not in exif.extract(bytes_reader(other))[0]["extra"]
