"""Sizes, camera metadata and truncation of TIFF images and of RAW formats with TIFF directories."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from mfkit.scan.extract.registry import ExtractionError, Metadata
from tests.unit.scan.extract.test_embedded_metadata import records, resource
from tests.unit.scan.tiff_files import Tags, longs, rationals, shorts, text, tiff

Photo = Callable[..., Path]
Reader = Callable[[Path], Metadata]


def image(width: int, height: int, reduced: int = 0) -> Tags:
    """Return the tags of an image."""
    return {0x00FE: longs(reduced), 0x0100: longs(width), 0x0101: longs(height)}


def developed(width: int, height: int) -> Tags:
    """Return the EXIF tags that state the size of the developed image."""
    return {0xA002: longs(width), 0xA003: longs(height)}


def area(top: int, left: int, bottom: int, right: int) -> Tags:
    """Return the tags of Panasonic's sensor borders, and of the sensor's own size."""
    borders = dict(zip(range(4, 8), map(shorts, (top, left, bottom, right)), strict=True))
    return {2: shorts(5000), 3: shorts(4000), **borders}


CR2, IIQ = b"CR\x02\0\0\0\0\0", b"IIII\0\0\0\0"


@pytest.mark.parametrize(
    ("name", "data", "size"),
    [
        # A RAW image is the largest one that is not a reduced version of another one.
        ("a.dng", tiff(image(256, 171, 1), subs=[image(6000, 4000), image(5000, 3000)]), (6000, 4000)),
        ("a.nef", tiff(image(160, 120, 1), subs=[image(8000, 8000, 1), image(6000, 4000)]), (6000, 4000)),
        ("a.arw", tiff(image(160, 120), image(1616, 1080), image(640, 480)), (1616, 1080)),
        ("a.pef", tiff(image(160, 120, 1), image(640, 480, 1)), (640, 480)),
        ("a.dng", tiff(image(160, 120, 1), subs=[image(6000, 4000)], order=">"), (6000, 4000)),
        # The size of a TIFF image is that of its first page.
        ("a.tif", tiff(image(64, 48), image(640, 480)), (64, 48)),
        ("a.tif", tiff(image(32, 24, 1), image(640, 480), image(6400, 4800)), (640, 480)),
        # Panasonic states the borders of the sensor's area.
        ("a.rw2", tiff(area(8, 12, 3000, 4012), magic=0x55), (4000, 2992)),
        ("a.raw", tiff(area(0, 0, 3000, 4012), magic=0x55), (4012, 3000)),
        ("a.rwl", tiff(area(8, 12, 3000, 4012), magic=0x55), (4000, 2992)),
        # In CR2 and IIQ, the directories describe previews.
        ("a.cr2", tiff(image(1024, 768), exif=developed(5616, 3744), after=CR2), (5616, 3744)),
        ("a.cr2", tiff(image(1024, 768), exif=developed(640, 480), after=CR2), (1024, 768)),
        ("a.cr2", tiff(image(1024, 768), exif=developed(5616, 0), after=CR2), (1024, 768)),
        ("a.iiq", tiff(image(1024, 768), exif=developed(7320, 5484), after=IIQ), (7320, 5484)),
        ("a.nef", tiff(image(1024, 768), exif=developed(5616, 3744)), (1024, 768)),
    ],
)
def test_size(name: str, data: bytes, size: tuple[int, int], tmp_path: Path, metadata_of: Reader) -> None:
    """Each format states the size of the full image in another place."""
    (tmp_path / name).write_bytes(data)
    metadata = metadata_of(tmp_path / name)
    assert (metadata["width"], metadata["height"]) == size


@pytest.mark.parametrize(("orientation", "size"), [(1, (6000, 4000)), (8, (4000, 6000)), (5, (4000, 6000))])
def test_orientation(orientation: int, size: tuple[int, int], tmp_path: Path, metadata_of: Reader) -> None:
    """The first directory's orientation turns the full image."""
    first = {**image(160, 120, 1), 0x0112: shorts(orientation)}
    (tmp_path / "a.nef").write_bytes(tiff(first, subs=[image(6000, 4000)]))
    metadata = metadata_of(tmp_path / "a.nef")
    assert (metadata["width"], metadata["height"]) == size


