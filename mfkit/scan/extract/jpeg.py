"""JPEG marker segments: ITU-T T.81 annex B; CIFF in APP0, EXIF and XMP in APP1, Photoshop's in APP13.

Everything a library wants stands before the first scan, so nothing is decoded. A file without the end of
image marker is cut off: its tail is looked at first, and only a file that does not end in one (cameras
append previews and films) is searched through.
"""

import mmap
from typing import Any, BinaryIO

from mfkit.scan.extract import canon_ciff, exif, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.iptc import photoshop_keywords
from mfkit.scan.extract.schema import ExtractionError, Metadata, displayed, from_origin, merge
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_SEGMENTS = 2_000
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset(range(0xD0, 0xD8)) | {0x01}
_EXIF, _XMP, _PHOTOSHOP = b"Exif\x00", b"http://ns.adobe.com/xap/1.0/\x00", b"Photoshop 3.0\x00"
_TAIL = 65_536


def read(source: Source, kind: FileFormat) -> Metadata:
    """Read a JPEG file's size, EXIF, XMP and keywords.

    Raises:
        ProbeError: No frame header, or the picture ends before its end.
    """
    with open_source(source) as stream:
        window = file_reader(stream)
        facts, scan = segments(window)
        if scan is None:
            raise ExtractionError("the JPEG ends before its picture begins")
        if not _has_end(stream, scan, window.size):
            raise ExtractionError("the JPEG is cut off: it has no end of image marker")
        return displayed(facts)


def segments(window: BoundedReader) -> tuple[Metadata, int | None]:
    """Walk the markers up to the first scan.

    Returns:
        Facts with the size as stored, and where the first scan begins; None where there is none.
    """
    frame: Metadata = {}
    found: dict[str, Metadata] = {}
    keywords: list[str] = []
    at = 2
    for _ in range(_MAX_SEGMENTS):
        head = window.read(at, 20)
        if len(head) < 2 or head[0] != 0xFF:
            # Some writers pad between segments; more than a little is no JPEG any more.
            padding = window.read(at, 4096).find(b"\xff")
            if padding <= 0:
                return _joined(frame, found, keywords), None
            at += padding
            continue
        marker = head[1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _BARE or marker == 0xD8:
            at += 2
            continue
        length = int.from_bytes(head[2:4], "big")
        if marker == 0xDA:
            return _joined(frame, found, keywords), at if frame else None
        if marker == 0xD9 or length < 2:
            return _joined(frame, found, keywords), None
        if marker in _FRAMES and not frame:
            frame = _frame(head)
        elif marker == 0xE0 and head[10:18] == b"HEAPJPGM":
            found["ciff"] = canon_ciff.read(window.part(at + 4, length - 2))
        elif marker == 0xE1 and head[4:9] == _EXIF:
            # Two bytes of padding follow the name by the standard; some writers forget one.
            start = 10 if window.read(at + 10, 2) in (b"II", b"MM") else 9
            if "exif" not in found:
                found["exif"] = exif.read(window.part(at + start, length + 2 - start))[0]
        elif marker == 0xE1 and "xmp" not in found and window.read(at + 4, len(_XMP)) == _XMP:
            found["xmp"] = xmp.read(window.read(at + 4 + len(_XMP), length - 2 - len(_XMP)))
        elif marker == 0xED and head[4:18] == _PHOTOSHOP:
            keywords += photoshop_keywords(window.read(at + 18, length - 16))
        at += 2 + length
    return _joined(frame, found, keywords), None


def _frame(head: bytes) -> Metadata:
    components = head[9] if len(head) > 9 else 3
    extra: dict[str, Any] = {"bits_per_pixel": components * head[4]}
    height, width = int.from_bytes(head[5:7], "big"), int.from_bytes(head[7:9], "big")
    return from_origin("container", {"height": height, "width": width, "extra": extra})


def _joined(frame: Metadata, found: dict[str, Metadata], keywords: list[str]) -> Metadata:
    iptc: Metadata = {"extra": {"keywords": keywords}} if keywords else {}
    return merge(frame, *(found.get(name, {}) for name in ("exif", "xmp", "ciff")), iptc)


def _has_end(stream: BinaryIO, scan: int, size: int) -> bool:
    start = max(scan, size - _TAIL)
    stream.seek(start)
    if b"\xff\xd9" in stream.read(size - start):
        return True
    if start == scan:
        return False
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.rfind(b"\xff\xd9", scan) >= 0
