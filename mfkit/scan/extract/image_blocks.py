"""Readers of the EXIF, XMP and IPTC blocks in GIF, Photoshop and JPEG 2000 files."""

from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.embedded_metadata import Blocks
from mfkit.scan.extract.mp4_boxes import XMP_BOX, boxes
from mfkit.scan.extract.schema import Metadata
from mfkit.scan.extract.text_decoding import FileTexts
from mfkit.scan.extract.xmp import MAX_PACKET

_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
# In a GIF, an XMP packet is not divided into sub-blocks. Special bytes after the packet let GIF decoders skip
# the packet (ISO 16684-3, 1.1.2).
_GIF_XMP_END = b"\x01\xff\xfe\xfd\xfc"
_GIF_HEAD, _GIF_TAIL = 1 << 20, 1 << 18
# These UUIDs of JPEG 2000 boxes are conventions: the text "JpgTiffExif->JP2" for EXIF, and two UUIDs that
# Photoshop uses.
_EXIF_BOXES = (b"JpgTiffExif->JP2", bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"))
_IPTC_BOX = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")


def gif_metadata(reader: BoundedReader, frame: Metadata, comment: bytes = b"") -> Metadata:
    """Add a GIF's XMP packet (GIF89a, section 26) and its first comment to the metadata of its image.

    Args:
        reader: The whole file.
        frame: Metadata of the image, such as its size.
        comment: The undecoded comment, empty if there is none.
    """
    blocks = Blocks()
    packet = _gif_packet(reader)
    if packet is not None:
        blocks.add_xmp(packet)
    text = FileTexts.of([comment]).decode(comment) or None
    return blocks.merged(frame, after=[{"extra": {"comment": text}}])


def psd_metadata(reader: BoundedReader, frame: Metadata) -> Metadata:
    """Read EXIF, XMP and IPTC from the image resources of a Photoshop document.

    Args:
        reader: The whole file.
        frame: Metadata of the image, such as its size. The EXIF orientation is not applied to the size.
    """
    resources_at = 30 + int.from_bytes(reader.read(26, 4), "big")
    size = int.from_bytes(reader.read(resources_at, 4), "big")
    blocks = Blocks()
    blocks.add_resources(reader.part(resources_at + 4, size))
    return blocks.merged(frame)


def jpeg_2000_metadata(reader: BoundedReader, frame: Metadata) -> Metadata:
    """Add the metadata in the ``uuid`` boxes of a JPEG 2000 image (ISO/IEC 15444-1, annex I.7.2).

    Args:
        reader: The whole file.
        frame: Metadata of the image, such as its size.
    """
    blocks = Blocks()
    for name, content in boxes(reader):
        if name == XMP_BOX and not blocks.xmp:
            blocks.add_xmp(content.read(0, MAX_PACKET))
        elif name in _EXIF_BOXES and not blocks.exif:
            blocks.add_exif(content)
        elif name == _IPTC_BOX and not blocks.iptc:
            blocks.add_iptc(content.read(0, MAX_PACKET))
        elif name == b"xml " and not blocks.xmp and b"rdf:RDF" in (packet := content.read(0, MAX_PACKET)):
            blocks.add_xmp(packet)
    return blocks.merged(frame)


def _gif_packet(reader: BoundedReader) -> bytes | None:
    """Find the XMP packet near the start or the end of a GIF, without reading the frames in between."""
    starts = (0,) if reader.size <= _GIF_HEAD else (0, max(_GIF_HEAD, reader.size - _GIF_TAIL))
    for start in starts:
        data = reader.read(start, _GIF_TAIL if start else _GIF_HEAD)
        at = data.find(_GIF_XMP)
        if at >= 0:
            packet = reader.read(start + at + len(_GIF_XMP), MAX_PACKET)
            return packet.partition(_GIF_XMP_END)[0]
    return None
