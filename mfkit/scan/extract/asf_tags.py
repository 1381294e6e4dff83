"""Reader of the languages and the tags in ASF files (WMA, WMV), in which a tag can have several values.

Advanced Systems Format 1.2: content description (section 3.10), extended content description (3.11), and in
the header extension (3.4) the extended stream properties (4.1), the language list (4.6), and the metadata and
metadata library objects (4.7, 4.8). All numbers are little-endian.
"""

import struct
from collections.abc import Callable, Iterator
from uuid import UUID

from mfkit.scan.extract import xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.date_parser import from_seconds
from mfkit.scan.extract.schema import Metadata, StatedDate, merge
from mfkit.scan.extract.tag_fields import tag_metadata
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_OBJECTS, _MAX_VALUES, _MAX_OBJECT = 256, 500, 1 << 20
_MAX_TEXT, _MAX_TOP_LEVEL = 16_384, 16


def _object_id(text: str) -> bytes:
    return UUID(text).bytes_le


_HEADER = _object_id("75B22630-668E-11CF-A6D9-00AA0062CE6C")
_EXTENSION = _object_id("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
_DESCRIPTION = _object_id("75B22633-668E-11CF-A6D9-00AA0062CE6C")
_MORE_DESCRIPTION = _object_id("D2D0A440-E307-11D2-97F0-00A0C95EA850")
_METADATA = _object_id("C5F8CBEA-5BAF-4877-8467-AA8C44FA4CCA")
_LIBRARY = _object_id("44231C94-9498-49D1-A141-1D134E457054")
_STREAM_PROPERTIES = _object_id("14E6A5CB-C672-4332-8399-A96952065B5A")
_LANGUAGES = _object_id("7C4346A9-EFE0-4BFC-B229-393EDE415C85")
_PROPERTIES = _object_id("8CABDCA1-A947-11CF-8EE4-00C00C205365")
_FIRST_YEAR = 1991
"""Year before the first files of this kind. An earlier date comes from a clock that was not set."""
_XMP = _object_id("BE7ACFCB-97A9-42E8-9C71-999491E3AFAC")
_FIRST_NAMES = ("title", "artist", "copyright", "comment")
_NAMES = {
    "author": "artist", "wm/albumtitle": "album", "wm/genre": "genre", "description": "comment",
    "wm/subtitledescription": "description",
}  # fmt: skip
_TEXT, _NUMBERS = 0, (2, 3, 4, 5)


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read the tags of an ASF file."""
    with open_source(source) as stream:
        reader = file_reader(stream)
        dates = _dates(reader) if file_format.media_type == "video" else {}
        return merge(read_tags(reader), _xmp(reader), dates)


def _dates(reader: BoundedReader) -> Metadata:
    """Read the creation date in the file properties (section 3.2), which is in UTC.

    The date counts units of 100 nanoseconds since the start of 1601.
    """
    head = reader.read(0, 30)
    if head[:16] != _HEADER or len(head) < 30:
        return {}
    for kind, content in _objects(reader.part(30, int.from_bytes(head[16:24], "little") - 30)):
        if kind == _PROPERTIES and len(data := content.read(0, 32)) == 32:
            found = from_seconds(int.from_bytes(data[24:32], "little") // 10_000_000, epoch_year=1601)
            if found is not None and found.value.year >= _FIRST_YEAR:
                return {"dates": (StatedDate("movie header", *found),)}
    return {}


def _xmp(reader: BoundedReader) -> Metadata:
    """Read the XMP packet, an object after the header and data objects (ISO 16684-3, section 1.2.1)."""
    at = 0
    for _ in range(_MAX_TOP_LEVEL):
        head = reader.read(at, 24)
        size = int.from_bytes(head[16:24], "little")
        if head[:16] == _XMP:
            return xmp.extract(reader.read(at + 24, min(size - 24, xmp.MAX_PACKET)))
        if len(head) < 24 or size < 24:
            break
        at += size
    return {}


def read_tags(reader: BoundedReader) -> Metadata:
    """Read the tags in the header of an ASF file. The result is empty if the file has no header."""
    head = reader.read(0, 30)
    if head[:16] != _HEADER or len(head) < 30:
        return {}
    tags: dict[str, list[str]] = {}
    older_track: str | None = None
    found = list(_ranked_values(reader.part(30, int.from_bytes(head[16:24], "little") - 30)))
    # The objects can be in any order, so their values are sorted by rank. If a name has several values,
    # programs write all but the first into the metadata library object, which has the last rank.
    for _, name, value in sorted(found, key=lambda one: one[0]):
        key = name.lower()
        if key == "wm/track" and value.isdigit():
            # The older field WM/Track counts from 0 (Windows Media Format SDK), so 1 is added.
            older_track = str(int(value) + 1)
        elif value and len(values := tags.setdefault(_NAMES.get(key, key), [])) < _MAX_VALUES:
            values.append(value)
    if older_track is not None:
        tags.setdefault("wm/tracknumber", [older_track])
    return tag_metadata(tags)


def stream_languages(source: Source) -> dict[int, str]:
    """Return the languages of an ASF file's streams, such as "en-us", by stream number."""
    with open_source(source) as stream:
        reader = file_reader(stream)
        head = reader.read(0, 30)
        if head[:16] != _HEADER or len(head) < 30:
            return {}
        languages: list[str] = []
        positions: dict[int, int] = {}
        for kind, content in _objects(reader.part(30, int.from_bytes(head[16:24], "little") - 30)):
            if kind == _LANGUAGES:
                languages = list(_language_list(content.read(0, _MAX_OBJECT)))
            elif kind == _STREAM_PROPERTIES and len(data := content.read(0, 52)) == 52:
                number, position = struct.unpack_from("<2H", data, 48)
                positions[number] = position
    return {number: languages[at] for number, at in positions.items() if at < len(languages)}


def _language_list(data: bytes) -> Iterator[str]:
    """Yield the languages in an ASF language list object (section 4.6)."""
    count, at = int.from_bytes(data[:2], "little"), 2
    for _ in range(min(count, _MAX_VALUES)):
        if at >= len(data):
            return
        end = at + 1 + data[at]
        yield _utf16(data[at + 1 : end])
        at = end


def _ranked_values(objects: BoundedReader) -> Iterator[tuple[int, str, str]]:
    """Yield the rank, name and value of each value in the objects. The rank is a position in `_PARSERS`."""
    for kind, content in _objects(objects):
        if kind in _PARSERS:
            for name, value in _PARSERS[kind](content.read(0, _MAX_OBJECT)):
                yield _RANKS[kind], name, value


def _objects(objects: BoundedReader, depth: int = 0) -> Iterator[tuple[bytes, BoundedReader]]:
    """Yield the identifier and the content of each ASF object, and of the objects in the header extension."""
    at = 0
    for _ in range(_MAX_OBJECTS):
        head = objects.read(at, 24)
        if len(head) < 24:
            return
        size = int.from_bytes(head[16:24], "little")
        content = objects.part(at + 24, size - 24)
        if head[:16] == _EXTENSION and not depth:
            yield from _objects(content.part(22, content.size), depth + 1)
        else:
            yield head[:16], content
        if size < 24:
            return
        at += size


def _first_description(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield title, author, copyright and description from an ASF content description (section 3.10).

    The data starts with the lengths of these four texts and of a rating.
    """
    if len(data) < 10:
        return
    at = 10
    for name, size in zip(_FIRST_NAMES, struct.unpack_from("<4H", data)):
        yield name, _utf16(data[at : at + size])
        at += size


def _descriptors(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the names and values in an ASF extended content description (section 3.11)."""
    count, at = int.from_bytes(data[:2], "little"), 2
    for _ in range(min(count, _MAX_VALUES)):
        name_size = int.from_bytes(data[at : at + 2], "little")
        head = at + 2 + name_size
        if len(data) < head + 4:
            return
        kind, size = struct.unpack_from("<2H", data, head)
        name, at = _utf16(data[at + 2 : head]), head + 4 + size
        if (value := _value(kind, data[head + 4 : at])) is not None:
            yield name, value


def _metadata_values(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the names and values for the whole file in an ASF metadata object or metadata library object."""
    count, at = int.from_bytes(data[:2], "little"), 2
    for _ in range(min(count, _MAX_VALUES)):
        if len(data) < at + 12:
            return
        _, stream, name_size, kind, size = struct.unpack_from("<4HI", data, at)
        start = at + 12 + name_size
        name, at = _utf16(data[at + 12 : start]), start + size
        if not stream and (value := _value(kind, data[start:at])) is not None:
            yield name, value


_PARSERS: dict[bytes, Callable[[bytes], Iterator[tuple[str, str]]]] = {
    _DESCRIPTION: _first_description,
    _MORE_DESCRIPTION: _descriptors,
    _METADATA: _metadata_values,
    _LIBRARY: _metadata_values,
}
_RANKS = {identifier: rank for rank, identifier in enumerate(_PARSERS)}


def _value(kind: int, data: bytes) -> str | None:
    if kind == _TEXT:
        return _utf16(data)
    return str(int.from_bytes(data, "little")) if kind in _NUMBERS and len(data) <= 8 else None


def _utf16(data: bytes) -> str:
    return data[:_MAX_TEXT].decode("utf-16-le", "ignore").split("\x00", 1)[0].strip()
