"""Metadata blocks that image formats embed: EXIF, XMP, IPTC-IIM and Photoshop's image resources.

If the blocks of one image disagree, EXIF has priority, then XMP, the camera's own records, and IPTC
(Metadata Working Group 2.0, section 5). There are two exceptions: a rating in XMP has priority, because
editors write it, and the keywords of all blocks are combined.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mfkit.scan.extract import exif, iptc, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.schema import Metadata, merge
from mfkit.scan.extract.tiff_directories import Directory

_MAX_RESOURCES = 1_000
_TEXTS = ("description", "author", "copyright")
_MAX_RECORD = 262_144
_IPTC, _EXIF, _XMP = 0x0404, 0x0422, 0x0424
# IPTC-IIM limits a keyword to this number of bytes (section 2:25), so longer keywords are cut off.
_IIM_KEYWORD = 64


class Resource(NamedTuple):
    """Photoshop image resource: a block of data, such as EXIF or IPTC, with a numeric identifier."""

    number: int
    content: BoundedReader


@dataclass(slots=True)
class Blocks:
    """Metadata blocks of one image, grouped into EXIF, XMP, camera records and IPTC.

    The first block of a kind has priority.
    """

    exif: list[Metadata] = field(default_factory=list)
    xmp: list[Metadata] = field(default_factory=list)
    camera: list[Metadata] = field(default_factory=list)
    iptc: list[Metadata] = field(default_factory=list)

    def add_exif(self, reader: BoundedReader) -> list[Directory]:
        """Add EXIF metadata, which may start with the prefix ``Exif``, and return its TIFF directories."""
        head = reader.read(0, 6)
        skip = 6 if head[:4] == b"Exif" else 0
        metadata, directories = exif.extract(reader.part(skip, reader.size))
        self.exif.append(metadata)
        return directories

    def add_xmp(self, packet: bytes) -> None:
        """Add the metadata of an XMP packet."""
        self.xmp.append(xmp.extract(packet))

    def add_iptc(self, record: bytes) -> None:
        """Add the metadata of an IPTC-IIM record."""
        self.iptc.append(iptc.extract(record))

    def add_resources(self, reader: BoundedReader) -> None:
        """Add the EXIF, XMP and IPTC blocks in Photoshop's image resources."""
        for number, content in resources(reader):
            if number == _IPTC and not self.iptc:
                self.add_iptc(content.read(0, _MAX_RECORD))
            elif number == _EXIF and not self.exif:
                self.add_exif(content)
            elif number == _XMP and not self.xmp:
                self.add_xmp(content.read(0, xmp.MAX_PACKET))

    def merged(self, frame: Metadata, *, after: Sequence[Metadata] = ()) -> Metadata:
        """Return the image's metadata, merged from all metadata blocks by priority.

        Args:
            frame: Metadata of the image data, such as its size.
            after: Metadata with a lower priority than all blocks.
        """
        parts = (frame, *self.exif, *self.xmp, *self.camera, *self.iptc, *after)
        metadata = merge(*parts)
        extra: dict[str, Any] = dict(metadata.get("extra", {}))
        if isinstance(title := metadata.get("title"), str) and "?" in title:
            metadata["title"] = _complete_text(title, [part.get("title") for part in parts])
        for name in _TEXTS:
            if isinstance(text := extra.get(name), str) and "?" in text:
                extra[name] = _complete_text(text, [part.get("extra", {}).get(name) for part in parts])
        editors = [part.get("extra", {}) for part in (*self.xmp, *self.iptc, *self.exif, *after)]
        if rating := next((part["rating"] for part in editors if part.get("rating")), None):
            extra["rating"] = rating
        if keywords := _combined([part.get("keywords", ()) for part in editors]):
            extra["keywords"] = keywords
        comment = extra.pop("user_comment", None)
        if comment and extra.setdefault("description", comment) != comment:
            extra["comment"] = comment
        if extra:
            metadata["extra"] = extra
        return metadata


def resources(reader: BoundedReader) -> Iterator[Resource]:
    """Yield Photoshop's image resources (Adobe Photoshop file formats, "Image resource blocks")."""
    at = 0
    for _ in range(_MAX_RESOURCES):
        head = reader.read(at, 7 + 256 + 4)
        if len(head) < 12 or not head[:4].isalnum():
            return
        start = 7 + head[6] + (head[6] + 1) % 2
        size = int.from_bytes(head[start : start + 4], "big")
        at += start + 4
        if head[:4] == b"8BIM":
            yield Resource(int.from_bytes(head[4:6], "big"), reader.part(at, size))
        at += size + size % 2


def _complete_text(text: str, others: Sequence[object]) -> str:
    """Return the text of another block if a program lost its letters in this text, as in "M?nchen".

    The tags of EXIF are ASCII, so programs write a question mark for each other letter, or for each of its
    bytes.
    """
    pattern = re.compile(r"(?:\?|[^\x00-\x7f])+".join(map(re.escape, re.split(r"\?+", text))))
    return next(
        (
            other
            for other in others
            if isinstance(other, str) and not other.isascii() and pattern.fullmatch(other)
        ),
        text,
    )


def _combined(lists: Sequence[Sequence[str]]) -> list[str]:
    """Combine lists of keywords, without duplicates and without keywords that lost letters.

    IPTC-IIM truncates keywords, and programs write question marks for letters that are not ASCII.
    """
    others = [keyword for keywords in lists for keyword in keywords if not keyword.isascii()]
    if others:
        lists = [
            [_complete_text(keyword, others) if "?" in keyword else keyword for keyword in keywords]
            for keywords in lists
        ]
    found: dict[str, None] = {}
    for keywords in lists:
        for keyword in keywords:
            is_cut = len(keyword.encode("utf-8", "replace")) >= _IIM_KEYWORD - 3 and any(
                longer.startswith(keyword) for longer in found
            )
            if not is_cut:
                found.setdefault(keyword)
    return list(found)
