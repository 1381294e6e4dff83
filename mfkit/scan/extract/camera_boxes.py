"""Reader of the boxes that cameras and Windows Explorer write into MP4, MOV and 3GP files.

Canon writes EXIF into a ``uuid`` box or into a thumbnail, Nikon a list of tags, Sony an XML document, Kodak
and others texts in ``moov/udta``, and Explorer a rating and keywords. The names of the boxes follow
exiftool's modules QuickTime, Canon and Nikon. The texts of 3GP files are those of 3GPP TS 26.244, section 8
(asset information).
"""

import html
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from mfkit.scan.extract import exif, jpeg
from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.date_parser import parse_date
from mfkit.scan.extract.exif_texts import tag_text
from mfkit.scan.extract.mp4_boxes import Box, boxes, child, contents
from mfkit.scan.extract.mp4_tags import explorer_tags
from mfkit.scan.extract.schema import Metadata, StatedDate, from_origin, merge
from mfkit.scan.extract.tag_fields import tag_metadata
from mfkit.scan.extract.text_decoding import decode
from mfkit.scan.extract.tiff_directories import Directory

CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
"""UUID of the box with Canon's EXIF directories, which CR3 images have, too."""
_MAX_BOXES, _MAX_TEXT, _MAX_DOCUMENT = 256, 1_024, 65_536
_TEXTS = {
    b"titl": "title", b"perf": "artist", b"auth": "author", b"dscp": "description", b"albm": "album",
    b"gnre": "genre", b"cprt": "copyright",
}  # fmt: skip
_TEXT_HEAD = 6
"""Number of bytes before the text in a 3GPP text box: version, flags and language."""
_UNKNOWN_HEAD = re.compile(rb"\x00{4}..", re.DOTALL)
_ATTRIBUTE = r"[^>]{0,500}?\b%s=\"([^\"<>]{0,200})\""
_SONY_DATE = re.compile("<CreationDate" + _ATTRIBUTE % "value")
_SONY_MAKER = re.compile("<Device" + _ATTRIBUTE % "manufacturer")
_SONY_MODEL = re.compile("<Device" + _ATTRIBUTE % "modelName")
_SONY_ITEM = re.compile(r"<Item name=\"(\w{1,40})\" value=\"([^\"<>]{0,200})\"")
_SONY_POSITION = ("LatitudeRef", "Latitude", "LongitudeRef", "Longitude")
_NIKON_MAKE, _NIKON_MODEL, _NIKON_CREATED = 0x01, 0x02, 0x11
_IMAGE_FIELDS = ("orientation", "bits_per_pixel")
_NIKON_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2}


def camera_metadata(file: Sequence[Box], movie: Sequence[Box]) -> Metadata:
    """Read the camera, date, place and texts that cameras write into their own boxes.

    Args:
        file: The first boxes of the file.
        movie: The boxes in its ``moov`` box.
    """
    found: list[Metadata] = []
    for name, content in (*movie[:_MAX_BOXES], *file):
        if name == CANON_UUID:
            found.append(_without_image(canon_directories(contents(content))[0]))
        elif name == b"meta" and (document := contents(content, 4).get(b"xml ")) is not None:
            found.append(_sony(document.read(4, _MAX_DOCUMENT).decode("utf-8", "replace")))
        elif name == b"udta":
            found += _user_data(content)
    return merge(*found)


def canon_directories(parts: dict[bytes, BoundedReader]) -> tuple[Metadata, list[Directory]]:
    """Read Canon's EXIF directories: the TIFF structures in the boxes ``CMT1``, ``CMT2`` and ``CMT4``.

    Args:
        parts: The boxes in Canon's ``uuid`` box, by name.

    Returns:
        The result of `mfkit.scan.extract.exif.extract`; without values if the boxes are missing.
    """
    if b"CMT1" not in parts:
        return {}, []
    more = [(parts[name], role) for name, role in ((b"CMT2", "exif"), (b"CMT4", "gps")) if name in parts]
    return exif.extract(parts[b"CMT1"], *more)


