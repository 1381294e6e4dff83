"""Reader of boxes in the ISO base media file format (ISO/IEC 14496-12, section 4.2).

Stated box sizes cannot be trusted. A box is cut off at the end of its parent, and the number of boxes read is
limited.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader

_MAX_BOXES, _MAX_TOP_LEVEL = 4_096, 64
XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""UUID of a box with an XMP packet (ISO 16684-3, section 1.1.6)."""


class Box(NamedTuple):
    """MP4 box with its content and its four-character name (or for a ``uuid`` box, its 16-byte UUID)."""

    name: bytes
    content: BoundedReader


def boxes(reader: BoundedReader, start: int = 0) -> Iterator[Box]:
    """Yield the consecutive MP4 boxes in a file or in another box.

    Args:
        reader: A file, or a box's content.
        start: Offset of the first box, such as 4 after a full box's version and flags.
    """
    at = start
    for _ in range(_MAX_BOXES):
        head = reader.read(at, 32)
        if len(head) < 8:
            return
        size, name = struct.unpack_from(">I4s", head)
        header = 8
        if size == 1 and len(head) >= 16:
            size, header = struct.unpack_from(">Q", head, 8)[0], 16
        elif size == 0:
            size = reader.size - at
        if name == b"uuid":
            name = head[header : header + 16]
            header += 16
        if size < header:
            return
        yield Box(name, reader.part(at + header, size - header))
        at += size


def contents(reader: BoundedReader, start: int = 0) -> dict[bytes, BoundedReader]:
    """Return the contents of consecutive MP4 boxes by name. If a name occurs twice, the first box counts."""
    found: dict[bytes, BoundedReader] = {}
    for name, content in boxes(reader, start):
        found.setdefault(name, content)
    return found


def ends_early(reader: BoundedReader) -> bool:
    """Return whether a file is truncated, that is, shorter than its top-level boxes state."""
    at = 0
    for _ in range(_MAX_TOP_LEVEL):
        head = reader.read(at, 16)
        if len(head) < 8:
            return at > reader.size
        size = int.from_bytes(head[:4], "big")
        if size == 1 and len(head) == 16:
            size = int.from_bytes(head[8:], "big")
        if size < 8:
            return False  # A stated size of 0 means that the box ends with the file.
        at += size
    return False


def child(reader: BoundedReader, *names: bytes) -> BoundedReader | None:
    """Return the content of the nested box at a path of box names, or None if the box is missing."""
    found = reader
    for name in names:
        for box_name, content in boxes(found):
            if box_name == name:
                found = content
                break
        else:
            return None
    return found
