"""Reader of MP4, M4A and MOV tags that FFmpeg does not return: the iTunes item list, and XMP packets.

Sources: QuickTime File Format, "Metadata" (``ilst``), with the item names of iTunes; ISO 16684-3, section
1.1.6 (XMP in a ``uuid`` box, or in ``moov/udta/XMP_``).
"""

from collections.abc import Iterator, Sequence

from mfkit.scan.extract import ratings, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.id3_genres import genre_of
from mfkit.scan.extract.mp4_boxes import XMP_BOX, Box, boxes, child
from mfkit.scan.extract.schema import Metadata, from_origin, merge
from mfkit.scan.extract.tag_fields import tag_metadata
from mfkit.scan.extract.text_decoding import decode

_MAX_ITEMS, _MAX_TEXT, _MAX_TOP_LEVEL, _MAX_LISTS = 256, 16_384, 256, 4
_NAMES = {
    b"\xa9nam": "title", b"\xa9ART": "artist", b"\xa9alb": "album", b"aART": "album_artist",
    b"\xa9gen": "genre", b"\xa9day": "date", b"\xa9wrt": "composer", b"\xa9cmt": "comment",
    b"desc": "description", b"cprt": "copyright",
}  # fmt: skip
_NUMBERS = {b"trkn": "track", b"disk": "disc"}
_UTF8, _UTF16, _INTEGER = 1, 2, 21
_EXPLORER_TEXT, _EXPLORER_NUMBER = 8, 19
"""Types of values in Microsoft's box ``Xtra``: UTF-16 text and a 64-bit number."""


def item_list(movie: Sequence[Box]) -> Metadata:
    """Read a movie's iTunes tags: the item list (``ilst``) inside the given boxes of its ``moov`` box."""
    lists = [found for found in map(_items, _user_data(movie, b"meta")) if found is not None]
    # A file that several programs tagged can have several lists. The first one has priority.
    return merge(*map(_read_items, lists[:_MAX_LISTS]))


def _read_items(items: BoundedReader) -> Metadata:
    tags: dict[str, list[str]] = {}
    rating: ratings.Stars | None = None
    for _, (name, item) in zip(range(_MAX_ITEMS), boxes(items)):
        values = [
            (int.from_bytes(box.content.read(1, 3), "big"), box.content.read(8, _MAX_TEXT))
            for box in boxes(item)
            if box.name == b"data"
        ]
        if name == b"rate" and values:
            rating = ratings.from_hundred(_number(*values[0]))
        elif name in _NUMBERS and values:
            data = values[0][1]
            number, total = (int.from_bytes(data[at : at + 2], "big") for at in (2, 4))
            tags.setdefault(_NUMBERS[name], []).append(f"{number}/{total}")
        elif name == b"cpil" and values:
            tags["compilation"] = ["1" if any(values[0][1]) else "0"]
        elif name == b"gnre" and values:
            tags.setdefault("genre", []).append(genre_of(int.from_bytes(values[0][1][:2], "big") - 1) or "")
        elif name == b"----":
            key = child(item, b"name")
            text = decode(key.read(4, 256)).lower() if key is not None else ""
            tags.setdefault(text, []).extend(_text(*value) for value in values)
        elif name in _NAMES:
            tags.setdefault(_NAMES[name], []).extend(_text(*value) for value in values)
    return tag_metadata(tags, rating)


def explorer_tags(content: BoundedReader) -> Metadata:
    """Read the rating and the keywords that Windows Explorer writes into the box ``Xtra``.

    The structure follows exiftool's module Microsoft: for each tag its size, the size and text of its name,
    the number of values, and for each value its size, type and bytes.
    """
    tags: dict[str, list[str]] = {}
    at, data = 0, content.read(0, _MAX_TEXT)
    for _ in range(_MAX_ITEMS):
        size, name_size = (int.from_bytes(data[at + part : at + part + 4], "big") for part in (0, 4))
        name = data[at + 8 : at + 8 + name_size].decode("latin-1")
        values = tags.setdefault(name, [])
        start, end = at + 12 + name_size, at + size
        while start + 6 < end <= len(data) and len(values) < _MAX_ITEMS:
            length, kind = (
                int.from_bytes(data[start : start + 4], "big"),
                int.from_bytes(data[start + 4 : start + 6], "big"),
            )
            value = data[start + 6 : start + length]
            if kind == _EXPLORER_TEXT:
                values.append(decode(value, "utf-16-le").strip("\0 "))
            elif kind == _EXPLORER_NUMBER:
                values.append(str(int.from_bytes(value, "little")))
            start += max(length, 6)
        if size < 12:
            break
        at += size
    stars = next(
        (ratings.from_percent(ratings.number(text)) for text in tags.get("WM/SharedUserRating", ())), None
    )
    keywords = list(dict.fromkeys(text for text in tags.get("WM/Category", ()) if text))
    extra = {"rating": stars, "keywords": keywords or None}
    return from_origin("tag", {"extra": {name: value for name, value in extra.items() if value is not None}})


def movie_xmp(file: Sequence[Box], movie: Sequence[Box]) -> Metadata:
    """Read the XMP packet of a movie file, inside or next to the ``moov`` box.

    Args:
        file: The first boxes of the file.
        movie: The boxes in its ``moov`` box.
    """
    found = (content.read(0, xmp.MAX_PACKET) for content in _user_data(movie, b"XMP_"))
    packet = next(found, b"")
    for part in (file, movie[:_MAX_TOP_LEVEL]):
        for name, content in part:
            if name == XMP_BOX and not packet:
                packet = content.read(0, xmp.MAX_PACKET)
    return xmp.extract(packet) if packet else {}


def _user_data(movie: Sequence[Box], name: bytes) -> Iterator[BoundedReader]:
    """Yield all boxes with a given name in ``udta`` boxes, of which a movie can have several."""
    for box_name, content in movie[:_MAX_TOP_LEVEL]:
        if box_name == b"udta" and (found := child(content, name)) is not None:
            yield found


def _items(meta: BoundedReader) -> BoundedReader | None:
    """Return the item list of a ``meta`` box, or None if the items in the box have named keys.

    In QuickTime, a ``meta`` box starts with its content. In MPEG-4, it starts with four bytes of version and
    flags.
    """
    start = 0 if meta.read(4, 4) in (b"hdlr", b"keys", b"ilst") else 4
    parts = {box.name: box.content for box in boxes(meta, start)}
    return parts.get(b"ilst") if b"keys" not in parts else None


def _text(kind: int, data: bytes) -> str:
    return decode(data, "utf-16-be" if kind == _UTF16 else "utf-8")


def _number(kind: int, data: bytes) -> float | None:
    if kind in (_UTF8, _UTF16):
        return ratings.number(_text(kind, data))
    return float(int.from_bytes(data, "big", signed=kind == _INTEGER)) if len(data) <= 8 else None
