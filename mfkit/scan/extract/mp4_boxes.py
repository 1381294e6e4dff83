"""Boxes of the ISO base media file format: ISO/IEC 14496-12 section 4.2, walked within bounds.

A box's size is a claim; none reaches outside its parent, and the number of boxes looked at is limited.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader

_MAX_BOXES = 4_096


class Box(NamedTuple):
    """One box: its four-character name (16 more bytes for ``uuid``) and its content."""

    name: bytes
    content: BoundedReader


def boxes(window: BoundedReader, start: int = 0) -> Iterator[Box]:
    """The boxes that follow each other in a window.

    Args:
        window: A file, or a box's content.
        start: Where the first one begins, such as 4 after a full box's version and flags.
    """
    at = start
    for _ in range(_MAX_BOXES):
        head = window.read(at, 32)
        if len(head) < 8:
            return
        size, name = struct.unpack_from(">I4s", head)
        header = 8
        if size == 1 and len(head) >= 16:
            size, header = struct.unpack_from(">Q", head, 8)[0], 16
        elif size == 0:
            size = window.size - at
        if name == b"uuid":
            name = head[header : header + 16]
            header += 16
        if size < header:
            return
        yield Box(name, window.part(at + header, size - header))
        at += size


def child(window: BoundedReader, *names: bytes) -> BoundedReader | None:
    """The content of the first box along a path of names; None where the path breaks."""
    found: BoundedReader | None = window
    for name in names:
        found = next((box.content for box in boxes(found) if box.name == name), None) if found else None
        if found is None:
            return None
    return found
