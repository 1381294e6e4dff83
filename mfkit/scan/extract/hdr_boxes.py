"""Reader of HDR metadata in the sample entries of MP4 and MOV files.

ISO/IEC 14496-12, sections 12.1.3 (visual sample entry), 12.1.5 (``colr``), 12.1.6 and 12.1.7 (``mdcv``,
``clli``); VP Codec ISO Media File Format Binding (``SmDm``, ``CoLL``); "Dolby Vision Streams Within the ISO
Base Media File Format", section 3 (``dvcC``, ``dvvC``, ``dvwC``).
"""

from itertools import islice

from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.hdr_metadata import (
    Hdr,
    combine,
    content_light_record,
    dolby_vision_record,
    fixed_point_mastering_display,
    mastering_display_record,
)
from mfkit.scan.extract.mp4_boxes import boxes

_VISUAL_FIELDS = 78
"""Number of bytes of a visual sample entry before its boxes."""
_MAX_ENTRIES, _MAX_ENTRY_BOXES = 4, 64


def sample_description_hdr(description: BoundedReader) -> Hdr:
    """Return the HDR metadata in the first sample entries of a video track.

    Args:
        description: Content of the track's ``stsd`` box.
    """
    entries = islice(boxes(description, 8), _MAX_ENTRIES)
    return combine(*(_entry(entry.content) for entry in entries))


def _entry(content: BoundedReader) -> Hdr:
    found = Hdr()
    for name, part in islice(boxes(content, _VISUAL_FIELDS), _MAX_ENTRY_BOXES):
        if name == b"colr":
            found = combine(found, _colour(part.read(0, 11)))
        elif name == b"mdcv":
            found = combine(found, mastering_display_record(part.read(0, 24)))
        elif name == b"clli":
            found = combine(found, content_light_record(part.read(0, 4)))
        elif name == b"SmDm":
            found = combine(found, fixed_point_mastering_display(part.read(4, 24)))
        elif name == b"CoLL":
            found = combine(found, content_light_record(part.read(4, 4)))
        elif name in (b"dvcC", b"dvvC", b"dvwC"):
            found = combine(found, Hdr(dolby_vision=dolby_vision_record(part.read(0, 24))))
    return found


def _colour(data: bytes) -> Hdr:
    """Read the transfer characteristics in a ``colr`` box of type ``nclx`` or QuickTime's type ``nclc``."""
    if data[:4] not in (b"nclx", b"nclc") or len(data) < 10:
        return Hdr()
    return Hdr(transfer=int.from_bytes(data[6:8], "big"))
