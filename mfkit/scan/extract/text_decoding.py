"""Decoder for texts in media files, also with a wrongly declared encoding, and for numbers in texts.

The standards of ID3v1, ID3v2, IPTC and EXIF prescribe Latin-1 or ASCII, but programs write UTF-8 or the
encoding of their country.
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

DEFAULT_ENCODING = "cp1252"
_SINGLE_BYTE = frozenset(("ascii", "iso8859-1", "cp1252"))
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CAPITAL_AND_QUOTE = re.compile("[À-ÁÄÆ-ß][‘’‚“”„–—…•›‹]")
_ASCII_COMPATIBLE = (None, "ascii", "latin-1", "utf-8", DEFAULT_ENCODING)
_MAX_INCOMPLETE_BYTES = 3  # Maximum number of bytes of an incomplete UTF-8 character at the end of a text.
_LATIN_ENCODINGS = (None, DEFAULT_ENCODING, "cp1250", "cp1254")
_FEWEST_LETTERS, _LARGE_SHARE, _FEWEST_CONVERTED, _MAX_CONVERTED = 4, 0.7, 12, 1_000
_CONTROL = re.compile("[\x80-\x9f]")
UNKNOWN = "unknown"
"""Value of ``extra["text_encoding"]`` if texts were read as Windows-1252 because no encoding was detected."""


def decode(data: bytes, declared: str | None = None, *, legacy: str = DEFAULT_ENCODING) -> str:
    """Decode text in its declared encoding, or else in UTF-8, or else in a legacy encoding.

    Latin-1 and ASCII are valid for nearly any bytes, and are therefore tried after UTF-8. UTF-8 that was
    encoded twice is repaired. Bytes without a character are written as ``\\x81``.

    Args:
        data: The bytes, without terminators.
        declared: Encoding that the file states or that the format prescribes.
        legacy: Encoding of texts that are valid neither in the declared encoding nor in UTF-8. `FileTexts`
            detects it for all texts of a file.
    """
    # Most texts are ASCII, and decoding them directly is several times as fast as the steps below.
    if declared in _ASCII_COMPATIBLE and data.isascii():
        return data.decode("ascii")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding) or _lenient(data[len(mark) :], encoding)
    codec = _codec_name(declared)
    if codec is not None and codec not in _SINGLE_BYTE:
        if codec.startswith(("utf-16", "utf-32")):
            return _lenient(data, codec)
        text = _strict(data, codec)
        if text is not None:
            return repair(text)
    text = _strict(data, "utf-8")
    if text is None:
        text = _strict(data, legacy)
    if text is None:
        text = data.decode(DEFAULT_ENCODING, "backslashreplace")
    return repair(text)


def repair(text: str) -> str:
    """Repair UTF-8 text that was decoded as Latin-1 or Windows-1252, and return other text unchanged.

    Example:
        >>> repair("ZÃ¼rich")
        'Zürich'
    """
    if text.isascii():
        return text
    try:
        raw = text.encode(DEFAULT_ENCODING, "mfkit-latin1")
        fixed = raw.decode("utf-8")
    except UnicodeError:
        return text
    # A capital letter before a quotation mark, as in 'the "CAFÉ"', looks like wrongly decoded UTF-8, so such
    # text is not repaired.
    return text if _CAPITAL_AND_QUOTE.sub("", text).isascii() else fixed


def _as_latin1(error: UnicodeError) -> tuple[bytes, int]:
    """Use Latin-1 for the characters that Windows-1252 lacks. This is an error handler for codecs."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    try:
        return error.object[error.start : error.end].encode("latin-1"), error.end
    except UnicodeEncodeError:
        raise error from None


codecs.register_error("mfkit-latin1", _as_latin1)


def escaped_bytes(text: str) -> bytes | None:
    """Return the original bytes of a text with surrogate escapes, or None if it has no surrogate escapes."""
    if text.isascii() or not any("\udc80" <= character <= "\udcff" for character in text):
        return None
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


