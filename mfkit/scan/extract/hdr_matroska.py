"""Reader of HDR metadata in the tracks of Matroska and WebM files.

RFC 9559, sections 5.1.4.1.28.16 to 5.1.4.1.28.41 (``Colour``) and 5.1.4.1.17 (``BlockAdditionMapping``);
Matroska's registry of block additions for the types of Dolby Vision's configuration.
"""

from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.ebml_elements import Element, children, read_float, read_unsigned
from mfkit.scan.extract.hdr_metadata import (
    Hdr,
    combine,
    content_light,
    dolby_vision_record,
    mastering_display,
)

BLOCK_ADDITION_MAPPING, COLOUR = 0x41E4, 0x55B0
_TYPE, _EXTRA_DATA = 0x41E7, 0x41ED
_TRANSFER, _MAX_CLL, _MAX_FALL, _MASTERING = 0x55BA, 0x55BC, 0x55BD, 0x55D0
_LUMINANCE_MAX, _LUMINANCE_MIN = 0x55D9, 0x55DA
_DOLBY_VISION = frozenset(int.from_bytes(name, "big") for name in (b"dvcC", b"dvvC", b"dvwC"))


def colour_hdr(reader: BoundedReader, colour: Element) -> Hdr:
    """Return the HDR metadata of a video track's ``Colour`` element."""
    transfer, light = None, {_MAX_CLL: 0, _MAX_FALL: 0}
    mastering = Hdr()
    for part in children(reader, colour):
        if part.id == _TRANSFER:
            transfer = read_unsigned(reader, part)
        elif part.id in light:
            light[part.id] = read_unsigned(reader, part)
        elif part.id == _MASTERING:
            values = {
                value.id: read_float(reader, value)
                for value in children(reader, part)
                if value.id in (_LUMINANCE_MAX, _LUMINANCE_MIN)
            }
            mastering = mastering_display(values.get(_LUMINANCE_MIN, 0.0), values.get(_LUMINANCE_MAX, 0.0))
    return combine(Hdr(transfer=transfer), mastering, content_light(light[_MAX_CLL], light[_MAX_FALL]))


def block_addition_hdr(reader: BoundedReader, mapping: Element) -> Hdr:
    """Return the Dolby Vision configuration of a track's ``BlockAdditionMapping`` element, if it has one."""
    kind, record = 0, b""
    for part in children(reader, mapping):
        if part.id == _TYPE:
            kind = read_unsigned(reader, part)
        elif part.id == _EXTRA_DATA:
            record = reader.read(part.start, min(part.size or 0, 24))
    return Hdr(dolby_vision=dolby_vision_record(record)) if kind in _DOLBY_VISION else Hdr()
