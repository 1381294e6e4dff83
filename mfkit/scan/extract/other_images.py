"""Size and bit depth of less common image formats, read by Pillow without decoding pixels; GIF (GIF89a)."""

import warnings
from typing import Any, BinaryIO

from PIL import Image

from mfkit.scan.extract.schema import PARSER_ERRORS, ExtractionError, Metadata, from_origin
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_DAMAGE = (SyntaxError, OSError, MemoryError, Image.DecompressionBombError, *PARSER_ERRORS)
# fmt: off
_BITS = {
    "1": 1, "L": 8, "P": 8, "LA": 16, "La": 16, "PA": 16, "RGB": 24, "RGBA": 32, "RGBa": 32, "RGBX": 32,
    "CMYK": 32, "YCbCr": 24, "LAB": 24, "HSV": 24, "I": 32, "F": 32,
}
_PILLOW_FORMATS = {
    "bmp": "BMP", "jp2": "JPEG2000", "jpx": "JPEG2000", "j2k": "JPEG2000", "psd": "PSD", "ico": "ICO",
    "cur": "CUR", "tga": "TGA", "pnm": "PPM", "pcx": "PCX", "dds": "DDS", "qoi": "QOI", "icns": "ICNS",
}
# fmt: on


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read an image's size.

    Raises:
        ExtractionError: Pillow cannot read the header.
    """
    with open_source(source) as stream:
        if file_format.format == "gif":
            return _gif(stream)
        return _with_pillow(stream, file_format)


def _with_pillow(stream: BinaryIO, file_format: FileFormat) -> Metadata:
    Image.init()
    # Image.open() would reject large images to protect decoding, and would try further formats on
    # untrusted bytes.
    reader = Image.OPEN[_PILLOW_FORMATS[file_format.format]][0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = reader(stream, "")
            extra: dict[str, Any] = {"pixel_format": image.mode, "bits_per_pixel": _bits(image.mode)}
            metadata: Metadata = {"width": image.width, "height": image.height, "extra": extra}
            if file_format.format in ("bmp", "tga"):
                metadata["is_compressed"] = bool(image.info.get("compression")) or _is_run_length(image)
            return from_origin("container", metadata)
    except _DAMAGE as error:
        raise ExtractionError(f"the header of this {file_format.format} image is damaged: {error}") from error


def _gif(stream: BinaryIO) -> Metadata:
    """Read the logical screen size (GIF89a, section 18); Pillow would require an image after it."""
    head = stream.read(13)
    if len(head) < 13 or head[:3] != b"GIF":
        raise ExtractionError("the GIF ends within its header")
    width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    return from_origin("container", {"width": width, "height": height, "extra": {"bits_per_pixel": 8}})


def _is_run_length(image: Image.Image) -> bool:
    tile = getattr(image, "tile", None) or [("",)]
    return "rle" in str(tile[0][0])


def _bits(mode: str) -> int:
    return _BITS.get(mode, 16 if mode.startswith("I;16") else 24)
