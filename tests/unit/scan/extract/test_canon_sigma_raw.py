"""Canon CR3 and CRW and Sigma X3F: size, camera, exposure, capture time and location."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from mfkit.scan.extract.registry import ExtractionError, Metadata
from tests.unit.scan.heif_files import box
from tests.unit.scan.tiff_files import longs, rationals, shorts, text, tiff

Photo = Callable[..., Path]
Reader = Callable[[Path], Metadata]

CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
GPS = {1: text("S"), 2: rationals(33, 1, 51, 1, 0, 1), 3: text("W"), 4: rationals(151, 1, 12, 1, 0, 1)}
TAKEN = datetime(2003, 6, 7, 8, 9, 10)
SECONDS = int((TAKEN - datetime(1970, 1, 1)).total_seconds())


def cr3(**parts: bytes) -> bytes:
    """Return a CR3 image with the given boxes inside Canon's box."""
    inner = b"".join(box(name.encode(), data) for name, data in parts.items())
    return box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", box(b"uuid", CANON, inner))


@pytest.mark.parametrize(("orientation", "size"), [(1, (6000, 4000)), (6, (4000, 6000))])
def test_cr3(orientation: int, size: tuple[int, int], tmp_path: Path, metadata_of: Reader) -> None:
    """CMT1 states size and camera, CMT2 the exposure, CMT4 the location."""
    main = {0x0100: longs(6000), 0x0101: longs(4000), 0x0110: text("EOS R"), 0x0112: shorts(orientation)}
    path = tmp_path / "a.cr3"
    path.write_bytes(
        cr3(
            CMT1=tiff(main),
            CMT2=tiff({0x8827: shorts(800), 0x9003: text("2019:07:14 12:30:45"), 0x9011: text("+05:30")}),
            CMT4=tiff(GPS),
        )
    )
    metadata = metadata_of(path)
    assert (metadata["width"], metadata["height"]) == size
    assert (metadata["camera_model"], metadata["iso"]) == ("EOS R", 800)
    assert metadata["taken_at"].isoformat() == "2019-07-14T12:30:45+05:30"
    assert (metadata["latitude"], metadata["longitude"]) == pytest.approx((-33.85, -151.2))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"CMT2": tiff({0x8827: shorts(8)})}, "no camera metadata"),
        ({"CMT1": tiff(GPS)}, "states no width and height"),
    ],
)
def test_cr3_without_metadata(
    parts: dict[str, bytes], reason: str, tmp_path: Path, metadata_of: Reader
) -> None:
    """The error says what is missing."""
    (tmp_path / "a.cr3").write_bytes(cr3(**parts))
    with pytest.raises(ExtractionError, match=reason):
        metadata_of(tmp_path / "a.cr3")


def heap(*entries: tuple[int, bytes]) -> bytes:
    """Return a CIFF heap: the values, their directory, and the offset of the directory."""
    data, table = b"", b""
    for tag, value in entries:
        if tag & 0x4000:  # The entry contains the value itself.
            table += struct.pack("<H", tag) + value.ljust(8, b"\0")
        else:
            table += struct.pack("<HII", tag, len(value), len(data))
            data += value
    return data + struct.pack("<H", len(entries)) + table + struct.pack("<I", len(data))


def crw(*entries: tuple[int, bytes]) -> bytes:
    """Return a CRW image."""
    return b"II\x1a\0\0\0HEAPCCDR".ljust(26, b"\0") + heap(*entries)


def size_of_image(rotation: int) -> tuple[int, bytes]:
    """Return the entry with the size and the rotation of the image."""
    return 0x1810, struct.pack("<IIfi", 2160, 1440, 1.0, rotation)


@pytest.mark.parametrize(
    ("rotation", "orientation", "size"),
    [
        (0, 1, (2160, 1440)),
        (90, 6, (1440, 2160)),
        (180, 3, (2160, 1440)),
        (270, 8, (1440, 2160)),
        (-90, 8, (1440, 2160)),
    ],
)
def test_crw_rotation(
    rotation: int, orientation: int, size: tuple[int, int], tmp_path: Path, metadata_of: Reader
) -> None:
    """Degrees are clockwise; a negative angle counts from the other side."""
    (tmp_path / "a.crw").write_bytes(crw(size_of_image(rotation)))
    metadata = metadata_of(tmp_path / "a.crw")
    assert (metadata["width"], metadata["height"], metadata["extra"]["orientation"]) == (*size, orientation)