@pytest.mark.parametrize(
    ("tags", "bits", "is_compressed"),
    [
        ({0x0102: shorts(8, 8, 8), 0x0103: shorts(1)}, 24, False),
        ({0x0102: shorts(16), 0x0115: shorts(3), 0x0103: shorts(5)}, 48, True),
        ({0x0102: shorts(14), 0x0103: shorts(7)}, 14, True),
        ({0x0102: shorts(8, 8, 8, 16)}, 40, False),
        ({}, None, False),
    ],
)
def test_depth_and_compression(
    tags: Tags, bits: int | None, is_compressed: bool, tmp_path: Path, metadata_of: Reader
) -> None:
    """The bits of all samples add up; compression 1 means none."""
    (tmp_path / "a.tif").write_bytes(tiff({**image(64, 48), **tags}))
    metadata = metadata_of(tmp_path / "a.tif")
    assert metadata["extra"].get("bits_per_pixel") == bits
    assert metadata["is_compressed"] is is_compressed


@pytest.mark.parametrize(("offsets", "sizes"), [(0x0111, 0x0117), (0x0144, 0x0145)])
@pytest.mark.parametrize("surplus", [0, 1])
def test_strips_and_tiles_end_within_the_file(
    offsets: int, sizes: int, surplus: int, tmp_path: Path, metadata_of: Reader
) -> None:
    """Data that ends exactly with the file is complete; one byte more is truncated."""

    def data(end: int) -> bytes:
        return tiff({**image(64, 48), offsets: longs(8, end - 10), sizes: longs(4, 10)})

    path = tmp_path / "a.tif"
    path.write_bytes(data(len(data(100)) + surplus))
    if not surplus:
        assert metadata_of(path)["width"] == 64
        return
    with pytest.raises(ExtractionError, match="truncated") as caught:
        metadata_of(path)
    assert (caught.value.partial["width"], caught.value.partial["height"]) == (64, 48)
    assert "is_truncated" not in caught.value.partial["extra"]


def test_an_image_without_a_size_is_an_error(tmp_path: Path, metadata_of: Reader) -> None:
    """The camera is kept."""
    (tmp_path / "a.nef").write_bytes(tiff({0x010F: text("Nikon")}))
    with pytest.raises(ExtractionError, match="the nef image states no width and height") as caught:
        metadata_of(tmp_path / "a.nef")
    assert caught.value.partial["camera_make"] == "Nikon"


def test_blocks_of_a_tiff(tmp_path: Path, metadata_of: Reader) -> None:
    """Photoshop's image resources and IPTC records have their own tags."""
    path = tmp_path / "a.tif"
    path.write_bytes(tiff({**image(64, 48), 0x8649: (1, resource(0x0404, records((2, 90, b"Lyon"))))}))
    assert metadata_of(path)["location_name"] == "Lyon"
    path.write_bytes(tiff({**image(64, 48), 0x83BB: (7, records((2, 90, b"Nice")))}))
    assert metadata_of(path)["location_name"] == "Nice"


def test_camera_metadata_of_a_dng(tmp_path: Path, metadata_of: Reader) -> None:
    """TIFF/EP stores camera metadata in the first directory; the EXIF directory has priority."""
    first = {
        **image(64, 48),
        0xC612: (1, b"\1\4\0\0"),
        0xC614: text("Leica M8 Digital"),
        0xC630: rationals(24, 1, 70, 1, 28, 10, 28, 10),
        0x8827: shorts(100),
        0x829D: rationals(4, 1),
        0x9003: text("2010:03:04 05:06:07"),
    }
    path = tmp_path / "a.dng"
    path.write_bytes(tiff(first))
    metadata = metadata_of(path)
    assert (metadata["camera_model"], metadata["iso"], metadata["aperture"]) == ("Leica M8 Digital", 100, 4.0)
    assert metadata["extra"]["lens"] == "24-70mm f/2.8"
    assert metadata["taken_at"] == datetime(2010, 3, 4, 5, 6, 7)
    path.write_bytes(
        tiff(
            {**first, 0x0110: text("M8")},
            exif={0x8827: shorts(200), 0x829D: rationals(8, 1), 0xA432: rationals(50, 1, 50, 1, 2, 1, 2, 1)},
        )
    )
    metadata = metadata_of(path)
    assert (metadata["camera_model"], metadata["iso"], metadata["aperture"]) == ("M8", 200, 8.0)
    assert metadata["extra"]["lens"] == "50mm f/2"