@dataclass(frozen=True, slots=True)
class FileTexts:
    """Legacy encoding of a file's texts, detected from all texts together.

    Attributes:
        legacy: Encoding of texts that are neither in their declared encoding nor UTF-8.
        note: Value for ``extra["text_encoding"]``, or None if no text needed a legacy encoding.
    """

    legacy: str = DEFAULT_ENCODING
    note: str | None = None

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> "FileTexts":
        """Detect the encoding of texts that declare no encoding, or only Latin-1 or ASCII."""
        doubtful = [text for text in texts if not text.isascii() and _strict(text, "utf-8") is None]
        if not doubtful:
            return cls()
        # The module that detects text encodings is imported only here, because the texts of most files are
        # ASCII or UTF-8 and do not need it.
        from mfkit.scan.extract.legacy_encodings import legacy_encoding

        found = legacy_encoding(doubtful)
        if found is None:
            return cls(note=UNKNOWN)
        return cls(found, found)

    def decode(self, data: bytes, declared: str | None = None) -> str:
        """Decode one of the file's texts like :func:`decode`, with the file's detected legacy encoding."""
        return decode(data, declared, legacy=self.legacy)


def converted_encoding(texts: Iterable[str]) -> str | None:
    """Detect the encoding of texts that a program took for Latin-1 and converted to Unicode.

    Args:
        texts: All texts of a file or a tag.

    Returns:
        The name of a Python codec for :func:`restored`, or None if the texts are as they should be, or if no
        encoding is certain.
    """
    converted = [raw for text in texts if (raw := _before_conversion(text)) is not None]
    if sum(byte > 127 for raw in converted for byte in raw) < _FEWEST_CONVERTED:
        return None
    from mfkit.scan.extract.legacy_encodings import legacy_encoding

    found = legacy_encoding(converted)
    return None if found in _LATIN_ENCODINGS else found


def restored(text: str, encoding: str) -> str:
    """Undo the conversion of a text that a program took for Latin-1, as in "Ðóññêèé" for "Русский"."""
    raw = _before_conversion(text)
    return text if raw is None else _strict(raw, encoding) or text


def _before_conversion(text: str) -> bytes | None:
    """Return the bytes of a text that may have been taken for Latin-1, or None for other text.

    Such a text has control characters of Latin-1, or mostly letters with accents, which no Western European
    language has.
    """
    if text.isascii():
        return None
    text = text[:_MAX_CONVERTED]
    try:
        raw = text.encode(DEFAULT_ENCODING, "mfkit-latin1")
    except UnicodeEncodeError:
        return None
    letters = [character for character in text if character.isalpha()]
    others = sum(not character.isascii() for character in letters)
    is_doubtful = others >= _FEWEST_LETTERS and others >= _LARGE_SHARE * len(letters)
    return raw if is_doubtful or _CONTROL.search(text) else None


def _codec_name(declared: str | None) -> str | None:
    if declared is None:
        return None
    try:
        return codecs.lookup(declared).name
    except LookupError:
        return None


def _strict(data: bytes, codec: str) -> str | None:
    """Decode bytes. An incomplete last character, cut off at a field's maximum length, is left out.

    Return None if the bytes are not valid in the encoding.
    """
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        start = error.start
        is_cut = "unexpected end" in error.reason or "incomplete" in error.reason
        if not is_cut or start < _MAX_INCOMPLETE_BYTES or len(data) - start > _MAX_INCOMPLETE_BYTES:
            return None
        if data[:start].isascii():
            # A single non-ASCII byte at the end, as in "Caf\xe9", is a Latin-1 letter and not the start of a
            # cut-off UTF-8 character.
            return None
        return data[:start].decode(codec)


def _lenient(data: bytes, codec: str) -> str:
    """Decode UTF-16 or UTF-32, and drop incomplete code units and lone surrogates."""
    return data.decode(codec, "ignore").removeprefix("\ufeff")


def utf16_codec(data: bytes) -> str:
    """Return the codec of UTF-16 text without a byte-order mark: ``"utf-16-be"`` or ``"utf-16-le"``.

    The byte order is guessed: in UTF-16 text, the high bytes of the characters vary less than the low bytes,
    and are often zero.
    """
    even, odd = data[: len(data) // 2 * 2 : 2], data[1 : len(data) // 2 * 2 : 2]
    is_big_endian = (even.count(0), -len(set(even))) > (odd.count(0), -len(set(odd)))
    return "utf-16-be" if is_big_endian else "utf-16-le"


def whole_number(text: str | None) -> int | None:
    """Parse a whole number of up to ten ASCII digits. Return None for any other text."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 10 else None