@pytest.mark.parametrize("is_in_entry", [True, False])
def test_crw_camera_and_exposure(is_in_entry: bool, tmp_path: Path, metadata_of: Reader) -> None:
    """Values are in heaps inside heaps, and a short value in the directory entry itself."""
    time = struct.pack("<I", SECONDS)
    inner = heap(
        (0x102A, struct.pack("<3H", 8, 160, 64)),
        (0x1818, struct.pack("<3f", 0.0, 8.0, 5.0)),
        (0x580E, time) if is_in_entry else (0x180E, time),
    )
    path = tmp_path / "a.crw"
    path.write_bytes(crw((0x080A, b"Canon\0Canon EOS D30\0"), size_of_image(0), (0x300A, inner)))
    metadata = metadata_of(path)
    assert (metadata["camera_make"], metadata["camera_model"]) == ("Canon", "Canon EOS D30")
    assert (metadata["iso"], metadata["shutter_speed"], metadata["aperture"]) == (400, "1/256", 5.66)
    assert metadata["taken_at"] == TAKEN


def test_crw_with_unknown_values(tmp_path: Path, metadata_of: Reader) -> None:
    """Zeros mean that the time and the exposure are unknown; without a size the image is refused."""
    path = tmp_path / "a.crw"
    zeros = ((0x180E, bytes(4)), (0x1818, bytes(12)))
    path.write_bytes(crw(*zeros, size_of_image(0)))
    metadata = metadata_of(path)
    assert {"taken_at", "shutter_speed", "aperture"}.isdisjoint(metadata)
    path.write_bytes(crw(*zeros))
    with pytest.raises(ExtractionError, match="states no width and height"):
        metadata_of(path)


def x3f(properties: dict[str, str], preview: bytes, rotation: int = 0) -> bytes:
    """Return an X3F image with a section of properties and a preview."""
    texts, pairs = "", b""
    for name, value in properties.items():
        pairs += struct.pack("<II", len(texts), len(texts) + len(name) + 1)
        texts += f"{name}\0{value}\0"
    prop = b"SECp" + struct.pack("<5I", 0x20000, len(properties), 0, 0, len(texts)) + pairs
    sections = [(b"PROP", prop + texts.encode("utf-16-le")), (b"IMA2", b"SECi" + bytes(24) + preview)]
    data = b"FOVb" + bytes(24) + struct.pack("<3I", 2640, 1760, rotation)
    table = b"SECd" + struct.pack("<II", 0x20000, len(sections))
    for name, content in sections:
        table += struct.pack("<II", len(data), len(content)) + name
        data += content
    return data + table + struct.pack("<I", len(data))


PROPERTIES = {
    "CAMMANUF": "SIGMA",
    "CAMMODEL": "SD14",
    "ISO": "200",
    "APERTURE": "5.6",
    "FLENGTH": "35.5",
    "SH_DESC": "1/250",
    "SHUTTER": "0.004",
    "TIME": str(SECONDS),
}


@pytest.mark.parametrize(
    ("rotation", "orientation", "size"),
    [(0, 1, (2640, 1760)), (90, 6, (1760, 2640)), (180, 3, (2640, 1760)), (270, 8, (1760, 2640))],
)
def test_x3f(
    rotation: int, orientation: int, size: tuple[int, int], photo: Photo, tmp_path: Path, metadata_of: Reader
) -> None:
    """The header states size and rotation, the properties camera, exposure and time."""
    preview = photo("preview.jpg", camera={0x8827: 100, 0x9003: ""}).read_bytes()
    path = tmp_path / "a.x3f"
    path.write_bytes(x3f(PROPERTIES, preview, rotation))
    metadata = metadata_of(path)
    assert (metadata["width"], metadata["height"], metadata["extra"]["orientation"]) == (*size, orientation)
    assert (metadata["camera_make"], metadata["camera_model"]) == ("Sigma", "SD14")
    assert (metadata["iso"], metadata["aperture"], metadata["focal_length"]) == (200, 5.6, 35.5)
    assert (metadata["shutter_speed"], metadata["taken_at"]) == ("1/250", TAKEN)
    assert "bits_per_pixel" not in metadata["extra"]


def test_x3f_without_properties(photo: Photo, tmp_path: Path, metadata_of: Reader) -> None:
    """The preview's EXIF completes what the properties do not state."""
    path = tmp_path / "a.x3f"
    path.write_bytes(x3f({"SH_DESC": "bulb", "APERTURE": "?"}, photo("preview.jpg").read_bytes()))
    metadata = metadata_of(path)
    assert (metadata["camera_model"], metadata["shutter_speed"], metadata["aperture"]) == (
        "D70",
        "1/250",
        2.8,
    )
    assert metadata["taken_at"] == datetime(2019, 7, 14, 12, 30, 45)
