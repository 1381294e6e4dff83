"""Reader of texts, keywords and ratings in EXIF directories.

The tags are those of Exif 2.32, sections 4.6.4 (ImageDescription, Artist, Copyright) and 4.6.5 (UserComment),
and those of Windows (XPTitle to XPSubject in UTF-16, Rating, RatingPercent).
"""

import re
from collections.abc import Mapping
from typing import Any

from mfkit.scan.extract import ratings
from mfkit.scan.extract.default_texts import without_default
from mfkit.scan.extract.text_decoding import FileTexts, decode, utf16_codec
from mfkit.scan.extract.tiff_directories import Value

MAIN_TAGS = frozenset((0x010E, 0x013B, 0x4746, 0x4749, 0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F))
EXIF_TAGS = frozenset((0x9286, 0xA430))
_XP_TITLE, _XP_COMMENT, _XP_AUTHOR, _XP_KEYWORDS, _XP_SUBJECT = range(0x9C9B, 0x9CA0)
_USER_COMMENT, _MAKE = 0x9286, 0x010F
_COMMENT_CODES = {b"ASCII\x00\x00\x00": "ascii", b"\x00" * 8: None}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_JAPANESE = ("iso2022_jp", "euc_jp", "cp932")


def text_fields(main: Mapping[int, Value], exif: Mapping[int, Value]) -> tuple[str | None, dict[str, Any]]:
    """Read title, description, author, copyright, comment, keywords and rating from EXIF tags.

    Args:
        main: Tags of the first directory.
        exif: Tags of the EXIF directory.

    Returns:
        The title, and extra metadata. ``user_comment`` serves as the description if there is no other.
    """
    if MAIN_TAGS.isdisjoint(main) and EXIF_TAGS.isdisjoint(exif):
        return None, {}
    raw = {tag: tag_bytes(main.get(tag)) or b"" for tag in (0x010E, 0x013B, 0x8298)}
    texts = FileTexts.of(_first_text(data) for data in raw.values())
    author = _first_text(raw[0x013B])
    fields: dict[str, Any] = {
        "description": without_default(
            _clean(texts.decode(_first_text(raw[0x010E]))), tag_text(main.get(_MAKE))
        ),
        "author": _clean(texts.decode(author))
        or _wide_text(main.get(_XP_AUTHOR))
        or tag_text(exif.get(0xA430)),
        "copyright": _copyright(raw[0x8298], texts),
        "user_comment": without_default(
            user_comment(tag_bytes(exif.get(_USER_COMMENT)) or b"")
            or _wide_text(main.get(_XP_COMMENT))
            or _wide_text(main.get(_XP_SUBJECT))
        ),
        "keywords": _split_keywords(_wide_text(main.get(_XP_KEYWORDS))),
        "rating": _rating(main),
        "text_encoding": texts.note,
    }
    return without_default(_wide_text(main.get(_XP_TITLE))), {
        name: value for name, value in fields.items() if value is not None
    }


def tag_text(value: Value | None) -> str | None:
    """Return a tag's text up to the first NUL, even if the tag has a byte type instead of a text type."""
    if value is None:
        return None
    if isinstance(value, str) and value.isascii():
        return _clean(value.partition("\x00")[0])
    data = tag_bytes(value)
    return _clean(decode(_first_text(data))) if data else None


def tag_bytes(value: Value | None) -> bytes | None:
    """Return a tag's value as bytes, or None if the value is neither text nor bytes."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, tuple) and all(isinstance(part, int) and 0 <= part <= 255 for part in value):
        return bytes(int(part) for part in value)
    return value if isinstance(value, bytes) else None


def user_comment(data: bytes) -> str | None:
    """Decode the EXIF tag UserComment: eight bytes that name the encoding, and then the text."""
    if not data.strip(b"\x00 "):
        return None
    code, rest = data[:8].upper(), data[8:]
    if code == b"UNICODE\x00":
        return _clean(_utf16(rest))
    if code == b"JIS\x00\x00\x00\x00\x00":
        for encoding in _JAPANESE:
            try:
                return _clean(_first_text(rest).decode(encoding))
            except UnicodeDecodeError:
                continue
    elif code not in _COMMENT_CODES:
        rest = data  # Some programs write UserComment without the eight bytes that name the encoding.
    rest = _first_text(rest.strip(b"\x00 "))
    texts = FileTexts.of([rest])
    return _clean(texts.decode(rest, _COMMENT_CODES.get(code)))


def _utf16(data: bytes) -> str:
    """Decode UTF-16 text, and guess its byte order if it has no byte-order mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return decode(data)
    text = data.rstrip(b"\x00")
    if b"\x00" not in text and (text.isascii() or _is_utf8(text)):
        return decode(text)  # Some programs write ASCII or UTF-8 text into a tag that requires UTF-16.
    return decode(data, utf16_codec(data)).split("\x00", 1)[0]


def _is_utf8(data: bytes) -> bool:
    """Return whether bytes are UTF-8 text in which a non-ASCII character follows an ASCII letter.

    UTF-16 text rarely meets both conditions.
    """
    try:
        return re.search("[A-Za-z][^\\x00-\\x7f]", data.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return False


def _first_text(data: bytes) -> bytes:
    """Return the text before the first NUL, or all of a text that starts with a UTF-16 byte-order mark."""
    return data if data.startswith(_UTF16_MARKS) else data.split(b"\x00", 1)[0]


def _clean(text: str) -> str | None:
    return text.strip("\x00 \t\r\n") or None


def _wide_text(value: Value | None) -> str | None:
    data = tag_bytes(value)
    return _clean(decode(data, "utf-16-le").split("\x00", 1)[0]) if data else None


def _copyright(data: bytes, texts: FileTexts) -> str | None:
    """Return the photographer's copyright, or if it is empty, the editor's copyright (Exif 2.32, 4.6.4).

    The editor's copyright follows a NUL.
    """
    parts = [_clean(texts.decode(part)) for part in data.split(b"\x00")]
    return next((part for part in parts if part), None)


def _split_keywords(text: str | None) -> list[str] | None:
    if text is None:
        return None
    keywords = [part.strip() for part in text.split(";")]
    return list(dict.fromkeys(part for part in keywords if part)) or None


def _rating(main: Mapping[int, Value]) -> ratings.Stars | None:
    """Return the rating in stars, or None for 0, which cameras write into every unrated file."""
    rating, percent = main.get(0x4746), main.get(0x4749)
    count = ratings.stars(ratings.number(rating)) if isinstance(rating, int) else None
    return count or (ratings.from_percent(ratings.number(percent)) if isinstance(percent, int) else None)
