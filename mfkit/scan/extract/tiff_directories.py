"""A bounded walk of TIFF directories: TIFF 6.0 section 2, BigTIFF, and the camera formats built on them.

It reads only the tags it is asked for, follows each directory once, and stops at fixed numbers of
directories, entries and bytes, whatever the file claims.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mfkit.scan.extract.bounded_reader import BoundedReader

Value = int | float | str | bytes | tuple[int | float, ...]

_MAX_DIRECTORIES, _MAX_ENTRIES, _MAX_VALUE = 24, 1024, 4096
_LARGE = {0x02BC: 262_144, 0x83BB: 65_536, 0x8649: 65_536}  # XMP, IPTC-IIM, Photoshop resources
_CODES = {
    1: "B",
    2: "s",
    3: "H",
    4: "I",
    5: "II",
    6: "b",
    7: "s",
    8: "h",
    9: "i",
    10: "ii",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
    18: "Q",
}
_SIZES = {kind: struct.calcsize("<" + code) for kind, code in _CODES.items()}
_SUB_DIRECTORIES = {0x8769: "exif", 0x8825: "gps", 0x014A: "sub"}
_MAKE, _MAKER_NOTE = 0x010F, 0x927C
_MAX_APPLE_NOTE = 65_536


@dataclass(slots=True)
class Directory:
    """One directory's tags.

    Attributes:
        name: ``"main"`` for the chain's first, ``"next"``, ``"sub"``, ``"exif"``, ``"gps"``, ``"canon"``,
            ``"apple"``.
        tags: Tag → value; rationals are floats, NaN where the denominator is zero.
    """

    name: str
    tags: dict[int, Value] = field(default_factory=dict)


def directories(
    window: BoundedReader, wanted: Mapping[str, frozenset[int]], first: str = "main"
) -> Iterator[Directory]:
    """Walk a TIFF structure.

    Args:
        window: Begins at the byte-order mark.
        wanted: Directory name → tags to read; the pointers to further directories are always followed.
        first: The first directory's name, for formats that keep each directory in a structure of its own.

    Yields:
        Directories in the order of the walk: the first one first.
    """
    head = window.read(0, 16)
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
        following = _read_directory(window, order, is_big, offset, directory, wanted.get(name, frozenset()))
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
            yield from _apple_notes(window.part(note, _MAX_APPLE_NOTE), wanted.get("apple", frozenset()))


def _apple_notes(note: BoundedReader, wanted: frozenset[int]) -> Iterator[Directory]:
    """Apple's notes: a signature, a byte order, then a directory with offsets from the signature."""
    head = note.read(0, 14)
    order = {b"II": "<", b"MM": ">"}.get(head[12:14])
    if head.startswith(b"Apple iOS\x00") and order is not None:
        directory = Directory("apple")
        _read_directory(note, order, False, 14, directory, wanted)
        yield directory


def _read_directory(
    window: BoundedReader, order: str, is_big: bool, offset: int, directory: Directory, wanted: frozenset[int]
) -> int:
    """Fill one directory; the answer is the offset of the next one in the chain, or 0."""
    count_code, entry_size, inline, pointer = ("Q", 20, 8, "Q") if is_big else ("H", 12, 4, "I")
    count_size = struct.calcsize(count_code)
    counted = window.read(offset, count_size)
    if len(counted) < count_size:
        return 0
    count = min(struct.unpack(order + count_code, counted)[0], _MAX_ENTRIES)
    block = window.read(offset + count_size, count * entry_size + inline)
    shift = _moved_by(block, order, offset, count) if directory.name == "canon" and not is_big else 0
    for at in range(0, min(count * entry_size, len(block) - entry_size + 1), entry_size):
        tag, kind, number = struct.unpack_from(order + "HH" + pointer, block, at)
        if tag == _MAKER_NOTE and directory.name == "exif" and number > inline:
            # Canon's is a plain directory in the same structure: where it lies is all that is needed.
            directory.tags[tag] = struct.unpack_from(order + pointer, block, at + entry_size - inline)[0]
            continue
        if tag not in wanted and tag not in _SUB_DIRECTORIES or tag in directory.tags or kind not in _SIZES:
            continue
        size = min(number * _SIZES[kind], _LARGE.get(tag, _MAX_VALUE))
        position = at + entry_size - inline
        if number * _SIZES[kind] <= inline:
            data = block[position : position + size]
        else:
            data = window.read(struct.unpack_from(order + pointer, block, position)[0] + shift, size)
        value = _value(data, kind, order)
        if value is not None:
            directory.tags[tag] = value
    end = count * entry_size
    if len(block) < end + inline:
        return 0
    following: int = struct.unpack_from(order + pointer, block, end)[0]
    return following


def _moved_by(block: bytes, order: str, offset: int, count: int) -> int:
    """How far an editor moved Canon's notes without mending their offsets.

    Canon's first value follows the directory by 4 bytes, by 6, 16 or 28 in some models (exiftool,
    MakerNotes.pm); anything else means that the notes were moved.
    """
    places = []
    for at in range(0, min(12 * count, len(block) - 11), 12):
        _, kind, number, value = struct.unpack_from(order + "HHII", block, at)
        if number * _SIZES.get(kind, 1) > 4:
            places.append(value)
    end = offset + 2 + 12 * count
    gap = min(places, default=end + 4) - end
    return 0 if gap in (4, 6, 16, 28) else 4 - gap


def _value(data: bytes, kind: int, order: str) -> Value | None:
    if kind == 2:
        return data.split(b"\x00\x00", 1)[0].decode("utf-8", "surrogateescape")
    if kind == 7:
        return data
    count = len(data) // _SIZES[kind]
    if not count:
        return None
    if kind in (5, 10):
        parts = struct.unpack_from(f"{order}{2 * count}{'I' if kind == 5 else 'i'}", data)
        numbers: tuple[int | float, ...] = tuple(
            top / bottom if bottom else float("nan") for top, bottom in zip(parts[::2], parts[1::2])
        )
    else:
        if kind == 1 and count > 64:
            return data
        numbers = struct.unpack_from(f"{order}{count}{_CODES[kind]}", data)
    return numbers[0] if count == 1 else numbers
