"""Boxes of camera makers in MP4, MOV and 3GP files."""

import struct
from typing import Any

import pytest

from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.camera_boxes import CANON_UUID, camera_metadata
from mfkit.scan.extract.mp4_boxes import boxes
from mfkit.scan.extract.schema import Metadata
from tests import hdr_video
from tests.unit.scan.tiff_files import shorts, text, tiff

CAMERA = {0x010F: text("Canon"), 0x0110: text("Canon EOS 60D"), 0x0112: shorts(6)}


def box(name: bytes, *parts: bytes) -> bytes:
    """Return a box with some parts."""
    return hdr_video.box(name, b"".join(parts))


def read(*movie: bytes, file: bytes = b"") -> Metadata:
    """Return the metadata of the boxes of a movie, and of the boxes next to the movie."""
    first, second = (list(boxes(bytes_reader(part))) for part in (file, b"".join(movie)))
    return camera_metadata(first, second)


def camera_of(metadata: Metadata) -> tuple[str | None, str | None, list[str]]:
    """Return make, model and dates."""
    dates = [one.value.isoformat() for one in metadata.get("dates", ())]
    return metadata.get("camera_make"), metadata.get("camera_model"), dates


def asset(name: bytes, value: str, encoding: str = "utf-8") -> bytes:
    """Return a box with a text of 3GPP's asset information."""
    return box(name, bytes(4) + b"\x15\xc7" + value.encode(encoding) + bytes(2))


def test_exif_in_a_thumbnail_and_in_boxes_of_canon() -> None:
    """The size and the rotation of the thumbnail are not those of the movie."""
    exif = b"Exif\0\0" + tiff(CAMERA)
    frame = b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00\xff\xda"
    thumbnail = b"\xff\xd8\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + frame
    metadata = read(box(b"udta", box(b"CNTH", box(b"CNDA", thumbnail))))
    assert camera_of(metadata) == ("Canon", "Canon EOS 60D", [])
    assert "width" not in metadata and "orientation" not in metadata["extra"]
    original = tiff({0x9003: text("2011:05:06 07:08:09"), 0x9011: text("+09:00")})
    metadata = read(box(b"uuid", CANON_UUID, box(b"CMT1", tiff(CAMERA)), box(b"CMT2", original)))
    assert camera_of(metadata) == ("Canon", "Canon EOS 60D", ["2011-05-06T07:08:09+09:00"])
    assert "orientation" not in metadata["extra"]
    assert read(box(b"uuid", CANON_UUID)) == read(box(b"udta", box(b"CNTH"))) == {}


def test_tags_of_nikon() -> None:
    """Tags of other types are skipped by their size."""
    values = (
        (1, 2, 18, b"NIKON CORPORATION\0"),
        *((9, kind, 3, bytes(3 * size)) for kind, size in enumerate((1, 1, 2, 4, 8, 1, 1, 2), start=1)),
        (2, 2, 11, b"NIKON D750\0"),
        (0x11, 2, 20, b"2015:06:07 08:09:10\0"),
    )
    tags = b"".join(struct.pack(">IHH", *head) + value for *head, value in values)
    metadata = read(box(b"udta", box(b"NCDT", box(b"NCTG", tags))))
    assert camera_of(metadata) == ("NIKON CORPORATION", "NIKON D750", ["2015-06-07T08:09:10"])


@pytest.mark.parametrize("place", ["file", "movie"])
def test_document_of_sony(place: str) -> None:
    """The XML document has the camera, the local time with its offset, and a GPS position."""
    document = (
        '<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00">'
        '<CreationDate value="2021-03-04T10:11:12+01:00"/>'
        '<Device manufacturer="Sony" modelName="ILCE-7M3" serialNo="1"/>'
        '<Group name="ExifGPS"><Item name="LatitudeRef" value="S"/><Item name="Latitude" value="35:30:0.0"/>'
        '<Item name="LongitudeRef" value="E"/><Item name="Longitude" value="139:15:0.0"/></Group>'
    )
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(8) + b"nrtm" + bytes(13)))
    meta = box(b"meta", meta[8:], box(b"xml ", bytes(4) + document.encode()))
    metadata = read(meta) if place == "movie" else read(file=meta)
    assert camera_of(metadata) == ("Sony", "ILCE-7M3", ["2021-03-04T10:11:12+01:00"])
    assert (metadata["latitude"], metadata["longitude"]) == (-35.5, 139.25)
    assert read(meta.replace(b"NonRealTimeMeta", b"SomethingElse__")) == {}


@pytest.mark.parametrize("head", [b"", b"\0\0\0\0\x15\xc7"])
def test_texts_with_maker_and_model(head: bytes) -> None:
    """Some cameras write six unknown bytes before the text."""
    maker = box(b"manu", head + b"KODAK\0"), box(b"modl", head + b"Zi8\0rest")
    assert camera_of(read(box(b"udta", *maker))) == ("KODAK", "Zi8", [])


def test_asset_information_of_3gp() -> None:
    """Texts are in UTF-8 or UTF-16, and a number of the track follows the title of the album."""
    information = (
        asset(b"titl", "Am Meer"),
        asset(b"auth", "Ann"),
        asset(b"perf", "Ünal", "utf-16"),
        asset(b"dscp", "At the sea"),
        box(b"albm", bytes(4) + b"\x15\xc7Trip\0\x03"),
        box(b"yrrc", bytes(4) + struct.pack(">H", 2009)),
    )
    metadata: Any = read(box(b"udta", *information))
    assert [metadata[name] for name in ("title", "artist", "album", "year")] == [
        "Am Meer",
        "Ünal",
        "Trip",
        "2009",
    ]
    assert metadata["extra"]["description"] == "At the sea"
