"""Truncated images are reported by the sizes that they state, and whole images are not."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import Image

from mfkit.pixels.container_extents import DamageError
from mfkit.pixels.image_extents import CHECKS
from tests.unit.pixels.scenes import scene

_FOOTER = bytes(8) + b"TRUEVISION-XFILE.\0"


def accepted(format_: str, data: bytes) -> list[int]:
    """Return which lengths from half of a file to the whole file are accepted."""
    found = []
    for length in range(len(data) // 2, len(data) + 1):
        try:
            CHECKS[format_](io.BytesIO(data[:length]), length)
        except DamageError:
            continue
        found.append(length)
    return found


def saved(format_: str, image: Image.Image | None = None, **options: Any) -> bytes:
    """Return an image of 24 x 16 pixels in a format of Pillow."""
    stream = io.BytesIO()
    (image or scene(1, (24, 16))).save(stream, format_, **options)
    return stream.getvalue()


@pytest.mark.parametrize("compression", [None, "tga_rle"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_tga_images_without_all_pixels_or_without_a_whole_footer(mode: str, compression: str | None) -> None:
    """Without the footer, or with up to three further bytes, the pixels are complete as in version 1."""
    data = saved("TGA", scene(1, (24, 16)).convert(mode), compression=compression)
    assert data.endswith(_FOOTER)
    end = len(data) - len(_FOOTER)
    assert accepted("tga", data) == [end, end + 1, end + 2, end + 3, len(data)]


def test_tga_images_without_the_footer_after_an_extension_area() -> None:
    """The extension area begins with its size of 495 bytes. Other bytes after the pixels are accepted."""
    pixels = saved("TGA")[: -len(_FOOTER)]
    area = struct.pack("<H", 495).ljust(495, b"\0")
    footer = struct.pack("<II", len(pixels), 0) + _FOOTER[8:]
    data = pixels + area + footer
    assert accepted("tga", data) == [len(pixels), len(pixels) + 1, len(data)]
    padded = pixels + bytes(100)
    assert accepted("tga", padded)[-1] == len(padded)


@pytest.mark.parametrize("bitmap", ["png", "bmp"])
def test_icons_without_the_end_of_an_image(bitmap: str) -> None:
    """The directory states where each image ends; a cursor has the same directory."""
    data = saved("ICO", sizes=[(8, 8), (16, 16)], bitmap_format=bitmap)
    assert accepted("ico", data) == accepted("cur", data) == [len(data)]


def test_apple_icons_that_are_shorter_than_stated() -> None:
    """The header states the size of the file."""
    data = b"icns" + struct.pack(">I", 32) + bytes(24)
    assert accepted("icns", data) == [32]


@pytest.mark.parametrize("tiles", [{}, {"tile_size": (16, 16)}])
def test_jpeg_2000_images_without_the_end_of_their_codestream(tiles: dict[str, Any]) -> None:
    """A codestream ends with a marker, alone and in a box of unknown length."""
    data = saved("JPEG2000", **tiles)
    assert accepted("jp2", data) == [len(data)]
    start = data.index(b"jp2c") + 4
    codestream = data[start:]
    assert codestream == saved("JPEG2000", no_jp2=True, **tiles)
    assert accepted("j2k", codestream) == [len(codestream)]
    unknown = data[: start - 8] + bytes(4) + data[start - 4 :]
    assert accepted("jp2", unknown) == [len(data)]


def test_a_last_jpeg_2000_tile_part_of_unknown_length() -> None:
    """A tile-part of length 0 extends to the end marker."""
    data = bytearray(saved("JPEG2000", no_jp2=True))
    place = data.index(b"\xff\x90\x00\x0a") + 6
    data[place : place + 4] = bytes(4)
    assert accepted("j2k", bytes(data)) == [len(data)]


def test_jpeg_2000_images_with_metadata_after_the_codestream() -> None:
    """A file that ends with a whole box, also before zeros, is complete; a file without codestream is not."""
    image = saved("JPEG2000")
    data = image + struct.pack(">I4s", 48, b"xml ") + b" " * 40
    assert accepted("jp2", data) == [*range(len(image), len(image) + 4), len(data)]
    start = image.index(b"jp2c") - 4
    with pytest.raises(DamageError, match="no codestream"):
        CHECKS["jp2"](io.BytesIO(image[:start]), start)


def _tiff(order: str, tag: int, kind: int, number: int, data: bytes) -> bytes:
    """Return a TIFF file of 30 bytes of pixels, a directory, and the data to which a field points."""
    start = 38
    end = start + 2 + 12 * 3 + 4
    entries = [(0x0111, 4, 1, 8), (0x0117, 4, 1, 30), (tag, kind, number, end)]
    fields = b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, start)
    return head + bytes(30) + struct.pack(order + "H", 3) + fields + bytes(4) + data


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_images_without_the_end_of_a_field(order: str) -> None:
    """Every field of a TIFF file is checked; of a RAW file only those that locate image data."""
    data = _tiff(order, 0x8773, 7, 40, bytes(40))
    assert accepted("tiff", data) == accepted("dng", data) == [len(data)]
    assert accepted("nef", data) == list(range(len(data) - 44, len(data) + 1))


@pytest.mark.parametrize("tag", [0x8769, 0x8825])
def test_tiff_images_without_the_end_of_their_exif_or_gps_directory(tag: int) -> None:
    """The directory lies at the end of the file, and its only text after it."""
    directory = struct.pack("<HHHIII", 1, 0x9003, 2, 20, 80 + 18, 0) + b"2024:01:01 10:00:00\0"
    data = _tiff("<", tag, 4, 1, directory)
    assert data.index(b"2024:01:01") == 98
    assert accepted("tiff", data) == [len(data)]
