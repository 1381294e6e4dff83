"""Pictures whose first directory is a TIFF one, and camera RAW: what each format means by its size.

TIFF 6.0; TIFF/EP and DNG 1.7 (SubIFDs, NewSubfileType); Panasonic RW2, whose sensor borders give the
size; Fujifilm RAF (an embedded JPEG and a directory of its own); Minolta MRW (PRD and TTW blocks).
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any

from mfkit.scan.extract import exif, iptc, jpeg, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.schema import ExtractionError, Metadata, displayed, from_origin, merge
from mfkit.scan.extract.tiff_directories import Directory, Value
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_BARE_TIFF = 1  # Compression: none
_REDUCED = 1  # NewSubfileType: bit 0 marks a smaller version of another picture


def read(source: Source, kind: FileFormat) -> Metadata:
    """Read size and camera facts of a TIFF-structured, RAF or MRW picture.

    Raises:
        ProbeError: No directory with a size is found.
    """
    with open_source(source) as stream:
        facts = _READERS.get(kind.format, _tiff)(file_reader(stream), kind)
    if not facts.get("width") or not facts.get("height"):
        raise ExtractionError(f"the {kind.format} picture states no size")
    return displayed(facts)


def _tiff(window: BoundedReader, kind: FileFormat) -> Metadata:
    facts, directories = exif.read(window)
    if not directories:
        raise ExtractionError(f"the {kind.format} picture has no readable directory")
    main = directories[0].tags
    parts = [_size(directories, kind), facts]
    packet, record = exif.raw(main.get(0x02BC)), exif.raw(main.get(0x83BB))
    if packet:
        parts.append(xmp.read(packet))
    if record and (words := iptc.keywords(record)):
        parts.append({"extra": {"keywords": words}})
    return merge(*parts)


def _whole(value: Value | None) -> int:
    if isinstance(value, tuple):
        value = value[0]
    return value if isinstance(value, int) else 0


def _size(directories: Sequence[Directory], kind: FileFormat) -> Metadata:
    """The largest full picture of a RAW; the first page of a TIFF."""
    sized = [
        entry.tags
        for entry in directories
        if entry.name in ("main", "next", "sub")
        and _whole(entry.tags.get(0x0100))
        and _whole(entry.tags.get(0x0101))
    ]
    full = [tags for tags in sized if not _whole(tags.get(0x00FE)) & _REDUCED] or sized
    if kind.format == "tiff":
        full = full[:1]
    best = max(full, key=lambda tags: _whole(tags[0x0100]) * _whole(tags[0x0101]), default={})
    width, height = _whole(best.get(0x0100)), _whole(best.get(0x0101))
    main = directories[0].tags
    if kind.format in ("rw2", "raw", "rwl") and 0x0007 in main:
        top, left, bottom, right = (_whole(main.get(tag)) for tag in (4, 5, 6, 7))
        width, height = right - left, bottom - top
    if kind.format in ("cr2", "iiq"):
        # Their directories describe previews; EXIF states what the developed picture measures.
        for entry in directories:
            if entry.name == "exif" and _whole(entry.tags.get(0xA002)) * _whole(entry.tags.get(0xA003)):
                sides = _whole(entry.tags.get(0xA002)), _whole(entry.tags.get(0xA003))
                width, height = max((width, height), sides, key=lambda pair: pair[0] * pair[1])
    bits = best.get(0x0102)
    samples = _whole(best.get(0x0115)) or 1
    extra: dict[str, Any] = {
        "bits_per_pixel": sum(map(int, bits)) if isinstance(bits, tuple) else _whole(bits) * samples or None
    }
    facts: Metadata = {"width": width, "height": height, "extra": extra}
    if kind.format == "tiff":
        facts["is_compressed"] = _whole(best.get(0x0103)) not in (0, _BARE_TIFF)
    return from_origin("container", facts) if width > 0 and height > 0 else {}


def _raf(window: BoundedReader, kind: FileFormat) -> Metadata:
    """Offsets at byte 84 (JPEG) and 92 (directory of 2-byte tag, 2-byte size, data); both big-endian."""
    head = window.read(84, 16)
    if len(head) < 16:
        raise ExtractionError("the raf picture ends within its header")
    preview_at, preview_size, directory_at, directory_size = struct.unpack(">4I", head)
    preview = jpeg.segments(window.part(preview_at, preview_size))[0]
    sides: dict[int, tuple[int, int]] = {}
    directory = window.part(directory_at, directory_size)
    at = 4
    for _ in range(min(int.from_bytes(directory.read(0, 4), "big"), 256)):
        entry = directory.read(at, 8)
        if len(entry) < 8:
            break
        tag, size, height, width = struct.unpack(">4H", entry)
        sides[tag] = (width, height)
        at += 4 + size
    raw: Metadata = {}
    for tag in (0x0111, 0x0100):  # cropped size, then the whole sensor's
        if tag in sides and all(sides[tag]):
            raw = from_origin("container", {"width": sides[tag][0], "height": sides[tag][1]})
            break
    return merge(raw, preview)


def _mrw(window: BoundedReader, kind: FileFormat) -> Metadata:
    """Blocks of 4-byte name, 4-byte size, from byte 8: PRD holds sizes, TTW a TIFF structure."""
    size: Metadata = {}
    camera: Metadata = {}
    at = 8
    for _ in range(64):
        head = window.read(at, 8)
        if len(head) < 8 or head[:1] != b"\x00":
            break
        name, length = head[:4], int.from_bytes(head[4:8], "big")
        if name == b"\x00PRD":
            data = window.read(at + 16, 8)
            height, width = struct.unpack_from(">2H", data, 4) if len(data) == 8 else (0, 0)
            size = from_origin("container", {"width": width, "height": height})
        elif name == b"\x00TTW":
            camera = exif.read(window.part(at + 8, length))[0]
        at += 8 + length
    return merge(size, camera)


_READERS: dict[str, Callable[[BoundedReader, FileFormat], Metadata]] = {"raf": _raf, "mrw": _mrw}
