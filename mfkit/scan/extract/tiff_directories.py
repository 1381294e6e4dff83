"""Reader of TIFF directories (TIFF 6.0, section 2; BigTIFF), also in camera formats based on TIFF.

Only requested tags are read, each directory is read once, and the numbers of directories, entries and bytes
are limited.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from mfkit.scan.extract.bounded_reader import BoundedReader

Value = int | float | str | bytes | tuple[int | float, ...]

_MAX_DIRECTORIES, _MAX_ENTRIES, _MAX_VALUE = 24, 1024, 4096
# The keys are the tags of XMP, IPTC-IIM and Photoshop resources, and the values are the maximum bytes to
# read.
_USER_COMMENT = 0x9286
_BLOCK_TAGS = {0x02BC: 262_144, 0x83BB: 65_536, 0x8649: 262_144}
_LARGE_TAGS = _BLOCK_TAGS | dict.fromkeys(
    (0x0111, 0x0117, 0x0144, 0x0145), 65_536
)  # The tags 0x0111, 0x0117, 0x0144 and 0x0145 are the offsets and sizes of strips and tiles.

# The keys are TIFF field types, and the values are format codes of the struct module. A rational number
# consists of two integers.
_STRUCT_CODES = {
    1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 7: "s", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d",
    13: "I", 16: "Q", 17: "q", 18: "Q", 129: "s",
}  # fmt: skip
_TEXT_TYPES = (2, 129)  # Fields of the types ASCII and UTF-8 contain text (Exif 3.0, section 4.6.2).
_TYPE_SIZES = {field_type: struct.calcsize("<" + code) for field_type, code in _STRUCT_CODES.items()}
# The keys are pairs (byte order, is BigTIFF). The values are the layout of a directory entry: tag, field
# type, number of values, and the value or its offset.
_ENTRIES = {
    (order, is_big): struct.Struct(order + ("HHQ8s" if is_big else "HHI4s"))
    for order in "<>"
    for is_big in (False, True)
}
_SUB_DIRECTORIES = {0x8769: "exif", 0x8825: "gps", 0x014A: "sub"}
_GPS_COORDINATES = (2, 4)
_MAX_GPS_NUMBER = 100_000
"""Number larger than any plausible degrees, minutes, seconds or altitude in metres."""
_MAKE, _MAKER_NOTE = 0x010F, 0x927C
_MAX_APPLE_NOTE = 65_536


@dataclass(slots=True)
class Directory:
    """Tags of one TIFF directory.

    Attributes:
        name: ``"main"`` for the first directory, ``"next"``, ``"sub"``, ``"exif"``, ``"gps"``,
            ``"canon"`` or ``"apple"``.
        tags: Tag → value; rationals are floats, NaN if the denominator is zero.
    """

    name: str
    tags: dict[int, Value] = field(default_factory=dict)


def directories(
    reader: BoundedReader, wanted: Mapping[str, frozenset[int]], first: str = "main"
) -> Iterator[Directory]:
    """Read the directories of a TIFF structure.

    Args:
        reader: Starts at the byte-order mark.
        wanted: Directory name → tags to read; pointers to further directories are always followed.
        first: Name of the first directory, for formats that store each directory in its own structure.

    Yields:
        Directories, starting with the first one.
    """
    head = reader.read(0, 16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        return
    is_big = head[2:4] in (b"\x2b\x00", b"\x00\x2b")
    if is_big and len(head) < 16:
        return
    start: int = struct.unpack_from(order + ("Q" if is_big else "I"), head, 8 if is_big else 4)[0]
    queue = [(first, start)]
    seen: set[int] = set()
    make = ""
    while queue and len(seen) < _MAX_DIRECTORIES:
        name, offset = queue.pop(0)
        if offset in seen or not offset:
            continue
        seen.add(offset)
        directory = Directory(name)
        following = _read_directory(reader, order, is_big, offset, directory, wanted.get(name, frozenset()))
        make = make or str(directory.tags.get(_MAKE, ""))
        note = directory.tags.pop(_MAKER_NOTE, None)
        if make.startswith("Canon") and isinstance(note, int):
            queue.append(("canon", note))
        for tag, sub_name in _SUB_DIRECTORIES.items():
            pointers = directory.tags.get(tag, ())
            for pointer in pointers if isinstance(pointers, tuple) else (pointers,):
                if isinstance(pointer, int):
                    queue.append((sub_name, pointer))
        if following and name in ("main", "next"):
            queue.append(("next", following))
        yield directory
        if make.startswith("Apple") and isinstance(note, int):
            yield from _apple_notes(reader.part(note, _MAX_APPLE_NOTE), wanted.get("apple", frozenset()))


def _apple_notes(note: BoundedReader, wanted: frozenset[int]) -> Iterator[Directory]:
    """Read Apple's maker notes, a TIFF directory with its own byte order.

    The offsets in this directory are relative to the signature of the maker notes.
    """
    head = note.read(0, 14)
    order = {b"II": "<", b"MM": ">"}.get(head[12:14])
    if head.startswith(b"Apple iOS\x00") and order is not None:
        directory = Directory("apple")
        _read_directory(note, order, False, 14, directory, wanted)
        yield directory


def _read_directory(
    reader: BoundedReader, order: str, is_big: bool, offset: int, directory: Directory, wanted: frozenset[int]
) -> int:
    """Read the tags of one TIFF directory, and return the offset of the next directory, or 0 at the end."""
    count_size, inline = (8, 8) if is_big else (2, 4)
    byte_order: Literal["little", "big"] = "little" if order == "<" else "big"
    counted = reader.read(offset, count_size)
    if len(counted) < count_size:
        return 0
    entry = _ENTRIES[order, is_big]
    count = min(int.from_bytes(counted, byte_order), _MAX_ENTRIES)
    block = reader.read(offset + count_size, count * entry.size + inline)
    tags, name = directory.tags, directory.name
    shift = _canon_offset_shift(block, order, offset, count) if name == "canon" and not is_big else 0
    complete = min(count, len(block) // entry.size) * entry.size
    for tag, field_type, value_count, data in entry.iter_unpack(block[:complete]):
        if tag == _MAKER_NOTE and name == "exif" and value_count > inline:
            # Canon's maker notes are a directory in the same TIFF structure, so only their offset is needed.
            tags[tag] = int.from_bytes(data, byte_order)
            continue
        if tag not in wanted and tag not in _SUB_DIRECTORIES or tag in tags:
            continue
        value_size = _TYPE_SIZES.get(field_type)
        if value_size is None:
            continue
        size = value_count * value_size
        limit = _LARGE_TAGS.get(tag, _MAX_VALUE)
        if size <= inline:
            data = data[:size]
        else:
            data = reader.read(int.from_bytes(data, byte_order) + shift, size if size < limit else limit)
        if name == "gps" and (field_type == 5 or field_type in (1, 7) and tag in _GPS_COORDINATES):
            value = _gps_value(data, order)
        else:
            # XMP is read as bytes even if it is declared as integers, because the byte order does not apply
            # to it. UserComment is read as bytes even if it is declared as text, because the name of its
            # encoding contains NULs.
            value = data if tag in _BLOCK_TAGS or tag == _USER_COMMENT else _value(data, field_type, order)
        if value is not None:
            tags[tag] = value
    end = count * entry.size
    return int.from_bytes(block[end : end + inline], byte_order) if len(block) >= end + inline else 0


def _canon_offset_shift(block: bytes, order: str, offset: int, count: int) -> int:
    """Return the distance by which an editor moved Canon's maker notes without correcting their offsets.

    The first value starts 4 bytes after the directory, or 6, 16 or 28 in some models (exiftool,
    MakerNotes.pm); any other distance means that the notes were moved.
    """
    offsets = []
    for at in range(0, min(12 * count, len(block) - 11), 12):
        _, field_type, value_count, value = struct.unpack_from(order + "HHII", block, at)
        if value_count * _TYPE_SIZES.get(field_type, 1) > 4:
            offsets.append(value)
    end = offset + 2 + 12 * count
    gap = min(offsets, default=end + 4) - end
    return 0 if gap in (4, 6, 16, 28) else 4 - gap


def _gps_value(data: bytes, order: str) -> Value | None:
    """Return an EXIF GPS value as numbers.

    Some programs store negative rationals, or store rationals as bytes of undefined type.
    """
    count = len(data) // 8
    parts = struct.unpack_from(f"{order}{2 * count}I", data)
    numbers = tuple(_gps_number(top, bottom) for top, bottom in zip(parts[::2], parts[1::2]))
    return (numbers[0] if count == 1 else numbers) if count else data


def _gps_number(top: int, bottom: int) -> float:
    if not bottom:
        return float("nan")
    unsigned = top / bottom
    # As an unsigned number, this GPS value is impossible, so the program that wrote it meant a negative
    # number.
    return (top - 2**32) / bottom if top >= 2**31 and unsigned > _MAX_GPS_NUMBER else unsigned


def _value(data: bytes, field_type: int, order: str) -> Value | None:
    if field_type in _TEXT_TYPES:
        return data.partition(b"\x00\x00")[0].decode("utf-8", "surrogateescape")
    if field_type == 7:
        return data
    # Most values are a single number of 16 bits, so this fast path comes first.
    if field_type == 3 and len(data) == 2:
        return int.from_bytes(data, "little" if order == "<" else "big")
    count = len(data) // _TYPE_SIZES[field_type]
    if not count:
        return None
    if field_type in (5, 10):
        parts = struct.unpack_from(f"{order}{2 * count}{'I' if field_type == 5 else 'i'}", data)
        numbers: tuple[int | float, ...] = tuple(
            top / bottom if bottom else float("nan") for top, bottom in zip(parts[::2], parts[1::2])
        )
    else:
        if field_type == 1 and count > 64:
            return data
        numbers = struct.unpack_from(f"{order}{count}{_STRUCT_CODES[field_type]}", data)
    return numbers[0] if count == 1 else numbers