def _user_data(content: BoundedReader) -> Iterator[Metadata]:
    tags: dict[str, list[str]] = {}
    camera: Metadata = {}
    for name, part in islice(boxes(content), _MAX_BOXES):
        if name in _READERS:
            yield _READERS[name](part)
        elif name in _TEXTS:
            tags[_TEXTS[name]] = [_text(part.read(_TEXT_HEAD, _MAX_TEXT))]
        elif name == b"yrrc":
            tags["date"] = [str(int.from_bytes(part.read(4, 2), "big"))]
        elif name == b"manu":
            camera["camera_make"] = _camera_text(part)
        elif name == b"modl":
            camera["camera_model"] = _camera_text(part)
    yield from_origin("quicktime", camera)
    yield tag_metadata(tags)


def _thumbnail(content: BoundedReader) -> Metadata:
    """Read the EXIF of the JPEG thumbnail that Canon cameras store in a movie."""
    image = child(content, b"CNDA")
    return _without_image(jpeg.read_segments(image)[0]) if image is not None else {}


def _without_image(metadata: Metadata) -> Metadata:
    """Return the metadata of an image that describes a movie, without the size and rotation of the image."""
    kept = metadata.copy()
    kept.pop("width", None)
    kept.pop("height", None)
    extra = metadata.get("extra", {})
    kept["extra"] = {name: value for name, value in extra.items() if name not in _IMAGE_FIELDS}
    return kept


def _nikon(content: BoundedReader) -> Metadata:
    """Read make, model and creation date in Nikon's list of tags: tag, type, count, values (big-endian)."""
    listed = child(content, b"NCTG")
    data = listed.read(0, _MAX_DOCUMENT) if listed is not None else b""
    texts: dict[int, str | None] = {}
    at = 0
    while at + 8 <= len(data):
        tag, kind, count = struct.unpack_from(">IHH", data, at)
        size = count * _NIKON_SIZES.get(kind, 8)
        if tag in (_NIKON_MAKE, _NIKON_MODEL, _NIKON_CREATED):
            texts[tag] = tag_text(data[at + 8 : at + 8 + size])
        at += 8 + size
    created = parse_date(texts.get(_NIKON_CREATED))
    return from_origin(
        "exif",
        {
            "camera_make": texts.get(_NIKON_MAKE),
            "camera_model": texts.get(_NIKON_MODEL),
            "dates": () if created is None else (StatedDate("exif original", *created),),
        },
    )


_READERS: dict[bytes, Callable[[BoundedReader], Metadata]] = {
    b"CNTH": _thumbnail,
    b"NCDT": _nikon,
    b"Xtra": explorer_tags,
}


def _sony(document: str) -> Metadata:
    """Read camera, date and place in Sony's XML document (NonRealTimeMeta)."""
    if "NonRealTimeMeta" not in document:
        return {}
    created, make, model = (
        html.unescape(match[1]) if (match := form.search(document)) else None
        for form in (_SONY_DATE, _SONY_MAKER, _SONY_MODEL)
    )
    items = dict(_SONY_ITEM.findall(document))
    metadata: Metadata = {"camera_make": make, "camera_model": model}
    if (date := parse_date(created)) is not None:
        metadata["dates"] = (StatedDate("quicktime creationdate", *date),)
    point = exif.location(
        {tag: items[name] for tag, name in enumerate(_SONY_POSITION, start=1) if name in items}
    )
    if point is not None:
        metadata["latitude"], metadata["longitude"] = point
    return from_origin("quicktime", metadata)


def _text(data: bytes) -> str:
    """Decode a text in UTF-8, or in UTF-16 with a byte-order mark. It ends at the first NUL."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return decode(data[: len(data) // 2 * 2]).split("\x00", 1)[0]
    return decode(data.split(b"\x00", 1)[0])


def _camera_text(content: BoundedReader) -> str | None:
    data = content.read(0, _MAX_TEXT)
    return tag_text(data[_TEXT_HEAD:] if _UNKNOWN_HEAD.match(data) else data)