def test_iso_of_panasonic(tmp_path: Path, metadata_of: Reader) -> None:
    """RW2 has a tag of its own, which EXIF overrides."""
    path = tmp_path / "a.rw2"
    path.write_bytes(tiff({**area(0, 0, 30, 40), 0x0017: shorts(320)}, magic=0x55))
    assert metadata_of(path)["iso"] == 320
    path.write_bytes(
        tiff({**area(0, 0, 30, 40), 0x0017: shorts(320)}, exif={0x8827: shorts(400)}, magic=0x55)
    )
    assert metadata_of(path)["iso"] == 400


def raf(preview: bytes, entries: bytes, count: int) -> bytes:
    """Return a Fujifilm RAF image."""
    table = struct.pack(">I", count) + entries
    positions = struct.pack(">4I", 100, len(preview), 100 + len(preview), len(table))
    return b"FUJIFILMCCD-RAW ".ljust(84, b"0") + positions + preview + table


FULL, CROPPED = struct.pack(">4H", 0x0100, 4, 3000, 4000), struct.pack(">4H", 0x0111, 4, 2900, 3900)
OTHER = struct.pack(">2H", 0x0121, 8) + bytes(8)


@pytest.mark.parametrize(
    ("entries", "orientation", "size"),
    [
        ((FULL, OTHER, CROPPED), 1, (3900, 2900)),
        ((OTHER, CROPPED, FULL), 6, (2900, 3900)),
        ((OTHER, FULL), 1, (4000, 3000)),
        ((OTHER,), 1, (64, 48)),
    ],
)
def test_raf(
    entries: tuple[bytes, ...],
    orientation: int,
    size: tuple[int, int],
    photo: Photo,
    tmp_path: Path,
    metadata_of: Reader,
) -> None:
    """The cropped size comes before that of the sensor and of the preview, which states the camera."""
    preview = photo("preview.jpg", main={0x0112: orientation}).read_bytes()
    (tmp_path / "a.raf").write_bytes(raf(preview, b"".join(entries), len(entries)))
    metadata = metadata_of(tmp_path / "a.raf")
    assert (metadata["width"], metadata["height"]) == size
    assert (metadata["camera_model"], metadata["iso"]) == ("D70", 200)


def test_mrw(tmp_path: Path, metadata_of: Reader) -> None:
    """The block PRD states sizes of the sensor and of the image, TTW contains a TIFF structure."""
    prd = b"27820001" + struct.pack(">4H", 2000, 3000, 1920, 2880) + bytes(8)
    ttw = tiff({0x010F: text("Minolta"), 0x0110: text("DiMAGE 7")}, exif={0x8827: shorts(100)}, order=">")
    blocks = b"".join(
        name + struct.pack(">I", len(data)) + data
        for name, data in ((b"\0PRD", prd), (b"\0WBG", bytes(12)), (b"\0TTW", ttw))
    )
    (tmp_path / "a.mrw").write_bytes(b"\0MRM" + struct.pack(">I", len(blocks)) + blocks + bytes(10))
    metadata = metadata_of(tmp_path / "a.mrw")
    assert (metadata["width"], metadata["height"]) == (2880, 1920)
    assert (metadata["camera_make"], metadata["camera_model"], metadata["iso"]) == (
        "Minolta",
        "DiMAGE 7",
        100,
    )
