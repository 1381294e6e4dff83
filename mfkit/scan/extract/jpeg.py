"""Extractor for JPEG images (ITU-T T.81, annex B) with CIFF, EXIF, XMP and Photoshop resources.

CIFF is in the segment APP0, EXIF and XMP are in APP1, and Photoshop resources in APP13. All metadata precedes
the first scan, so no pixels are decoded. A file without the end-of-image marker is truncated. The marker is
searched in the file's tail first, then in the whole file, because cameras append previews and videos.
"""

import mmap
from collections.abc import Sequence
from typing import Any, BinaryIO

from mfkit.scan.extract import canon_ciff, motion_photo, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader, file_reader
from mfkit.scan.extract.embedded_metadata import Blocks
from mfkit.scan.extract.exposure import whole
from mfkit.scan.extract.schema import ExtractionError, Metadata, apply_orientation, from_origin, merge
from mfkit.scan.extract.text_decoding import FileTexts
from mfkit.scan.extract.tiff_directories import Directory
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_SEGMENTS, _MAX_PACKETS = 2_000, 4
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset(range(0xD0, 0xD8)) | {0x01}
_EXIF, _XMP, _PHOTOSHOP = b"Exif\x00", b"http://ns.adobe.com/xap/1.0/\x00", b"Photoshop 3.0\x00"
_OLD_PHOTOSHOP = b"Adobe_Photoshop2.5:"
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_DEFINE_LINES, _MAX_SCAN = b"\xff\xdc\x00\x04", 8 << 20
_MAX_COMMENT = 4_096
_TAILS = (256, 65_536)
"""Numbers of last bytes in which the end marker is searched. In most files it is the last two bytes."""


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read a JPEG file's size, EXIF, XMP and IPTC.

    Raises:
        ExtractionError: The file has no frame header, or no end of image marker.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        found, scan = _read_segments(reader)
        metadata = apply_orientation(found.merged())
        if video := motion_photo.embedded_video(reader.with_full_budget(), found.packets):
            metadata = merge(metadata, video)
        if scan is None:
            raise ExtractionError("the JPEG ends before its image data starts", metadata)
        if not _has_end(stream, scan, reader.size):
            raise ExtractionError("the JPEG is truncated: it has no end of image marker", metadata)
        return metadata


class _Found:
    """Collector of the metadata in the segments of one JPEG image.

    Attributes:
        frame: Size as stored and bits per pixel.
        packets: The XMP packets, complete after `merged` was called.
    """

    def __init__(self) -> None:
        self.frame: Metadata = {}
        self.packets = b""
        self._blocks = Blocks()
        self._resources = b""
        self._more_xmp: dict[bytes, dict[int, bytes]] = {}
        self._more_xmp_id: bytes | None = None
        self._comment = b""
        self._stated_size: Metadata = {}

    def read_segment(self, marker: int, head: bytes, reader: BoundedReader, at: int, length: int) -> None:
        """Read the segment at an offset if it contains metadata, and ignore it otherwise."""
        blocks = self._blocks
        if marker == 0xE0 and head[10:18] == b"HEAPJPGM":
            blocks.camera.append(canon_ciff.extract(reader.part(at + 4, length - 2)))
        elif marker == 0xE1 and head[4:9] == _EXIF:
            # Exif requires two bytes of padding after the name "Exif", but some programs write only one.
            start = 10 if reader.read(at + 10, 2) in (b"II", b"MM") else 9
            if not blocks.exif:
                directories = blocks.add_exif(reader.part(at + start, length + 2 - start))
                self._stated_size = _stated_size(directories)
        elif marker == 0xE1 and len(blocks.xmp) < _MAX_PACKETS and reader.read(at + 4, len(_XMP)) == _XMP:
            # Several programs may each have written a packet. The first one has priority.
            packet = reader.read(at + 4 + len(_XMP), length - 2 - len(_XMP))
            self._more_xmp_id = self._more_xmp_id or xmp.extended_packet_id(packet)
            self.packets += packet
            blocks.add_xmp(packet)
        elif marker == 0xE1 and reader.read(at + 4, len(_MORE_XMP)) == _MORE_XMP:
            self._add_more_xmp(reader.part(at + 4 + len(_MORE_XMP), length - 2 - len(_MORE_XMP)))
        elif marker == 0xED and head[4:18] == _PHOTOSHOP:
            self._resources += reader.read(at + 18, length - 16)
        elif marker == 0xED and reader.read(at + 4, len(_OLD_PHOTOSHOP)) == _OLD_PHOTOSHOP:
            start = at + 4 + len(_OLD_PHOTOSHOP)
            self._resources += reader.read(start, at + 2 + length - start)
        elif marker == 0xFE and not self._comment:
            self._comment = reader.read(at + 4, min(length - 2, _MAX_COMMENT)).strip(b"\x00 \r\n")

    def _add_more_xmp(self, segment: BoundedReader) -> None:
        """Store one part of an extended XMP packet, which is split over several JPEG segments.

        The part follows a header with an identifier, the total size and the part's offset.
        """
        head = segment.read(0, 40)
        offset = int.from_bytes(head[36:40], "big")
        if len(head) == 40 and offset < xmp.MAX_PACKET:
            self._more_xmp.setdefault(head[:32], {})[offset] = segment.read(40, segment.size)

    def merged(self) -> Metadata:
        """Merge the metadata of all segments that were read.

        Width and height are as stored, before rotation.
        """
        blocks = self._blocks
        # Photoshop's image resources can be split over several segments, so they are parsed after all
        # segments.
        if self._resources:
            blocks.add_resources(bytes_reader(self._resources))
        if parts := self._more_xmp.get(self._more_xmp_id or b"", {}):
            packet = b"".join(parts[offset] for offset in sorted(parts))
            self.packets += packet
            blocks.add_xmp(packet)
        metadata = blocks.merged(self.frame, after=[self._stated_size])
        if self._comment:
            comment = FileTexts.of([self._comment]).decode(self._comment)
            metadata.setdefault("extra", {}).setdefault("comment", comment)
        return metadata


