"""Reader of tags in WAV and AIFF files: RIFF's INFO list, AIFF's text chunks, and ID3 tags.

Multimedia Programming Interface and Data Specifications 1.0 (RIFF INFO); AIFF 1.3, "Text chunks".
"""

from collections.abc import Iterator

from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.id3 import Id3, Text, read_id3v2

_MAX_CHUNKS, _MAX_TEXT = 1_000, 16_384
_INFO = {
    b"INAM": "title", b"IART": "artist", b"IPRD": "album", b"IGNR": "genre", b"ICRD": "date",
    b"ICMT": "comment", b"ITRK": "track", b"IPRT": "track", b"ICOP": "copyright", b"IMUS": "composer",
}  # fmt: skip
_AIFF = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment", b"(c) ": "copyright"}


def riff_tags(reader: BoundedReader) -> list[Id3]:
    """Read the tags of a WAV file: first its INFO texts, then its ID3 tag."""
    texts: list[Text] = []
    tags: list[Id3] = []
    for name, content in _chunks(reader, 12, "little"):
        if name == b"LIST" and content.read(0, 4) == b"INFO":
            for key, text in _chunks(content, 4, "little"):
                if key in _INFO:
                    data = text.read(0, _MAX_TEXT).split(b"\x00", 1)[0]
                    texts.append(Text(_INFO[key], data, "latin-1"))
        elif name in (b"id3 ", b"ID3 ") and (tag := read_id3v2(content)) is not None:
            tags.append(tag)
    return [Id3(texts), *tags]


def aiff_tags(reader: BoundedReader) -> list[Id3]:
    """Read the tags of an AIFF file: first its ID3 tag, then its text chunks."""
    texts: list[Text] = []
    tags: list[Id3] = []
    for name, content in _chunks(reader, 12, "big"):
        if name in _AIFF:
            data = content.read(0, _MAX_TEXT).split(b"\x00", 1)[0]
            texts.append(Text(_AIFF[name], data, "latin-1"))
        elif name in (b"ID3 ", b"id3 ") and (tag := read_id3v2(content)) is not None:
            tags.append(tag)
    return [*tags, Id3(texts)]


def _chunks(reader: BoundedReader, at: int, order: str) -> Iterator[tuple[bytes, BoundedReader]]:
    for _ in range(_MAX_CHUNKS):
        head = reader.read(at, 8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], "little" if order == "little" else "big")
        yield head[:4], reader.part(at + 8, size)
        at += 8 + size + size % 2
