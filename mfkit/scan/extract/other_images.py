"""Pictures of the lesser formats through Pillow's header readers: size and depth; no pixel is decoded."""

import struct
import warnings
from typing import Any, BinaryIO

from PIL import Image

from mfkit.scan.extract.schema import ExtractionError, Metadata, from_origin
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_DAMAGE = (
    struct.error,
    ValueError,
    SyntaxError,
    KeyError,
    IndexError,
    TypeError,
    ArithmeticError,
    Image.DecompressionBombError,
    EOFError,
    OSError,
    MemoryError,
    AssertionError,
    AttributeError,
    NotImplementedError,
)
_BITS = {
    "1": 1,
    "L": 8,
    "P": 8,
    "LA": 16,
    "La": 16,
    "PA": 16,
    "RGB": 24,
    "RGBA": 32,
    "RGBa": 32,
    "RGBX": 32,
    "CMYK": 32,
    "YCbCr": 24,
    "LAB": 24,
    "HSV": 24,
    "I": 32,
    "F": 32,
}
_READERS = {
    "bmp": "BMP",
    "jp2": "JPEG2000",
    "jpx": "JPEG2000",
    "j2k": "JPEG2000",
    "psd": "PSD",
    "ico": "ICO",
    "cur": "CUR",
    "tga": "TGA",
    "pnm": "PPM",
    "pcx": "PCX",
    "dds": "DDS",
    "qoi": "QOI",
    "icns": "ICNS",
}


def read(source: Source, kind: FileFormat) -> Metadata:
    """Read a picture's size.

    Raises:
        ProbeError: Pillow does not understand the header.
    """
    with open_source(source) as stream:
        if kind.format == "gif":
            return _gif(stream)
        return _by_pillow(stream, kind)


def _by_pillow(stream: BinaryIO, kind: FileFormat) -> Metadata:
    Image.init()
    # Not Image.open: it counts pixels as a guard for decoding, and here a size is only a number. And only
    # the reader of the identified kind: no other one is to be tried on hostile bytes.
    reader = Image.OPEN[_READERS[kind.format]][0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = reader(stream, "")
            extra: dict[str, Any] = {"pixel_format": picture.mode, "bits_per_pixel": _bits(picture.mode)}
            facts: Metadata = {"width": picture.width, "height": picture.height, "extra": extra}
            if kind.format in ("bmp", "tga"):
                facts["is_compressed"] = bool(picture.info.get("compression")) or _is_run_length(picture)
            return from_origin("container", facts)
    except _DAMAGE as error:
        raise ExtractionError(f"this {kind.format} picture's header is damaged: {error}") from error


def _gif(stream: BinaryIO) -> Metadata:
    """GIF89a section 18: the screen's size; Pillow would insist on a picture that follows."""
    head = stream.read(13)
    if len(head) < 13 or head[:3] != b"GIF":
        raise ExtractionError("the GIF ends within its header")
    width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    return from_origin("container", {"width": width, "height": height, "extra": {"bits_per_pixel": 8}})


def _is_run_length(picture: Image.Image) -> bool:
    tile = getattr(picture, "tile", None) or [("",)]
    return "rle" in str(tile[0][0])


def _bits(mode: str) -> int:
    return _BITS.get(mode, 16 if mode.startswith("I;16") else 24)
