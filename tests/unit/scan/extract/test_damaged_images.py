"""Damaged images keep the metadata that they state, and are failures nevertheless."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import mfkit
from mfkit.scan.extract.registry import ExtractionError, Metadata

Photo = Callable[..., Path]
Reader = Callable[[Path], Metadata]

GPS = {1: "S", 2: (33.0, 51.0, 0.0), 3: "W", 4: (151.0, 12.0, 0.0)}


def _noise(form: str, mode: str = "RGB", **options: Any) -> bytes:
    """Return an image whose pixels take most of the file, 320 by 240."""
    out = BytesIO()
    Image.effect_noise((320, 240), 90).convert(mode).save(out, form, **options)
    return out.getvalue()


def _partial(path: Path, read: Reader, message: str) -> Metadata:
    with pytest.raises(ExtractionError, match=message) as caught:
        read(path)
    return caught.value.partial


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _cut(name: str, block: bytes) -> bytes:
    """Return a truncated image of 320 by 240 pixels with an EXIF block."""
    if name == "a.png":  # Pillow would write the EXIF after the pixels
        data = _noise("PNG")
        data = data[:33] + _chunk(b"eXIf", block.removeprefix(b"Exif\0\0")) + data[33:]
    else:
        data = _noise({"a.jpg": "JPEG", "a.tif": "TIFF"}[name], exif=block)
    if name == "a.tif":
        # Pillow writes the directories after the pixels; state more pixels than there are.
        at = data.index(struct.pack("<HHI", 0x0117, 4, 1)) + 8
        return data[:at] + struct.pack("<I", len(data) + 1) + data[at + 4 :]
    return data[: int(len(data) * 0.97)]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_truncated_image_keeps_camera_place_time_and_size(
    name: str, tmp_path: Path, photo: Photo, metadata_of: Reader
) -> None:
    """Everything before the cut is read."""
    with Image.open(photo("source.jpg", gps=GPS)) as source:
        block = source.info["exif"]
    (tmp_path / name).write_bytes(_cut(name, block))
    metadata = _partial(tmp_path / name, metadata_of, "truncated")
    assert (metadata["width"], metadata["height"]) == (320, 240)
    assert (metadata["camera_make"], metadata["iso"]) == ("Nikon", 200)
    assert (metadata["latitude"], metadata["longitude"]) == pytest.approx((-33.85, -151.2))
    assert metadata["taken_at"].isoformat() == "2019-07-14T12:30:45"


def test_truncated_webp_keeps_its_size(tmp_path: Path, metadata_of: Reader) -> None:
    """Its EXIF follows the pixels."""
    (tmp_path / "a.webp").write_bytes(_noise("WEBP", exif=b"Exif\0\0")[:-500])
    metadata = _partial(tmp_path / "a.webp", metadata_of, "truncated")
    assert (metadata["width"], metadata["height"]) == (320, 240)


def test_jpeg_that_ends_after_its_exif(tmp_path: Path, photo: Photo, metadata_of: Reader) -> None:
    """The size is the one that EXIF states, turned by its orientation."""
    data = photo(main={0x0112: 6}, camera={0xA002: 4000, 0xA003: 3000}, gps=GPS).read_bytes()
    end = data.index(b"Exif\0\0") - 2 + int.from_bytes(data[data.index(b"Exif") - 2 :][:2], "big")
    (tmp_path / "cut.jpg").write_bytes(data[:end])
    metadata = _partial(tmp_path / "cut.jpg", metadata_of, "before its image data starts")
    assert (metadata["width"], metadata["height"]) == (3000, 4000)
    assert (metadata["camera_make"], metadata["camera_model"]) == ("Nikon", "D70")
    assert metadata["extra"]["origins"]["width"] == "exif"
    assert metadata["longitude"] == pytest.approx(-151.2)


def test_size_of_a_complete_jpeg_is_its_frame(photo: Photo, metadata_of: Reader) -> None:
    """Editors often leave an old size in EXIF."""
    metadata = metadata_of(photo(camera={0xA002: 4000, 0xA003: 3000}))
    assert (metadata["width"], metadata["height"]) == (64, 48)


@pytest.mark.parametrize("name", ["GIF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_gif_and_bmp_keep_their_size(
    name: str, share: float, tmp_path: Path, metadata_of: Reader
) -> None:
    """The header has the size; the pixels end too early."""
    data = _noise(name, "L")
    path = tmp_path / f"a.{name.lower()}"
    path.write_bytes(data)
    assert metadata_of(path)["width"] == 320
    path.write_bytes(data[: int(len(data) * share)])
    metadata = _partial(path, metadata_of, "truncated")
    assert (metadata["width"], metadata["height"]) == (320, 240)


def test_gif_without_trailer_is_complete(tmp_path: Path, metadata_of: Reader) -> None:
    """Some writers leave it out."""
    (tmp_path / "a.gif").write_bytes(_noise("GIF", "L").removesuffix(b";"))
    assert metadata_of(tmp_path / "a.gif")["width"] == 320


def test_png_with_broken_checksum_keeps_its_size(tmp_path: Path, metadata_of: Reader) -> None:
    """The checksum of the header is noted; the chunk is read nevertheless."""
    data = bytearray(_noise("PNG"))
    assert zlib.crc32(data[12:29]) == int.from_bytes(data[29:33], "big")
    data[30] ^= 0xFF
    (tmp_path / "a.png").write_bytes(data)
    metadata = metadata_of(tmp_path / "a.png")
    assert (metadata["width"], metadata["height"]) == (320, 240)
    assert metadata["extra"]["probe_notes"] == ["png: the header chunk's checksum is wrong"]


def _bmp(width: int, height: int, bits: int, compression: int, header_size: int = 56) -> bytes:
    info = struct.pack("<IiiHHI", header_size, width, height, 1, bits, compression).ljust(header_size, b"\0")
    pixels = (width * bits + 31) // 32 * 4 * abs(height)
    start = 14 + header_size
    return b"BM" + struct.pack("<IHHI", start + pixels, 0, 0, start) + info + b"\0" * pixels


@pytest.mark.parametrize(
    ("data", "size", "is_compressed", "bits"),
    [
        (_bmp(17, 5, 32, 3), (17, 5), False, 32),
        (_bmp(17, 5, 16, 6), (17, 5), False, 16),
        (_bmp(17, -5, 24, 0, 40), (17, 5), False, 24),
        (_bmp(17, 5, 8, 1, 40), (17, 5), True, 8),
        (b"BM" + struct.pack("<IHHIIHHHH", 46, 0, 0, 26, 12, 3, 5, 1, 24) + b"\0" * 60, (3, 5), False, 24),
    ],
)
def test_unusual_bmp_headers(
    data: bytes, size: tuple[int, int], is_compressed: bool, bits: int, tmp_path: Path, metadata_of: Reader
) -> None:
    """Unusual bit fields, rows from top to bottom, run lengths, and the OS/2 header."""
    (tmp_path / "a.bmp").write_bytes(data)
    metadata = metadata_of(tmp_path / "a.bmp")
    assert (metadata["width"], metadata["height"]) == size
    assert metadata["is_compressed"] is is_compressed
    assert metadata["extra"]["bits_per_pixel"] == bits


def _psd(channels: int, depth: int, mode: int, compression: int, *, large: bool = False) -> bytes:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 2 if large else 1, channels, 24, 32, depth, mode)
    sections = struct.pack(">I", 0) + struct.pack(">I", 6) + b"\0" * 6 + (b"\0" * 8 if large else b"\0" * 4)
    rows = channels * 24
    if compression:
        image = struct.pack(f">{rows}{'I' if large else 'H'}", *[4] * rows) + b"\0" * (4 * rows)
    else:
        image = b"\0" * (rows * 32 * depth // 8)
    return head + sections + struct.pack(">H", compression) + image


@pytest.mark.parametrize(
    ("channels", "depth", "mode", "name"),
    [
        (4, 8, 4, "cmyk"),
        (5, 8, 4, "cmyk"),
        (4, 16, 4, "cmyk"),
        (3, 8, 3, "rgb"),
        (3, 32, 3, "rgb"),
        (3, 8, 9, "lab"),
    ],
)
@pytest.mark.parametrize("compression", [0, 1])
@pytest.mark.parametrize("large", [False, True])
def test_psd_of_each_color_mode(
    channels: int,
    depth: int,
    mode: int,
    name: str,
    compression: int,
    large: bool,
    tmp_path: Path,
    metadata_of: Reader,
) -> None:
    """Size and mode are in the header; a file that is one byte too short is truncated."""
    path = tmp_path / "a.psd"
    data = _psd(channels, depth, mode, compression, large=large)
    path.write_bytes(data)
    metadata = metadata_of(path)
    assert (metadata["width"], metadata["height"]) == (32, 24)
    assert metadata["extra"]["color_mode"] == name
    assert metadata["extra"]["bits_per_pixel"] == channels * depth
    path.write_bytes(data[:-1])
    assert _partial(path, metadata_of, "truncated")["width"] == 32


def test_scan_stores_metadata_and_failure(tmp_path: Path, photo: Photo) -> None:
    """The item has the camera, and the list of failures has the file."""
    source = photo(gps=GPS)
    data = source.read_bytes()
    path = tmp_path / "photos" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(data[:-20])
    with mfkit.MediaLibrary(str(tmp_path / "library.db")) as library:
        library.scan(str(path.parent), progress=False)
        (item,) = library.items(media_type="image").to_dict("records")
        assert (item["camera_make"], item["width"], item["iso"]) == ("Nikon", 64, 200)
        assert item["latitude"] == pytest.approx(-33.85)
        assert library.failures()["file_path"].tolist() == [str(path)]
        path.write_bytes(data)
        library.scan(str(path.parent), progress=False)
        assert library.failures().empty
        assert library.items(media_type="image")["camera_make"].tolist() == ["Nikon"]
