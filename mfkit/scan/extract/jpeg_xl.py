"""Extractor for JPEG XL images (ISO/IEC 18181-1, annex D: size and orientation; 18181-2: container boxes)."""

from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader, file_reader
from mfkit.scan.extract.embedded_metadata import Blocks
from mfkit.scan.extract.mp4_boxes import boxes
from mfkit.scan.extract.schema import ExtractionError, Metadata, apply_orientation, from_origin
from mfkit.scan.extract.xmp import MAX_PACKET
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_BOX = 1 << 20
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


class _Bits:
    """Reader of bits in a JPEG XL codestream, with the least significant bit of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ExtractionError("the JPEG XL codestream ends within its header")
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        return taken


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read the size, orientation, EXIF and XMP of a JPEG XL image.

    Raises:
        ExtractionError: The codestream is missing, or ends within its header.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        if reader.read(0, 2) == b"\xff\x0a":
            return apply_orientation(_codestream(reader.read(0, 64)))
        frame: Metadata = {}
        blocks = Blocks()
        for name, content in boxes(reader):
            if name == b"jxlc" and not frame:
                frame = _codestream(content.read(0, 64))
            elif name == b"jxlp" and not frame:
                frame = _codestream(content.read(4, 64))
            elif name == b"brob":
                # A box "brob" contains the type and the compressed content of another box (18181-2, section
                # 9.4).
                _read_box(content.read(0, 4), bytes_reader(_decompressed(content.read(4, _MAX_BOX))), blocks)
            else:
                _read_box(name, content, blocks)
        if not frame:
            raise ExtractionError("the JPEG XL file contains no codestream")
        return apply_orientation(blocks.merged(frame))


def _read_box(name: bytes, content: BoundedReader, blocks: Blocks) -> None:
    if name == b"Exif" and not blocks.exif:
        skip = int.from_bytes(content.read(0, 4), "big")
        blocks.add_exif(content.part(4 + skip, content.size))
        # The EXIF orientation is removed, because only the orientation in the codestream is valid (ISO/IEC
        # 18181-2, section 9.5).
        blocks.exif[-1].get("extra", {}).pop("orientation", None)
    elif name == b"xml " and not blocks.xmp:
        blocks.add_xmp(content.read(0, MAX_PACKET))


def _decompressed(data: bytes) -> bytes:
    """Decompress Brotli data (RFC 7932) up to a size limit, because the output can be extremely large."""
    import brotli  # The package brotli is imported only here, because most files have no compressed boxes.

    try:
        return bytes(brotli.Decompressor().process(data, output_buffer_limit=_MAX_BOX)[:_MAX_BOX])
    except brotli.error:
        return b""


def _codestream(data: bytes) -> Metadata:
    if data[:2] != b"\xff\x0a":
        raise ExtractionError("the JPEG XL codestream does not start with its signature")
    bits = _Bits(data[2:])
    is_small = bits.take(1)
    height = _side(bits, is_small)
    ratio = _RATIOS.get(bits.take(3))
    width = height * ratio[0] // ratio[1] if ratio else _side(bits, is_small)
    orientation = 1
    # In a JPEG XL header, the first of these bits is 0 if some values differ from the defaults. The second
    # bit is 1 if the orientation is stored.
    if not bits.take(1) and bits.take(1):
        orientation = bits.take(3) + 1
    return from_origin("container", {"width": width, "height": height, "extra": {"orientation": orientation}})


def _side(bits: _Bits, is_small: int) -> int:
    if is_small:
        return (bits.take(5) + 1) * 8
    return bits.take((9, 13, 18, 30)[bits.take(2)]) + 1
