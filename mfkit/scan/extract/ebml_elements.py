"""Reader of EBML elements, of which Matroska and WebM files consist (RFC 8794).

Stated sizes cannot be trusted. An element is read only within its parent, and the number of elements read is
limited.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader

MAX_ELEMENTS = 1_000
"""Maximum number of elements that are read from one parent."""


class Element(NamedTuple):
    """EBML element: its identifier, and the offset and size of its content.

    The size is None if it is unknown, as in live recordings.
    """

    id: int
    start: int
    size: int | None


def children(reader: BoundedReader, parent: Element) -> Iterator[Element]:
    """Yield the child elements of an element, up to but not including the first child of unknown size."""
    end = parent.start + (parent.size or 0)
    at = parent.start
    for _ in range(MAX_ELEMENTS):
        element = read_element(reader, at) if at < end else None
        if element is None or element.size is None:
            return
        yield element
        at = element.start + element.size


def read_element(reader: BoundedReader, at: int) -> Element | None:
    """Read an element's identifier and size at an offset (RFC 8794, sections 4 to 6).

    Return None if there is no valid element.
    """
    head = reader.read(at, 12)
    identifier, id_length = variable_size_integer(head, 0, keep_marker=True)
    if not id_length or id_length > 4:
        return None
    size, size_length = variable_size_integer(head, id_length, keep_marker=False)
    if not size_length:
        return None
    start = at + id_length + size_length
    return Element(identifier or 0, start, size)


def variable_size_integer(data: bytes, at: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """Read a variable-size integer, and return its value and its length in bytes.

    The value is None if it means an unknown size. The length is 0 if the integer is invalid.
    """
    if at >= len(data) or not data[at]:
        return None, 0
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return None, 0
    value = int.from_bytes(data[at : at + length], "big")
    if keep_marker:
        return value, length
    value &= (1 << 7 * length) - 1
    return (None if value == (1 << 7 * length) - 1 else value), length


def read_unsigned(reader: BoundedReader, element: Element) -> int:
    """Read an element's content as an unsigned integer of at most eight bytes (RFC 8794, section 7.2)."""
    return int.from_bytes(reader.read(element.start, min(element.size or 0, 8)), "big")


def read_float(reader: BoundedReader, element: Element) -> float:
    """Read an element's content as a floating-point number (RFC 8794, section 7.3).

    Return 0 if the content is not a plausible number.
    """
    data = reader.read(element.start, element.size or 0) if element.size in (4, 8) else b""
    if len(data) not in (4, 8):
        return 0.0
    value: float = struct.unpack(">f" if len(data) == 4 else ">d", data)[0]
    return value if abs(value) < 1e18 else 0.0
