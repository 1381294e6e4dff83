"""Parser for ID3 tags: ID3v2.2, 2.3 and 2.4 (id3.org), and ID3v1.1.

Text frames that declare Latin-1 contain UTF-8 or a national encoding in practice, so their bytes are kept
until all texts of the file are known.
"""

import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from mfkit.scan.extract import ratings
from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader
from mfkit.scan.extract.id3_genres import genre_names, genre_of
from mfkit.scan.extract.text_decoding import FileTexts, utf16_codec

_MAX_FRAMES, _MAX_TEXT, _MAX_UNSYNCHRONISED = 500, 65_536, 2 << 20
_ENCODINGS = {0: "latin-1", 1: "utf-16-le", 2: "utf-16-be", 3: "utf-8"}
# The keys are frame names of ID3v2.2 and of later versions, and the values are mfkit's tag names.
_TEXT_FRAMES = {
    "TIT2": "title", "TPE1": "artist", "TALB": "album", "TPE2": "album_artist", "TCON": "genre",
    "TDRC": "date", "TYER": "year", "TDOR": "originaldate", "TORY": "originalyear",
    "TDRL": "releasedate", "TRCK": "track", "TPOS": "disc", "TCMP": "compilation", "TCOM": "composer",
    "TCOP": "copyright", "TT2": "title", "TP1": "artist", "TAL": "album", "TP2": "album_artist",
    "TCO": "genre", "TYE": "year", "TOR": "originalyear", "TRK": "track", "TPA": "disc",
    "TCP": "compilation", "TCM": "composer", "TCR": "copyright",
}  # fmt: skip
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OTHER_FRAMES = frozenset(("TXXX", "TXX", "COMM", "COM", "POPM", "POP", "PRIV"))
# In ID3v2.3, a slash separates several values, but in the names below, the slash belongs to the name.
_WITH_SLASH = frozenset(
    "ac/dc|gza/genius|hip-hop/rap|hip hop/rap|r&b/soul|singer/songwriter|christian/gospel|pop/funk|"
    "christian & gospel|jazz/funk|alternative/indie|rock/pop".split("|")
)
_MAX_VALUES, _MAX_IN_FRAME = 1_000, 100
"""Maximum numbers of values read from a tag and from one of its frames."""
_SPLIT_BY_SLASH = ("artist", "album_artist", "composer", "genre")


class Text(NamedTuple):
    """Undecoded value in an ID3 tag: its name, its bytes and the encoding that the ID3 frame declares."""

    name: str
    data: bytes
    declared: str


class Id3(NamedTuple):
    """Undecoded texts, rating and XMP packet of one ID3 tag.

    Attributes:
        texts: Values in the order of the file.
        rating: Rating of the first popularimeter frame (POPM) that has a rating.
        packet: XMP packet in a private frame.
        has_slashes: Whether the version separates values with a slash instead of a NUL.
    """

    texts: list[Text]
    rating: ratings.Stars | None = None
    packet: bytes | None = None
    has_slashes: bool = False


def read_id3v2(reader: BoundedReader, at: int = 0) -> Id3 | None:
    """Read the ID3v2 tag at an offset. Return None if there is no tag."""
    head = reader.read(at, 10)
    if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (2, 3, 4):
        return None
    version, flags, size = head[3], head[5], _synchsafe(head[6:10])
    body = reader.part(at + 10, size)
    if flags & 0x80 and version < 4:
        # Unsynchronisation (section 5) inserts a NUL after each byte 0xFF. These NULs are removed, because
        # frame sizes do not count them.
        body = bytes_reader(body.read(0, _MAX_UNSYNCHRONISED).replace(b"\xff\x00", b"\xff"))
    start = _after_extended_header(body, version) if flags & 0x40 and version > 2 else 0
    texts: list[Text] = []
    rating, packet = None, None
    for name, data in _frames(body, start, version, bool(flags & 0x80)):
        if name in ("POPM", "POP"):
            player, _, rest = data.partition(b"\x00")
            stars = ratings.from_popularimeter(rest[0], player.decode("latin-1")) if rest else None
            rating = stars if rating is None else rating
        elif name == "PRIV":
            packet = data[4:] if data.startswith(b"XMP\x00") and packet is None else packet
        else:
            texts += islice(_texts(name, data), min(_MAX_IN_FRAME, _MAX_VALUES - len(texts)))
    return Id3(texts, rating, packet, version == 3)


