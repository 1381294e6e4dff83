"""JPEG XL images (ISO/IEC 18181-1, annex D: size header, orientation; ISO/IEC 18181-2: container boxes)."""

from mfkit.scan.extract import exif, xmp
from mfkit.scan.extract.bounded_reader import file_reader
from mfkit.scan.extract.mp4_boxes import boxes
from mfkit.scan.extract.schema import ExtractionError, Metadata, apply_orientation, from_origin, merge
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


class _Bits:
    """Bits of a codestream, starting with the least significant of each byte."""

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
    """Read size, orientation, EXIF and XMP.

    Raises:
        ExtractionError: The codestream is missing, or ends within its header.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        if reader.read(0, 2) == b"\xff\x0a":
            return apply_orientation(_codestream(reader.read(0, 64)))
        frame: Metadata = {}
        found: list[Metadata] = []
        for name, content in boxes(reader):
            if name == b"jxlc" and not frame:
                frame = _codestream(content.read(0, 64))
            elif name == b"jxlp" and not frame:
                frame = _codestream(content.read(4, 64))
            elif name == b"Exif" and len(found) < 4:
                skip = int.from_bytes(content.read(0, 4), "big")
                metadata = exif.extract(content.part(4 + skip, content.size))[0]
                # ISO/IEC 18181-2, section 9.5: only the codestream's orientation counts.
                metadata.get("extra", {}).pop("orientation", None)
                found.append(metadata)
            elif name == b"xml " and len(found) < 4:
                found.append(xmp.extract(content.read(0, xmp.MAX_PACKET)))
        if not frame:
            raise ExtractionError("the JPEG XL file contains no codestream")
        return apply_orientation(merge(frame, *found))


def _codestream(data: bytes) -> Metadata:
    if data[:2] != b"\xff\x0a":
        raise ExtractionError("the JPEG XL codestream does not start with its signature")
    bits = _Bits(data[2:])
    is_small = bits.take(1)
    height = _side(bits, is_small)
    ratio = _RATIOS.get(bits.take(3))
    width = height * ratio[0] // ratio[1] if ratio else _side(bits, is_small)
    orientation = 1
    if not bits.take(1) and bits.take(1):  # not all defaults, and extra fields follow
        orientation = bits.take(3) + 1
    return from_origin("container", {"width": width, "height": height, "extra": {"orientation": orientation}})


def _side(bits: _Bits, is_small: int) -> int:
    if is_small:
        return (bits.take(5) + 1) * 8
    return bits.take((9, 13, 18, 30)[bits.take(2)]) + 1