def read_segments(reader: BoundedReader) -> tuple[Metadata, int | None]:
    """Read the metadata in a JPEG's segments before the image data (the first scan).

    Returns:
        Metadata with the size as stored, and the offset of the first scan, or None if there is no scan.
    """
    found, scan = _read_segments(reader)
    return found.merged(), scan


def _read_segments(reader: BoundedReader) -> tuple[_Found, int | None]:
    found = _Found()
    at = 2
    for _ in range(_MAX_SEGMENTS):
        head = reader.read(at, 20)
        if len(head) < 2 or head[0] != 0xFF:
            # Some programs write padding between JPEG segments. If no segment follows within 4 KiB, the file
            # is not a JPEG.
            padding = reader.read(at, 4096).find(b"\xff")
            if padding <= 0:
                return found, None
            at += padding
            continue
        marker = head[1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _WITHOUT_LENGTH or marker == 0xD8:
            at += 2
            continue
        length = int.from_bytes(head[2:4], "big")
        if marker == 0xDA:
            if found.frame and not found.frame["height"]:
                found.frame["height"] = _number_of_lines(reader, at)
            return found, at if found.frame else None
        if marker == 0xD9 or length < 2:
            return found, None
        if marker in _FRAME_MARKERS and not found.frame:
            found.frame = _frame(head)
        else:
            found.read_segment(marker, head, reader, at, length)
        at += 2 + length
    return found, None


def _frame(head: bytes) -> Metadata:
    components = head[9] if len(head) > 9 else 3
    extra: dict[str, Any] = {"bits_per_pixel": components * head[4]}
    height, width = int.from_bytes(head[5:7], "big"), int.from_bytes(head[7:9], "big")
    return from_origin("container", {"height": height, "width": width, "extra": extra})


def _number_of_lines(reader: BoundedReader, scan: int) -> int | None:
    """Return the height that a segment after the first scan defines (DNL, ITU-T T.81, section B.2.5).

    Encoders that do not know the height at the start, such as those of scanners, write 0 into the header.
    """
    data = reader.read(scan, _MAX_SCAN)
    at = data.find(_DEFINE_LINES)
    return int.from_bytes(data[at + 4 : at + 6], "big") or None if at >= 0 else None


def _stated_size(directories: Sequence[Directory]) -> Metadata:
    """Return the image size in EXIF (PixelXDimension), for JPEG files that end before their frame header."""
    camera = next((entry.tags for entry in directories if entry.name == "exif"), {})
    return from_origin("exif", {"width": whole(camera.get(0xA002)), "height": whole(camera.get(0xA003))})


def _has_end(stream: BinaryIO, scan: int, size: int) -> bool:
    for tail in _TAILS:
        start = max(scan, size - tail)
        stream.seek(start)
        if b"\xff\xd9" in stream.read(size - start):
            return True
        if start == scan:
            return False
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.rfind(b"\xff\xd9", scan) >= 0
