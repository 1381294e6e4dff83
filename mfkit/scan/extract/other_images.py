"""Extractor for less common image formats: size and bit depth, read by Pillow without decoding pixels."""

import warnings
from typing import Any, BinaryIO

from PIL import Image

from mfkit.scan.extract.bounded_reader import file_reader
from mfkit.scan.extract.image_blocks import jpeg_2000_metadata
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
    "jp2": "JPEG2000", "jpx": "JPEG2000", "j2k": "JPEG2000", "ico": "ICO",
    "cur": "CUR", "tga": "TGA", "pnm": "PPM", "pcx": "PCX", "dds": "DDS", "qoi": "QOI", "icns": "ICNS",
    "sgi": "SGI",
}
# fmt: on


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read an image's size, and the EXIF, XMP and IPTC of JPEG 2000.

    Raises:
        ExtractionError: Pillow cannot read the header.
    """
    with open_source(source) as stream:
        frame = _with_pillow(stream, file_format)
        if file_format.format in ("jp2", "jpx"):
            return jpeg_2000_metadata(file_reader(stream), frame)
        return frame


def _with_pillow(stream: BinaryIO, file_format: FileFormat) -> Metadata:
    Image.init()
    # Image.open() is not used, because it rejects large images, and because it would parse untrusted bytes
    # with the parsers of many formats.
    reader = Image.OPEN[_PILLOW_FORMATS[file_format.format]][0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = reader(stream, "")
            extra: dict[str, Any] = {"pixel_format": image.mode, "bits_per_pixel": _bits(image.mode)}
            metadata: Metadata = {"width": image.width, "height": image.height, "extra": extra}
            if file_format.format == "tga":
                metadata["is_compressed"] = _is_run_length(image)
            return from_origin("container", metadata)
    except _DAMAGE as error:
        raise ExtractionError(f"the header of this {file_format.format} image is damaged: {error}") from error


def _is_run_length(image: Image.Image) -> bool:
    tile = getattr(image, "tile", None) or [("",)]
    return "rle" in str(tile[0][0])


def _bits(mode: str) -> int:
    return _BITS.get(mode, 16 if mode.startswith("I;16") else 24)
