"""Pictures of the lesser formats through Pillow's header readers: size and depth; no pixel is decoded."""

import os
import struct
import warnings
from typing import Any

from PIL import Image, UnidentifiedImageError

from mfkit.scan.kinds import Kind
from mfkit.scan.probes.contract import Facts, ProbeError, from_origin

_DAMAGE = (Image.DecompressionBombError, struct.error, ValueError, SyntaxError, KeyError, IndexError,
           TypeError, ArithmeticError, EOFError, OSError, MemoryError)
_BITS = {"1": 1, "L": 8, "P": 8, "LA": 16, "La": 16, "PA": 16, "RGB": 24, "RGBA": 32, "RGBa": 32, "RGBX": 32,
         "CMYK": 32, "YCbCr": 24, "LAB": 24, "HSV": 24, "I": 32, "F": 32}
# Only the reader of the identified kind: no other one is to be tried on hostile bytes.
_FORMATS = {
    "gif": ("GIF",), "bmp": ("BMP", "DIB"), "jp2": ("JPEG2000",), "jpx": ("JPEG2000",), "j2k": ("JPEG2000",),
    "psd": ("PSD",), "ico": ("ICO",), "cur": ("CUR",), "tga": ("TGA",), "pnm": ("PPM",), "pcx": ("PCX",),
    "dds": ("DDS",), "qoi": ("QOI",), "icns": ("ICNS",),
}


def read(path: str | bytes, kind: Kind) -> Facts:
    """Read a picture's size.

    Raises:
        ProbeError: Pillow does not understand the header.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(os.fsdecode(path), formats=_FORMATS.get(kind.format)) as picture:
                extra: dict[str, Any] = {"pixel_format": picture.mode, "bits_per_pixel": _bits(picture.mode)}
                facts: Facts = {"width": picture.width, "height": picture.height, "extra": extra}
                if kind.format in ("bmp", "tga"):
                    facts["is_compressed"] = bool(picture.info.get("compression")) or _is_run_length(picture)
                return from_origin("container", facts)
    except (FileNotFoundError, PermissionError):
        raise
    except UnidentifiedImageError as error:
        bare = _gif(path) if kind.format == "gif" else None
        if bare is not None:
            return bare
        raise ProbeError(f"this {kind.format} picture's header is not one that Pillow can read") from error
    except _DAMAGE as error:
        raise ProbeError(f"this {kind.format} picture's header is damaged: {error}") from error


def _gif(path: str | bytes) -> Facts | None:
    """GIF89a section 18: the screen's size, where Pillow insists on a picture that follows."""
    with open(path, "rb") as stream:
        head = stream.read(13)
    width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    return from_origin("container", {"width": width, "height": height}) if len(head) == 13 else None


def _is_run_length(picture: Image.Image) -> bool:
    tile = getattr(picture, "tile", None) or [("",)]
    return "rle" in str(tile[0][0])


def _bits(mode: str) -> int:
    return _BITS.get(mode, 16 if mode.startswith("I;16") else 24)