def read_appended_id3v2(reader: BoundedReader) -> Id3 | None:
    """Read an ID3v2.4 tag at the end of a file, before an ID3v1 tag if there is one (section 3.4)."""
    for distance in (10, 10 + 128):
        footer = reader.read(reader.size - distance, 10)
        if footer[:3] == b"3DI" and len(footer) == 10:
            return read_id3v2(reader, reader.size - distance - 10 - _synchsafe(footer[6:10]))
    return None


def read_id3v1(reader: BoundedReader) -> Id3 | None:
    """Read an ID3v1.1 tag, the last 128 bytes of a file. Return None if there is no tag."""
    data = reader.read(reader.size - 128, 128)
    if len(data) < 128 or data[:3] != b"TAG":
        return None
    fields = {"title": data[3:33], "artist": data[33:63], "album": data[63:93], "year": data[93:97]}
    comment = data[97:127]
    texts = [Text(name, _until_nul(field), "latin-1") for name, field in fields.items()]
    if comment[28] == 0 and comment[29]:
        texts.append(Text("track", str(comment[29]).encode(), "ascii"))
        comment = comment[:28]
    texts.append(Text("comment", _until_nul(comment), "latin-1"))
    if (genre := genre_of(data[127])) is not None:
        texts.append(Text("genre", genre.encode(), "ascii"))
    return Id3([text for text in texts if text.data])


def decoded(tag: Id3, encodings: FileTexts) -> dict[str, list[str]]:
    """Decode the values of an ID3 tag. Return them by field, with genre names instead of genre numbers."""
    found: dict[str, list[str]] = {}
    for name, data, declared in tag.texts:
        text = encodings.decode(data, declared)
        parts = _split_slashes(text) if tag.has_slashes and name in _SPLIT_BY_SLASH else [text]
        found.setdefault(name, []).extend(parts)
    if "genre" in found:
        found["genre"] = genre_names(found["genre"])
    return found


def doubtful_texts(tags: Iterable[Id3 | None]) -> Iterator[bytes]:
    """Yield the texts that declare the encoding Latin-1, because this declaration is often wrong."""
    for tag in tags:
        for text in tag.texts if tag is not None else ():
            if text.declared == "latin-1":
                yield text.data


def _split_slashes(text: str) -> list[str]:
    """Split a text at slashes, except a known name such as ``AC/DC`` or a text with very short parts."""
    if "/" not in text or text.lower() in _WITH_SLASH:
        return [text]
    parts = [part.strip() for part in text.split("/")]
    return parts if all(len(part) > 2 for part in parts) else [text]


def _synchsafe(data: bytes) -> int:
    return (data[0] & 127) << 21 | (data[1] & 127) << 14 | (data[2] & 127) << 7 | data[3] & 127


def _after_extended_header(body: BoundedReader, version: int) -> int:
    head = body.read(0, 4)
    if len(head) < 4:
        return 0
    return _synchsafe(head) if version == 4 else 4 + int.from_bytes(head, "big")


def _frames(body: BoundedReader, at: int, version: int, unsynchronised: bool) -> Iterator[tuple[str, bytes]]:
    """Yield the ID3 frames that contain texts, ratings or XMP.

    Frames that contain images or lyrics are skipped without reading them.
    """
    head_size = 6 if version == 2 else 10
    for _ in range(_MAX_FRAMES):
        head = body.read(at, head_size)
        if len(head) < head_size or not _is_name(head[:3]):
            return
        # In ID3v2.3 tags, padding after a name is removed, because old versions of iTunes write the
        # three-letter frame names of ID3v2.2.
        name = head[:3].decode() if version == 2 else head[:4].decode("latin-1").rstrip("\x00 ")
        flags = head[9] if version > 2 else 0
        if version == 2:
            size = int.from_bytes(head[3:6], "big")
        elif version == 3:
            size = int.from_bytes(head[4:8], "big")
        else:
            size = _size_of_24(body, at, head[4:8])
        if size > body.size - at:
            return
        if name in _TEXT_FRAMES or name in _OTHER_FRAMES:
            data = body.read(at + head_size, min(size, _MAX_TEXT if name != "PRIV" else 4 * _MAX_TEXT))
            content = _without_frame_flags(data, version, flags, unsynchronised)
            if content:
                yield name, content
        at += head_size + size


