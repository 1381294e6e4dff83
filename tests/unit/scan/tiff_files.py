"""TIFF structures with any tags and either byte order, for tests of EXIF and camera RAW formats."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

Field = tuple[int, bytes | tuple[int, ...]]
"""TIFF field type, and the values: integers, or bytes for text and undefined data."""
Tags = Mapping[int, Field]
_CODES = {3: "H", 4: "I", 5: "I", 8: "h", 9: "i", 10: "i"}
_POINTERS = (0x8769, 0x8825, 0x014A)


def text(value: str) -> Field:
    """Return a text field."""
    return 2, value.encode() + b"\0"


def shorts(*values: int) -> Field:
    """Return a field of 16-bit numbers."""
    return 3, values


def longs(*values: int) -> Field:
    """Return a field of 32-bit numbers."""
    return 4, values


def rationals(*values: int) -> Field:
    """Return a field of rational numbers, given as numerator and denominator in turn."""
    return 5, values


def directory(tags: Tags, at: int, following: int = 0, order: str = "<") -> bytes:
    """Return a TIFF directory and its values.

    Args:
        tags: The tags.
        at: Offset of the directory in its structure.
        following: Offset of the next directory.
        order: Byte order of the struct module.
    """
    head, tail = struct.pack(order + "H", len(tags)), b""
    data_at = at + 2 + 12 * len(tags) + 4
    for tag, (field_type, values) in sorted(tags.items()):
        if isinstance(values, bytes):
            data, count = values, len(values)
        else:
            data = struct.pack(f"{order}{len(values)}{_CODES[field_type]}", *values)
            count = len(values) // (2 if field_type in (5, 10) else 1)
        value = data.ljust(4, b"\0")
        if len(data) > 4:
            value = struct.pack(order + "I", data_at + len(tail))
            tail += data + b"\0" * (len(data) % 2)
        head += struct.pack(order + "HHI", tag, field_type, count) + value
    return head + struct.pack(order + "I", following) + tail


def tiff(
    *pages: Tags,
    exif: Tags | None = None,
    gps: Tags | None = None,
    subs: Sequence[Tags] = (),
    order: str = "<",
    magic: int = 42,
    after: bytes = b"",
) -> bytes:
    """Return a TIFF structure.

    Args:
        pages: Tags of the consecutive directories.
        exif: Tags of the EXIF directory, to which the first page refers.
        gps: Tags of the GPS directory, to which the first page refers.
        subs: Tags of further directories, to which the first page refers.
        order: Byte order of the struct module.
        magic: Number after the byte-order mark.
        after: Bytes between the header and the first directory.
    """
    first = dict(pages[0])
    linked = [[one for one in part if one is not None] for part in ([exif], [gps], subs)]
    for tag, part in zip(_POINTERS, linked, strict=True):
        if part:  # The number of pointers decides the size of the directory; their values follow below.
            first[tag] = longs(*[0] * len(part))
    parts: list[Tags] = [first, *pages[1:], *(one for part in linked for one in part)]
    offsets = [8 + len(after)]
    for part_tags in parts:
        offsets.append(offsets[-1] + len(directory(part_tags, 0, 0, order)))
    at = len(pages)
    for tag, part in zip(_POINTERS, linked, strict=True):
        if part:
            first[tag] = longs(*offsets[at : at + len(part)])
            at += len(part)
    following = [*offsets[1 : len(pages)], *[0] * len(parts)]
    mark = b"II" if order == "<" else b"MM"
    return (mark + struct.pack(order + "HI", magic, offsets[0]) + after) + b"".join(
        directory(tags, offset, link, order)
        for tags, offset, link in zip(parts, offsets, following, strict=False)
    )
