"""Decoding of texts: declared encodings, UTF-8, legacy encodings, and repairs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mfkit.scan.extract.text_decoding import (
    UNKNOWN,
    FileTexts,
    converted_encoding,
    decode,
    repair,
    restored,
    whole_number,
)

CHARACTERS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
LATIN1 = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=("Cc",)), max_size=40
)


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        (b"Caf\xc3\xa9", None, "Café"),
        (b"Caf\xe9", None, "Café"),
        (b"Caf\xe9", "utf-8", "Café"),  # the declaration is wrong
        (b"Caf\xc3\xa9", "latin-1", "Café"),
        (b"Caf\xe9 \x80 \x92", "latin-1", "Café € ’"),  # Windows-1252 declared as Latin-1
        (b"\x93\x8c\x8b\x9e", "shift_jis", "東京"),
        (b"\xef\xbb\xbfZ\xc3\xbcrich", None, "Zürich"),
        (b"\xff\xfeA\x00\xe9\x00", None, "Aé"),
        (b"\xfe\xff\x00A\x00\xe9", "latin-1", "Aé"),
        ("Größe".encode("utf-16-be"), "utf-16-be", "Größe"),
        ("Größe".encode("utf-16-le") + b"x", "utf-16-le", "Größe"),  # half a unit at the end
        (b"Z\xc3\x83\xc2\xbcrich", None, "Zürich"),  # UTF-8, encoded twice
        ("東京タワー".encode()[:-1], None, "東京タワ"),  # cut off at a field's length
        (b"a\x81b", None, "a\\x81b"),  # no character of Windows-1252
        (b"plain", "unknown-codec", "plain"),
        (b"", None, ""),
    ],
)
def test_decode(data: bytes, declared: str | None, expected: str) -> None:
    """The declared encoding counts if it is valid, then UTF-8, then Windows-1252."""
    assert decode(data, declared) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ZÃ¼rich", "Zürich"),
        ("Je Äas metat kamenÃ\xad", "Je Äas metat kamenÃ\xad"),  # a byte was lost, so nothing is certain
        ("Je Ä\x8das metat kamenÃ\xad", "Je čas metat kamení"),
        ("lâ€™été", "lâ€™été"),  # "é" alone is no UTF-8
        ("lâ€™Ã©tÃ©", "l’été"),
        ("Å“uvre", "œuvre"),
        ("the “CAFÉ”", "the “CAFÉ”"),  # valid by chance
        ("Müller & Söhne", "Müller & Söhne"),
        ("東京", "東京"),
        ("ascii", "ascii"),
    ],
)
def test_repair(text: str, expected: str) -> None:
    """UTF-8 that was read as Latin-1 or Windows-1252 is restored; other text stays as it is."""
    assert repair(text) == expected


@given(CHARACTERS)
@example("É”")
def test_utf8_survives(text: str) -> None:
    """UTF-8 is decoded to the same text, except where it was encoded twice."""
    data = text.encode()
    if not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        assert decode(data) == repair(text)
        assert decode(data, "utf-8") == repair(text)


@given(CHARACTERS)
def test_utf16_survives(text: str) -> None:
    """UTF-16 of either byte order is decoded to the same text."""
    expected = text.removeprefix("\ufeff")
    for encoding in ("utf-16-le", "utf-16-be"):
        if not text.startswith(("\ufeff", "\ufffe", "\ubbef", "\uefbb")):
            assert decode(text.encode(encoding), encoding) == expected


@given(CHARACTERS)
def test_double_encoding_is_undone(text: str) -> None:
    """What UTF-8 becomes when it is read as Latin-1 is repaired to the text itself."""
    if not text.isascii() and repair(text) == text:
        assert repair(text.encode().decode("latin-1")) in (text, text.encode().decode("latin-1"))
        if any(ord(character) > 0x7FF for character in text):
            assert repair(text.encode().decode("latin-1")) == text


@given(LATIN1)
def test_latin1_survives(text: str) -> None:
    """Text of Western Europe is decoded to itself, unless its bytes happen to be UTF-8."""
    data = text.encode("latin-1")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) and data[-4:].isascii():
            assert decode(data, "latin-1") == text


@given(st.binary(max_size=60), st.sampled_from([None, "latin-1", "utf-8", "utf-16-le", "shift_jis", "ascii"]))
def test_no_bytes_raise_or_become_replacement_characters(data: bytes, declared: str | None) -> None:
    """U+FFFD appears only where the file contains it."""
    text = decode(data, declared)
    if "\ufffd" in text:
        assert any("\ufffd".encode(codec) in data for codec in ("utf-8", "utf-16-le", "utf-16-be"))


def test_file_texts_judge_all_texts_together() -> None:
    """A short artist alone is uncertain; with the title, the encoding is certain for both."""
    title, artist = "Танцевальный рай".encode("cp1251"), "ДДТ".encode("cp1251")
    assert FileTexts.of([artist]).note == UNKNOWN
    assert FileTexts.of([artist]).decode(artist, "latin-1") == "ÄÄÒ"
    texts = FileTexts.of([title, artist])
    assert (texts.decode(title), texts.decode(artist, "latin-1"), texts.note) == (
        "Танцевальный рай",
        "ДДТ",
        "cp1251",
    )
    assert texts.decode("é".encode()) == "é"


def test_texts_converted_as_latin1_are_restored() -> None:
    """A program took Cyrillic for Latin-1 and wrote it in Unicode; Western text stays as it is."""
    wrong = [text.encode("cp1251").decode("latin-1") for text in ("Танцевальный рай", "Русский размер")]
    assert converted_encoding([*wrong, "Café Müller", "Zürich"]) == "cp1251"
    assert restored(wrong[1], "cp1251") == "Русский размер"
    assert restored("Café Müller", "cp1251") == "Café Müller"
    japanese = ["残酷な天使のテーゼ".encode("cp932").decode("latin-1")]
    assert restored(japanese[0], converted_encoding(japanese) or "") == "残酷な天使のテーゼ"
    assert converted_encoding(["Été à Évian", "ÉÈÀÇ", "Åäö åäö", "東京"]) is None


def test_utf8_needs_no_note() -> None:
    """Only texts in a legacy encoding are marked."""
    assert FileTexts.of(["Zürich".encode(), b"x"]) == FileTexts()
    assert FileTexts.of([b"Caf\xe9 M\xfcller"]).note == "cp1252"


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("0", 0), ("1234567890", 1234567890), ("12345678901", None), ("²", None)]
)
def test_whole_number_has_at_most_ten_digits(text: str, number: int | None) -> None:
    """Longer text and other characters give None."""
    assert whole_number(text) == number