def _is_name(data: bytes) -> bool:
    name = data[:3]
    return len(name) == 3 and name.isalnum() and name == name.upper()


def _size_of_24(body: BoundedReader, at: int, data: bytes) -> int:
    """Return the size of an ID3v2.4 frame, written with 7 bits per byte (synchsafe), but by iTunes with 8.

    Both readings are tried, and the one that leads to another frame, padding or the end of the tag is used.
    """
    plain, seven_bit = int.from_bytes(data, "big"), _synchsafe(data)
    if plain == seven_bit:
        return plain
    if any(byte & 0x80 for byte in data):
        return plain
    for size in (seven_bit, plain):
        end = at + 10 + size
        following = body.read(end, 4)
        if end == body.size or _is_name(following) or (following and not following.strip(b"\x00")):
            return size
    return seven_bit


def _without_frame_flags(data: bytes, version: int, flags: int, unsynchronised: bool) -> bytes:
    """Undo the encodings that an ID3 frame's flags declare, such as compression.

    Return empty bytes if the frame is encrypted or damaged.
    """
    encrypted, compressed, grouped = (0x04, 0x08, 0x40) if version == 4 else (0x40, 0x80, 0x20)
    if not flags or version == 2:
        return data.replace(b"\xff\x00", b"\xff") if version == 4 and unsynchronised else data
    if flags & encrypted:
        return b""
    if version == 4 and (flags & 0x02 or unsynchronised):
        data = data.replace(b"\xff\x00", b"\xff")
    if version == 3 and flags & compressed:
        data = data[4:]
    if flags & grouped:
        data = data[1:]
    if version == 4 and flags & 0x01:
        data = data[4:]
    if flags & compressed:
        try:
            return zlib.decompressobj().decompress(data, _MAX_TEXT)
        except zlib.error:
            return b""
    return data


def _texts(name: str, data: bytes) -> Iterator[Text]:
    """Yield the values of an ID3 frame that contains a text, a user-defined text or a comment."""
    declared = _ENCODINGS.get(data[0])
    if declared is None:
        # A text frame without the byte that states the encoding is read as Latin-1.
        declared, data = "latin-1", b"\x00" + data
    body = data[1:]
    if declared == "utf-16-le" and not body.startswith(_MARKS):
        # Texts of this type start with a byte-order mark (section 4), which some programs leave out.
        declared = utf16_codec(body[3:] if name in ("COMM", "COM") else body)
    if name in ("COMM", "COM"):
        description, *values = _split(body[3:], declared)
        # Comments with a description are skipped, because programs store technical data in them.
        if values and not description.strip(b"\x00\xff\xfe"):
            yield Text("comment", values[0], declared)
        return
    values = list(_split(body, declared))
    if name in ("TXXX", "TXX"):
        if len(values) > 1:
            key = FileTexts().decode(values[0], declared).strip().lower()
            for value in values[1:]:
                yield Text(key, value, declared)
        return
    for value in values:
        if value:
            yield Text(_TEXT_FRAMES[name], value, declared)


def _split(data: bytes, declared: str) -> list[bytes]:
    """Split text bytes at NULs, which have two bytes in UTF-16.

    The byte-order mark of the first value applies to all values.
    """
    if not declared.startswith("utf-16"):
        return data.rstrip(b"\x00").split(b"\x00")
    mark = data[:2] if data[:2] in _MARKS else b""
    units = [data[at : at + 2] for at in range(0, len(data) // 2 * 2, 2)]
    values, current = [], b""
    for unit in units:
        if unit == b"\x00\x00":
            values.append(current)
            current = b""
        else:
            current += unit
    if current or not values:
        values.append(current)
    return [value if value.startswith(_MARKS) or not value else mark + value for value in values]


def _until_nul(data: bytes) -> bytes:
    return data.split(b"\x00", 1)[0].strip()
